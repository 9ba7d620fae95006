"""Several reviewers, several driver processes, the agent repeating: one decision, one execution."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from typing import Any

import pytest

from gateway.approvals.ticket import TicketState
from gateway.errors import ApprovalRequired
from gateway.model.message import Answer
from tests.fakes.asking import deletion
from tests.integration.approvals_scene import scene_of
from tests.integration.approvals_stores import (
    ask,
    child_process,
    counting_upstream,
    evidence_of,
    fresh_stores,
)
from tests.standins.guarded import Guarded

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(300)]
PROCESSES = 3
HELD = 3600
"""Seconds that the scene's workflow gives a ticket."""


@dataclass
class Calls:
    """To ports and stores, and what happens before one of them."""

    step: int
    meanwhile: Callable[[], Awaitable[object]]
    made: list[str] = field(default_factory=list)


class Met:
    """Any port or store; others act before the call that is due."""

    def __init__(self, name: str, target: object, calls: Calls) -> None:
        self._name, self._target, self._calls = name, target, calls

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._target, method)
        if not asyncio.iscoroutinefunction(call):
            return call  # type: ignore[no-any-return]

        async def later(*args: object, **kwargs: object) -> object:
            calls = self._calls
            calls.made.append(f"{self._name}.{method}")
            if len(calls.made) - 1 == calls.step:
                await calls.meanwhile()
            return await call(*args, **kwargs)

        return later


def met(calls: Calls) -> Callable[[str, object], Any]:
    """What goes around each port of a scene."""
    return lambda name, port: Met(name, port, calls)


async def in_processes(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One process for each run, all at once."""

    async def one(run: dict[str, Any]) -> dict[str, Any]:
        async with child_process() as child:
            return await ask(child, run)

    return await asyncio.gather(*map(one, runs))


async def test_reviewers_in_several_processes_make_one_decision(azurite: Guarded) -> None:
    async with counting_upstream() as upstream:
        run = await fresh_stores(azurite, upstream)
        async with scene_of(run) as scene:
            ticket_id = await scene.held()
        ends = await in_processes(
            [
                {
                    **run,
                    "act": "decide",
                    "ticket": ticket_id,
                    "reviewers": [4 * process + number for number in range(1, 5)],
                }
                for process in range(PROCESSES)
            ]
        )
        async with scene_of(run) as scene:
            state = (await scene.register.read(ticket_id)).ticket.state
        records, report = await evidence_of(run)
    outcomes = [end for result in ends for end in result["ends"]]
    decided = [record for record in records if record["type"] == "decided"]
    assert len(outcomes) == 4 * PROCESSES
    assert [end for end in outcomes if not end.startswith("error")] == [state.value]
    assert [record["verdict"] for record in decided] == [state.value]
    assert report.verdict != 1
    assert upstream.received == []


async def test_drivers_in_several_processes_execute_once_while_the_agent_repeats(
    azurite: Guarded,
) -> None:
    async with counting_upstream() as upstream:
        run = await fresh_stores(azurite, upstream)
        async with scene_of(run) as scene:
            ticket_id = await scene.approved()
            drive = {**run, "act": "drive", "ticket": ticket_id, "times": 5}
            driving = asyncio.create_task(in_processes([drive] * PROCESSES))
            answers: list[object] = []
            while not driving.done():
                answers.append(await scene.ask(deletion(request_id="sdk")))
            await driving
            answers.append(await scene.ask(deletion(request_id="sdk")))
            state = (await scene.register.read(ticket_id)).ticket.state
        records, report = await evidence_of(run)
    assert upstream.received == ["/clinicdata/public/old.txt"]
    assert state is TicketState.DONE
    types = [record["type"] for record in records]
    assert types.count("executing") == types.count("executed") == 1
    assert types.count("held") == types.count("decided") == 1
    # First it waits, then it has its result, and never anything else.
    kinds = [type(answer) for answer in answers]
    assert set(kinds) <= {ApprovalRequired, Answer}
    assert kinds == sorted(kinds, key=lambda kind: kind is Answer)
    assert kinds[-1] is Answer
    assert report.verdict != 1


async def test_one_request_sent_by_many_at_once_is_one_ticket(azurite: Guarded) -> None:
    async with counting_upstream() as upstream:
        run = await fresh_stores(azurite, upstream)
        async with scene_of(run) as one, scene_of(run) as two:
            answers = await asyncio.gather(
                *(
                    scene.ask(deletion(request_id=str(number)))
                    for number in range(6)
                    for scene in (one, two)
                )
            )
        records, _ = await evidence_of(run)
    held = [answer for answer in answers if isinstance(answer, ApprovalRequired)]
    assert len({dict(answer.details)["approvalId"] for answer in held}) == 1
    assert [record["type"] for record in records].count("held") == 1


async def test_a_request_repeated_at_several_processes_is_one_ticket(azurite: Guarded) -> None:
    async with counting_upstream() as upstream:
        run = await fresh_stores(azurite, upstream)
        results = await in_processes([{**run, "act": "ask", "times": 4}] * PROCESSES)
        records, report = await evidence_of(run)
        again = await in_processes([{**run, "act": "ask"}] * PROCESSES)
    ends = [end for result in results for end in result["ends"]]
    tickets = {end for end in ends if not end.startswith("error")}
    assert len(ends) == 4 * PROCESSES
    assert len(tickets) == 1
    # Who came between another's reservation and its ticket may be told to come back.
    assert set(ends) - tickets <= {"error ApprovalUnavailable"}
    assert {end for result in again for end in result["ends"]} == tickets
    assert [record["id"] for record in records if record["type"] == "held"] == list(tickets)
    assert report.verdict != 1
    assert upstream.received == []


async def test_expiry_and_decisions_at_once_leave_one_verdict(azurite: Guarded) -> None:
    """By the reviewers' clocks there is time left; the sweep waits at each of its calls in turn."""
    ends: set[TicketState] = set()
    async with counting_upstream() as upstream:
        for step in count():
            run = await fresh_stores(azurite, upstream)
            async with scene_of(run) as scene:
                ticket_id = await scene.held()
            # An approval that the sweep reads may expire; a rejection is final from the start.
            who = [1, 2, 3, 4] if step else [2, 4]
            act = {"act": "decide", "ticket": ticket_id, "reviewers": who}
            decide = partial(in_processes, [{**run, **act, "shift": HELD - 60}] * 2)
            calls = Calls(step, decide)
            late = {**run, "shift": HELD + 60}
            async with scene_of(late, met(calls)) as scene:
                await scene.expiry().sweep()
            if step >= len(calls.made):
                break
            async with scene_of(run) as scene:
                state = (await scene.register.read(ticket_id)).ticket.state
            records, report = await evidence_of(run)
            verdicts = [record["verdict"] for record in records if record["type"] == "decided"]
            assert set(verdicts) == {state.value}, f"{calls.made[step]}: {verdicts}"
            assert verdicts.count("expired") <= 1
            assert report.verdict != 1
            ends.add(state)
        assert upstream.received == []
    assert step >= 6, "it waited before every call"
    assert TicketState.EXPIRED in ends
    assert ends & {TicketState.APPROVED, TicketState.REJECTED}
