import base64
from dataclasses import asdict, replace

import orjson
import pytest

from gateway.authn.oidc import Attempt
from gateway.authn.sealed import seal
from gateway.errors import Reason, Unauthenticated, Unavailable
from gateway.ingress.sessions import (
    ATTEMPT,
    SESSION,
    Lifetimes,
    Sessions,
    WebSession,
    forget,
    forget_attempt,
)
from gateway.ingress.visit import cookies
from gateway.refresh.digest_keys import SecretDigestKeys
from tests.fakes.identity import principal
from tests.fakes.secrets import FakeSecrets, unavailable
from tests.fakes.store import FakeStateStore
from tests.fakes.time import NOON, FakeClock, FakeEntropy

NOW = int(NOON.timestamp())
KEY = base64.b64encode(bytes(32)).decode()
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


class World:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.secrets = FakeSecrets({"cookie": KEY})
        self.state = FakeStateStore(self.clock)
        self.sessions = Sessions(
            SecretDigestKeys(self.secrets, "cookie", "cookie key"),
            self.state,
            self.clock,
            FakeEntropy(),
            Lifetimes(idle=900, absolute=3600),
        )

    def session(self, renewal: str = "refresh") -> WebSession:
        person = principal(name="rita", methods=frozenset({"pwd", "mfa"}))
        return WebSession.of(person, "nonce-1", renewal, int(self.clock.now().timestamp()))

    async def kept(self, session: WebSession) -> dict[str, str]:
        return sent(await self.sessions.keep(session))


def sent(set_cookies: tuple[str, ...]) -> dict[str, str]:
    """What the browser sends back."""
    return cookies("; ".join(value.partition(";")[0] for value in set_cookies))


@pytest.fixture
def world() -> World:
    return World()


async def refused(world: World, given: dict[str, str]) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        await world.sessions.session(given)
    return caught.value


async def test_a_session_comes_back_as_it_was(world: World) -> None:
    session = world.session()
    assert await world.sessions.session(await world.kept(session)) == session
    assert session.methods == ("mfa", "pwd")


async def test_the_cookies_attributes_keep_it_to_this_host_and_away_from_scripts(
    world: World,
) -> None:
    (value,) = await world.sessions.keep(world.session())
    assert value.startswith(f"{SESSION}=1~v1.1.")
    assert value.endswith(f"; Max-Age=900; {ATTRIBUTES}")


async def test_a_session_ends_when_it_is_not_used(world: World) -> None:
    given = await world.kept(world.session())
    world.clock.advance(899)
    again = await world.kept(await world.sessions.session(given))
    world.clock.advance(1)
    assert (await refused(world, given)).reason is Reason.TOKEN_EXPIRED
    world.clock.advance(898)
    assert (await world.sessions.session(again)).seen == NOW + 899


async def test_a_session_ends_however_much_it_is_used(world: World) -> None:
    session = world.session()
    for _ in range(4):
        world.clock.advance(890)
        session = await world.sessions.session(await world.kept(session))
    given = await world.kept(session)
    world.clock.advance(39)
    assert (await world.sessions.session(given)).began == NOW
    world.clock.advance(1)
    assert (await refused(world, given)).reason is Reason.TOKEN_EXPIRED


async def test_a_session_from_the_future_is_none(world: World) -> None:
    given = await world.kept(replace(world.session(), began=NOW + 3600))
    await refused(world, given)
    world.clock.advance(120)
    given = await world.kept(world.session())
    world.clock.set(NOON)
    await refused(world, given)


async def test_a_long_session_is_kept_in_pieces(world: World) -> None:
    session = world.session("r" * 4000)
    set_cookies = await world.sessions.keep(session)
    assert [value.partition("=")[0] for value in set_cookies] == [SESSION, f"{SESSION}-1"]
    assert all(len(value) <= 4096 for value in set_cookies)
    given = sent(set_cookies)
    assert await world.sessions.session(given) == session
    await refused(world, {SESSION: given[SESSION]})
    # A shorter session after it is not mixed with what is left of the longer one.
    shorter = world.session()
    assert await world.sessions.session(given | await world.kept(shorter)) == shorter


async def test_a_session_that_no_browser_could_keep_is_refused(world: World) -> None:
    with pytest.raises(Unauthenticated, match="too long"):
        await world.sessions.keep(world.session("r" * 9000))


