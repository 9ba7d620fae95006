"""How Kestrel and ASP.NET Core rewrite a request target before a classic `HttpRequest` shows it.

The Functions host builds `HttpRequest.url` from the decoded path, so the string that the gateway
judges and forwards is not the one that came in. The rules, read in dotnet/aspnetcore
(`UrlDecoder`, `PathNormalizer`, `PathString.ToUriComponent`, `QueryString.ToUriComponent`):

1. percent-escapes are decoded once, except `%2F`, invalid escapes and bytes that are not UTF-8,
   which stay as they stand; `%00` is refused;
2. dot segments are removed after that (RFC 3986 §5.2.4), empty segments stay;
3. what is not a path character is escaped again, but `%` and two hex digits count as escaped:
   `a%2520b` ends as `a%20b`;
4. the query stays raw, except that `#` becomes `%23`.
"""

import re
from urllib.parse import quote

_ESCAPES = re.compile(r"(?:%(?!2[Ff])[0-9A-Fa-f]{2})+")
_SLASH = re.compile(r"%2[Ff]")
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
# `quote` itself leaves letters, digits and "_.-~" alone.
_PATH_CHARACTERS = "!$&'()*+,/:;=@"
_UNTOUCHED = re.compile(r"[A-Za-z0-9_.\-~!$&'()*+,/:;=@]*")


def decode(path: str) -> str:
    """The path as routing sees it: decoded once, dot segments removed.

    Raises:
        ValueError: an encoded or raw null, a character outside ASCII, or no leading slash.
    """
    if not path.startswith("/") or not path.isascii() or "\0" in path or "%00" in path:
        raise ValueError("the path does not start with a slash, or has a null or raw character")
    path = _unescape(path) if "%" in path else path
    return _without_dot_segments(path) if "/." in path else path


def encode(path: str) -> str:
    """A decoded path as `url` shows it."""
    if _UNTOUCHED.fullmatch(path):
        return path
    pieces = []
    start = 0
    for escape in _ESCAPED.finditer(path):
        pieces += [quote(path[start : escape.start()], safe=_PATH_CHARACTERS), escape[0]]
        start = escape.end()
    return "".join([*pieces, quote(path[start:], safe=_PATH_CHARACTERS)])


def encode_query(query: str) -> str:
    """A raw query, without its "?", as `url` shows it."""
    return query.replace("#", "%23")


def ambiguous(raw: str) -> bool:
    """Whether a raw path, decoded once, holds `%` and two hex digits that were not `%2F` before.

    Rule 3 makes such a name look like another one; bytes that are not UTF-8 are such a case too.
    """
    if "%" not in raw:
        return False
    pieces = _SLASH.split(raw)
    return any(_ESCAPED.search(_unescape(piece)) for piece in pieces)


def _unescape(path: str) -> str:
    return _ESCAPES.sub(lambda run: _decode_run(run[0]), path)


def _decode_run(run: str) -> str:
    """Decode a run of escapes; bytes that are not UTF-8 keep their escapes as written."""
    raw = bytes.fromhex(run.replace("%", ""))
    text = []
    position = 0
    while position < len(raw):
        try:
            text.append(raw[position:].decode())
            break
        except UnicodeDecodeError as error:
            bad, end = position + error.start, position + error.end
            text += [raw[position:bad].decode(), run[3 * bad : 3 * end]]
            position = end
    return "".join(text)


def _without_dot_segments(path: str) -> str:
    segments = path.split("/")[1:]
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in {".", ".."}:
        kept.append("")
    return "/" + "/".join(kept)
