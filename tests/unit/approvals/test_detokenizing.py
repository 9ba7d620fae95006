import pytest

from gateway.approvals.detokenizing import words
from gateway.model.detokenize import Detokenization, Owner, TokenScope
from gateway.policy.policy import Agent
from tests.fakes import identity

AGENTS = {identity.AGENT: Agent("triage-bot", identity.AGENT, "dr.lee@example.org", "oid")}
PRINCIPAL = identity.principal()
OTHER = Owner(identity.PERSON_OBJECT, identity.AGENT)
STRANGER = Owner(identity.PERSON_OBJECT, "99999999-9999-4999-8999-999999999998")
TOKENS = (f"[name:1:{'a' * 26}]", f"[jane-doe:1:{'a' * 26}]")


@pytest.mark.parametrize(
    ("scope", "owner", "whose"),
    [
        (TokenScope.PRINCIPAL, None, "of its own"),
        (TokenScope.PRINCIPAL, Owner(identity.AGENT_OBJECT, identity.AGENT), "of its own"),
        (TokenScope.PRINCIPAL, OTHER, f"of agent triage-bot (object id {OTHER.object_id})"),
        (
            TokenScope.PRINCIPAL,
            STRANGER,
            f"of application {STRANGER.application} (object id {STRANGER.object_id})",
        ),
        (TokenScope.CONNECTION, None, "that all principals share"),
        (
            TokenScope.TENANT,
            None,
            "that the whole tenant shares, those of other connections included,",
        ),
    ],
)
def test_a_reviewer_is_told_whose_tokens_they_are(
    scope: TokenScope, owner: Owner | None, whose: str
) -> None:
    asked = Detokenization(scope, owner, TOKENS)
    # A kind that the caller made up is not repeated: it may be a name.
    assert words(asked, PRINCIPAL, "clinic", AGENTS) == (
        f"2 tokens {whose} on connection clinic: name 1, other 1"
    )


def test_one_token_is_one_token() -> None:
    asked = Detokenization(TokenScope.PRINCIPAL, None, TOKENS[:1])
    assert words(asked, PRINCIPAL, "clinic", AGENTS) == (
        "1 token of its own on connection clinic: name 1"
    )
