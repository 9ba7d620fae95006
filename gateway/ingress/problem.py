"""Errors in Azure's shapes, so that SDKs raise what they usually raise.

The one place that knows HTTP status codes. Never `Retry-After`: azure-core would retry a denial.
Never 409 or 404: the SDKs take them for "exists already" and "does not exist", as if the upstream
had said so. Note that azure-core retries 502 and 503.
"""

from typing import assert_never
from xml.etree import ElementTree as ET

import orjson

from gateway.errors import (
    ChangeInterrupted,
    ConfigurationError,
    Denied,
    GatewayError,
    InvalidRequest,
    NotFound,
    OutcomeUnrecorded,
    Reason,
    ResponseTooLarge,
    StoreError,
    Unauthenticated,
    Unavailable,
    UpstreamError,
)
from gateway.model.connection import Dialect
from gateway.model.message import Answer, Headers

EXCHANGE = "exchange"
"""Key of the detail that holds the exchange's id: it becomes `x-ms-request-id`."""

# The most specific class wins; every class of the tree has an ancestor here.
_BY_CLASS: dict[type[GatewayError], int] = {
    GatewayError: 500,
    Denied: 403,
    Unauthenticated: 401,
    InvalidRequest: 400,
    UpstreamError: 502,
    ChangeInterrupted: 403,
    ResponseTooLarge: 413,
    Unavailable: 503,
    OutcomeUnrecorded: 403,
    StoreError: 500,
    ConfigurationError: 503,
}
# A reason that says more than its class. Another token does not help against group overage or
# an agent without a sponsor, so those are no 401: the SDK would only fetch the same token again.
_BY_REASON: dict[tuple[type[GatewayError], Reason], int] = {
    (InvalidRequest, Reason.LENGTH_REQUIRED): 411,
    (InvalidRequest, Reason.REQUEST_TOO_LARGE): 413,
    (Unauthenticated, Reason.GROUP_OVERAGE): 403,
    (Unauthenticated, Reason.PRINCIPAL_DENIED): 403,
    (Unauthenticated, Reason.AGENT_UNKNOWN): 403,
}
_TYPES: dict[Dialect, str] = {
    Dialect.JSON: "application/json",
    Dialect.XML: "application/xml",
    Dialect.FHIR: "application/fhir+json",
}
# https://hl7.org/fhir/R4/valueset-issue-type.html
_ISSUES: dict[type[GatewayError], str] = {
    GatewayError: "exception",
    Denied: "forbidden",
    Unauthenticated: "login",
    InvalidRequest: "invalid",
    UpstreamError: "transient",
    ResponseTooLarge: "too-costly",
    Unavailable: "transient",
}
# Their texts speak to operators: names of settings, containers, tables.
_INTERNAL = (StoreError, ConfigurationError)


def status(error: GatewayError) -> int:
    """The HTTP status of an error."""
    cls = next(cls for cls in type(error).__mro__ if cls in _BY_CLASS)
    return _BY_REASON.get((cls, error.reason), _BY_CLASS[cls])


def answer(error: GatewayError, dialect: Dialect, *, challenge: str = "") -> Answer:
    """An error as the agent receives it.

    Args:
        error: its text, advice and details are free of request values by contract.
        dialect: of the service that the agent believes it talks to.
        challenge: `WWW-Authenticate` for 401, which has the storage SDKs fetch the right token.
    """
    code = status(error)
    message, details = _text(error)
    fields = [
        ("content-type", _TYPES[dialect]),
        ("x-ms-error-code", str(error.reason)),
        ("cache-control", "no-store"),
    ]
    exchange = next((value for key, value in error.details if key == EXCHANGE), "")
    if exchange:
        fields += [("x-ms-request-id", exchange), ("x-chaperone-exchange", exchange)]
    if code == 401 and challenge:  # noqa: PLR2004
        fields.append(("www-authenticate", challenge))
    return Answer(code, Headers(tuple(fields)), _body(dialect, error, message, details))


def not_found() -> Answer:
    """No such operation, or somebody else's: one answer for both. Not for the data plane."""
    body = _json("OperationNotFound", "there is no such operation of this caller", ())
    fields = (("content-type", "application/json"), ("cache-control", "no-store"))
    return Answer(404, Headers(fields), body)


def for_people(error: GatewayError) -> tuple[int, str]:
    """Status and sentences of an error on a page: browsers, unlike SDKs, may see 404 and 409."""
    message, _ = _text(error)
    if isinstance(error, NotFound):
        return 404, "There is no such request, or it is no longer kept."
    if error.reason in {Reason.APPROVAL_CLOSED, Reason.PAGE_CHANGED}:
        return 409, message
    return status(error), message


def internal() -> Answer:
    """What an agent sees of a failure that nobody foresaw: nothing."""
    error = GatewayError("the gateway failed; nothing about it is shown here")
    return answer(error, Dialect.JSON)


def _text(error: GatewayError) -> tuple[str, tuple[tuple[str, str], ...]]:
    if isinstance(error, _INTERNAL):
        return "the gateway is not able to work; its operator finds the reason in its log", ()
    message = str(error)
    if error.advice:
        message = f"{message.rstrip('.')}. {error.advice[:1].upper()}{error.advice[1:]}"
    return message, error.details


def _body(
    dialect: Dialect, error: GatewayError, message: str, details: tuple[tuple[str, str], ...]
) -> bytes:
    code = str(error.reason)
    match dialect:
        case Dialect.XML:
            return _xml(code, message, details)
        case Dialect.JSON:
            return _json(code, message, details)
        case Dialect.FHIR:
            kind = next(_ISSUES[cls] for cls in type(error).__mro__ if cls in _ISSUES)
            return _outcome(kind, code, message, details)
        case _:
            assert_never(dialect)


def _outcome(kind: str, code: str, message: str, details: tuple[tuple[str, str], ...]) -> bytes:
    """An OperationOutcome: the reason as a coding, further facts each as an issue of its own."""
    issues = [
        {
            "severity": "error",
            "code": kind,
            "details": {"coding": [{"code": code}], "text": message},
            "diagnostics": message,
        }
    ]
    issues += [
        {
            "severity": "information",
            "code": "informational",
            "details": {"coding": [{"code": key}], "text": value},
        }
        for key, value in details
        if key and value
    ]
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": issues})


def _json(code: str, message: str, details: tuple[tuple[str, str], ...]) -> bytes:
    items = [{"code": key, "message": value} for key, value in details]
    return orjson.dumps({"error": {"code": code, "message": message, "details": items}})


def _xml(code: str, message: str, details: tuple[tuple[str, str], ...]) -> bytes:
    """Details stand beside Code and Message, where the storage SDKs look for more to show."""
    root = ET.Element("Error")
    for name, text in (("Code", code), ("Message", message), *details):
        ET.SubElement(root, _element(name)).text = _printable(text)
    document: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>{document}'.encode()


def _element(name: str) -> str:
    """`rule-id` as `RuleId`: letters and digits only, never empty, never starting with a digit."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in name).split()
    joined = "".join(word[:1].upper() + word[1:] for word in words)
    return joined if joined[:1].isalpha() else f"Detail{joined}"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)
