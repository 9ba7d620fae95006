from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.errors import Forbidden, InvalidRequest, Reason, Unauthenticated, Unavailable
from gateway.ingress.signin import SignedIn, address
from gateway.ingress.visit import Visit
from tests.fakes.identity import ABSENT, AGENT_OBJECT, GROUP, PERSON_OBJECT, claims
from tests.fakes.people import ENDPOINT, SIGN_IN
from tests.fakes.reviews import TICKET
from tests.unit.ingress.reception import World


@pytest.fixture
def world() -> World:
    return World()


async def signed_in(world: World) -> SignedIn:
    location, cookie = await world.signin.begin(TICKET, "")
    return await world.signin.finish(
        world.visit(query=world.provider.answer(location), cookie=cookie)
    )


async def test_a_sign_in_begins_at_the_provider_and_ends_in_a_session(world: World) -> None:
    location, cookie = await world.signin.begin(TICKET, "")
    assert location.startswith(f"{ENDPOINT}?")
    asked = parse_qs(urlsplit(location).query)
    assert asked["client_id"] == [SIGN_IN]
    assert asked["redirect_uri"] == ["https://gateway.example/signin/callback"]
    assert "prompt" not in asked

    done = await world.signin.finish(
        world.visit(query=world.provider.answer(location), cookie=cookie)
    )

    assert done.ticket == TICKET
    assert done.session.object_id == PERSON_OBJECT
    assert done.session.refresh_token == "refresh-0"
    assert done.session.methods == ("mfa", "pwd")


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [("login", ["login"]), ("select_account", ["select_account"]), ("none", None)],
)
async def test_only_known_prompts_are_passed_on(
    world: World, prompt: str, sent: list[str] | None
) -> None:
    location, _ = await world.signin.begin(TICKET, prompt)
    assert parse_qs(urlsplit(location).query).get("prompt") == sent


async def test_every_attempt_has_secrets_of_its_own(world: World) -> None:
    first, _ = await world.signin.begin(TICKET, "")
    second, _ = await world.signin.begin(TICKET, "")
    for name in ("state", "nonce", "code_challenge"):
        assert parse_qs(urlsplit(first).query)[name] != parse_qs(urlsplit(second).query)[name]


async def test_nothing_is_redeemed_for_an_answer_of_another_browser(world: World) -> None:
    location, mine = await world.signin.begin(TICKET, "")
    answer = world.provider.answer(location)
    _, other = await world.signin.begin(TICKET, "")

    for visit in (world.visit(query=answer), world.visit(query=answer, cookie=other)):
        with pytest.raises(Unauthenticated):
            await world.signin.finish(visit)
    with pytest.raises(InvalidRequest):
        await world.signin.finish(world.visit(query={}, cookie=mine))

    assert world.provider.redeemed == []


async def test_an_attempt_ends_after_ten_minutes(world: World) -> None:
    location, cookie = await world.signin.begin(TICKET, "")
    answer = world.provider.answer(location)
    world.clock.advance(600)
    with pytest.raises(Unauthenticated, match="too long"):
        await world.signin.finish(world.visit(query=answer, cookie=cookie))
    assert world.provider.redeemed == []


async def test_a_code_of_another_attempt_does_not_fit_the_verifier(world: World) -> None:
    """A code that was injected: the state is the victim's, the code the attacker's."""
    other, _ = await world.signin.begin(TICKET, "")
    world.provider.answer(other, "injected")
    location, cookie = await world.signin.begin(TICKET, "")
    answer = world.provider.answer(location) | {"code": ["injected"]}
    with pytest.raises(Unauthenticated):
        await world.signin.finish(world.visit(query=answer, cookie=cookie))


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "of another sign-in"},
        {"nonce": ABSENT},
        {"idtyp": "app"},
        {"sub": PERSON_OBJECT},
        {"scp": "user_impersonation"},
        {"aud": "22222222-2222-4222-8222-222222222222"},
    ],
)
async def test_a_token_that_is_not_this_persons_id_token_signs_nobody_in(
    world: World, changes: dict[str, object]
) -> None:
    world.provider.claims = changes
    with pytest.raises(Unauthenticated):
        await signed_in(world)


async def test_an_app_only_token_signs_nobody_in(world: World) -> None:
    world.provider.claims = claims()
    with pytest.raises(Unauthenticated):
        await signed_in(world)
    # Not even one made for the sign-in application, with the right nonce.
    world.provider.claims = {"oid": AGENT_OBJECT, "sub": AGENT_OBJECT, "idtyp": "app"}
    with pytest.raises(Unauthenticated, match="program"):
        await signed_in(world)


async def test_one_factor_is_not_enough_unless_the_gateway_says_so(world: World) -> None:
    world.provider.claims = {"amr": ["pwd"]}
    with pytest.raises(Forbidden, match="more than a password"):
        await signed_in(world)
    assert (await signed_in(World(require_mfa=False, claims={"amr": ["pwd"]}))).ticket == TICKET


async def test_an_authentication_context_is_insisted_on(world: World) -> None:
    with pytest.raises(Forbidden):
        await signed_in(World(auth_context="c1"))
    world = World(auth_context="c1", claims={"acrs": ["c1"], "amr": ABSENT})
    assert (await signed_in(world)).session.methods == ("acrs:c1",)


async def test_a_person_who_authenticated_too_long_ago_must_do_it_again(world: World) -> None:
    at = int(world.clock.now().timestamp())
    world.provider.claims = {"auth_time": at - 3661}
    with pytest.raises(Forbidden, match="too long ago") as caught:
        await signed_in(world)
    assert caught.value.reason is Reason.TOKEN_EXPIRED
    world.provider.claims = {"auth_time": at - 3600}
    assert (await signed_in(world)).ticket == TICKET


async def test_groups_are_those_of_this_moment(world: World) -> None:
    session = (await signed_in(world)).session
    other = "88888888-8888-4888-8888-888888888888"
    world.provider.claims = {"groups": [other], "amr": ABSENT, "auth_time": ABSENT}

    person, renewed = await world.signin.current(session)

    assert person.groups == {other} != {GROUP}
    # What the sign-in showed stays what is known of the person.
    assert person.methods == {"mfa", "pwd"}
    assert int(person.authenticated_at.timestamp()) == session.authenticated
    assert world.provider.renewed == ["refresh-0"]
    assert renewed.refresh_token == "refresh-1"


@pytest.mark.parametrize("changes", [{"oid": AGENT_OBJECT}, {"nonce": "another"}])
async def test_a_renewal_names_the_same_person(world: World, changes: dict[str, object]) -> None:
    session = (await signed_in(world)).session
    world.provider.claims = changes
    with pytest.raises(Unauthenticated):
        await world.signin.current(session)


async def test_a_session_grows_too_old_to_decide(world: World) -> None:
    session = (await signed_in(world)).session
    world.clock.advance(3600 + 56)
    with pytest.raises(Forbidden, match="too long ago"):
        await world.signin.current(session)


async def test_the_providers_failures_are_passed_on(world: World) -> None:
    session = (await signed_in(world)).session
    world.provider.failure = Unavailable("down")
    with pytest.raises(Unavailable):
        await world.signin.current(session)
    with pytest.raises(Unavailable):
        await world.signin.begin(TICKET, "")


def test_the_address_of_sign_in_escapes_what_it_is_given() -> None:
    assert address("a&b=c", "login") == "/signin?ticket=a%26b%3Dc&prompt=login"
    assert address(TICKET) == f"/signin?ticket={TICKET}"


def test_a_visit_without_anything_is_no_answer() -> None:
    assert Visit("GET", "", {}, {}).asked("code") == ""
