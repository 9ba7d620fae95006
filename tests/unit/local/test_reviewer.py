"""What the scripted person sees of a page; the way itself is in the integration tests."""

import io
from email.message import Message
from pathlib import Path

import pytest

from gateway.errors import GatewayError
from gateway.local import reviewer, tls
from gateway.local.reviewer import Browser, Form, Page


def page(html: str) -> Page:
    return reviewer._page("https://h/x", 200, Message(), io.BytesIO(html.encode()))


def test_forms_are_read_with_what_they_would_send() -> None:
    found = page(
        '<input name=stray><form method="post" action="/go">'
        '<input type=hidden name=a value="1&amp;2">'
        "<input value=nameless><textarea name=t>x &lt;y</textarea>"
        "<select name=s><option value=one>1</option><option value=two>2</option></select>"
        "<button name=b value=yes>Yes</button><button>Plain</button></form>"
    )
    assert found.forms == (
        Form("/go", "post", {"a": "1&2", "t": "x <y", "s": "one"}, [("b", "yes"), ("", "")]),
    )
    assert found.form_with("b") is found.forms[0]


def test_a_page_without_the_expected_form_is_an_error_that_says_what_it_shows() -> None:
    with pytest.raises(GatewayError) as caught:
        page("<h1>Not yours</h1>").form_with("decision")
    assert caught.value.advice == "Not yours"


def test_text_is_what_a_person_reads() -> None:
    found = page("<style>b{}</style><h1>Title</h1><p>One  <b>two</b></p>\n<p>three</p>")
    assert found.text == "Title\nOne two\nthree"


@pytest.mark.enable_socket
def test_a_gateway_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    ca_file, _, _ = tls.create(tmp_path / "tls")
    browser = Browser(ca_file)
    with pytest.raises(GatewayError, match="cannot be reached"):
        browser.open("https://127.0.0.1:1/approvals/x")
    assert browser.cookie("any") is None
