"""The frame of every page for people: markup, style, and the headers that keep it alone.

No script at all, so the policy forbids all of it; the one style sheet is named by its digest.
Text from outside becomes markup in `shown` alone.
"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable

from gateway.model.message import Answer, Headers

_STYLE = """
:root { color-scheme: light; --ink: #1a1d21; --quiet: #4a5058; --line: #c3c9d0; --paper: #fff;
  --wash: #f3f5f7; --go: #0b5d2a; --stop: #9c1414; --link: #0b4a8f; --warn: #fff4d6; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--wash); color: var(--ink);
  font: 1.0625rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 46rem; margin: 0 auto; padding: 1rem; }
main { background: var(--paper); border: 1px solid var(--line); border-radius: .5rem; }
header, footer { color: var(--quiet); font-size: .9375rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .25rem 0 .75rem; }
h2 { font-size: 1.125rem; margin: 1.75rem 0 .5rem; }
h3 { font-size: 1rem; margin: .75rem 0 .25rem; }
a { color: var(--link); }
code, .words { overflow-wrap: anywhere; }
code { font: .9375em ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.state { border-left: .375rem solid var(--link); background: var(--wash); margin: 0 0 1rem;
  padding: .625rem .75rem; }
.alert { border-left: .375rem solid var(--stop); background: var(--warn); margin: 0 0 1rem;
  padding: .625rem .75rem; }
.lead { font-size: 1.1875rem; }
dl { display: grid; grid-template-columns: 10rem 1fr; gap: .375rem 1rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.25rem; }
li { margin-bottom: .375rem; overflow-wrap: anywhere; }
blockquote { margin: 0; border: 1px dashed var(--quiet); padding: .625rem .75rem;
  white-space: pre-wrap; overflow-wrap: anywhere; }
label { display: block; font-weight: 600; }
.hint { color: var(--quiet); margin: .125rem 0 .375rem; }
textarea { width: 100%; min-height: 5.5rem; padding: .5rem; font: inherit;
  border: 1px solid var(--quiet); border-radius: .25rem; }
.choices { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .875rem; }
button { font: inherit; font-weight: 600; min-height: 2.75rem; padding: .5rem 1.5rem;
  border-radius: .25rem; border: 2px solid var(--quiet); background: var(--paper);
  color: var(--ink); cursor: pointer; }
button.go { background: var(--go); border-color: var(--go); color: #fff; }
button.stop { border-color: var(--stop); color: var(--stop); }
footer form { display: inline; }
footer button { min-height: 0; padding: .125rem .625rem; border-width: 1px; font-weight: 400; }
:focus-visible { outline: .1875rem solid var(--link); outline-offset: .125rem; }
@media (max-width: 34rem) { dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  .choices button { flex: 1 1 100%; } main { border-radius: 0; border-width: 1px 0; } }
@media print { body { background: #fff; } .decide, footer form { display: none; }
  main { border: 0; } }
"""

_DIGEST = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode("ascii")

SECURITY = (
    (
        "content-security-policy",
        "; ".join(
            (
                "default-src 'none'",
                f"style-src 'sha256-{_DIGEST}'",
                "form-action 'self'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
            )
        ),
    ),
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    # With no-referrer browsers would send `Origin: null` with the form.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000"),
    ("x-robots-tag", "noindex, nofollow"),
)
"""On every answer to a browser, redirects included."""


# Letters, marks and symbols that are drawn as nothing or as a space (Unicode's
# Default_Ignorable_Code_Point beyond the format characters, and the empty Braille pattern).
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


def shown(text: str, *, lines: bool = False) -> str:
    """Foreign text as markup that shows exactly its characters.

    Characters without a shape of their own, those that turn the direction of writing among them,
    are shown by their number: `a[U+202E]b`.

    Args:
        text: from anywhere.
        lines: line feeds stay, for text in a block.
    """
    visible = (
        char
        if (char.isprintable() and not _BLANK.match(char)) or (lines and char == "\n")
        else f"[U+{ord(char):04X}]"
        for char in text
    )
    return html.escape("".join(visible), quote=True)


def outside_ascii(texts: Iterable[str]) -> bool:
    """Whether a name holds letters that can look like others."""
    return not all(text.isascii() for text in texts)


def document(title: str, main: str, *, foot: str = "") -> bytes:
    """A whole page; `title` is text, `main` and `foot` are markup."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{shown(title)} · Chaperone</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        "<header>Chaperone · requests that wait for a person</header>\n"
        f"<main>\n{main}\n</main>\n<footer>{foot}</footer>\n</body>\n</html>\n"
    ).encode()


def answer(status: int, body: bytes, cookies: Iterable[str] = ()) -> Answer:
    """A page as it goes out."""
    fields = [("content-type", "text/html; charset=utf-8"), *SECURITY]
    fields += [("set-cookie", cookie) for cookie in cookies]
    return Answer(status, Headers(tuple(fields)), body)


def redirect(location: str, cookies: Iterable[str] = ()) -> Answer:
    """303: the browser goes on with GET, whatever it came with (RFC 9110 §15.4.4)."""
    fields = [("location", location), ("content-type", "text/plain; charset=utf-8"), *SECURITY]
    fields += [("set-cookie", cookie) for cookie in cookies]
    return Answer(303, Headers(tuple(fields)), b"")
