import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingress.page import SECURITY, answer, document, outside_ascii, redirect, shown


class Text(HTMLParser):
    """Tags and text of markup."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""
        self.feed(markup)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(max_size=80))
def test_any_text_stays_text_and_shows_every_character(text: str) -> None:
    parsed = Text(f"<p>{shown(text)}</p>")
    assert parsed.tags == ["p"]
    assert parsed.text.isprintable()
    restored = re.sub(r"\[U\+([0-9A-F]{4,6})\]", lambda found: chr(int(found[1], 16)), parsed.text)
    literal = re.sub(r"\[U\+([0-9A-F]{4,6})\]", lambda found: chr(int(found[1], 16)), text)
    assert restored == literal


@given(st.text(max_size=80))
def test_any_text_stays_within_a_quoted_attribute(text: str) -> None:
    markup = shown(text)
    assert not {'"', "'", "<", ">"} & set(markup)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("a\u202eb", "a[U+202E]b"),
        ("a\u200bb", "a[U+200B]b"),
        ("a\u3164b\ufe0f\u2800", "a[U+3164]b[U+FE0F][U+2800]"),
        ("\x00\x1b[31m", "[U+0000][U+001B][31m"),
        ("a\nb", "a[U+000A]b"),
        ("\ud800", "[U+D800]"),
        ("Ørsted <&>", "Ørsted &lt;&amp;&gt;"),
    ],
)
def test_what_could_deceive_is_shown_by_its_number(text: str, markup: str) -> None:
    assert shown(text) == markup


def test_lines_stay_where_they_are_wanted() -> None:
    assert shown("a\nb\rc", lines=True) == "a\nb[U+000D]c"


def test_names_outside_ascii_are_noticed() -> None:
    assert outside_ascii(["clinic/\u0430rchive"])  # a Cyrillic letter
    assert not outside_ascii(["clinic/archive"])


def test_the_policy_names_the_one_style_sheet_and_nothing_else() -> None:
    body = document("Title <b>", "<p>main</p>").decode()
    style = re.search(r"<style>(.*?)</style>", body, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    policy = dict(SECURITY)["content-security-policy"]
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "style=" not in body
    assert "<title>Title &lt;b&gt; · Chaperone</title>" in body


def test_answers_and_redirects_carry_the_same_protection() -> None:
    page, away = answer(200, b"x", ("a=1", "b=2")), redirect("/x", ("c=3",))
    for name, value in SECURITY:
        assert page.headers.get(name) == away.headers.get(name) == value
    assert page.headers.all("set-cookie") == ("a=1", "b=2")
    assert (away.status, away.headers.get("location")) == (303, "/x")
    assert away.headers.all("set-cookie") == ("c=3",)
