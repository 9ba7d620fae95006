"""Who asks: Microsoft's SDK and azure-identity find the right token, and wrong ones are refused."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient

from gateway.bootstrap import operator_tools
from gateway.local import directory
from gateway.local.dev import Running, parsed
from gateway.ports import DenyEntry
from tests.integration.deployment import Deployment, Host, fresh
from tests.integration.stack import ADMINISTRATOR, READER, Fixed, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

STORAGE = "https://storage.azure.com/.default"
GATEWAY = f"{directory.AUDIENCE}/.default"


@dataclass
class Asking:
    """Asks the development provider for exactly the scope that the SDK names."""

    stack: Stack
    version: int
    scopes: list[str] = field(default_factory=list)
    tenants: list[str] = field(default_factory=list)

    def get_token(self, *scopes: str, tenant_id: str = "", **_options: Any) -> AccessToken:
        self.scopes += scopes
        self.tenants += [tenant_id] if tenant_id else []
        token = self.stack.token(*READER, version=self.version, scope=scopes[0])
        return AccessToken(token, int(time.time()) + 3600)


def containers(service: BlobServiceClient) -> list[str]:
    return [item.name for item in service.list_containers(name_starts_with="p")]


@pytest.mark.parametrize("version", [1, 2])
def test_the_challenge_leads_the_sdk_to_the_right_token(version: int, stack: Stack) -> None:
    heard = Heard()
    credential = Asking(stack, version)
    service = stack.service("clinic", credential, raw_response_hook=heard)

    assert containers(service) == ["phi", "public"]

    assert credential.scopes == [STORAGE, GATEWAY]
    assert credential.tenants == [directory.TENANT]
    assert heard.statuses[0] == 401
    assert containers(service) == ["phi", "public"]
    assert credential.scopes == [STORAGE, GATEWAY], "the token is kept"


def test_azure_identity_works_without_knowing_the_gateway(stack: Stack) -> None:
    agent = directory.AGENTS["triage-agent"]
    transport = RequestsTransport(
        connection_verify=str(stack.running.ca_file), use_env_settings=False
    )
    credential = stack.resources.enter_context(
        ClientSecretCredential(
            directory.TENANT,
            agent.application,
            directory.CLIENT_SECRET,
            authority=stack.running.identity_provider,
            disable_instance_discovery=True,
            transport=transport,
        )
    )

    assert containers(stack.service("clinic", credential)) == ["phi", "public"]


def test_an_agent_that_names_the_audience_is_not_challenged(stack: Stack) -> None:
    heard = Heard()
    credential = Asking(stack, 2)
    service = stack.service(
        "clinic", credential, audience=directory.AUDIENCE, raw_response_hook=heard
    )

    containers(service)

    assert credential.scopes == [GATEWAY]
    assert heard.statuses == [200]


def refused(stack: Stack, token: str) -> HttpResponseError:
    """What comes of a token; storage hears nothing of it."""
    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        containers(stack.service("clinic", Fixed(token)))
    return caught.value


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"expires_in": -3600}, "TokenExpired"),
        ({"audience": "https://management.azure.com"}, "AudienceNotAccepted"),
        ({"audience": "https://storage.azure.com"}, "AudienceNotAccepted"),
        ({"version": 1, "audience": "api://another"}, "AudienceNotAccepted"),
    ],
)
def test_a_token_that_is_not_good_here_is_an_authentication_error(
    options: dict[str, Any], reason: str, stack: Stack
) -> None:
    error = refused(stack, stack.token(*READER, **options))

    assert isinstance(error, ClientAuthenticationError)
    assert (error.status_code, code(error)) == (401, reason)
    assert error.response is not None
    assert "ey" + "J" not in str(error), "no token is quoted"


def test_an_unreadable_token_is_refused(stack: Stack) -> None:
    good = stack.token(*READER)
    header, payload, signature = good.split(".")

    for token in ("x", f"{header}.{payload}.", f"{header}.{payload}.{signature[::-1]}"):
        error = refused(stack, token)
        assert (error.status_code, code(error)) == (401, "TokenInvalid")


def test_a_group_that_no_rule_names_may_nothing(stack: Stack) -> None:
    error = refused(stack, stack.token("triage-agent", "outsiders"))

    assert not isinstance(error, ClientAuthenticationError)
    assert (error.status_code, code(error)) == (403, "NoRuleAllows")
    assert "triage-agent" in str(error)
    exchange = error.response.headers["x-chaperone-exchange"]  # type: ignore[union-attr]
    (record,) = stack.records(exchange)
    assert record["type"] == "denied"
    assert record["actor"]["agent"] == "triage-agent"


def test_an_agent_without_a_sponsor_may_nothing(stack: Stack) -> None:
    error = refused(stack, stack.token("stray-agent", "platform-admins"))

    assert (error.status_code, code(error)) == (403, "AgentUnknown")


def test_unidentified_callers_are_not_journalled_one_by_one(stack: Stack) -> None:
    error = refused(stack, stack.token(*READER, expires_in=-3600))

    exchange = error.response.headers["x-chaperone-exchange"]  # type: ignore[union-attr]
    assert stack.records(exchange) == []


@pytest.fixture(scope="module")
def instances(whole_stack: Running) -> Iterator[tuple[Deployment, list[Host]]]:
    """Two instances of a deployment of its own that look at the deny table every second."""
    deployment = fresh(whole_stack, CHAPERONE_DENY_POLL_SECONDS="1")
    asyncio.run(deployment.activate(whole_stack.manifest.read_bytes()))
    with deployment.host() as first, deployment.host() as second:
        yield deployment, [first, second]


@pytest.mark.parametrize("kind", ["oid", "azp", "uti", "session"])
async def test_a_denial_stops_a_cached_token_on_every_instance(
    kind: str, instances: tuple[Deployment, list[Host]], stack: Stack
) -> None:
    deployment, hosts = instances
    heard = Heard()
    token = Fixed(stack.token(*ADMINISTRATOR))
    services = [
        stack.service("clinic", token, url=host.url, raw_response_hook=heard) for host in hosts
    ]
    for service in services:
        assert containers(service) == ["phi", "public"]
    (intent,) = [
        record
        for record in deployment.records()
        if record["type"] == "intent" and record["id"] == heard.exchange
    ]
    value = intent["session"]["id"] if kind == "session" else intent["actor"][kind]

    async with operator_tools(parsed(deployment.environment)) as tools:
        await tools.deny_table.add(
            DenyEntry(kind, value, reason="a test", by="tester", at="2026-01-01T00:00:00Z")
        )
        assert max(seconds_until(service, allowed=False) for service in services) < 30
        await tools.deny_table.remove(kind, value)
        assert max(seconds_until(service, allowed=True) for service in services) < 30


def seconds_until(service: BlobServiceClient, *, allowed: bool) -> float:
    started = time.monotonic()
    while works(service) is not allowed:
        assert time.monotonic() - started < 30
        time.sleep(0.1)
    return time.monotonic() - started


def works(service: BlobServiceClient) -> bool:
    try:
        containers(service)
    except HttpResponseError as error:
        if (error.status_code, code(error)) != (403, "PrincipalDenied"):
            raise
        return False
    return True
