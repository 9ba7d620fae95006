"""Header allow-lists of the Blob service, both ways; whatever is not named here does not pass.

Names are those of the Blob REST API (the parameters of Microsoft.BlobStorage in
Azure/azure-rest-api-specs, which azure-storage-blob is generated from). Hop-by-hop fields (RFC 9110
§7.6.1), identity and forwarding headers are on neither list, so no list of them is needed.
"""

import re

from gateway.errors import InvalidRequest
from gateway.model.connection import ConnectionKind
from gateway.model.message import Headers
from gateway.upstream.fhir import headers as fhir

METADATA = "x-ms-meta-"
REPLICATION = "x-ms-or-"

_CONDITIONS = "if-match if-none-match if-modified-since if-unmodified-since"
_REQUEST = f"""
    cache-control content-disposition content-encoding content-language content-md5 content-type
    range {_CONDITIONS}
    x-ms-access-tier x-ms-access-tier-if-modified-since x-ms-access-tier-if-unmodified-since
    x-ms-blob-cache-control x-ms-blob-condition-appendpos x-ms-blob-condition-maxsize
    x-ms-blob-content-disposition x-ms-blob-content-encoding x-ms-blob-content-language
    x-ms-blob-content-length x-ms-blob-content-md5 x-ms-blob-content-type
    x-ms-blob-if-match x-ms-blob-if-modified-since x-ms-blob-if-none-match
    x-ms-blob-if-unmodified-since x-ms-blob-public-access x-ms-blob-sequence-number x-ms-blob-type
    x-ms-client-request-id x-ms-content-crc64 x-ms-copy-action x-ms-copy-source
    x-ms-copy-source-blob-properties x-ms-copy-source-tag-option
    x-ms-default-encryption-scope x-ms-delete-snapshots x-ms-deleted-container-name
    x-ms-deleted-container-version x-ms-deny-encryption-scope-override x-ms-encryption-scope
    x-ms-expiry-option x-ms-expiry-time x-ms-if-sequence-number-eq x-ms-if-sequence-number-le
    x-ms-if-sequence-number-lt x-ms-if-tags
    x-ms-immutability-policy-mode x-ms-immutability-policy-until-date
    x-ms-lease-action x-ms-lease-break-period x-ms-lease-duration x-ms-lease-id x-ms-legal-hold
    x-ms-page-write x-ms-previous-snapshot-url x-ms-proposed-lease-id x-ms-range
    x-ms-range-get-content-crc64 x-ms-range-get-content-md5 x-ms-rehydrate-priority
    x-ms-requires-sync x-ms-seal-blob x-ms-sequence-number-action x-ms-source-container-name
    x-ms-source-content-crc64 x-ms-source-content-md5 x-ms-source-if-match
    x-ms-source-if-modified-since x-ms-source-if-none-match x-ms-source-if-tags
    x-ms-source-if-unmodified-since x-ms-source-lease-id x-ms-source-range
    x-ms-structured-body x-ms-structured-content-length x-ms-tags x-ms-version
"""
REQUEST = frozenset(_REQUEST.split())

# To drop one of these silently could turn a conditional write into an unconditional one.
_STORAGE_PREFIXES = """
    x-ms-access-tier x-ms-append x-ms-blob- x-ms-content- x-ms-copy- x-ms-delete x-ms-encryption-
    x-ms-if- x-ms-immutability- x-ms-lease- x-ms-page- x-ms-range x-ms-seal x-ms-sequence-
    x-ms-source- x-ms-structured- x-ms-tag
"""
_FAMILIES = tuple(_STORAGE_PREFIXES.split())

