"""A driver is killed at every step: every ticket ends in a true state, with the records to show."""

from typing import Any

import pytest

from gateway.approvals.ticket import CLAIM_TIME, EXECUTION_LEASE, TicketState
from gateway.errors import GatewayError
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


async def approve(run: dict[str, Any]) -> str:
    async with scene_of(run) as scene:
        return await scene.approved()


async def recover(run: dict[str, Any], ticket_id: str) -> TicketState:
    """What the queue and the timer do later, from another process's point of view."""
    for shift in (CLAIM_TIME, EXECUTION_LEASE, EXECUTION_LEASE + CLAIM_TIME):
        async with scene_of({**run, "shift": shift.total_seconds() + 5}) as scene:
            try:
                await scene.driver().drive(ticket_id)
            except GatewayError:
                continue
            await scene.expiry().sweep()
    async with scene_of(run) as scene:
        return (await scene.register.read(ticket_id)).ticket.state


async def test_a_driver_killed_at_any_step_leaves_a_true_state(azurite: Guarded) -> None:
    number, after, steps = 0, False, 0
    ends: set[TicketState] = set()
    async with counting_upstream() as upstream, child_process() as child:
        while True:
            run = await fresh_stores(azurite, upstream)
            ticket_id = await approve(run)
            upstream.received.clear()
            killing = {"act": "drive", "ticket": ticket_id, "number": number, "after": after}
            result = await ask(child, {**run, **killing})
            state = await recover(run, ticket_id)
            records, report = await evidence_of(run)
            where = f"killed {'after' if after else 'before'} call {number}: {state}"
            mine = [record["type"] for record in records if record.get("id") == ticket_id]
            assert report.verdict != 1, f"{where}: {report}"
            assert len(upstream.received) <= 1, f"{where}: sent twice"
            assert state.ended, where
            if upstream.received:
                assert "executing" in mine, f"{where}: sent without a record"
                assert state in {TicketState.DONE, TicketState.INDETERMINATE}, where
            match state:
                case TicketState.DONE:
                    assert len(upstream.received) == 1, where
                    assert mine.count("executed") == 1, where
                case TicketState.INDETERMINATE:
                    assert mine.count("indeterminate") == 1, where
                    assert "executed" not in mine, where
                case TicketState.REFUSED:
                    assert upstream.received == [], where
                    assert mine.count("decided") == 2, where
                case _:
                    pytest.fail(where)
            ends.add(state)
            if not result["killed"]:
                break
            steps += 1
            number, after = (number, True) if not after else (number + 1, False)

    # Every port and every store call was a place to die at, twice.
    assert steps == 2 * len(result["calls"])
    assert ends == {TicketState.DONE, TicketState.INDETERMINATE, TicketState.REFUSED}
