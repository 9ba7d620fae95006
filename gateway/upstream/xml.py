"""XML of the Blob service: parsed without DTDs or entities, bounded, written as SDKs read it."""

from xml.etree import ElementTree as ET

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

MAX_BYTES = 32 * 1024 * 1024
MAX_DEPTH = 12
_DECLARATION = '<?xml version="1.0" encoding="utf-8"?>'


def parse(data: bytes) -> ET.Element:
    """The root element.

    Raises:
        ValueError: not well-formed, has a DTD, is too large or nested too deeply.
    """
    if len(data) > MAX_BYTES:
        raise ValueError("the document is too large")
    try:
        root: ET.Element = fromstring(data, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, LookupError) as error:
        # LookupError: an encoding nobody knows.
        raise ValueError("not an XML document that can be read") from error
    _check_depth(root)
    return root


def serialise(root: ET.Element) -> bytes:
    """UTF-8 with a declaration; a carriage return in text survives as a character reference."""
    text: str = ET.tostring(root, encoding="unicode")
    return (_DECLARATION + text.replace("\r", "&#13;")).encode()


def _check_depth(root: ET.Element) -> None:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return
    raise ValueError("the document is nested too deeply")
