import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream import xml

# What XML 1.0 can hold; the others Azure encodes.
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], include_characters="\r\n\t")
).filter(lambda text: "\ufffe" not in text and "\uffff" not in text)


@given(TEXT)
def test_text_survives_being_written_and_read(text: str) -> None:
    root = xml.parse(b"<a/>")
    root.text = text

    assert (xml.parse(xml.serialise(root)).text or "") == text


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"<a>",
        b"<a/><b/>",
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b"<a>" * 40 + b"</a>" * 40,
        b"\xff\xfe\x00",
        b" " * (xml.MAX_BYTES + 1),
    ],
    ids=range(10),
)
def test_what_is_no_bounded_document_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="document"):
        xml.parse(data)


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert xml.parse("\ufeff<?xml version='1.0' encoding='utf-8'?><a>é</a>".encode()).text == "é"
