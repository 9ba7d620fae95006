"""The development directory: tenant, agents, groups and people that exist on a laptop only.

Nothing here is secret or real. The identifiers are fixed, so that manifests can name them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TENANT = "7e0a4d00-0000-4000-8000-000000000001"

AUDIENCE = "api://chaperone-dev"
"""The gateway's application ID URI: the `aud` of v1 tokens."""

AUDIENCE_ID = "6a7e0000-0000-4000-8000-000000000001"
"""The gateway's application id: the `aud` of v2 tokens."""

SIGN_IN_ID = "516e1000-0000-4000-8000-000000000001"
"""The application that people sign in to, with the reviewers' pages as its only redirect."""

CLIENT_SECRET = "development-only"  # noqa: S105 - opens the loopback provider and nothing else
"""The client secret of every development agent, and of the sign-in application."""

DELEGATED_SCOPE = "user_impersonation"
"""The delegated permission in tokens about people."""


@dataclass(frozen=True, slots=True)
class Agent:
    """An application with its service principal in the development tenant.

    Attributes:
        name: as on the command line.
        application: client id, `azp` and `appid` of its tokens.
        object_id: of the service principal, `oid`.
        groups: names of the groups its tokens carry unless a request names others.
    """

    name: str
    application: str
    object_id: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in, for tokens with a person in them."""

    name: str
    object_id: str
    username: str
    groups: tuple[str, ...] = ()


GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "phi-readers": "96000000-0000-4000-8000-000000000001",
        "data-writers": "96000000-0000-4000-8000-000000000002",
        "platform-admins": "96000000-0000-4000-8000-000000000003",
        "outsiders": "96000000-0000-4000-8000-000000000004",
        "reviewers": "96000000-0000-4000-8000-000000000005",
    }
)

AGENTS: Mapping[str, Agent] = MappingProxyType(
    {
        agent.name: agent
        for agent in (
            Agent(
                "triage-agent",
                "a6e27000-0000-4000-8000-000000000001",
                "0b1ec700-0000-4000-8000-000000000001",
                ("phi-readers",),
            ),
            Agent(
                "etl-agent",
                "a6e27000-0000-4000-8000-000000000002",
                "0b1ec700-0000-4000-8000-000000000002",
                ("data-writers",),
            ),
            Agent(
                "platform-agent",
                "a6e27000-0000-4000-8000-000000000003",
                "0b1ec700-0000-4000-8000-000000000003",
                ("platform-admins",),
            ),
            Agent(
                "stray-agent",
                "a6e27000-0000-4000-8000-000000000004",
                "0b1ec700-0000-4000-8000-000000000004",
                ("outsiders",),
            ),
        )
    }
)

DEFAULT_AGENT = "triage-agent"

PERSONS: Mapping[str, Person] = MappingProxyType(
    {
        person.name: person
        for person in (
            Person(
                "alice.admin",
                "9e250000-0000-4000-8000-000000000001",
                "alice.admin@clinic.example",
                ("platform-admins",),
            ),
            Person(
                "dr.lee",
                "9e250000-0000-4000-8000-000000000002",
                "dr.lee@clinic.example",
                ("phi-readers",),
            ),
            Person(
                "rita.reviewer",
                "9e250000-0000-4000-8000-000000000003",
                "rita.reviewer@clinic.example",
                ("reviewers",),
            ),
            Person(
                "raj.reviewer",
                "9e250000-0000-4000-8000-000000000004",
                "raj.reviewer@clinic.example",
                ("reviewers",),
            ),
        )
    }
)


def agent_of(client_id: str) -> Agent | None:
    """The agent with this application id, or None."""
    return next((agent for agent in AGENTS.values() if agent.application == client_id), None)
