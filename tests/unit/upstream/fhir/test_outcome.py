import json
from typing import Any

import pytest

from gateway.errors import Withheld
from gateway.model.message import Headers, UpstreamResponse
from gateway.upstream.fhir.outcome import fault, rebuilt

NAME = "Quartermaine"


def answer(status: int, body: Any) -> UpstreamResponse:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return UpstreamResponse(status, Headers(), data)


def test_words_pass_and_text_does_not() -> None:
    issue = {
        "severity": "error",
        "code": "invalid",
        "details": {"text": NAME},
        "diagnostics": f"no {NAME}",
        "expression": ["Patient.name[0].family", f"Patient.{NAME}('x')", NAME.lower()],
    }
    made = json.loads(fault(answer(400, {"resourceType": "OperationOutcome", "issue": [issue]})))

    assert NAME not in json.dumps(made)
    assert made["issue"] == [
        {
            "severity": "error",
            "code": "invalid",
            "diagnostics": "The upstream found the request malformed.",
            "expression": ["Patient.name[0].family"],
        }
    ]


@pytest.mark.parametrize(
    "body", [b"", b"<html>Quartermaine</html>", b"[]", {"issue": "x"}, {"issue": [NAME]}]
)
def test_anything_else_becomes_an_outcome(body: Any) -> None:
    made = json.loads(fault(answer(500, body)))

    assert made["resourceType"] == "OperationOutcome"
    assert made["issue"][0]["code"] == "exception"
    assert NAME not in json.dumps(made)


def test_codes_that_fhir_does_not_have_are_replaced() -> None:
    assert rebuilt({"issue": [{"severity": NAME, "code": NAME}]})["issue"] == [
        {"severity": "error", "code": "processing"}
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_the_gateway_s_own_credential_is_nobody_s_business(status: int) -> None:
    with pytest.raises(Withheld):
        fault(answer(status, {}))
