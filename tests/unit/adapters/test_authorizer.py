import base64

import pytest

from gateway.adapters.authorizer import ConnectionAuthorizer
from gateway.credentials import shared_key
from gateway.errors import Reason, Unavailable
from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
)
from gateway.model.message import Headers, UpstreamRequest
from tests.fakes.secrets import FakeSecrets, FakeTokens, unavailable
from tests.fakes.time import NOON, FakeClock

KEY = base64.b64encode(bytes(range(64))).decode()
REQUEST = UpstreamRequest(
    "PUT",
    "https://clinic.blob.core.windows.net/phi/a.json?comp=metadata",
    Headers.of([("Authorization", "Bearer of-the-agent"), ("x-ms-meta-a", "1")]),
    b"body",
)


def connection(kind: CredentialKind) -> Connection:
    return Connection(
        "clinic",
        ConnectionKind.BLOB,
        Endpoint("https", "clinic.blob.core.windows.net", 443, account="clinic"),
        Credential(kind, secret="clinic-key", scope="https://storage.azure.com/.default"),
        Masking("none", 0, ephi=False),
    )


@pytest.fixture
def secrets() -> FakeSecrets:
    return FakeSecrets({"clinic-key": KEY})


@pytest.fixture
def tokens() -> FakeTokens:
    return FakeTokens()


@pytest.fixture
def authorizer(secrets: FakeSecrets, tokens: FakeTokens) -> ConnectionAuthorizer:
    return ConnectionAuthorizer(secrets, tokens, FakeClock())


@pytest.mark.parametrize(
    "kind", [CredentialKind.MANAGED_IDENTITY, CredentialKind.SERVICE_PRINCIPAL]
)
async def test_identities_bring_a_bearer_token(
    authorizer: ConnectionAuthorizer, tokens: FakeTokens, kind: CredentialKind
) -> None:
    signed = await authorizer.authorize(connection(kind), REQUEST)
    assert signed.headers.all("authorization") == (f"Bearer {tokens.value}",)
    assert tokens.asked == [connection(kind).credential]


async def test_an_account_key_signs(authorizer: ConnectionAuthorizer) -> None:
    signed = await authorizer.authorize(connection(CredentialKind.ACCOUNT_KEY), REQUEST)
    bare = UpstreamRequest(
        REQUEST.method, REQUEST.url, REQUEST.headers.without("authorization"), REQUEST.body
    )
    assert signed == shared_key.sign("clinic", bytes(range(64)), bare, NOON)
    assert len(signed.headers.all("authorization")) == 1


@pytest.mark.parametrize("kind", list(CredentialKind))
async def test_target_and_body_stay_and_the_agents_authorization_goes(
    authorizer: ConnectionAuthorizer, kind: CredentialKind
) -> None:
    signed = await authorizer.authorize(connection(kind), REQUEST)
    assert (signed.method, signed.url, signed.body) == (
        REQUEST.method,
        REQUEST.url,
        REQUEST.body,
    )
    assert "of-the-agent" not in str(signed.headers.fields)
    assert signed.headers.get("x-ms-meta-a") == "1"


@pytest.mark.parametrize("key", ["", "not base64!", "é", "===", KEY[:-3]])
async def test_a_key_that_is_none_is_unavailable_and_not_shown(
    authorizer: ConnectionAuthorizer, secrets: FakeSecrets, key: str
) -> None:
    secrets.set("clinic-key", key)
    with pytest.raises(Unavailable) as caught:
        await authorizer.authorize(connection(CredentialKind.ACCOUNT_KEY), REQUEST)
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert not key or key not in f"{caught.value}{caught.value.advice}"


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "é"])
async def test_a_token_that_is_none_is_unavailable_and_not_shown(
    authorizer: ConnectionAuthorizer, tokens: FakeTokens, token: str
) -> None:
    tokens.value = token
    with pytest.raises(Unavailable) as caught:
        await authorizer.authorize(connection(CredentialKind.MANAGED_IDENTITY), REQUEST)
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert not token or token not in f"{caught.value}{caught.value.advice}"


@pytest.mark.parametrize("kind", list(CredentialKind))
async def test_a_credential_that_cannot_be_had_stops_the_request(
    authorizer: ConnectionAuthorizer,
    secrets: FakeSecrets,
    tokens: FakeTokens,
    kind: CredentialKind,
) -> None:
    secrets.failure = tokens.failure = unavailable()
    with pytest.raises(Unavailable):
        await authorizer.authorize(connection(kind), REQUEST)
