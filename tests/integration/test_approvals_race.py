"""Several reviewers, several driver processes, the agent repeating: one decision, one execution."""

import asyncio
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

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket, pytest.mark.timeout(120)]
PROCESSES = 3


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
