"""Flat facts about a request, for rule conditions and guardrails.

Every operation has every fact, with the type's empty value where it says nothing, so that a
condition never fails for want of a name.
"""

from collections.abc import Callable, Mapping
from typing import Final

from gateway.model.message import Headers
from gateway.model.operation import Resource
from gateway.operations.blob import bodies
from gateway.operations.blob import headers as h
from gateway.operations.blob.accesses import moved_container
from gateway.operations.blob.call import Call, unknown
from gateway.operations.blob.names import SYSTEM_CONTAINERS
from gateway.operations.blob.sources import Sources

Fact = str | int | bool

DESCRIBED: Final[Mapping[str, tuple[type[Fact], str]]] = {
    "access_tier": (str, "`x-ms-access-tier` in lower case"),
    "blob": (str, "name of the blob"),
    "blob_type": (str, "`BlockBlob`, `PageBlob` or `AppendBlob` of a Put Blob"),
    "container": (str, "name of the container"),
    "copy_source": (str, "`connection/container/blob` of the copy source, or the foreign host"),
    "copy_source_authorization": (bool, "`x-ms-copy-source-authorization` is present"),
    "copy_source_foreign": (bool, "the copy source lies behind no connection"),
    "copy_source_sas": (bool, "the copy source URL carries parts of a SAS token"),
    "copy_tags": (bool, "tags of the copy source are copied"),
    "cors": (int, "CORS rules in a Set Blob Service Properties body"),
    "create_only": (bool, "`If-None-Match: *`: nothing is overwritten"),
    "delete_permanent": (bool, "`deletetype=permanent`: past soft delete"),
    "delete_snapshots": (str, "`include` or `only` of `x-ms-delete-snapshots`"),
    "delimiter": (str, "of a listing"),
    "encryption_key": (bool, "headers of a customer-provided key, for target or source"),
    "encryption_scope": (str, "`x-ms-encryption-scope`, or a new container's default"),
    "expiry": (str, "`x-ms-expiry-option`"),
    "immutability": (str, "mode of a policy that is set, `set` where only a date is given"),
    "include": (str, "what a listing includes: words in order, joined by commas"),
    "lease_action": (str, "`acquire`, `renew`, `change`, `release` or `break`"),
    "legal_hold": (str, "`true` or `false` of `x-ms-legal-hold`"),
    "method": (str, "HTTP method"),
    "page_write": (str, "`update` or `clear` of a Put Page"),
    "prefix": (str, "of a listing"),
    "public_access": (str, "`container` or `blob` of `x-ms-blob-public-access`"),
    "sas": (bool, "the query carries parts of a SAS token"),
    "service_version": (str, "`x-ms-version`"),
    "size": (int, "length of the request body in bytes"),
    "soft_delete": (str, "`enabled` or `disabled` by a Set Blob Service Properties body"),
    "source_container": (str, "the container that a restore or rename moves"),
    "static_website": (bool, "a Set Blob Service Properties body switches a website on"),
    "stored_access_policies": (int, "signed identifiers in a Set Container ACL body"),
    "structured_body": (bool, "`x-ms-structured-body` is present: content is framed"),
    "system_container": (bool, "`$root`, `$web`, `$logs` or `$blobchangefeed`"),
    "version": (str, "snapshot or version id"),
    "version_kind": (str, "`snapshot` or `version`"),
}

FACTS: Final[Mapping[str, type[Fact]]] = {name: kind for name, (kind, _) in DESCRIBED.items()}
"""Every fact that occurs, with its type."""

_NOTHING: Final[Mapping[str, Fact]] = {name: kind() for name, kind in FACTS.items()}
_LIST_CONTAINERS: Final = frozenset({"metadata", "deleted", "system"})
_LIST_BLOBS: Final = frozenset(
    {
        "copy",
        "deleted",
        "deletedwithversions",
        "immutabilitypolicy",
        "legalhold",
        "metadata",
        "permissions",
        "snapshots",
        "tags",
        "uncommittedblobs",
        "versions",
    }
)
_FIND_BLOBS: Final = frozenset({"none", "versions"})
_INCLUDES: Final = {
    "List Containers": _LIST_CONTAINERS,
    "List Blobs": _LIST_BLOBS,
    "Find Blobs by Tags": _FIND_BLOBS,
    "Find Blobs by Tags in Container": _FIND_BLOBS,
}


