"""The same cases on the fake and on the adapter with azure-identity's own class behind it."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from gateway.adapters.entra_tokens import EntraTokens
from gateway.errors import Reason, Unavailable
from gateway.model.connection import Credential, CredentialKind
from gateway.ports import Secret, Tokens
from tests.fakes.secrets import FakeSecrets, FakeTokens, unavailable

CREDENTIAL = Credential(
    CredentialKind.MANAGED_IDENTITY, client_id="app", scope="https://storage.azure.com/.default"
)


@dataclass
class Identity:
    """A credential of azure-identity in miniature."""

    failure: Exception | None = None

    async def get_token(self, *scopes: str) -> AccessToken:
        assert scopes == (CREDENTIAL.scope,)
        if self.failure is not None:
            raise self.failure
        return AccessToken("token", 0)

    async def close(self) -> None:
        """Nothing to close."""


@dataclass
class Subject:
    """A source of tokens, and how to make it fail."""

    tokens: Tokens
    fail: Callable[[], None]


@pytest.fixture(params=["fake", "entra"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    if request.param == "fake":
        fake = FakeTokens("token")
        yield Subject(fake, lambda: setattr(fake, "failure", unavailable()))
        return
    identity = Identity()

    def make(_credential: Credential, _secret: Secret | None) -> Identity:
        return identity

    tokens = EntraTokens(FakeSecrets(), make)
    yield Subject(tokens, lambda: setattr(identity, "failure", ClientAuthenticationError("no")))
    await tokens.close()


async def test_a_credential_gets_a_token(subject: Subject) -> None:
    assert await subject.tokens.token(CREDENTIAL) == "token"


async def test_a_failure_is_unavailable(subject: Subject) -> None:
    subject.fail()
    with pytest.raises(Unavailable) as caught:
        await subject.tokens.token(CREDENTIAL)
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
