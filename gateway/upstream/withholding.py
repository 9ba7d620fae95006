"""Properties of a masking place by allow-list; metadata and tags keep their names, not values."""

import re
from collections.abc import Callable
from typing import TypeAlias
from xml.etree import ElementTree as ET

from gateway.model.connection import WITHHELD_MARK
from gateway.model.message import Headers
from gateway.upstream.headers import METADATA

Mask: TypeAlias = Callable[[str, str], str]
"""(name, value) → the value as it may be shown."""

UNKNOWN_TYPE = "application/octet-stream"

# Lengths and checksums are the original's, not the masked bytes' (RFC 9110 §8.8); file names,
# languages and status descriptions are free text.
_HIDDEN = """
    accept-ranges cache-control content-disposition content-language content-md5 content-range
    x-ms-blob-content-length x-ms-blob-content-md5 x-ms-content-crc64 x-ms-copy-progress
    x-ms-copy-status-description x-ms-structured-body x-ms-structured-content-length
"""
_HIDDEN_HEADERS = frozenset(_HIDDEN.split())
_OWN_DIGESTS = frozenset({"content-md5", "x-ms-content-crc64"})

_OF_AN_ENTRY = """
    ContainerName Deleted HasVersionsOnly IsCurrentVersion Metadata Name Properties Snapshot Tags
    Version VersionId
"""
_ENTRY = frozenset(_OF_AN_ENTRY.split())
_AMONG_PROPERTIES = """
    AccessTier AccessTierChangeTime AccessTierInferred ArchiveStatus BlobType Content-Encoding
    Content-Type CopyCompletionTime CopyDestinationSnapshot CopyId CopySource CopyStatus
    Creation-Time DefaultEncryptionScope Deleted DeletedTime DenyEncryptionScopeOverride
    DestinationSnapshot EncryptionScope Etag Expiry-Time HasImmutabilityPolicy HasLegalHold
    ImmutabilityPolicyMode ImmutabilityPolicyUntilDate ImmutableStorageWithVersioningEnabled
    IncrementalCopy LastAccessTime Last-Modified LeaseDuration LeaseState LeaseStatus LegalHold
    PublicAccess RehydratePriority RemainingRetentionDays ResourceType Sealed ServerEncrypted
    SmartAccessTier TagCount x-ms-blob-sequence-number
"""
_PROPERTIES = frozenset(_AMONG_PROPERTIES.split())

_MEDIA_TYPE = re.compile(
    r"(?:application|audio|font|image|message|model|multipart|text|video)/[A-Za-z0-9.+-]{1,80}"
    r"(?:; ?charset=\"?[A-Za-z0-9_-]{1,40}\"?)?"
)
_PRINTABLE = re.compile(r"[\x20-\x7e]*")
_CODING = re.compile(r"(?:aws-chunked|br|compress|deflate|gzip|identity|zstd)")


def headers(fields: Headers, mask: Mask, *, own_digests: bool) -> Headers:
    """Response headers of a masking place.

    Args:
        fields: after the allow-list.
        mask: of metadata values.
        own_digests: checksums are of what the agent itself sent, and may pass.
    """
    hidden = _HIDDEN_HEADERS - _OWN_DIGESTS if own_digests else _HIDDEN_HEADERS
    kept: list[tuple[str, str]] = []
    for name, value in fields:
        if name in hidden or name.startswith("x-ms-or-"):
            continue
        if name.startswith(METADATA):
            shown = mask(name.removeprefix(METADATA), value)
            # A header carries printable ASCII alone.
            kept.append((name, shown if _PRINTABLE.fullmatch(shown) else WITHHELD_MARK))
        elif name == "content-type":
            kept.append((name, media_type(value)))
        elif name != "content-encoding" or _CODING.fullmatch(value.lower()):
            kept.append((name, value))
    return Headers(tuple(kept))


def media_type(value: str) -> str:
    """A media type with nothing but a charset beside it; anything else could be free text."""
    return value if _MEDIA_TYPE.fullmatch(value) else UNKNOWN_TYPE


def entry(element: ET.Element, mask: Mask) -> None:
    """Reduce one blob or container of a listing, in place, to what may be shown of it."""
    _keep(element, _ENTRY)
    for child in element:
        if child.tag == "Properties":
            _properties(child)
        elif child.tag == "Metadata":
            metadata(child, mask)
        elif child.tag == "Tags":
            tags(child, mask)
        else:
            _flatten(child)


def metadata(element: ET.Element, mask: Mask) -> None:
    """Metadata names stay, values are masked."""
    element.text = None
    for item in element:
        _flatten(item)
        item.text = mask(item.tag, item.text or "")


def tags(element: ET.Element, mask: Mask) -> None:
    """Tag keys stay, values are masked; what is neither goes."""
    _keep(element, frozenset({"TagSet"}))
    for tag_set in element:
        _keep(tag_set, frozenset({"Tag"}))
        for tag in tag_set:
            _keep(tag, frozenset({"Key", "Value"}))
            key = tag.findtext("Key") or ""
            for part in tag:
                _flatten(part)
                if part.tag == "Value":
                    part.text = mask(key, part.text or "")


def _properties(element: ET.Element) -> None:
    _keep(element, _PROPERTIES)
    for child in list(element):
        _flatten(child)
        text = child.text or ""
        if child.tag == "Content-Type":
            child.text = media_type(text)
        elif child.tag == "Content-Encoding" and not _CODING.fullmatch(text.lower()):
            element.remove(child)


def _flatten(element: ET.Element) -> None:
    """Reduce an element to its text; only names have an attribute that means something."""
    encoded = element.get("Encoded") if element.tag == "Name" else None
    tag, text = element.tag, element.text
    element.clear()
    element.tag, element.text = tag, text
    if encoded is not None:
        element.set("Encoded", encoded)


def _keep(element: ET.Element, names: frozenset[str]) -> None:
    """Reduce an element to children of these names, without text between them."""
    element.text = element.tail = None
    for child in list(element):
        child.tail = None
        if child.tag not in names:
            element.remove(child)
