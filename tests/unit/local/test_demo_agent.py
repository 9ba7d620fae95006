import io
import json
import sys

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from gateway.local import demo_agent
from gateway.local.demo_agent import Agent, attempt, tasks
from gateway.local.demo_steps import (
    APPROVED,
    DELETIONS,
    EXFILTRATION,
    LATE,
    RECORD,
    REJECTED,
    STRANGERS,
    WORK,
    Act,
)

ACTS = [WORK, RECORD, DELETIONS, APPROVED, REJECTED, LATE, *STRANGERS, EXFILTRATION]


def agent(patience: float = 0) -> Agent:
    return Agent(
        url="https://127.0.0.1:1",
        ca_file="ca.pem",
        token="t",
        session="s",
        foreign="https://f/b",
        folder="received",
        patience=patience,
    )


def refusing(error: Exception) -> dict[str, object]:
    def action() -> str:
        raise error

    return attempt("step", action)


def refused(message: str, code: object, status: int) -> HttpResponseError:
    error = HttpResponseError(message=message)
    error.status_code = status
    error.error_code = code  # type: ignore[attr-defined]  # as the storage SDK sets it
    return error


def test_a_step_that_succeeds_says_what_came_of_it() -> None:
    report = attempt("read", lambda: "48 bytes")

    assert {**report, "ms": 0} == {
        "step": "read",
        "status": 200,
        "code": "",
        "text": "48 bytes",
        "ms": 0,
    }


def test_a_refusal_is_reported_with_the_first_line_of_the_message() -> None:
    report = refusing(refused("No rule allows it.\nErrorCode:NoRuleAllows", "NoRuleAllows", 403))

    assert (report["status"], report["code"]) == (403, "NoRuleAllows")
    assert report["text"] == "No rule allows it."


def test_the_code_is_not_said_twice() -> None:
    report = refusing(refused("(NoSuch) no such connection", "NoSuch", 404))

    assert report["text"] == "no such connection"


def test_a_refusal_without_a_code_is_not_taken_for_success() -> None:
    assert refusing(refused("", None, 502))["code"] == "Http502"


def test_no_answer_is_not_taken_for_success() -> None:
    report = refusing(ServiceRequestError("connection refused"))

    assert (report["code"], report["text"]) == ("ServiceRequestError", "no answer")


def test_a_long_message_is_cut() -> None:
    assert len(str(refusing(refused("x" * 1000, "X", 403))["text"])) == 300


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act.title)
def test_the_demo_expects_exactly_the_steps_of_each_task(act: Act) -> None:
    assert [name for name, _ in tasks(agent())[act.task]()] == list(act.expected)


def test_details_of_a_refusal_are_reported_by_name() -> None:
    message = (
        "Wait.\nRequestId:1\nErrorCode:ApprovalPending\nReviewUrl:https://h/approvals/a\nMore:"
    )
    report = refusing(refused(message, "ApprovalPending", 403))

    assert report["details"] == {
        "requestid": "1",
        "errorcode": "ApprovalPending",
        "reviewurl": "https://h/approvals/a",
    }


class Answers(Agent):
    """An agent whose deletions are answered from a list."""

    def __init__(self, patience: float, *codes: str) -> None:
        source = agent(patience)
        self._patience = source._patience
        self.codes = list(codes)

    def _delete(self, container: str) -> str:
        code = self.codes.pop(0)
        if code:
            raise refused(code, code, 403)
        return f"deleted {container}"


def test_what_waits_for_a_person_is_repeated_until_it_is_answered() -> None:
    asking = Answers(30, "ApprovalPending", "")

    assert [action() for _, action in asking.delete_approved()] == ["deleted exports-2021"]


def test_a_refusal_is_not_repeated() -> None:
    asking = Answers(30, "ApprovalRejected", "")
    ((_, action),) = asking.delete_rejected()

    assert attempt("delete", action)["code"] == "ApprovalRejected"
    assert asking.codes == [""]


def test_the_agent_gives_up_when_its_patience_ends() -> None:
    ((_, action),) = Answers(-1, "ApprovalPending").delete_late()

    assert attempt("delete", action)["code"] == "ApprovalPending"


def test_each_step_becomes_one_line_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = {"task": "glance", "url": "https://127.0.0.1:1", "ca_file": "", "token": "t"}
    order |= {"session": "s", "foreign": "https://f/b", "folder": "f", "patience": 0}  # type: ignore[dict-item]
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(order)))
    monkeypatch.setattr(Agent, "glance", lambda _: iter([("a", lambda: "1"), ("b", lambda: "2")]))

    assert demo_agent.main() == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["step"] for line in lines] == ["a", "b"]