@pytest.mark.parametrize("value", ["", "~", "1~", "0~v1.1.x", "4~v1.1.x", "v1.1.abc", "1~v1.1.x"])
async def test_what_was_never_a_session_is_none(world: World, value: str) -> None:
    await refused(world, {SESSION: value})


async def test_without_a_cookie_the_person_is_not_signed_in(world: World) -> None:
    assert (await refused(world, {})).reason is Reason.TOKEN_MISSING


async def test_a_new_key_version_ends_every_session(world: World) -> None:
    given = await world.kept(world.session())
    world.secrets.set("cookie", base64.b64encode(bytes(range(32))).decode())
    await refused(world, given)
    assert (await world.sessions.session(await world.kept(world.session()))).began == NOW


@pytest.mark.parametrize("fields", [{}, {"id": "x"}, {"methods": None}, {"methods": [], "more": 1}])
async def test_a_session_of_another_shape_is_none(world: World, fields: dict[str, object]) -> None:
    key = await SecretDigestKeys(world.secrets, "cookie").current()
    text = seal(SESSION, orjson.dumps(fields), key, bytes(12))
    await refused(world, {SESSION: f"1~{text}"})
    attempt = seal(ATTEMPT, orjson.dumps(fields), key, bytes(12))
    with pytest.raises(Unauthenticated):
        await world.sessions.attempt({ATTEMPT: attempt})


async def test_without_a_key_nothing_is_read(world: World) -> None:
    given = await world.kept(world.session())
    world.secrets.failure = unavailable()
    with pytest.raises(Unavailable):
        await world.sessions.session(given)


async def test_a_key_that_is_none_is_named(world: World) -> None:
    world.secrets.set("cookie", "short")
    with pytest.raises(Unavailable, match="cookie key"):
        await world.sessions.keep(world.session())


async def test_a_sign_in_under_way_comes_back_and_is_no_session(world: World) -> None:
    attempt = Attempt("state", "nonce", "verifier", "t" * 32, NOW + 600)
    value = await world.sessions.keep_attempt(attempt)
    assert value.endswith(f"; Max-Age=600; {ATTRIBUTES}")
    given = sent((value,))
    assert await world.sessions.attempt(given) == attempt
    await refused(world, {SESSION: f"1~{given[ATTEMPT]}"})
    with pytest.raises(Unauthenticated, match="no sign-in is under way"):
        await world.sessions.attempt({})


async def test_a_form_token_is_of_one_session_and_form(world: World) -> None:
    one, other = world.session(), replace(world.session(), id="nonce-2")
    token = await world.sessions.form_token(one, "t")
    assert token == await world.sessions.form_token(one, "t")
    assert token != await world.sessions.form_token(other, "t")
    assert token != await world.sessions.form_token(one, "u")


def test_forgetting_names_every_cookie() -> None:
    gone = [*forget(), forget_attempt()]
    assert [value.partition("=")[0] for value in gone] == [
        SESSION,
        f"{SESSION}-1",
        f"{SESSION}-2",
        ATTEMPT,
    ]
    assert all("=; Max-Age=0;" in value for value in gone)


def test_a_session_shows_no_secret(world: World) -> None:
    session = world.session("refresh-secret")
    assert "refresh-secret" in str(asdict(session))
    assert "refresh-secret" not in repr(session)
    assert "nonce-1" not in repr(session)


async def test_a_session_that_was_ended_is_ended_for_every_copy_of_its_cookie(world: World) -> None:
    session = world.session()
    kept = await world.kept(session)
    await world.sessions.end(session)
    await world.sessions.end(session)
    assert (await refused(world, kept)).reason is Reason.TOKEN_EXPIRED
    assert all(session.id not in name for name in world.state.blobs)
    # Another session of the same person goes on.
    other = replace(session, id="nonce-2")
    assert await world.sessions.session(await world.kept(other)) == other


async def test_what_cannot_be_known_or_ended_is_no_session(world: World) -> None:
    session = world.session()
    kept = await world.kept(session)
    world.state.fail_next()
    with pytest.raises(Unavailable):
        await world.sessions.session(kept)
    world.state.fail_next()
    with pytest.raises(Unavailable):
        await world.sessions.end(session)
