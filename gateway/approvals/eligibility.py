"""Who may see and decide a ticket, and whether a decision still stands when it is carried out."""

from collections.abc import Set as AbstractSet

from gateway.approvals.decision import Decision
from gateway.approvals.facts import Held
from gateway.errors import Forbidden, Reason
from gateway.model.principal import Principal, PrincipalKind


def require_reviewer(
    held: Held, reviewer: Principal, reviewers: AbstractSet[str], sponsors: AbstractSet[str]
) -> tuple[str, ...]:
    """The groups by which a person may decide.

    Args:
        held: the ticket's facts.
        reviewer: as signed in now.
        reviewers: object ids of the workflow's groups, from the manifest in force.
        sponsors: object ids of who answers for the agent, now and when the request was held.

    Raises:
        Forbidden: REVIEWER_NOT_ACCEPTED, with the reason.
    """
    if reviewer.kind is not PrincipalKind.USER:
        raise _refused("only a person may decide, not an application")
    oid = reviewer.object_id.lower()
    if oid == held.object_id.lower():
        raise _refused("nobody decides a request of their own")
    if oid in {sponsor.lower() for sponsor in sponsors} | {held.sponsor_object_id.lower()}:
        raise _refused("the person who answers for the agent does not decide its requests")
    groups = tuple(sorted(reviewer.groups & reviewers))
    if not groups:
        raise _refused("you are in no group that this workflow asks")
    return groups


def person_of(decision: Decision) -> Principal:
    """The reviewer as the deny list knows people; what a sign-in said of them otherwise is old."""
    who = decision.reviewer
    return Principal(
        tenant=who.tenant,
        object_id=who.object_id,
        application="",
        token_id=who.token_id,
        kind=PrincipalKind.USER,
        groups=frozenset(who.groups),
        roles=frozenset(),
        expires_at=decision.decided_at,
        authenticated_at=who.authenticated_at,
        methods=frozenset(who.methods),
        name=who.name,
    )


def require_standing(
    decision: Decision, reviewers: AbstractSet[str], sponsors: AbstractSet[str]
) -> None:
    """Pass a decision whose reviewer the manifest in force would accept, too.

    Raises:
        Forbidden: it would not.
    """
    who = decision.reviewer
    if who.object_id.lower() in {sponsor.lower() for sponsor in sponsors}:
        raise _refused("the reviewer has become the person who answers for the agent")
    if reviewers.isdisjoint(who.groups):
        raise _refused("the groups of the reviewer are no longer asked by this workflow")


def _refused(message: str) -> Forbidden:
    return Forbidden(message, reason=Reason.REVIEWER_NOT_ACCEPTED)
