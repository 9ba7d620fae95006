"""Request headers that decide what an operation is or what else it touches."""

import re
from typing import Final

from gateway.errors import InvalidRequest
from gateway.model.message import Headers
from gateway.operations.blob.names import invalid

BLOB_TYPE: Final = "x-ms-blob-type"
COPY_ACTION: Final = "x-ms-copy-action"
COPY_SOURCE: Final = "x-ms-copy-source"
COPY_SOURCE_AUTHORIZATION: Final = "x-ms-copy-source-authorization"
COPY_TAGS: Final = "x-ms-copy-source-tag-option"
DELETE_SNAPSHOTS: Final = "x-ms-delete-snapshots"
DELETED_CONTAINER: Final = "x-ms-deleted-container-name"
EXPIRY: Final = "x-ms-expiry-option"
EXPIRY_TIME: Final = "x-ms-expiry-time"
IF_TAGS: Final = "x-ms-if-tags"
IMMUTABLE_UNTIL: Final = "x-ms-immutability-policy-until-date"
IMMUTABILITY_MODE: Final = "x-ms-immutability-policy-mode"
LEASE_ACTION: Final = "x-ms-lease-action"
LEGAL_HOLD: Final = "x-ms-legal-hold"
PAGE_WRITE: Final = "x-ms-page-write"
PREVIOUS_SNAPSHOT: Final = "x-ms-previous-snapshot-url"
PUBLIC_ACCESS: Final = "x-ms-blob-public-access"
REQUIRES_SYNC: Final = "x-ms-requires-sync"
SOURCE_CONTAINER: Final = "x-ms-source-container-name"
SOURCE_IF_TAGS: Final = "x-ms-source-if-tags"
TAGS: Final = "x-ms-tags"
VERSION: Final = "x-ms-version"

EFFECTS: Final = frozenset(
    {
        BLOB_TYPE,
        COPY_ACTION,
        COPY_SOURCE,
        COPY_TAGS,
        DELETE_SNAPSHOTS,
        DELETED_CONTAINER,
        EXPIRY,
        EXPIRY_TIME,
        IMMUTABLE_UNTIL,
        IMMUTABILITY_MODE,
        LEASE_ACTION,
        LEGAL_HOLD,
        PAGE_WRITE,
        PREVIOUS_SNAPSHOT,
        PUBLIC_ACCESS,
        REQUIRES_SYNC,
        SOURCE_CONTAINER,
        TAGS,
        # Data Lake semantics (ownership, POSIX permissions, rename); no operation here has them.
        "x-ms-acl",
        "x-ms-group",
        "x-ms-owner",
        "x-ms-permissions",
        "x-ms-rename-source",
        "x-ms-umask",
    }
)
"""Headers that change what a request does: each operation takes the ones it has, no others."""

ENCRYPTION_KEYS: Final = frozenset(
    f"x-ms-{side}encryption-{part}"
    for side in ("", "source-")
    for part in ("key", "key-sha256", "algorithm")
)

_OVERRIDES: Final = frozenset({"x-http-method", "x-http-method-override", "x-method-override"})
_WORDS: Final = {
    BLOB_TYPE: ("BlockBlob", "PageBlob", "AppendBlob"),
    COPY_ACTION: ("abort",),
    COPY_TAGS: ("COPY", "REPLACE"),
    DELETE_SNAPSHOTS: ("include", "only"),
    EXPIRY: ("NeverExpire", "RelativeToCreation", "RelativeToNow", "Absolute"),
    IMMUTABILITY_MODE: ("unlocked", "locked"),
    LEASE_ACTION: ("acquire", "renew", "change", "release", "break"),
    LEGAL_HOLD: ("true", "false"),
    PAGE_WRITE: ("update", "clear"),
    PUBLIC_ACCESS: ("container", "blob"),
    REQUIRES_SYNC: ("true",),
}
_DATE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
# The first service version that takes Entra tokens. Versions before 2009-09-19 read paths in
# another way: a single segment names a container without restype=container.
_OLDEST: Final = "2017-11-09"
_URL: Final = re.compile(r"[\x21-\x7e]{1,2048}")


def single(headers: Headers, name: str) -> str:
    """The value of a header that stands at most once; "" where absent or empty.

    Raises:
        InvalidRequest: it is repeated.
    """
    values = headers.all(name)
    if not values:
        return ""
    if len(values) > 1:
        raise InvalidRequest(
            "A header that decides what the request does is repeated.",
            advice="Send each x-ms- header once.",
        )
    return values[0].strip()


def word(headers: Headers, name: str) -> str:
    """The value of a header with a fixed vocabulary, in the vocabulary's spelling.

    Raises:
        InvalidRequest: repeated, or present with a value that it cannot have.
    """
    if name not in headers:
        return ""
    value = single(headers, name)
    for known in _WORDS[name]:
        if known.lower() == value.lower():
            return known
    raise InvalidRequest(f"The header {name} has a value that it cannot have.")


def url(headers: Headers, name: str) -> str:
    """The value of a header that holds a URL; at most 2 KiB, as Azure has it.

    Raises:
        InvalidRequest: repeated, empty or not printable ASCII.
    """
    value = single(headers, name)
    if not _URL.fullmatch(value):
        raise invalid(f"The header {name} is not a percent-encoded URL.")
    return value


def check(headers: Headers) -> None:
    """Pass headers that mean the same to everyone who reads them.

    Raises:
        InvalidRequest: a method override, an outdated service version, a repeated header.
    """
    if not _OVERRIDES.isdisjoint(headers.names):
        raise InvalidRequest(
            "Method override headers are refused.", advice="Send the request with its own method."
        )
    for name in EFFECTS.intersection(headers.names):
        single(headers, name)
    version = single(headers, VERSION)
    if VERSION in headers and (not _DATE.fullmatch(version) or version < _OLDEST):
        raise InvalidRequest(
            "The service version is malformed or too old.",
            advice=f"Send x-ms-version {_OLDEST} or later.",
        )
