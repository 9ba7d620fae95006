"""What no SDK would send: hostile bytes over TLS, and what answers give away."""

import json
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import pytest

from gateway.local import directory
from tests.integration.stack import ADMINISTRATOR, Both, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, as it came over the wire."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str:
        (value,) = [value for key, value in self.fields if key == name]
        return value

    @property
    def code(self) -> str:
        return dict(self.fields).get("x-ms-error-code", "")


class Wire:
    """Raw requests to the gateway, each on a connection of its own."""

    def __init__(self, stack: Stack, token: str) -> None:
        self.stack = stack
        self.address = urlsplit(stack.running.url)
        self.context = ssl.create_default_context(cafile=str(stack.running.ca_file))
        self.host = f"Host: {self.address.netloc}"
        self.token = f"Authorization: Bearer {token}"

    def send(
        self,
        target: str,
        *fields: str,
        method: str = "GET",
        body: bytes = b"",
        host: str = "",
        length: bool = True,
    ) -> Reply:
        lines = [f"{method} {target} HTTP/1.1", host or self.host, self.token, *fields]
        if length and method in {"PUT", "POST", "PATCH"}:
            lines.append(f"Content-Length: {len(body)}")
        return self.raw("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)

    def raw(self, message: bytes) -> Reply:
        where = (self.address.hostname or "", self.address.port or 443)
        with (
            socket.create_connection(where, timeout=20) as plain,
            self.context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(message)
            reader = connection.makefile("rb")
            with reader:
                status = int(reader.readline().split()[1])
                fields = []
                while (line := reader.readline()) not in {b"\r\n", b""}:
                    name, _, value = line.decode("latin-1").partition(":")
                    fields.append((name.lower(), value.strip()))
                return Reply(status, fields, reader.read())


@pytest.fixture
def wire(stack: Stack) -> Wire:
    return Wire(stack, stack.token(*ADMINISTRATOR))


@pytest.fixture
def untouched(stack: Stack, research: Both) -> Iterator[None]:
    with stack.nothing_reaches_storage():
        yield


@pytest.mark.usefixtures("untouched")
def test_a_chunked_upload_is_411(wire: Wire) -> None:
    reply = wire.send(
        "/c/research/published/x",
        "Transfer-Encoding: chunked",
        "x-ms-blob-type: BlockBlob",
        "x-ms-version: 2023-11-03",
        method="PUT",
        body=b"2\r\nab\r\n0\r\n\r\n",
        length=False,
    )

    assert (reply.status, reply.code) == (411, "LengthRequired")
    assert b"Content-Length" in reply.body


TRICKS = {
    "doubly encoded dot segments": "/c/clinic/public/%252e%252e/phi/fhir/patient-0001.json",
    "dot segments above the connection": "/c/research/../../clinicdata/phi/x",
    "an encoded slash behind the container": "/c/clinic/phi%2Ffhir%2Fpatient-0001.json",
    "a doubly encoded slash": "/c/clinic/phi/fhir%252Fpatient-0001.json",
    "a backslash": "/c/clinic/public\\..\\phi/fhir/patient-0001.json",
    "an encoded backslash": "/c/clinic/public%5C..%5Cphi%5Cx",
    "a null byte": "/c/clinic/public/guide.md%00.txt",
    "an overlong encoding": "/c/clinic/public/%c0%ae%c0%ae/phi/x",
    "an empty container": "/c/clinic//phi/fhir/patient-0001.json",
    "another host after the connection": "/c/clinic/@example.org/x",
    "a URL after the connection": "/c/clinic/http://127.0.0.1:1/x",
    "upper case": "/c/CLINIC/public/guide.md",
    "an encoded connection": "/c/%63linic%2Fpublic/guide.md",
    "no connection": "/c//public/guide.md",
    "a connection that is not there": "/c/foreigndata/drop/bait.txt",
    "a trailing dot": "/c/clinic/phi./x",
    "the account's own path": "/clinicdata/phi/fhir/patient-0001.json",
    "absolute form": "https://example.org/c/clinic/public/guide.md",
    "absolute form of storage": "http://127.0.0.1:10000/clinicdata/phi/x",
}


@pytest.mark.parametrize(
    "path",
    [
        "/c/clinic/public/../phi/fhir/patient-0001.json",
        "/c/clinic/public/%2e%2e/phi/fhir/patient-0001.json",
        "/c/research/../clinic/phi/fhir/patient-0001.json",
    ],
)
def test_dot_segments_are_gone_before_anything_is_judged(path: str, wire: Wire) -> None:
    """The front removes them, so the place that they lead to decides: it masks."""
    reply = wire.send(path, "x-ms-version: 2023-11-03")

    assert reply.status == 200
    assert b'"[name]"' in reply.body
    assert wire.send("/c/clinic/phi/fhir/patient-0001.json").body == reply.body


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("trick", TRICKS)
def test_a_path_with_two_readings_or_none_reaches_nothing(trick: str, wire: Wire) -> None:
    reply = wire.send(TRICKS[trick], "x-ms-version: 2023-11-03")

    assert reply.status in {400, 403, 404}
    assert b"Opening hours" not in reply.body
    assert b"Patient" not in reply.body


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "host", ["Host: a\r\nHost: b", "X-No: host", "Host:", "Host: a b", "Host: evil/x"]
)
def test_a_request_needs_one_good_host(host: str, wire: Wire) -> None:
    assert wire.send("/c/clinic/public/guide.md", host=host).status == 400


def test_the_host_header_decides_nothing(wire: Wire, stack: Stack) -> None:
    """Neither the upstream nor a URL in an answer comes from it."""
    listing = "/c/clinic/public?restype=container&comp=list"

    reply = wire.send(listing, "x-ms-version: 2023-11-03", host="Host: evil.example")

    assert reply.status == 200
    assert f'ServiceEndpoint="{stack.running.url}/c/clinic/"'.encode() in reply.body
    assert b"evil.example" not in reply.body


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_is_not_overridden(name: str, wire: Wire) -> None:
    reply = wire.send("/c/clinic/public/guide.md", f"{name}: DELETE", "x-ms-version: 2023-11-03")

    assert (reply.status, reply.code) == (400, "RequestInvalid")


UNKNOWN = {
    "an unknown comp": ("GET", "/c/research/published/x?comp=exfiltrate", "OperationUnknown"),
    "an unknown method": ("PATCH", "/c/research/published/x", "OperationUnknown"),
    "a method of WebDAV": ("PROPFIND", "/c/research/published", "OperationUnknown"),
    "an unknown parameter": ("GET", "/c/research/published/x?y=z", "OperationUnknown"),
    "comp twice": ("GET", "/c/research/published?comp=list&comp=acl", "TargetInvalid"),
    "another case of comp": ("GET", "/c/research/published?Comp=list&comp=acl", "TargetInvalid"),
    "a batch": ("POST", "/c/research/?comp=batch", "OperationNotSupported"),
    "a query": ("POST", "/c/research/published/x?comp=query", "OperationNotSupported"),
    "a signature": ("GET", "/c/research/published/x?sig=abc", "CredentialNotAccepted"),
    "an encoded signature": ("GET", "/c/research/published/x?s%69g=abc", "CredentialNotAccepted"),
    "a signature in capitals": ("GET", "/c/research/published/x?SIG=abc", "CredentialNotAccepted"),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", UNKNOWN)
def test_what_is_unknown_is_denied_with_a_reason(name: str, wire: Wire) -> None:
    method, target, reason = UNKNOWN[name]

    reply = wire.send(target, "x-ms-version: 2023-11-03", method=method)

    assert (reply.status, reply.code) in {(400, reason), (403, reason)}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    "field",
    [
        "x-ms-blob-future-option: 1",
        "x-ms-copy-source-authorization: Bearer x",
        "x-ms-encryption-key: x",
        "x-ms-blob-type: BlockBlob\r\nx-ms-blob-type: PageBlob",
        "Connection: x-ms-blob-type",
    ],
)
def test_a_header_that_could_change_the_meaning_is_denied(field: str, wire: Wire) -> None:
    reply = wire.send(
        "/c/research/published/x",
        field,
        "x-ms-blob-type: BlockBlob",
        "x-ms-version: 2023-11-03",
        method="PUT",
        body=b"x",
    )

    assert reply.status in {400, 403}


@pytest.mark.usefixtures("untouched")
def test_a_body_over_the_bound_is_413(wire: Wire) -> None:
    head = (
        f"PUT /c/research/published/x HTTP/1.1\r\n{wire.host}\r\n{wire.token}\r\n"
        "x-ms-blob-type: BlockBlob\r\nContent-Length: 104857601\r\n\r\n"
    )

    assert wire.raw(head.encode()).status == 413


@pytest.mark.parametrize(
    "field",
    [
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Host: evil.example",
        "X-Forwarded-Proto: http",
        "Forwarded: for=203.0.113.9;host=evil.example",
        "X-Original-URL: /c/clinic/phi/fhir/patient-0001.json",
        "X-Rewrite-URL: /c/clinic/phi/fhir/patient-0001.json",
        "X-Waws-Unencoded-Url: /c/clinic/phi/fhir/patient-0001.json",
        "X-MS-CLIENT-PRINCIPAL: eyJhdXRoX3R5cCI6ImFhZCJ9",
        "X-MS-CLIENT-PRINCIPAL-ID: 9e250000-0000-4000-8000-000000000001",
        "X-MS-TOKEN-AAD-ACCESS-TOKEN: x",
        "X-Azure-ClientIP: 203.0.113.9",
        "X-Functions-Key: x",
    ],
)
def test_a_header_that_fronts_set_is_not_believed(field: str, wire: Wire, stack: Stack) -> None:
    reply = wire.send("/c/clinic/public/guide.md", field, "x-ms-version: 2023-11-03")

    assert reply.status == 200
    assert b"Opening hours" in reply.body
    intent, _ = stack.records(reply.field("x-chaperone-exchange"))
    assert intent["operation"]["accesses"][0]["resource"] == "clinic/public/guide.md"
    assert intent["actor"]["oid"] == directory.AGENTS["platform-agent"].object_id
    assert intent["actor"]["client_address"] == "127.0.0.1"


def test_answers_say_nothing_of_the_credential_or_the_place(wire: Wire, stack: Stack) -> None:
    azurite = stack.running.azurite
    targets = [
        "/c/clinic/public/guide.md",
        "/c/clinic/public/nothing",
        "/c/clinic/?comp=list",
        "/c/clinic/public?restype=container&comp=list",
        "/c/clinic/phi/fhir/patient-0001.json",
        "/c/clinic/?restype=service&comp=properties",
    ]
    for target in targets:
        reply = wire.send(target, "x-ms-version: 2023-11-03")
        shown = f"{reply.fields} {reply.body!r}"
        assert azurite.blob_url not in shown
        assert "Azurite" not in shown
        assert "SharedKey" not in shown
        assert all(key not in shown for key in azurite.keys.values())
        assert dict(reply.fields).keys().isdisjoint({"server", "set-cookie", "x-powered-by"})
        exchange = reply.field("x-chaperone-exchange")
        assert stack.records(exchange), target


def test_errors_have_the_shape_of_the_service(wire: Wire) -> None:
    target = "/c/research/published/x?comp=exfiltrate"

    xml = wire.send(target, "x-ms-version: 2023-11-03")
    head = wire.send(target, "x-ms-version: 2023-11-03", method="HEAD")
    unknown = wire.send("/c/nowhere/x")

    root = ET.fromstring(xml.body)  # noqa: S314 - our own
    assert (xml.field("content-type"), root.tag) == ("application/xml", "Error")
    assert root.findtext("Code") == xml.code == "OperationUnknown"
    assert root.findtext("Message")
    assert root.findtext("Exchange") == xml.field("x-ms-request-id")
    assert (head.status, head.code, head.body) == (xml.status, xml.code, b"")
    content = json.loads(unknown.body)
    assert (unknown.field("content-type"), unknown.status) == ("application/json", 400)
    assert content["error"]["code"] == "ConnectionNotFound"
    assert content["error"]["message"]
    details = {item["code"]: item["message"] for item in content["error"]["details"]}
    assert details["exchange"] == unknown.field("x-chaperone-exchange")


def test_no_token_is_a_challenge(wire: Wire, stack: Stack) -> None:
    head = f"GET /c/clinic/public/guide.md HTTP/1.1\r\n{wire.host}\r\nConnection: close\r\n\r\n"

    reply = wire.raw(head.encode())

    assert (reply.status, reply.code) == (401, "TokenMissing")
    assert reply.field("www-authenticate") == (
        f"Bearer authorization_uri={stack.running.identity_provider}/{directory.TENANT}"
        f"/oauth2/authorize resource_id={directory.AUDIENCE}"
    )


def test_an_idle_client_does_not_hold_up_a_stop(stack: Stack) -> None:
    """Closing TLS waits for the peer; a gateway that is told to end closes its journal instead."""
    with stack.deployment.host() as host:
        address = urlsplit(host.url)
        context = ssl.create_default_context(cafile=str(stack.running.ca_file))
        with (
            socket.create_connection((address.hostname, address.port), timeout=20) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(f"GET /healthz HTTP/1.1\r\nHost: {address.netloc}\r\n\r\n".encode())
            assert connection.recv(12) == b"HTTP/1.1 200"
            assert host.stop() < 5
