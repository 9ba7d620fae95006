"""Connections, requests and operations for the tests of the upstream's packages."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, Request, Target, UpstreamResponse
from gateway.model.operation import Access, Effect, Operation, Resource, Shape

GATEWAY = "https://gateway.example"
NONE = Masking("none", 0, ephi=False)
STRICT = Masking("safe-harbor", 40, ephi=True)

AZURE = Endpoint("https", "clinic.blob.core.windows.net", 443, "", "clinic")
AZURITE = Endpoint("http", "127.0.0.1", 10000, "/clinicdata", "clinicdata")


def connection(
    name: str = "phi", endpoint: Endpoint = AZURE, masking: Masking = STRICT
) -> Connection:
    return Connection(
        name, ConnectionKind.BLOB, endpoint, Credential(CredentialKind.MANAGED_IDENTITY), masking
    )


def request(
    method: str = "GET",
    path: str = "/intake/ward/jane.json",
    query: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    name: str = "phi",
) -> Request:
    fields = Headers.of((headers or {}).items())
    return Request(method, name, Target(path, query), fields, body, "", GATEWAY)


def resource(*path: str, name: str = "phi", authority: str = "clinic") -> Resource:
    return Resource(name, authority, path)


def access(place: Resource, effect: Effect = Effect.READ) -> Access:
    return Access("Microsoft.Storage/…/read", place, effect)


def operation(
    *accesses: Access,
    shape: Shape = Shape.NONE,
    effect: Effect = Effect.READ,
    name: str = "Get Blob",
    reads_content: bool = False,
    facts: Mapping[str, str | int | bool] | None = None,
) -> Operation:
    return Operation(
        "blob",
        name,
        effect,
        accesses or (access(resource("intake", "ward/jane.json"), effect),),
        shape,
        facts=facts or {},
        reads_content=reads_content,
    )


def copy(source: Resource, target: Resource) -> Operation:
    built = operation(
        access(target, Effect.WRITE),
        access(source, Effect.READ),
        effect=Effect.WRITE,
        name="Copy Blob",
    )
    return replace(built, reads_content=True)


def everywhere(masking: Masking) -> Callable[[Resource], Masking]:
    return lambda _: masking


def below(**containers: Masking) -> Callable[[Resource], Masking]:
    """Masking by container; `other` elsewhere."""
    other = containers.pop("other", STRICT)
    return lambda place: containers.get("".join(place.path[:1]), other)


def response(
    status: int = 200, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> UpstreamResponse:
    return UpstreamResponse(status, Headers.of((headers or {}).items()), body)
