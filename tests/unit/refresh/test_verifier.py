import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Forbidden, GatewayError, Reason, Unauthenticated, Unavailable
from gateway.model.principal import PrincipalKind
from gateway.ports import DenyEntry, Verifier
from gateway.refresh.denylist import PolledDenyList
from gateway.refresh.keyring import KeyAges, KeyRing
from gateway.refresh.verifier import EntraVerifier
from tests.fakes.identity import (
    ACCEPTED,
    AGENT_OBJECT,
    AUTHORITY,
    FOREIGN_TENANT,
    TENANT,
    FakeDenyTable,
    FakeKeyEndpoint,
    claims,
    key_set,
    mint,
    person_claims,
    signing_key,
)
from tests.fakes.time import NOON, FakeClock


class World:
    def __init__(self, *, max_cached_seconds: int = 300, max_entries: int = 4096) -> None:
        self.clock = FakeClock()
        self.endpoint = FakeKeyEndpoint(signing_key())
        self.ring = KeyRing(self.endpoint, self.clock, AUTHORITY)
        self.verifier = EntraVerifier(
            self.ring,
            ACCEPTED,
            self.clock,
            max_cached_seconds=max_cached_seconds,
            max_entries=max_entries,
        )

    async def reason(self, token: str) -> Reason:
        with pytest.raises(GatewayError) as caught:
            await self.verifier.verify(token)
        return caught.value.reason


async def test_a_good_token_becomes_its_principal() -> None:
    verifier: Verifier = World().verifier
    found = await verifier.verify(mint())
    assert (found.tenant, found.object_id) == (TENANT, AGENT_OBJECT)
    assert (await verifier.verify(mint(person_claims(1)))).kind is PrincipalKind.USER


async def test_a_token_seen_before_is_not_verified_again() -> None:
    """A verification makes a new principal, so the same object means that none took place."""
    world, token = World(), mint()
    first = await world.verifier.verify(token)
    assert await world.verifier.verify(token) is first


async def test_a_token_that_differs_in_one_character_is_verified() -> None:
    world, token = World(), mint()
    await world.verifier.verify(token)
    other = token[:-2] + ("AA" if token[-2:] != "AA" else "BA")
    assert await world.reason(other) is Reason.TOKEN_INVALID


async def test_a_cached_token_is_verified_again_after_its_time() -> None:
    world, token = World(max_cached_seconds=300), mint()
    first = await world.verifier.verify(token)
    world.clock.advance(299.999)
    assert await world.verifier.verify(token) is first
    world.clock.advance(0.001)
    again = await world.verifier.verify(token)
    assert again == first
    assert again is not first


async def test_expiry_is_honoured_at_the_boundary_on_a_hit() -> None:
    world = World(max_cached_seconds=3600)
    token = mint(claims(exp=int(NOON.timestamp()) + 100))
    await world.verifier.verify(token)
    world.clock.advance(100 + ACCEPTED.leeway - 0.001)
    assert (await world.verifier.verify(token)).tenant == TENANT
    world.clock.advance(0.001)
    assert await world.reason(token) is Reason.TOKEN_EXPIRED


async def test_a_clock_set_back_verifies_again() -> None:
    world, token = World(), mint()
    await world.verifier.verify(token)
    world.clock.advance(-120)
    assert await world.reason(token) is Reason.TOKEN_NOT_YET_VALID


async def test_zero_seconds_turn_the_cache_off() -> None:
    world, token = World(max_cached_seconds=0), mint()
    assert await world.verifier.verify(token) is not await world.verifier.verify(token)


async def test_the_cache_is_bounded_and_forgets_the_least_recently_used() -> None:
    world = World(max_entries=2)
    first, second, third = (mint(claims(uti=f"t{number}")) for number in range(3))
    kept = await world.verifier.verify(first)
    lost = await world.verifier.verify(second)
    await world.verifier.verify(first)
    await world.verifier.verify(third)
    assert await world.verifier.verify(first) is kept
    assert await world.verifier.verify(second) is not lost


async def test_a_withdrawn_key_ends_cached_tokens_too() -> None:
    world = World(max_cached_seconds=3600)
    token = mint(claims(exp=int(NOON.timestamp()) + 7200))
    await world.verifier.verify(token)
    world.endpoint.document = key_set(signing_key(1))
    world.clock.advance(KeyAges().refresh - timedelta(seconds=1))
    assert (await world.verifier.verify(token)).tenant == TENANT
    world.clock.advance(1)
    assert await world.reason(token) is Reason.TOKEN_INVALID


async def test_another_key_under_the_same_id_ends_cached_tokens() -> None:
    world = World(max_cached_seconds=3600)
    token = mint(claims(exp=int(NOON.timestamp()) + 7200))
    await world.verifier.verify(token)
    impostor = {**signing_key(1).as_dict(private=False), "kid": signing_key().kid}
    world.endpoint.document = {"keys": [impostor]}
    world.clock.advance(KeyAges().refresh)
    assert await world.reason(token) is Reason.TOKEN_INVALID


async def test_cached_tokens_work_through_an_outage_of_the_key_endpoint() -> None:
    world, token = World(max_cached_seconds=3600), mint()
    await world.verifier.verify(token)
    world.endpoint.fails = True
    world.clock.advance(KeyAges().refresh - timedelta(seconds=60))
    assert (await world.verifier.verify(token)).tenant == TENANT


async def test_without_keys_a_token_is_neither_good_nor_bad() -> None:
    world = World()
    world.endpoint.fails = True
    with pytest.raises(Unavailable) as caught:
        await world.verifier.verify(mint())
    assert caught.value.reason is Reason.KEYS_UNAVAILABLE


async def test_keys_of_a_foreign_tenant_are_never_fetched() -> None:
    world = World()
    assert await world.reason(mint(claims(tid=FOREIGN_TENANT))) is Reason.TENANT_NOT_ACCEPTED
    assert world.endpoint.fetched == []


async def test_refused_tokens_are_not_kept() -> None:
    world, token = World(), mint(claims(1, aud="https://storage.azure.com"))
    assert await world.reason(token) is Reason.AUDIENCE_NOT_ACCEPTED
    assert not world.verifier._verified


async def test_a_cached_entry_holds_no_part_of_the_token() -> None:
    world, token = World(), mint()
    await world.verifier.verify(token)
    (entry,) = world.verifier._verified.values()
    held = repr([getattr(entry, field.name) for field in dataclasses.fields(entry)])
    assert not [part for part in token.split(".") if part in held]


@pytest.mark.parametrize("token", ["", "x" * 16_385, "a.b.c", "ä.ö.ü", "\ud800"])
async def test_garbage_is_unauthenticated(token: str) -> None:
    assert await World().reason(token) is Reason.TOKEN_INVALID


@given(st.text())
async def test_arbitrary_strings_only_ever_are_unauthenticated(token: str) -> None:
    with pytest.raises(Unauthenticated):
        await World().verifier.verify(token)


async def test_a_denial_reaches_a_cached_token_within_thirty_seconds() -> None:
    world, token = World(), mint()
    table = FakeDenyTable()
    deny_list = PolledDenyList(table, world.clock, poll_seconds=10)
    await deny_list.check(await world.verifier.verify(token), "s")
    await table.add(DenyEntry("oid", AGENT_OBJECT))
    waited = 0
    while waited <= 30:
        principal = await world.verifier.verify(token)
        try:
            await deny_list.check(principal, "s")
        except Forbidden as error:
            assert error.reason is Reason.PRINCIPAL_DENIED  # noqa: PT017
            break
        world.clock.advance(1)
        waited += 1
    assert waited <= 10
