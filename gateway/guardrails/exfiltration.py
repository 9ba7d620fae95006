"""Ways out: data moves within one account, and never to where it is masked less."""

from collections.abc import Callable, Iterator

from gateway.errors import Blocked, Reason
from gateway.model.connection import Connection, Masking
from gateway.model.message import Request
from gateway.model.operation import Access, Effect, Operation, Resource

MaskingOf = Callable[[Resource], Masking]

_COPY_SOURCES = ("x-ms-copy-source", "x-ms-rename-source")
_SOURCE_CONTAINERS = ("x-ms-source-container-name", "x-ms-deleted-container-name")
_PREVIOUS_SNAPSHOT = "x-ms-previous-snapshot-url"


def check(
    connection: Connection,
    request: Request,
    operation: Operation,
    masking_of: MaskingOf,
    demanded: Masking | None = None,
) -> None:
    """Pass an operation whose sources and targets lie in one account, and are masked alike.

    `demanded` is what the caller's rules add to the masking of the places that it reads: content
    that they have masked does not move to a place where it would be read without.

    Raises:
        Blocked: a foreign source or target, another account, a source that was not judged, or a
            target that is masked less than a source.
    """
    _check_places(connection, operation)
    _check_headers(connection, request, operation)
    _check_ranks(operation, masking_of, demanded)
    for name in _SOURCE_CONTAINERS:
        for container in request.headers.all(name):
            _check_containers(connection, operation, container.strip(), masking_of)


def _check_places(connection: Connection, operation: Operation) -> None:
    target = operation.accesses[0].resource
    for access in operation.accesses:
        place = access.resource
        if place.connection == connection.name:
            continue
        reads = access.effect is Effect.READ
        if not place.connection or not reads:
            raise _foreign_source() if reads else _foreign_target()
        if place.authority != target.authority:
            raise Blocked(
                "The source lies in another storage account than the target; copies between "
                "accounts are not carried out.",
                reason=Reason.FOREIGN_SOURCE,
                advice="Read the source and write the target as two requests.",
            )


def _check_headers(connection: Connection, request: Request, operation: Operation) -> None:
    """Sources that a header names must be among the accesses, or the rules never saw them."""
    reads = [access for access in operation.accesses if access.effect is Effect.READ]
    if not reads and any(name in request.headers for name in _COPY_SOURCES):
        raise _foreign_source()
    endpoint = connection.endpoint
    local = (
        f"{request.base_url}/c/{connection.name}/",
        f"{endpoint.origin}{endpoint.base_path}/",
    )
    if not all(url.startswith(local) for url in request.headers.all(_PREVIOUS_SNAPSHOT)):
        raise _foreign_source()


def _check_ranks(operation: Operation, masking_of: MaskingOf, demanded: Masking | None) -> None:
    """Every part that is read is a source of every part that is written."""
    read = _ranks(operation, masking_of, lambda access: access.effect is Effect.READ)
    if demanded is not None and operation.reads_content:
        read.append(demanded.rank)
    written = _ranks(operation, masking_of, _brings_data)
    if read and written and min(written) < max(read):
        raise _masked_less()


def _brings_data(access: Access) -> bool:
    return access.effect in {Effect.WRITE, Effect.ACTION}


def _ranks(
    operation: Operation, masking_of: MaskingOf, chosen: Callable[[Access], bool]
) -> list[int]:
    return [masking_of(access.resource).rank for access in operation.accesses if chosen(access)]


def _check_containers(
    connection: Connection, operation: Operation, source: str, masking_of: MaskingOf
) -> None:
    """Renaming or restoring a container moves all that is in it, into every area of the new name.

    Areas within a container differ, so the strictest of the old name is held against the least
    strict of the new one.
    """
    target = operation.accesses[0].resource
    name = "".join(target.path[:1])
    before = max(_container_ranks(connection, target.authority, source, masking_of))
    after = min(_container_ranks(connection, target.authority, name, masking_of))
    if after < before:
        raise _masked_less()


def _container_ranks(
    connection: Connection, authority: str, container: str, masking_of: MaskingOf
) -> Iterator[int]:
    for path in ((container,), (container, "-")):
        yield masking_of(Resource(connection.name, authority, path)).rank
    for area in connection.areas:
        first = area.pattern.partition("/")[0]
        if "*" in first or first == container:
            yield area.masking.rank


def _foreign_source() -> Blocked:
    return Blocked(
        "The source of the copy lies outside what this gateway governs.",
        reason=Reason.FOREIGN_SOURCE,
        advice="Name a source behind this gateway: https://gateway/c/connection/container/blob.",
    )


def _foreign_target() -> Blocked:
    return Blocked(
        "The operation would write to another place than the connection that it was sent to.",
        reason=Reason.FOREIGN_TARGET,
        advice="Send it to the connection of its target.",
    )


def _masked_less() -> Blocked:
    return Blocked(
        "The target is masked less than the source.",
        reason=Reason.MASKED_LESS,
        advice="Copy to a place whose masking profile is at least as strict as the source's.",
    )