def facts(call: Call, sources: Sources) -> dict[str, Fact]:
    """All facts of one request.

    Raises:
        InvalidRequest: a header or body has a value that it cannot have.
        Blocked: a listing includes something unknown.
    """
    found: dict[str, Fact] = {**_NOTHING}
    found.update(_of_target(call))
    found.update(_of_headers(call))
    found.update(_of_copy(call, sources.copy))
    found["copy_source_sas"] = sources.copy_sas
    content = bodies.read(call.spec.body, call.body)
    found.update(
        cors=content.cors,
        size=len(call.body),
        soft_delete=content.soft_delete,
        static_website=content.static_website,
        stored_access_policies=content.stored_access_policies,
    )
    return found


def _of_target(call: Call) -> dict[str, Fact]:
    query = call.query
    kinds = {"snapshot": "snapshot", "versionid": "version"}
    return {
        "blob": call.place.blob,
        "container": call.place.container,
        "delete_permanent": bool(query.get("deletetype")),
        "delimiter": query.get("delimiter"),
        "include": _include(call),
        "prefix": query.get("prefix"),
        "sas": query.sas,
        "source_container": moved_container(call),
        "system_container": call.place.container in SYSTEM_CONTAINERS,
        "version": query.version,
        "version_kind": next((kind for name, kind in kinds.items() if query.get(name)), ""),
    }


def _include(call: Call) -> str:
    included = call.query.get("include")
    if not included:
        return ""
    words = {word for word in included.split(",") if word}
    if words - _INCLUDES.get(call.spec.name, frozenset()):
        raise unknown(f"{call.spec.name} cannot include one of these.")
    return ",".join(sorted(words))


def _of_headers(call: Call) -> dict[str, Fact]:
    """Facts of headers that are there; the others' facts stay empty."""
    headers = call.headers
    return {
        fact: read(headers)
        for name in sorted(_BY_HEADER.keys() & headers.names)
        for fact, read in _BY_HEADER[name]
    }


def _word(name: str) -> "_OfHeaders":
    return frozenset({name}), lambda headers: h.word(headers, name)


def _single(name: str) -> "_OfHeaders":
    return frozenset({name}), lambda headers: h.single(headers, name)


def _present(*names: str) -> "_OfHeaders":
    return frozenset(names), lambda _: True


def _scope(headers: Headers) -> str:
    scope = h.single(headers, "x-ms-encryption-scope")
    return scope or h.single(headers, "x-ms-default-encryption-scope")


_OfHeaders = tuple[frozenset[str], Callable[[Headers], Fact]]
"""The headers that a fact is read from, and how; it is empty where none of them is there."""

_BY_FACT: Final[Mapping[str, _OfHeaders]] = {
    "access_tier": (
        frozenset({"x-ms-access-tier"}),
        lambda headers: h.single(headers, "x-ms-access-tier").lower(),
    ),
    "blob_type": _word(h.BLOB_TYPE),
    "copy_source_authorization": _present(h.COPY_SOURCE_AUTHORIZATION),
    "create_only": (
        frozenset({"if-none-match"}),
        lambda headers: h.single(headers, "if-none-match") == "*",
    ),
    "delete_snapshots": _word(h.DELETE_SNAPSHOTS),
    "encryption_key": _present(*h.ENCRYPTION_KEYS),
    "encryption_scope": (
        frozenset({"x-ms-encryption-scope", "x-ms-default-encryption-scope"}),
        _scope,
    ),
    "expiry": _word(h.EXPIRY),
    "immutability": (
        frozenset({h.IMMUTABILITY_MODE, h.IMMUTABLE_UNTIL}),
        lambda headers: (
            h.word(headers, h.IMMUTABILITY_MODE) or ("set" if h.IMMUTABLE_UNTIL in headers else "")
        ),
    ),
    "lease_action": _word(h.LEASE_ACTION),
    "legal_hold": _word(h.LEGAL_HOLD),
    "page_write": _word(h.PAGE_WRITE),
    "public_access": _word(h.PUBLIC_ACCESS),
    "service_version": _single(h.VERSION),
    "structured_body": _present("x-ms-structured-body"),
}


def _by_header() -> Mapping[str, list[tuple[str, Callable[[Headers], Fact]]]]:
    found: dict[str, list[tuple[str, Callable[[Headers], Fact]]]] = {}
    for fact, (names, read) in _BY_FACT.items():
        for name in names:
            found.setdefault(name, []).append((fact, read))
    return found


_BY_HEADER: Final = _by_header()


def _of_copy(call: Call, source: Resource | None) -> dict[str, Fact]:
    if source is None:
        return {}
    return {
        "copy_source": str(source) if source.connection else source.authority,
        "copy_source_foreign": not source.connection,
        "copy_tags": h.word(call.headers, h.COPY_TAGS) == "COPY",
    }
