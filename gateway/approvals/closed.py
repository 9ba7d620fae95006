"""No reviewer can be reached: what needs a person is denied, everything else passes."""

from gateway.errors import Denied, Reason
from gateway.model.exchange import Approved, Screened


class ClosedApprovals:
    """The approvals of a gateway without a reviewer's channel."""

    async def approve(self, screened: Screened) -> Approved:
        """Pass at once, or deny.

        Raises:
            Denied: a rule asks for a person's approval.
        """
        if screened.authorised.needs_approval:
            raise Denied(
                "A rule asks for a person's approval, and this gateway cannot ask anybody.",
                reason=Reason.APPROVAL_UNAVAILABLE,
                advice="Ask the gateway's operator to allow the operation by a rule, or to have "
                "somebody carry it out.",
                details=(("rule", screened.authorised.rule),),
            )
        return Approved(screened, "")
