import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.codecs import xml_codec
from gateway.masking.codecs.xml_codec import Element, decode, encode

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE l [
<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><l>&c;</l>"""
TEXT = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n\r"), max_size=9
)


@pytest.mark.parametrize(
    "body",
    [
        LAUGHS,
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://example.com/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY % p "x">]><a/>',
        b"<!DOCTYPE html><html/>",
        b"<a>&nbsp;</a>",
        b"<a>",
        b"",
        b"<a/><b/>",
        b"<a x='1' x='2'/>",
        b"<a>\x01</a>",
        b"<a>J\xe4ne</a>",
        b'<?xml version="1.0" encoding="utf-7"?><a/>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b'<?xml version="1.0" encoding="shift_jis"?><a/>',
        b'\xef\xbb\xbf<?xml version="1.0" encoding="iso-8859-1"?><a/>',
        b"\xff\xfe<\x00a",
        b"<a" + b"".join(b' x%d="1"' % n for n in range(300)) + b"/>",
        b'<a x="' + b"- " * 200_000 + b'"/>',
        b"<a>" * 200 + b"</a>" * 200,
    ],
)
def test_what_cannot_be_read_safely_is_withheld(body: bytes) -> None:
    with pytest.raises(Withheld) as caught:
        decode(body)

    assert "passwd" not in str(caught.value)


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml_codec, "MAX_BYTES", 20)
    with pytest.raises(Withheld):
        decode(b"<a>" + b"x" * 20 + b"</a>")
    monkeypatch.setattr(xml_codec, "MAX_BYTES", 1000)
    monkeypatch.setattr(xml_codec, "MAX_NODES", 3)
    with pytest.raises(Withheld):
        decode(b"<a><b/><b/><b/></a>")


@pytest.mark.parametrize("body", [b"<a>" + b"x<!---->" * 200_000 + b"</a>", b"<a" * 300_000])
@pytest.mark.alone
def test_pieces_of_text_cost_no_more_than_their_length(body: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(Withheld):
        decode(body)

    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<a>é</a>".encode("utf-16"), "é"),
        ("\ufeff<a>é</a>".encode("utf-16-be"), "é"),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"), "é"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode("latin-1"), "é"),
        ("<?xml version='1.0' encoding='windows-1252'?><a>€</a>".encode("cp1252"), "€"),
        ("\ufeff<a>é</a>".encode(), "é"),
        (b"<a><![CDATA[<b>]]>&amp;<!-- no --><?p no?>x</a>", "<b>&x"),
    ],
)
def test_other_encodings_are_read_and_utf8_is_written(body: bytes, text: str) -> None:
    root = decode(body)

    assert root.text == text
    assert encode(root).startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<a>')
    assert decode(encode(root)) == root


@given(TEXT, TEXT)
def test_text_and_attributes_survive(text: str, value: str) -> None:
    root = Element("a", {"xmlns:p": "urn:x", "p:b": value}, [text, Element("p:c")] if text else [])

    again = decode(encode(root))

    assert again.attributes["p:b"] == value
    assert "".join(child for child in again.children if isinstance(child, str)) == text
