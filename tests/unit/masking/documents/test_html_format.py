import contextlib
import html
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Reason, Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context


def masked(text: str, *, accept: bool = True) -> str:
    return mask(text.encode(), "text/html", "", context(accept=accept)).body.decode()


class Seen(HTMLParser):
    """What a reader sees: text and the values of attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = ""
        self.feed(text)
        self.close()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.text += "".join(f" {value}" for _, value in attrs)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


@pytest.mark.parametrize(
    "hidden",
    [
        "Jane",
        "J&#97;ne",
        "J<b>a</b>ne",
        "Ja<!-- x -->ne",
        "Ja<unknown>ne</unknown>",
        "Ja\u200bne",
        "Ja&shy;ne",
        "Ja<wbr>ne",
        "<svg><text>Jane</text></svg>",
        "<textarea>Jane</textarea>",
        "<noscript>Jane</noscript>",
        '<p title="Jane">x</p>',
        "<p title='Jane'>x</p>",
        "<p title=Jane>x</p>",
        '<p title="x" title="Jane">x</p>',
        '<input value="Jane">',
        '<p onclick="Jane">x</p>',
        '<p style="content:Jane">x</p>',
        '<p data-x="Jane">x</p>',
        '<img src="https://x.example/Jane.png" alt="Jane">',
        '<a href="mailto:Jane@example.com">x</a>',
        "<script>Jane</script>",
        "<style>Jane</style>",
        "<template>Jane</template>",
        '<iframe srcdoc="Jane">Jane</iframe>',
        '<meta name="author" content="Jane">',
        "<!-- Jane -->",
        "<!-- Jane --!> Jane",
        "<![CDATA[Jane]]>",
        "<?php Jane ?>",
        "</p Jane>",
        "<p Jane",
        "<Jane>x</Jane>",
        "<script>Jane",
        "<!-- Jane",
        "<a href='Jane",
        "&lt;b&gt;Jane",
        "<![if !IE]>Jane<![endif]>",
        "<plaintext>Jane</p>",
        "<xmp>Jane</xmp>",
        "<title>Jane</title>",
    ],
)
def test_a_name_is_hidden_nowhere(hidden: str) -> None:
    done = masked(f"<html><body><p>Patient: Jane Doe</p>{hidden}</body></html>")

    assert "Jane" not in Seen(done).text
    assert "Jane" not in done
    assert "[name]" in done


def test_structure_tables_and_layout_stay() -> None:
    done = masked("<ul><li>a<li>b</ul><table><tr><td colspan=2>SSN 999-12-3456<td>c</table>")

    assert done == (
        "<!DOCTYPE html>\n<ul><li>a</li><li>b</li></ul>"
        '<table><tr><td colspan="2">SSN [ssn]</td><td>c</td></tr></table>'
    )


def test_it_is_free_text() -> None:
    with pytest.raises(Withheld) as caught:
        masked("<p>x</p>", accept=False)

    assert caught.value.reason is Reason.CONTENT_WITHHELD


@pytest.mark.parametrize(
    "piece",
    [
        "<",
        "<a ",
        "<!--",
        "<p title='",
        '<p x="',
        "&",
        "</",
        "<b>",
        "=",
        "<script>",
        "<![",
        "<a =",
        "&#",
    ],
)
@pytest.mark.alone
def test_no_input_takes_long(piece: str) -> None:
    start = time.process_time()
    with contextlib.suppress(Withheld):
        masked(f"<html>{piece * 100_000}")

    assert time.process_time() - start < 10


@given(st.text(alphabet="<>/=\"'& -!abptdJ;#\n", max_size=60))
def test_what_is_written_is_read_the_same_by_everybody(text: str) -> None:
    done = masked(f"<html>{text}")
    again = masked(done)

    assert again == done
    assert html.unescape(Seen(done).text) is not None
