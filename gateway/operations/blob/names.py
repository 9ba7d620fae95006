"""Percent-decoding, once and strictly, and Azure's rules for container and blob names.

Source: "Naming and referencing containers, blobs, and metadata"
(learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata).
A name that two parsers could read as two resources is refused, not repaired.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.errors import InvalidRequest, Reason

SYSTEM_CONTAINERS: Final = frozenset({"$root", "$web", "$logs", "$blobchangefeed"})
MAX_BLOB_NAME: Final = 1024

_CONTAINER: Final = re.compile(r"[a-z0-9](?:-?[a-z0-9]){2,62}")
_MAX_CONTAINER: Final = 63
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
# Unicode's control characters (category Cc, which never changes: stability policy), and U+FFFE and
# U+FFFF, which are no characters; surrogates cannot survive strict UTF-8.
_UNWANTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


def invalid(message: str, advice: str = "") -> InvalidRequest:
    """The error for a target that cannot be judged."""
    return InvalidRequest(message, reason=Reason.TARGET_INVALID, advice=advice)


def decode(text: str) -> str:
    """Percent-decode `text` exactly once.

    Raises:
        InvalidRequest: not UTF-8, or control characters; the caller checks the escapes' form.
    """
    if "%" not in text and text.isascii() and text.isprintable():
        return text
    try:
        decoded = unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        raise invalid("The target is not percent-encoded UTF-8.") from None
    if _UNWANTED.search(decoded):
        raise invalid("The target holds control characters.")
    return decoded


def check_container(name: str) -> None:
    """Pass a container name that Azure accepts.

    Raises:
        InvalidRequest: it is not one.
    """
    if name in SYSTEM_CONTAINERS:
        return
    if len(name) > _MAX_CONTAINER or not _CONTAINER.fullmatch(name):
        raise invalid(
            "The container name is not valid.",
            "Container names have 3 to 63 lower-case letters, digits and single hyphens.",
        )


def check_blob(name: str) -> None:
    """Pass a decoded blob name that stands for one blob only.

    Raises:
        InvalidRequest: empty, too long, or a name that a server on the way could change.
    """
    if not name or len(name) > MAX_BLOB_NAME:
        raise invalid("Blob names have 1 to 1,024 characters.")
    if "\\" in name:
        raise invalid("Blob names with a backslash are refused: Azure reads it as a slash.")
    if _ESCAPE.search(name):
        raise invalid(
            "The decoded blob name still holds a percent-encoded character.",
            "Encode names once; a name with a percent sign and two hex digits cannot be reached.",
        )
    if name.endswith(".") or "./" in name:
        # `.` and `..` are removed on the way, and trailing dots are dropped by some URL parsers.
        raise invalid("Path segments that are or end in dots are refused.")
