import asyncio
from dataclasses import dataclass
from typing import cast

import pytest

from gateway.errors import ApprovalRequired, Reason, Unavailable
from gateway.later import Later, LaterApprovals
from gateway.model.exchange import Approved, Screened
from gateway.ports import Approvals


class Making:
    """Counts constructions; the first ones fail."""

    def __init__(self, failures: int = 0) -> None:
        self.begun = 0
        self._failures = failures

    async def __call__(self) -> list[int]:
        self.begun += 1
        await asyncio.sleep(0)
        if self.begun <= self._failures:
            raise Unavailable("not now", reason=Reason.APPROVAL_UNAVAILABLE)
        return [self.begun]


async def test_who_comes_at_once_gets_one_and_the_same() -> None:
    making = Making()
    later = Later(making)
    assert making.begun == 0
    first, *others = await asyncio.gather(*(later() for _ in range(5)))
    assert making.begun == 1
    assert all(one is first for one in [*others, await later()])


async def test_a_construction_that_fails_is_tried_again_by_the_next() -> None:
    later = Later(Making(failures=2))
    found = await asyncio.gather(later(), later(), later(), return_exceptions=True)
    assert [type(one) for one in found] == [Unavailable, Unavailable, list]
    assert await later() == [3]


async def test_a_construction_that_is_cancelled_keeps_nobody_else_waiting() -> None:
    later = Later(Making())
    given_up = asyncio.create_task(later())
    await asyncio.sleep(0)
    waiting = asyncio.create_task(later())
    given_up.cancel()
    assert await waiting == [2]
    assert given_up.cancelled()


@dataclass
class _Rules:
    needs_approval: bool


@dataclass
class _Asked:
    authorised: _Rules


def screened(*, needs_approval: bool) -> Screened:
    """Of which only this is looked at."""
    return cast("Screened", _Asked(_Rules(needs_approval)))


class Holds:
    async def approve(self, screened: Screened) -> Approved:
        raise ApprovalRequired("held", reason=Reason.APPROVAL_PENDING)


async def test_what_needs_nobody_passes_without_anything_constructed() -> None:
    made = []

    async def make() -> Approvals:
        made.append(1)
        return Holds()

    approvals = LaterApprovals(Later(make))
    request = screened(needs_approval=False)
    assert await approvals.approve(request) == Approved(request, "")
    assert made == []
    for _ in range(2):
        with pytest.raises(ApprovalRequired):
            await approvals.approve(screened(needs_approval=True))
    assert made == [1]
