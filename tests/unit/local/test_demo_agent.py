import io
import json
import sys

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError

from gateway.local import demo_agent
from gateway.local.demo_agent import Agent, attempt
from gateway.local.demo_steps import EXFILTRATION, STRANGERS, WORK, Act


def agent() -> Agent:
    return Agent(
        url="https://127.0.0.1:1", ca_file="ca.pem", token="t", session="s", foreign="https://f/b"
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


@pytest.mark.parametrize("act", [WORK, *STRANGERS, EXFILTRATION], ids=lambda act: act.title)
def test_the_demo_expects_exactly_the_steps_of_each_task(act: Act) -> None:
    steps = {"work": agent().work, "glance": agent().glance, "exfiltrate": agent().exfiltrate}

    assert [name for name, _ in steps[act.task]()] == list(act.expected)


def test_each_step_becomes_one_line_of_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    order = {"task": "glance", "url": "https://127.0.0.1:1", "ca_file": "", "token": "t"}
    order |= {"session": "s", "foreign": "https://f/b"}
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(order)))
    monkeypatch.setattr(Agent, "glance", lambda _: iter([("a", lambda: "1"), ("b", lambda: "2")]))

    assert demo_agent.main() == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["step"] for line in lines] == ["a", "b"]