_RESPONSE = """
    accept-ranges cache-control content-disposition content-encoding content-language content-md5
    content-range content-type etag last-modified retry-after
    x-ms-access-tier x-ms-access-tier-change-time x-ms-access-tier-inferred x-ms-account-kind
    x-ms-archive-status x-ms-blob-append-offset x-ms-blob-committed-block-count
    x-ms-blob-content-length x-ms-blob-content-md5 x-ms-blob-public-access x-ms-blob-sealed
    x-ms-blob-sequence-number x-ms-blob-type x-ms-client-request-id x-ms-content-crc64
    x-ms-copy-completion-time x-ms-copy-destination-snapshot x-ms-copy-id x-ms-copy-progress
    x-ms-copy-status x-ms-copy-status-description x-ms-creation-time
    x-ms-default-encryption-scope x-ms-delete-type-permanent x-ms-deny-encryption-scope-override
    x-ms-encryption-scope x-ms-error-code x-ms-expiry-time x-ms-has-immutability-policy
    x-ms-has-legal-hold x-ms-immutability-policy-mode x-ms-immutability-policy-until-date
    x-ms-immutable-storage-with-versioning-enabled x-ms-incremental-copy x-ms-is-current-version
    x-ms-is-hns-enabled x-ms-last-access-time x-ms-lease-duration x-ms-lease-id x-ms-lease-state
    x-ms-lease-status x-ms-lease-time x-ms-legal-hold x-ms-rehydrate-priority x-ms-request-id
    x-ms-request-server-encrypted x-ms-resource-type x-ms-server-encrypted x-ms-sku-name
    x-ms-smart-access-tier x-ms-snapshot x-ms-structured-body x-ms-structured-content-length
    x-ms-tag-count x-ms-version x-ms-version-id
"""
RESPONSE = frozenset(_RESPONSE.split())
_RESPONSE_FAMILIES = (METADATA, REPLICATION)

# Fields defined as lists: repeats may be joined (RFC 9110 §5.3). The front keeps only the last.
_LISTS = frozenset({"accept-ranges", "cache-control", "content-encoding", "content-language"})

_METADATA_NAME = re.compile(r"x-ms-meta-[a-z0-9_-]{1,256}")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_DIGITS = re.compile(r"[0-9]{1,6}")


def listed(headers: Headers, kind: ConnectionKind = ConnectionKind.BLOB) -> Headers:
    """What of an agent's request headers is on the kind's allow-list, not yet checked."""
    if kind is ConnectionKind.FHIR:
        return fhir.listed(headers)
    return Headers(
        tuple(
            [
                (name, value.strip())
                for name, value in headers
                if name in REQUEST or name.startswith(METADATA)
            ]
        )
    )


def forwardable(headers: Headers) -> Headers:
    """What of an agent's request headers goes to the upstream, spaces around values removed.

    Raises:
        InvalidRequest: a header that would pass is repeated, is named hop-by-hop by `Connection`,
            has a value outside printable ASCII, or belongs to the service and is not known here.
    """
    nominations = headers.all("connection")
    nominated = {token.strip().lower() for value in nominations for token in value.split(",")}
    kept: dict[str, str] = {}
    for name, value in headers:
        if name not in REQUEST and not _is_request_header(name):
            continue
        if name in nominated:
            raise InvalidRequest(
                "A header that decides what the request does is named by Connection.",
                advice="Leave end-to-end headers out of Connection.",
            )
        if name in kept:
            # Repeats are signed and read differently by different servers.
            raise InvalidRequest(
                "A header of the request is repeated.", advice="Send each header once."
            )
        if not (value.isascii() and value.isprintable()):
            raise InvalidRequest(
                "A header value has characters outside printable ASCII.",
                advice="Encode the value, for example in base64.",
            )
        kept[name] = value.strip()
    request_id = kept.get("x-ms-client-request-id", "")
    if not _REQUEST_ID.fullmatch(request_id):
        kept.pop("x-ms-client-request-id", None)
    return Headers(tuple(kept.items()))


def _is_request_header(name: str) -> bool:
    """Whether a name that is not on the list passes all the same."""
    if name.startswith(METADATA):
        if not _METADATA_NAME.fullmatch(name):
            raise InvalidRequest(
                "A metadata name has characters that names cannot have.",
                advice="Use letters, digits and underscores.",
            )
        return True
    if name.startswith(_FAMILIES):
        raise InvalidRequest(
            "The request has a storage header that this gateway does not know.",
            advice="Leave it out, or ask the gateway's operator for it.",
        )
    return False


def visible(headers: Headers) -> Headers:
    """What of an upstream's response headers an agent may see, each name once.

    Fields that the Blob service defines as single and that came with different values are
    dropped: which one holds is not known. URL-bearing headers are not on the list.
    """
    found: dict[str, str] = {}
    repeated: dict[str, list[str]] = {}
    for name, value in headers:
        if name not in RESPONSE and not name.startswith(_RESPONSE_FAMILIES):
            continue
        if not (value.isascii() and value.isprintable()):
            continue
        first = found.setdefault(name, value)
        if value != first and value not in repeated.setdefault(name, [first]):
            repeated[name].append(value)
    for name, values in repeated.items():
        if name in _LISTS or name.startswith(METADATA):
            found[name] = ", ".join(values)
        else:
            del found[name]
    if not _DIGITS.fullmatch(found.get("retry-after", "0")):
        del found["retry-after"]
    return Headers(tuple(found.items()))
