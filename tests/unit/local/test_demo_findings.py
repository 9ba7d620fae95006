import base64
from typing import Any

import pytest

from gateway.evidence.schema import Record
from gateway.local.demo_findings import approvals, leaked, masked_fields, masked_types

TICKET, OTHER = "a" * 32, "b" * 32


def held(ticket: str = TICKET, ts: str = "2") -> dict[str, Any]:
    accesses = [{"resource": f"clinic/{ticket[0]}"}]
    return {"type": "held", "id": ticket, "ts": ts, "operation": {"accesses": accesses}}


def decided(verdict: str, name: str = "") -> dict[str, Any]:
    record = {"type": "decided", "approval": TICKET, "verdict": verdict, "reason": "r"}
    return {**record, "reviewer": {"name": name}} if name else record


def found(*records: dict[str, Any]) -> Any:
    return approvals(records)  # type: ignore[arg-type]  # only what is looked at


def test_a_held_request_is_told_from_hold_to_reading() -> None:
    (one,) = found(
        held(),
        decided("approved", "rita"),
        {"type": "executing", "approval": TICKET},
        {"type": "executed", "approval": TICKET, "result": "answered", "upstream": {"status": 202}},
        {"type": "collected", "approval": TICKET},
    )

    assert (one.id, one.resource, one.verdict, one.reviewer) == (
        TICKET,
        "clinic/a",
        "approved",
        "rita",
    )
    assert (one.executions, one.results, one.collected) == (1, (("answered", 202),), 1)


def test_requests_stand_in_order_of_time_and_do_not_mix() -> None:
    first, second = found(held(), held(OTHER, ts="1"), decided("expired"))

    assert (first.id, first.verdict) == (OTHER, "")
    assert (second.id, second.verdict, second.reviewer) == (TICKET, "expired", "")


def test_a_second_decision_is_not_overlooked() -> None:
    (one,) = found(held(), decided("approved"), decided("rejected"))

    assert one.verdict == "approvedrejected"


def test_an_execution_without_an_answer_has_no_status() -> None:
    (one,) = found(held(), {"type": "executed", "approval": TICKET, "result": "unreachable"})

    assert one.results == (("unreachable", 0),)


def outcome(**masking: Any) -> Record:
    return {"type": "outcome", "id": TICKET, "masking": masking}  # type: ignore[return-value]


def test_masked_fields_are_those_of_the_exchange() -> None:
    record = outcome(fields={"Patient.name name": 1, "* text": 2})

    assert masked_fields([record], TICKET) == [("*", "text", 2), ("Patient.name", "name", 1)]
    assert masked_fields([record], OTHER) == []
    assert masked_fields([outcome()], TICKET) == []


def test_types_are_added_up() -> None:
    assert masked_types([("a", "name", 2), ("b", "name", 1), ("c", "id", 1)]) == {
        "name": 3,
        "id": 1,
    }


@pytest.mark.parametrize(
    "body",
    [
        b'{"family": "Moore"}',
        b'{"data": "' + base64.b64encode(b"seen: Moore") + b'"}',
        b'{"data":"' + base64.b64encode(b"seen: Moore!") + b'"}',
    ],
)
def test_a_value_is_found_in_the_document_and_in_its_attachments(body: bytes) -> None:
    assert leaked(body, ["Moore", "555"]) == ["Moore"]


def test_what_is_not_there_is_not_found() -> None:
    assert leaked(b'{"data": "' + base64.b64encode(b"nobody") + b'"}', ["Moore"]) == []
