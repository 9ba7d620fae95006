import pytest

from gateway.authn.id_token import Expected
from gateway.errors import Unauthenticated, Unavailable
from gateway.ports import IdTokens
from gateway.refresh.id_tokens import EntraIdTokens
from gateway.refresh.keyring import KeyRing
from tests.fakes.identity import (
    AUTHORITY,
    FOREIGN_TENANT,
    PERSON_OBJECT,
    TENANT,
    FakeKeyEndpoint,
    mint,
    signing_key,
)
from tests.fakes.people import ACCEPTED_SIGN_IN, NONCE, id_claims
from tests.fakes.time import FakeClock


@pytest.fixture
def endpoint() -> FakeKeyEndpoint:
    return FakeKeyEndpoint(signing_key())


@pytest.fixture
def id_tokens(endpoint: FakeKeyEndpoint) -> IdTokens:
    clock = FakeClock()
    return EntraIdTokens(KeyRing(endpoint, clock, AUTHORITY), ACCEPTED_SIGN_IN, clock)


async def test_the_key_is_found_by_tenant_and_id(
    id_tokens: IdTokens, endpoint: FakeKeyEndpoint
) -> None:
    person = await id_tokens.verify(mint(id_claims()), Expected(NONCE))
    assert person.object_id == PERSON_OBJECT
    assert endpoint.fetched == [TENANT]


async def test_a_foreign_tenant_is_refused_before_any_key_is_fetched(
    id_tokens: IdTokens, endpoint: FakeKeyEndpoint
) -> None:
    with pytest.raises(Unauthenticated):
        await id_tokens.verify(mint(id_claims(tid=FOREIGN_TENANT)), Expected(NONCE))
    assert endpoint.fetched == []


async def test_an_unpublished_key_signs_nobody_in(id_tokens: IdTokens) -> None:
    with pytest.raises(Unauthenticated):
        await id_tokens.verify(mint(id_claims(), key=signing_key(1)), Expected(NONCE))


async def test_without_keys_nobody_signs_in(id_tokens: IdTokens, endpoint: FakeKeyEndpoint) -> None:
    endpoint.fails = True
    with pytest.raises(Unavailable):
        await id_tokens.verify(mint(id_claims()), Expected(NONCE))
