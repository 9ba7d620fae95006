"""What XML request bodies say, parsed with bounds and without entities."""

import re
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring

from gateway.errors import InvalidRequest, Reason
from gateway.operations.blob.spec import Body

MAX_SETTINGS_BYTES: Final = 64 * 1024
# 50,000 blocks with ids of at most 88 characters, and the element around each.
MAX_BLOCK_LIST_BYTES: Final = 8 * 1024 * 1024
# Two tags for each block, and some around them; a million nested ones take seconds to parse.
MAX_TAGS: Final = 2 * 50_000 + 16

_ENCODING: Final = re.compile(
    rb"""(?:\xef\xbb\xbf)?<\?xml[^>]{0,80}?\sencoding\s*=\s*["']([^"']{0,40})"""
)


@dataclass(frozen=True, slots=True)
class Content:
    """Facts from a body.

    Attributes:
        stored_access_policies: number of signed identifiers.
        cors: number of CORS rules.
        static_website: a static website is switched on, or not plainly off.
        soft_delete: "enabled" or "disabled" by the body, "" where it does not say.
    """

    stored_access_policies: int = 0
    cors: int = 0
    static_website: bool = False
    soft_delete: str = ""


_NOTHING: Final = Content()


def read(kind: Body, body: bytes) -> Content:
    """Parse `body` where its kind is XML.

    An empty body says nothing; Azure refuses it where the operation needs one.

    Raises:
        InvalidRequest: over the bound, not XML, with a DTD, or with another root element.
    """
    if not body or not kind.is_xml:
        return _NOTHING
    root = _parse(kind, body)
    match kind:
        case Body.SIGNED_IDENTIFIERS:
            return Content(stored_access_policies=len(_all(root, "signedidentifier")))
        case Body.SERVICE_PROPERTIES:
            website = _enabled(root, "staticwebsite")
            retention = _enabled(root, "deleteretentionpolicy")
            return Content(
                cors=len(_all(root, "corsrule")),
                static_website=website not in {None, "false"},
                soft_delete=""
                if retention is None
                else ("enabled" if retention == "true" else "disabled"),
            )
        case _:
            return Content()


def _parse(kind: Body, body: bytes) -> Element:
    limit = MAX_BLOCK_LIST_BYTES if kind is Body.BLOCK_LIST else MAX_SETTINGS_BYTES
    if len(body) > limit or body.count(b"<") > MAX_TAGS:
        raise InvalidRequest(
            "The request body is longer than the operation needs.", reason=Reason.REQUEST_TOO_LARGE
        )
    try:
        _check_encoding(body)
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError):
        raise InvalidRequest(
            "The request body is not well-formed XML, or has a document type.",
            advice=f"Send a {kind.value} document in UTF-8, as the REST reference describes it.",
        ) from None
    if _name(root) != kind.value.lower():
        raise InvalidRequest(f"The request body is not a {kind.value} document.")
    return root


def _check_encoding(body: bytes) -> None:
    """Pass UTF-8 alone: in other encodings two parsers may see two documents.

    Raises:
        ValueError: it is, or says that it is, something else.
    """
    declared = _ENCODING.match(body)
    if b"\0" in body or (declared and declared[1].lower() != b"utf-8"):
        raise ValueError("not UTF-8")
    body.decode("utf-8")


def _name(element: Element) -> str:
    # Namespaces and case aside: what a lenient server might still read must be counted.
    return str(element.tag).rpartition("}")[2].lower()


def _all(root: Element, name: str) -> list[Element]:
    return [element for element in root.iter() if _name(element) == name]


def _enabled(root: Element, name: str) -> str | None:
    """The text of `Enabled` in the element called `name`; None where there is no such element.

    Of several, the most suspicious: anything but "false" for a website, anything but "true"
    for a retention policy is decided by the caller, so a disagreement is "".
    """
    parents = _all(root, name)
    if not parents:
        return None
    texts = {
        (child.text or "").strip().lower()
        for parent in parents
        for child in parent
        if _name(child) == "enabled"
    }
    return texts.pop() if len(texts) == 1 else ""
