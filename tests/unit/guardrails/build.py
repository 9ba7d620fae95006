"""Requests and operations for the tests of guardrails, as operations classify them."""

from collections.abc import Callable, Mapping
from urllib.parse import quote

from gateway.model.connection import (
    Area,
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Access, Effect, Operation, Resource, Shape

GATEWAY = "https://gateway.example"
NONE = Masking("none", 0, ephi=False)
STRICT = Masking("safe-harbor", 40, ephi=True)
ENDPOINT = Endpoint("https", "clinic.blob.core.windows.net", 443, "", "clinic")


def connection(endpoint: Endpoint = ENDPOINT, areas: tuple[Area, ...] = ()) -> Connection:
    credential = Credential(CredentialKind.MANAGED_IDENTITY)
    return Connection("phi", ConnectionKind.BLOB, endpoint, credential, STRICT, areas)


def request(
    method: str = "PUT",
    path: str = "/intake/a.json",
    query: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> Request:
    fields = Headers.of((headers or {}).items())
    return Request(method, "phi", Target(path, query), fields, body, "", GATEWAY)


def place(*path: str, via: str = "phi", authority: str = "clinic") -> Resource:
    return Resource(via, authority, path)


def operation(
    *accesses: tuple[Resource, Effect],
    name: str = "Put Blob",
    facts: Mapping[str, str | int | bool] | None = None,
) -> Operation:
    pairs = accesses or ((place("intake", "a.json"), Effect.WRITE),)
    judged = tuple(Access("Microsoft.Storage/…", resource, effect) for resource, effect in pairs)
    return Operation("blob", name, pairs[0][1], judged, Shape.NONE, facts=facts or {})


def masked(**containers: Masking) -> Callable[[Resource], Masking]:
    """Masking by container, strict elsewhere."""
    return lambda resource: containers.get("".join(resource.path[:1]), STRICT)


def every_encoding(name: str) -> list[str]:
    """The spellings of a parameter that one server or another takes for it."""
    hexed = "".join(f"%{ord(char):02x}" for char in name)
    return [name, name.upper(), name.title(), hexed, quote(hexed), quote(quote(hexed))]
