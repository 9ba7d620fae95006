"""Requests and connections for the tests of operations."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Operation, Resource
from gateway.operations import classify
from gateway.upstream.sources import Sources

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Url:
    method: str
    url: str
    headers: Pairs = ()
    body: bytes = b""


def connection(
    host: str = "clinic.blob.core.windows.net", base_path: str = "", port: int = 443
) -> Connection:
    account = base_path.strip("/") or host.partition(".")[0]
    return Connection(
        name=account,
        kind=ConnectionKind.BLOB,
        endpoint=Endpoint("https" if port == 443 else "http", host, port, base_path, account),
        credential=Credential(CredentialKind.MANAGED_IDENTITY),
        masking=Masking("none", 0, ephi=False),
    )


def request(
    method: str, path: str, query: str = "", headers: Pairs = (), body: bytes = b""
) -> Request:
    return Request(
        method, "clinic", Target(path, query), Headers.of(headers), body, "", "https://gw.test"
    )


def resolve(url: str) -> Resource:
    """Every URL is a blob of the same account, save those of another host."""
    parts = urlsplit(url)
    if parts.hostname != "clinic.blob.core.windows.net":
        return Resource("", parts.hostname or "", tuple(parts.path[1:].split("/")))
    container, _, name = parts.path[1:].partition("/")
    return Resource("clinic", "clinic", (container, name))


def classify_request(
    method: str, path: str, query: str = "", headers: Pairs = (), body: bytes = b""
) -> Operation:
    return classify(connection(), request(method, path, query, headers, body), resolve)


def classify_url(given: Url) -> Operation:
    """Classify by URL, path-style unless it is the clinic's account, with the real resolver."""
    parts = urlsplit(given.url)
    raw_path = given.url.partition(parts.netloc)[2].partition("?")[0]
    query = given.url.partition("?")[2]
    if parts.netloc == "clinic.blob.core.windows.net":
        target, at = Target(raw_path or "/", query), connection()
    else:
        account, _, rest = raw_path[1:].partition("/")
        target = Target(f"/{rest}", query)
        at = connection(parts.hostname or "", f"/{account}", parts.port or 443)
    sent = Request(
        given.method, at.name, target, Headers.of(given.headers), given.body, "", "https://gw.test"
    )
    return classify(at, sent, Sources({at.name: at}, "https://gw.test").resolve)
