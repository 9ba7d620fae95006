"""Callers, requests and operations for the tests of policy."""

from datetime import UTC, datetime

from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Access, Effect, Operation, Resource, Shape
from gateway.model.principal import Principal, PrincipalKind
from tests.fakes.manifest import READ, READERS, TRIAGE

NOON = datetime(2026, 8, 3, 12, 0, tzinfo=UTC)
"""A Monday."""


def principal(*groups: str, application: str = TRIAGE, roles: tuple[str, ...] = ()) -> Principal:
    return Principal(
        tenant="tenant",
        object_id="object",
        application=application,
        token_id="token",
        kind=PrincipalKind.APPLICATION,
        groups=frozenset(groups or (READERS,)),
        roles=frozenset(roles),
        expires_at=NOON,
        authenticated_at=NOON,
    )


def request(method: str = "GET", body: bytes = b"", address: str = "192.0.2.1") -> Request:
    return Request(
        method, "clinic", Target("/x"), Headers(), body, address, "https://gateway.example"
    )


def resource(text: str) -> Resource:
    """`connection/container/blob`, or `//host/container/blob` for a foreign one."""
    if text.startswith("//"):
        host, *path = text[2:].split("/", 2)
        return Resource("", host, tuple(path))
    connection, *path = text.split("/", 2)
    return Resource(connection, "account", tuple(path))


def access(where: str, action: str = READ, effect: Effect = Effect.READ) -> Access:
    return Access(action, resource(where), effect)


def operation(
    *accesses: Access, refused: str = "", facts: dict[str, str | int | bool] | None = None
) -> Operation:
    return Operation(
        kind="blob",
        name="Get Blob",
        effect=accesses[0].effect,
        accesses=accesses,
        shape=Shape.CONTENT,
        refused=refused,
        facts=facts or {},
    )
