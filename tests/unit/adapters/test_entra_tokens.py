import asyncio
import inspect
import logging

import pytest
from azure.core import exceptions
from azure.core.credentials import AccessToken
from azure.identity.aio import ClientSecretCredential, ManagedIdentityCredential

from gateway.adapters.entra_tokens import EntraTokens, azure_identity
from gateway.errors import Reason, Unavailable
from gateway.model.connection import Credential, CredentialKind
from gateway.ports import Secret
from tests.fakes.secrets import FakeSecrets

SCOPE = "https://storage.azure.com/.default"
TENANT = "11111111-2222-3333-4444-555555555555"
MANAGED = Credential(CredentialKind.MANAGED_IDENTITY, client_id="app-1", scope=SCOPE)
PRINCIPAL = Credential(
    CredentialKind.SERVICE_PRINCIPAL,
    secret="client-secret",
    client_id="app-2",
    tenant=TENANT,
    scope=SCOPE,
)
VALUE = "the-client-secret"


class Source:
    """A credential of azure-identity in miniature."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.failure: Exception | None = None
        self.close_failure: Exception | None = None
        self.calls = 0
        self.closed = False
        self.gate = asyncio.Event()
        self.gate.set()

    async def get_token(self, *scopes: str) -> AccessToken:
        assert scopes == (SCOPE,)
        self.calls += 1
        await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return AccessToken(f"token of {self.name}", 0)

    async def close(self) -> None:
        self.closed = True
        if self.close_failure is not None:
            raise self.close_failure


class Identities:
    """A factory that remembers what it made."""

    def __init__(self) -> None:
        self.made: list[tuple[Source, Secret | None]] = []
        self.failure: Exception | None = None
        self.next: Source | None = None

    def __call__(self, credential: Credential, secret: Secret | None) -> Source:
        if self.failure is not None:
            raise self.failure
        source = self.next or Source(credential.client_id)
        self.made.append((source, secret))
        return source


@pytest.fixture
def identities() -> Identities:
    return Identities()


@pytest.fixture
def secrets() -> FakeSecrets:
    return FakeSecrets({"client-secret": VALUE})


@pytest.fixture
def tokens(secrets: FakeSecrets, identities: Identities) -> EntraTokens:
    return EntraTokens(secrets, identities, timeout_seconds=0.05, limit=2)


async def test_a_managed_identity_needs_no_secret(
    tokens: EntraTokens, secrets: FakeSecrets, identities: Identities
) -> None:
    assert await tokens.token(MANAGED) == "token of app-1"
    assert secrets.asked == []
    assert identities.made[0][1] is None


async def test_a_service_principal_uses_its_secret(
    tokens: EntraTokens, identities: Identities
) -> None:
    assert await tokens.token(PRINCIPAL) == "token of app-2"
    assert identities.made[0][1] == Secret(VALUE, "1")


async def test_one_source_serves_a_credential_until_its_secret_rotates(
    tokens: EntraTokens, secrets: FakeSecrets, identities: Identities
) -> None:
    for _ in range(3):
        await tokens.token(PRINCIPAL)
    assert len(identities.made) == 1
    secrets.set("client-secret", "rotated")
    await tokens.token(PRINCIPAL)
    (old, _), (new, secret) = identities.made
    assert secret == Secret("rotated", "2")
    assert (old.closed, new.closed) == (True, False)


async def test_the_longest_unused_source_is_closed_first(
    tokens: EntraTokens, identities: Identities
) -> None:
    others = [
        Credential(CredentialKind.MANAGED_IDENTITY, client_id=name, scope=SCOPE) for name in "abc"
    ]
    await tokens.token(others[0])
    await tokens.token(others[1])
    await tokens.token(others[0])
    await tokens.token(others[2])
    assert [source.closed for source, _ in identities.made] == [False, True, False]


async def test_a_source_in_use_is_not_closed(tokens: EntraTokens, identities: Identities) -> None:
    slow = identities.next = Source("slow")
    slow.gate.clear()
    waiting = asyncio.create_task(
        tokens.token(Credential(CredentialKind.MANAGED_IDENTITY, client_id="s", scope=SCOPE))
    )
    await asyncio.sleep(0.01)
    identities.next = None
    for name in "abc":
        await tokens.token(Credential(CredentialKind.MANAGED_IDENTITY, client_id=name, scope=SCOPE))
    assert not slow.closed
    slow.gate.set()
    assert await waiting == "token of slow"


async def test_many_callers_share_one_call(tokens: EntraTokens, identities: Identities) -> None:
    source = identities.next = Source("slow")
    source.gate.clear()
    waiting = [asyncio.create_task(tokens.token(MANAGED)) for _ in range(10)]
    await asyncio.sleep(0.01)
    waiting[0].cancel()
    source.gate.set()
    assert set(await asyncio.gather(*waiting[1:])) == {"token of slow"}
    assert source.calls == 1


async def test_an_identity_provider_that_does_not_answer_has_a_bound(
    tokens: EntraTokens, identities: Identities
) -> None:
    source = identities.next = Source("silent")
    source.gate.clear()
    with pytest.raises(Unavailable):
        await tokens.token(MANAGED)


async def test_a_failure_that_nobody_waits_for_goes_unnoticed(
    tokens: EntraTokens, identities: Identities
) -> None:
    source = identities.next = Source("silent")
    source.gate.clear()
    caller = asyncio.create_task(tokens.token(MANAGED))
    await asyncio.sleep(0.01)
    caller.cancel()
    await asyncio.sleep(0.1)
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_an_unavailable_secret_makes_the_token_unavailable(
    tokens: EntraTokens, secrets: FakeSecrets
) -> None:
    secrets.values = {}
    with pytest.raises(Unavailable):
        await tokens.token(PRINCIPAL)


@pytest.mark.parametrize(
    "credential",
    [
        Credential(CredentialKind.MANAGED_IDENTITY, client_id="x"),
        Credential(CredentialKind.ACCOUNT_KEY, secret="client-secret", scope=SCOPE),
    ],
)
async def test_a_credential_without_scope_or_of_another_kind_gets_no_token(
    tokens: EntraTokens, identities: Identities, credential: Credential
) -> None:
    with pytest.raises(Unavailable):
        await tokens.token(credential)
    assert identities.made == []


async def test_close_closes_every_source_even_if_one_fails(
    tokens: EntraTokens, identities: Identities
) -> None:
    await tokens.token(MANAGED)
    await tokens.token(PRINCIPAL)
    for source, _ in identities.made:
        source.close_failure = OSError("broken")
    await tokens.close()
    assert all(source.closed for source, _ in identities.made)


async def test_a_factory_that_fails_makes_the_token_unavailable(
    tokens: EntraTokens, identities: Identities
) -> None:
    identities.failure = ValueError("tenant id " + VALUE)
    with pytest.raises(Unavailable) as caught:
        await tokens.token(PRINCIPAL)
    assert VALUE not in str(caught.value)


def library_errors() -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(kind, Exception)
    ]


@pytest.mark.parametrize("kind", library_errors())
async def test_every_error_of_the_library_becomes_unavailable_without_its_message(
    tokens: EntraTokens,
    identities: Identities,
    kind: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    source = identities.next = Source("failing")
    source.failure = kind.__new__(kind)
    source.failure.args = (VALUE,)
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as caught:
        await tokens.token(MANAGED)
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert VALUE not in f"{caught.value}{caught.value.advice}{caught.value.details}{caplog.text}"


async def test_real_credentials_are_made_by_kind_and_contact_nobody() -> None:
    make = azure_identity("https://login.microsoftonline.us")
    managed = make(MANAGED, None)
    own = make(Credential(CredentialKind.MANAGED_IDENTITY, scope=SCOPE), None)
    principal = make(PRINCIPAL, Secret(VALUE, "1"))
    assert isinstance(managed, ManagedIdentityCredential)
    assert isinstance(own, ManagedIdentityCredential)
    assert isinstance(principal, ClientSecretCredential)
    assert VALUE not in repr(principal)
    for source in (managed, own, principal):
        await source.close()


async def test_a_tenant_that_cannot_be_one_is_a_missing_token(secrets: FakeSecrets) -> None:
    tokens = EntraTokens(secrets)
    odd = Credential(
        CredentialKind.SERVICE_PRINCIPAL,
        secret="client-secret",
        client_id="app",
        tenant="not a tenant/",
        scope=SCOPE,
    )
    with pytest.raises(Unavailable):
        await tokens.token(odd)
    await tokens.close()
