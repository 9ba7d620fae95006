"""FHIR requests for the tests of classification."""

import json
from typing import Any

from gateway.errors import InvalidRequest
from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.fhir import Page
from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Operation
from gateway.operations.fhir import classify

CONNECTION = Connection(
    "ehr",
    ConnectionKind.FHIR,
    Endpoint("https", "ws-ehr.fhir.azurehealthcareapis.com", 443),
    Credential(CredentialKind.MANAGED_IDENTITY),
    Masking("none", 0, ephi=False),
)


def no_pages(_: str) -> Page:
    raise InvalidRequest("no page")


def ask(
    method: str,
    target: str,
    body: Any = None,
    *headers: tuple[str, str],
    kind: str = "application/fhir+json",
) -> Operation:
    """Classify a request; a body that is no bytes is written as JSON."""
    path, _, query = target.partition("?")
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = (("content-type", kind), *headers) if data else headers
    request = Request(
        method, "ehr", Target(path, query), Headers.of(fields), data, "", "https://gw.test"
    )
    return classify(CONNECTION, request, no_pages)


def pairs(operation: Operation) -> list[tuple[str, str]]:
    """(last words of the action, resource) of every access."""
    return [
        (access.action.partition("/resources/")[2], str(access.resource))
        for access in operation.accesses
    ]
