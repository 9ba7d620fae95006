"""Every (action, resource) pair that a recognised operation touches, the target's first."""

from collections.abc import Iterator

from gateway.errors import InvalidRequest
from gateway.model.operation import Access, Resource
from gateway.operations.blob import actions as a
from gateway.operations.blob import headers as h
from gateway.operations.blob.call import Call
from gateway.operations.blob.names import check_container
from gateway.operations.blob.sources import Sources
from gateway.operations.blob.spec import Variant


def accesses(call: Call, sources: Sources) -> tuple[Access, ...]:
    """The pairs, without repeats.

    Raises:
        InvalidRequest: a header or parameter that names a further resource is malformed.
    """
    pairs = (*_of_target(call), *_of_variant(call), *_of_headers(call), *_of_sources(call, sources))
    return tuple(dict.fromkeys(pairs))


def moved_container(call: Call) -> str:
    """The container whose content appears under the target's name, "" where none does.

    Raises:
        InvalidRequest: the header that names it is malformed.
    """
    match call.spec.variant:
        case Variant.RESTORE_CONTAINER:
            name = h.single(call.headers, h.DELETED_CONTAINER)
        case Variant.RENAME_CONTAINER:
            name = h.single(call.headers, h.SOURCE_CONTAINER)
        case _:
            return ""
    check_container(name)
    return "" if name == call.place.container else name


def _access(grant: a.Grant, resource: Resource) -> Access:
    return Access(grant.action, resource, grant.effect, grant.data_action)


def _of_target(call: Call) -> Iterator[Access]:
    for grant in call.spec.grants:
        yield _access(grant, call.target)
    if call.spec.name == "List Blobs" and "tags" in call.query.get("include").split(","):
        yield _access(a.READ_TAGS, call.target)


def _of_variant(call: Call) -> Iterator[Access]:
    match call.spec.variant:
        case Variant.DELETE_BLOB:
            is_version = bool(call.query.get("versionid"))
            yield _access(a.DELETE_VERSION if is_version else a.DELETE_BLOB, call.target)
            if call.query.get("deletetype"):
                if not call.query.version:
                    raise InvalidRequest("A permanent delete names a snapshot or a version.")
                yield _access(a.DELETE_PERMANENTLY, call.target)
        case Variant.RESTORE_CONTAINER | Variant.RENAME_CONTAINER:
            yield from _of_moved_container(call)
        case _:
            return


def _of_moved_container(call: Call) -> Iterator[Access]:
    name = moved_container(call)
    if not name:
        return
    source = call.resource(name)
    if call.spec.variant is Variant.RENAME_CONTAINER:
        yield _access(a.DELETE_CONTAINER, source)
    # Content changes its place, as with a copy: both sides count.
    yield _access(a.WRITE_BLOB, call.target)
    yield _access(a.READ_BLOB, source)


def _of_headers(call: Call) -> Iterator[Access]:
    if h.TAGS in call.headers:
        yield _access(a.WRITE_TAGS, call.target)
    if h.IF_TAGS in call.headers:
        # Whether the condition held tells the caller about tag values.
        yield _access(a.READ_TAGS, call.target)
    if any(name in call.headers for name in (h.IMMUTABLE_UNTIL, h.IMMUTABILITY_MODE, h.LEGAL_HOLD)):
        yield _access(a.SET_IMMUTABILITY, call.target)
    expires = h.EXPIRY in call.headers or h.EXPIRY_TIME in call.headers
    expires = expires or call.spec.variant is Variant.SET_EXPIRY
    if expires and h.word(call.headers, h.EXPIRY) != "NeverExpire":
        # Azure asks for blobs/write alone; but a blob that expires is a blob deleted, later.
        yield _access(a.DELETE_BLOB, call.target)


def _of_sources(call: Call, sources: Sources) -> Iterator[Access]:
    if sources.copy is not None:
        if h.word(call.headers, h.COPY_TAGS) == "COPY":
            yield _access(a.WRITE_TAGS, call.target)
            yield _access(a.READ_TAGS, sources.copy)
        if h.SOURCE_IF_TAGS in call.headers:
            yield _access(a.READ_TAGS, sources.copy)
        yield _access(a.READ_BLOB, sources.copy)
    if sources.previous is not None:
        yield _access(a.READ_BLOB, sources.previous)
    previous = call.query.get("prevsnapshot")
    if previous:
        yield _access(a.READ_BLOB, call.resource(*call.place.path, version=previous))
