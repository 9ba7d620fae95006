"""OperationOutcomes, rebuilt: words of the protocol pass, text does not.

Diagnostics of a FHIR server quote parameters, values and elements. So an outcome is made anew from
severity, code and the path of the element (https://hl7.org/fhir/R4/operationoutcome.html).
"""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import orjson

from gateway.errors import Reason, Withheld
from gateway.model.message import UpstreamResponse

MAX_ISSUES: Final = 50
MAX_BYTES: Final = 1024 * 1024
_SEVERITIES: Final = frozenset({"fatal", "error", "warning", "information"})
_ISSUE_TYPES: Final = """
    invalid structure required value invariant security login unknown expired forbidden suppressed
    processing not-supported duplicate multiple-matches not-found deleted too-long code-invalid
    extension too-costly business-rule conflict transient lock-error no-store exception timeout
    incomplete throttled informational
"""
_CODES: Final = frozenset(_ISSUE_TYPES.split())
_PATH: Final = re.compile(r"[A-Z][A-Za-z]{1,63}(?:\.[a-z][A-Za-z]{0,63}(?:\[[0-9]{1,4}\])?){0,20}")
_SENTENCES: Final = {
    400: "The upstream found the request malformed.",
    404: "The upstream has no such resource.",
    405: "The upstream does not have this interaction.",
    406: "The upstream cannot answer in JSON.",
    409: "The upstream refused the change in the resource's present state.",
    410: "The resource was deleted.",
    412: "A condition of the request does not hold, or several resources match.",
    413: "The upstream found the request too large.",
    422: "The upstream refused the resource.",
    429: "The upstream is busy; try again later.",
}
_DEFAULT_CODES: Final = {
    400: "invalid",
    404: "not-found",
    409: "conflict",
    410: "deleted",
    412: "conflict",
    422: "processing",
    429: "throttled",
}


def fault(response: UpstreamResponse) -> bytes:
    """The upstream's error as an agent may see it.

    Raises:
        Withheld: it is about the gateway's own credential.
    """
    if response.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Withheld(
            "The upstream refuses the gateway's own credential.",
            reason=Reason.UPSTREAM_CREDENTIAL_REFUSED,
            advice="Tell the gateway's operator: the connection's identity lacks a role, or the "
            "service's firewall shuts the gateway out.",
        )
    sentence = _SENTENCES.get(response.status, "The upstream refused or failed the request.")
    issues = list(_issues(_parsed(response.body), sentence))
    if not issues:
        code = _DEFAULT_CODES.get(response.status, "exception")
        issues = [{"severity": "error", "code": code, "diagnostics": sentence}]
    return orjson.dumps({"resourceType": "OperationOutcome", "issue": issues})


def rebuilt(node: Any) -> dict[str, Any]:
    """An outcome that is no error, such as that of `$validate`."""
    issues = list(_issues(node, "")) or [{"severity": "information", "code": "informational"}]
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issues(node: Any, sentence: str) -> Iterator[dict[str, Any]]:
    found = node.get("issue") if isinstance(node, dict) else None
    for issue in found[:MAX_ISSUES] if isinstance(found, list) else []:
        if not isinstance(issue, dict):
            continue
        severity, code = issue.get("severity"), issue.get("code")
        made: dict[str, Any] = {
            "severity": severity if severity in _SEVERITIES else "error",
            "code": code if code in _CODES else "processing",
        }
        if sentence:
            made["diagnostics"] = sentence
        paths = [*_texts(issue.get("expression")), *_texts(issue.get("location"))]
        shown = list(dict.fromkeys(path for path in paths if _PATH.fullmatch(path)))
        if shown:
            made["expression"] = shown[:MAX_ISSUES]
        yield made


def _texts(node: Any) -> list[str]:
    return [item for item in node if isinstance(item, str)] if isinstance(node, list) else []


def _parsed(body: bytes) -> Any:
    if len(body) > MAX_BYTES:
        return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
