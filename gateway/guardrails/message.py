"""Reading a request as suspiciously as a guardrail must: every spelling of a parameter counts."""

from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from gateway.errors import Blocked, Reason
from gateway.model.message import Request
from gateway.model.operation import Operation

SET_SERVICE_PROPERTIES = "Set Blob Service Properties"
_MAX_DECODINGS = 3


def parameters(query: str) -> Iterator[tuple[str, str]]:
    """Names and values of a raw query in lower case, decoded until nothing changes.

    Both "&" and ";" separate: servers differ, and too many parameters do no harm here.
    """
    if not query:
        return
    for pair in query.replace(";", "&").split("&"):
        name, _, value = pair.partition("=")
        yield _plain(name), _plain(value)


def _plain(text: str) -> str:
    for _ in range(_MAX_DECODINGS):
        text = unquote(text)
    return text.strip().lower()


def comp(request: Request) -> tuple[str, str]:
    """`restype` and `comp`, which tell the operations of the Blob service apart; "" if absent."""
    if not request.target.query:
        return "", ""
    found = dict(parameters(request.target.query))
    return found.get("restype", ""), found.get("comp", "")


def sets_service(request: Request, operation: Operation) -> bool:
    """Whether this is Set Blob Service Properties, by its name or by its form."""
    by_form = request.method == "PUT" and comp(request) == ("service", "properties")
    return by_form or operation.name == SET_SERVICE_PROPERTIES


def document(request: Request) -> ET.Element:
    """The body as XML.

    Raises:
        Blocked: it is none that can be read: what cannot be screened does not pass.
    """
    try:
        root: ET.Element = fromstring(request.body, forbid_dtd=True)
    except (ET.ParseError, DefusedXmlException, LookupError, ValueError):
        raise Blocked(
            "The body of this operation is not an XML document that can be screened.",
            reason=Reason.REQUEST_INVALID,
            advice="Send well-formed XML in UTF-8 without a DTD.",
        ) from None
    return root


def flag(element: ET.Element | None, path: str) -> bool | None:
    """An XML boolean below `element`, None where it is absent."""
    text = None if element is None else element.findtext(path)
    return None if text is None else text.strip().lower() in {"true", "1"}


def named(root: ET.Element, name: str) -> Iterator[ET.Element]:
    """Every element of this name, whatever its letter case and namespace."""
    for element in root.iter():
        if element.tag.rpartition("}")[2].lower() == name.lower():
            yield element
