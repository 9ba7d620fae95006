"""`chaperone operation`: how a request is classified, without sending anything."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from gateway.errors import GatewayError, InvalidRequest, Reason
from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Access, Operation
from gateway.operations import classify
from gateway.upstream.sources import Sources

_URL: Final = re.compile(
    r"(https?)://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?(/[^?#]*)?(?:\?([^#]*))?"
)
_HEADER: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*)")
_PORTS: Final = {"https": 443, "http": 80}
_LAST_PORT: Final = 65535
# Copy sources are written as upstream URLs here; no gateway of this name can exist (RFC 6761).
_NO_GATEWAY: Final = "https://gateway.invalid"

_Pairs = list[tuple[str, str]]


def operation(
    method: Annotated[
        str, typer.Argument(help="HTTP method; none, or -, reads NDJSON from standard input.")
    ] = "",
    url: Annotated[str, typer.Argument(help="The URL as the upstream sees it.")] = "",
    kind: Annotated[ConnectionKind, typer.Option(help="Protocol.")] = ConnectionKind.BLOB,
    header: Annotated[
        list[str] | None, typer.Option(help="'Name: value'; may be given often.")
    ] = None,
    body: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="File with the request body.")
    ] = None,
    compact: Annotated[bool, typer.Option("--json", help="One line instead of indented.")] = False,
) -> None:
    """Show what a request would do: Azure RBAC actions, resources and facts, as JSON.

    With METHOD and URL: one object. Without: reads objects {"method", "url", "headers", "body"},
    one a line, and answers each with one line. Exit status 1 when a request is not known.
    """
    if not url:
        if method not in {"", "-"} or header or body:
            raise typer.BadParameter("give METHOD and URL, or neither for NDJSON on stdin")
        raise typer.Exit(_answer_lines(kind, sys.stdin.buffer))
    answer, known = _answer(kind, method, url, header or [], body.read_bytes() if body else b"")
    _write(answer, compact=compact)
    raise typer.Exit(0 if known else 1)


def _answer_lines(kind: ConnectionKind, lines: Iterable[bytes]) -> int:
    status = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            method, url, pairs, body = _read(line)
            answer = _shown(_classified(kind, method, url, pairs, body))
        except GatewayError as error:
            answer, status = _error(error), 1
        _write(answer, compact=True)
    return status


def _answer(
    kind: ConnectionKind, method: str, url: str, headers: Iterable[str], body: bytes
) -> tuple[Mapping[str, object], bool]:
    try:
        return _shown(_classified(kind, method, url, list(_headers(headers)), body)), True
    except GatewayError as error:
        return _error(error), False


def _headers(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise InvalidRequest("A header is not of the form 'Name: value'.")
        yield match[1], match[2].strip()


def _read(line: bytes) -> tuple[str, str, _Pairs, bytes]:
    """Method, URL, headers and body of one NDJSON line; further keys are ignored.

    Raises:
        InvalidRequest: not such an object.
    """
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        raise InvalidRequest("The line is not JSON.") from None
    if not isinstance(entry, dict):
        raise InvalidRequest("The line is not a JSON object.")
    method, url = entry.get("method"), entry.get("url")
    body = entry.get("body") or ""
    if not (isinstance(method, str) and isinstance(url, str) and isinstance(body, str)):
        raise InvalidRequest("The line lacks method or url, or one of them or body is no string.")
    return method, url, list(_header_pairs(entry.get("headers") or {})), body.encode()


def _header_pairs(headers: object) -> Iterator[tuple[str, str]]:
    if not isinstance(headers, dict):
        raise InvalidRequest("The headers are not a JSON object.")
    for name, value in headers.items():
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, str):
                raise InvalidRequest("A header's value is neither a string nor a list of strings.")
            yield name, item


def _classified(
    kind: ConnectionKind, method: str, url: str, headers: _Pairs, body: bytes
) -> Operation:
    connection, target = _connection(kind, url)
    request = Request(
        method=method.upper(),
        connection=connection.name,
        target=target,
        headers=Headers.of(headers),
        body=body,
        client_address="",
        base_url=_NO_GATEWAY,
    )
    sources = Sources({connection.name: connection}, _NO_GATEWAY)
    return classify(connection, request, sources.resolve)


def _connection(kind: ConnectionKind, url: str) -> tuple[Connection, Target]:
    """A connection to the account that `url` names, under the account's name, and what is left.

    Path-style where the host is an address or localhost, as Azurite serves; else host-style.

    Raises:
        InvalidRequest: not such a URL.
    """
    match = _URL.fullmatch(url) if url.isascii() and url.isprintable() else None
    port = int(match[3] or _PORTS[match[1]]) if match else 0
    if match is None or not 0 < port <= _LAST_PORT:
        raise _bad_url()
    scheme, host = match[1], match[2].strip("[]").lower()
    path, query = match[4] or "/", match[5] or ""
    base_path, account = "", host.partition(".")[0]
    if kind is ConnectionKind.BLOB and _is_path_style(host):
        account, _, rest = path[1:].partition("/")
        base_path, path = f"/{account}", f"/{rest}"
    if not account:
        raise _bad_url()
    connection = Connection(
        name=account,
        kind=kind,
        endpoint=Endpoint(scheme, host, port, base_path, account),
        credential=Credential(CredentialKind.MANAGED_IDENTITY),
        masking=Masking("none", 0, ephi=False),
    )
    return connection, Target(path, query)


def _is_path_style(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return host == "localhost"
    return True


def _bad_url() -> InvalidRequest:
    return InvalidRequest(
        "The URL is not https://account.blob.core.windows.net/…, http://127.0.0.1:10000/account/… "
        "or, with --kind fhir, that of a FHIR service.",
        reason=Reason.TARGET_INVALID,
        advice="Give it percent-encoded, without user name and fragment.",
    )


def _shown(found: Operation) -> Mapping[str, object]:
    return {
        "kind": found.kind,
        "operation": found.name,
        "effect": found.effect.value,
        "accesses": [_access(access) for access in found.accesses],
        "shape": found.shape.value,
        "refused": found.refused,
        "facts": found.facts,
    }


def _access(access: Access) -> Mapping[str, object]:
    shown: dict[str, object] = {
        "action": access.action,
        "dataAction": access.data_action,
        "resource": str(access.resource),
        "effect": access.effect.value,
    }
    if access.resource.version:
        shown["version"] = access.resource.version
    return shown


def _error(error: GatewayError) -> Mapping[str, object]:
    message = f"{error} {error.advice}" if error.advice else str(error)
    return {"error": {"code": error.reason.value, "message": message}}


def _write(answer: Mapping[str, object], *, compact: bool) -> None:
    option = orjson.OPT_APPEND_NEWLINE | (0 if compact else orjson.OPT_INDENT_2)
    sys.stdout.write(orjson.dumps(answer, option=option).decode())
    sys.stdout.flush()
