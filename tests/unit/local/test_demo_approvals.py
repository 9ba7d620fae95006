from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from gateway.local.demo_approvals import (
    PERSON_SECONDS,
    Asking,
    Deviation,
    await_expiry,
    check,
    rendered,
)
from gateway.local.demo_findings import Approval
from gateway.local.demo_steps import Act
from tests.unit.local.test_dev import a_run

APPROVED = Approval(
    "a",
    "clinic/exports-2021",
    "2026-11-23T03:06:38.000000Z",
    "approved",
    "rita",
    "",
    1,
    (("answered", 202),),
    1,
)
REJECTED = Approval("b", "clinic/exports-2022", "2026-11-23T03:06:38.000000Z", "rejected", "rita")
EXPIRED = Approval("c", "clinic/scratch", "2026-11-23T03:06:38.000000Z", "expired")
PAGES = "https://127.0.0.1:5/approvals/"


def test_one_end_for_each_and_one_execution_pass() -> None:
    check([APPROVED, REJECTED, EXPIRED])


@pytest.mark.parametrize(
    "changed",
    [
        replace(APPROVED, executions=2),
        replace(APPROVED, results=()),
        replace(APPROVED, collected=0),
        replace(REJECTED, executions=1),
        replace(EXPIRED, verdict=""),
    ],
)
def test_another_story_is_a_deviation(changed: Approval) -> None:
    by_id = {item.id: item for item in (APPROVED, REJECTED, EXPIRED)} | {changed.id: changed}

    with pytest.raises(Deviation, match=f"another story of {changed.resource}"):
        check(by_id.values())


def test_a_hold_that_is_missing_or_too_many_is_a_deviation() -> None:
    with pytest.raises(Deviation, match="clinic/scratch"):
        check([APPROVED, REJECTED])
    with pytest.raises(Deviation, match="1 held request"):
        check([APPROVED, REJECTED, EXPIRED, replace(EXPIRED, resource="clinic/more")])


def test_the_table_names_who_decided_and_what_was_carried_out() -> None:
    console = Console(file=StringIO(), width=120, no_color=True)
    console.print(rendered([APPROVED, EXPIRED]))
    flat = " ".join(str(console.file.getvalue()).split())  # type: ignore[attr-defined]

    assert "03:06:38 clinic/exports-2021 approved 1 time(s)" in flat
    assert "by rita answered 202" in flat
    assert "clinic/scratch expired never" in flat


def test_the_expiry_on_record_ends_the_wait() -> None:
    await_expiry(lambda: [EXPIRED])


def test_an_expiry_that_is_never_recorded_is_a_deviation() -> None:
    with pytest.raises(Deviation, match="not on record"):
        await_expiry(lambda: [REJECTED], seconds=-1)


class Stage:
    """What agents report, task by task, and what is told of it."""

    def __init__(self, folder: Path, *, scripted: bool = False) -> None:
        self.log = folder / "output"
        self.log.write_text("")
        self.pages = [f"{PAGES}{number}" for number in range(3)]
        self.said = "audit"
        self.patience: list[float] = []
        self.out = StringIO()
        console = Console(file=self.out, width=200, no_color=True)
        self.asking = Asking(a_run(folder), console, self.act, scripted=scripted)

    def act(self, act: Act, patience: float) -> list[dict[str, Any]]:
        self.patience.append(patience)
        return list(self.reports(act))

    def reports(self, act: Act) -> Iterator[dict[str, Any]]:
        urls = iter(self.pages)
        for step, code in act.expected.items():
            details = {"reviewerreason": self.said}
            if act.task == "delete":
                details = {"reviewurl": next(urls)}
            yield {"step": step, "code": code, "details": details if code else {}}

    def sent(self, container: str) -> None:
        with self.log.open("a") as log:
            log.write(f'- - [] "DELETE /clinicdata/{container}?restype=container HTTP/1.1" 202\n')


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def test_each_held_request_names_its_page(stage: Stage) -> None:
    stage.asking.hold()

    assert f"exports-2021 is decided at {PAGES}0" in stage.out.getvalue()


@pytest.mark.parametrize(
    ("pages", "why"),
    [(["", "", ""], "names no page"), ([f"{PAGES}0"] * 3, "two requests have one page")],
)
def test_a_page_that_is_missing_or_shared_is_a_deviation(
    stage: Stage, pages: list[str], why: str
) -> None:
    stage.pages = pages

    with pytest.raises(Deviation, match=why):
        stage.asking.hold()


def test_a_held_deletion_that_reaches_storage_is_a_deviation(stage: Stage) -> None:
    stage.sent("scratch")

    with pytest.raises(Deviation, match="other deletions"):
        stage.asking.hold()


def test_a_person_is_told_what_to_do_and_given_time(stage: Stage) -> None:
    stage.asking.hold()
    stage.sent("exports-2021")
    stage.asking.approve()
    stage.asking.reject()
    stage.asking.expire()

    told = stage.out.getvalue()
    assert "sign in as rita.reviewer, and approve" in told
    assert "sign in as rita.reviewer, and reject" in told
    assert stage.patience[1:3] == [PERSON_SECONDS] * 2


@pytest.mark.parametrize("times", [0, 2])
def test_another_number_of_deletions_than_one_is_a_deviation(stage: Stage, times: int) -> None:
    stage.asking.hold()
    for _ in range(times):
        stage.sent("exports-2021")

    with pytest.raises(Deviation, match="other deletions"):
        stage.asking.approve()


def test_an_agent_that_hears_no_reason_is_a_deviation(stage: Stage) -> None:
    stage.asking.hold()
    stage.said = ""

    with pytest.raises(Deviation, match="reviewer's reason"):
        stage.asking.reject()
