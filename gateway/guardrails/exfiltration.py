"""Ways out: data moves within one account, and never to where it is masked less."""

from collections.abc import Callable

from gateway.errors import Blocked, Reason
from gateway.guardrails.message import comp
from gateway.model.connection import Connection, Masking
from gateway.model.message import Request
from gateway.model.operation import Access, Effect, Operation, Resource

MaskingOf = Callable[[Resource], Masking]

_COPY_SOURCES = ("x-ms-copy-source", "x-ms-rename-source")
_RENAMED = "x-ms-source-container-name"
_RESTORED = "x-ms-deleted-container-name"
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
        Blocked: a foreign source or target, another account, a source that was not judged, a
            target that is masked less than a source, or a container under another name.
    """
    _check_places(connection, operation)
    _check_headers(connection, request, operation)
    _check_containers(request, operation)
    _check_ranks(operation, masking_of, demanded)


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


def _check_containers(request: Request, operation: Operation) -> None:
    """A container keeps its name: under another one, rules on its blobs would no longer hold.

    Rules see the two containers and none of the blobs, so nothing finds what they deny.
    """
    target = operation.accesses[0].resource
    restored = request.headers.all(_RESTORED)
    renames = (
        comp(request)[1] == "rename"
        or _RENAMED in request.headers
        or bool(operation.facts.get("source_container"))
        or any(container.strip() != "".join(target.path[:1]) for container in restored)
    )
    if renames:
        raise Blocked(
            "The container would get another name, where other rules hold for its blobs.",
            reason=Reason.OPERATION_NOT_SUPPORTED,
            advice="Restore a container under the name that it had; copy the blobs that you may "
            "read instead of renaming.",
        )


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
