"""A request for what tokens stand for, in words for a reviewer."""

from collections.abc import Mapping
from typing import Protocol

from gateway.model.detokenize import Detokenization, Owner, TokenScope
from gateway.model.principal import Principal


class Named(Protocol):
    """What has a name in the manifest."""

    @property
    def name(self) -> str:
        """The name."""
        ...


def words(
    asked: Detokenization, principal: Principal, connection: str, agents: Mapping[str, Named]
) -> str:
    """`12 tokens of agent triage-bot (…) on connection clinic: mrn 9, name 3`; never a token.

    Args:
        asked: the request.
        principal: who asks.
        connection: its name.
        agents: of the manifest, by application id.
    """
    number = len(asked.tokens)
    kinds = ", ".join(f"{kind} {count}" for kind, count in asked.kinds.items())
    tokens = "1 token" if number == 1 else f"{number} tokens"
    return f"{tokens} {_whose(asked, principal, agents)} on connection {connection}: {kinds}"


def _whose(asked: Detokenization, principal: Principal, agents: Mapping[str, Named]) -> str:
    match asked.scope:
        case TokenScope.CONNECTION:
            return "that all principals share"
        case TokenScope.TENANT:
            return "that the whole tenant shares, those of other connections included,"
        case TokenScope.PRINCIPAL:
            owner = asked.owner
            own = (principal.object_id, principal.application)
            if owner is None or (owner.object_id, owner.application) == own:
                return "of its own"
            return f"of {_agent(owner, agents)}"


def _agent(owner: Owner, agents: Mapping[str, Named]) -> str:
    agent = agents.get(owner.application)
    name = f"agent {agent.name}" if agent else f"application {owner.application}"
    return f"{name} (object id {owner.object_id})"
