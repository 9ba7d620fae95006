import pytest

from gateway.approvals import ClosedApprovals
from gateway.errors import Denied, Reason
from gateway.model.exchange import Approved, Screened
from gateway.ports import Approvals
from tests.unit.masking.build import authorised

APPROVALS: Approvals = ClosedApprovals()


async def test_what_needs_nobody_passes_at_once() -> None:
    screened = Screened(authorised())

    assert await APPROVALS.approve(screened) == Approved(screened, "")


async def test_what_needs_a_person_is_denied_and_says_by_which_rule() -> None:
    with pytest.raises(Denied) as caught:
        await APPROVALS.approve(Screened(authorised(needs_approval=True)))

    assert caught.value.reason is Reason.APPROVAL_UNAVAILABLE
    assert dict(caught.value.details) == {"rule": "read-notes"}
    assert caught.value.advice
