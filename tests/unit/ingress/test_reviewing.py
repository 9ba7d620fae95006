from datetime import timedelta

import pytest

from gateway.errors import Forbidden, NotFound, Reason, Unauthenticated, Unavailable
from gateway.ingress.reviewing import ClosedPages
from gateway.ingress.sessions import ATTEMPT, SESSION
from gateway.ingress.visit import Visit
from gateway.model.message import Answer
from tests.fakes.identity import AGENT_OBJECT, PERSON_OBJECT
from tests.fakes.reviews import TICKET, view
from tests.unit.ingress.reception import World

OTHER = "f" * 32


@pytest.fixture
async def world() -> World:
    """Somebody has signed in and is about to decide."""
    made = World()
    assert (await made.sign_in()).headers.get("location") == f"/approvals/{TICKET}"
    return made


def text(answer: Answer) -> str:
    return answer.body.decode()


async def test_signing_in_leaves_a_session_and_no_attempt(world: World) -> None:
    assert SESSION in world.jar
    assert ATTEMPT not in world.jar
    page = await world.read()
    assert page.status == 200
    assert "Delete Container" in text(page)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_reading_decides_nothing(world: World, method: str) -> None:
    for _ in range(3):
        await world.read(method=method)
    assert world.reviews.decisions == []
    assert world.reviews.tickets[TICKET] == world.ticket


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_who_is_not_signed_in_goes_there_and_nothing_is_looked_up(method: str) -> None:
    world = World()
    answer = await world.read(method=method)
    assert (answer.status, answer.headers.get("location")) == (303, f"/signin?ticket={TICKET}")
    assert world.jar == {}
    assert world.reviews.views == 0
    assert world.provider.renewed == []


async def test_a_decision_is_made_with_the_persons_groups_of_that_moment(world: World) -> None:
    answer = await world.decide("approve", "  fine\r\nby me ")

    assert (answer.status, answer.headers.get("location")) == (303, f"/approvals/{TICKET}")
    ((ticket, person, decision, reason, digest),) = world.reviews.decisions
    assert (ticket, decision, reason) == (TICKET, "approve", "fine\nby me")
    assert digest == world.ticket.page_digest
    assert person.object_id == PERSON_OBJECT
    assert person.methods == {"pwd", "mfa"}
    assert world.provider.renewed == ["refresh-0"]
    assert "Approved by <strong>lee@clinic.example</strong>" in text(await world.read())
    assert world.provider.renewed == ["refresh-0", "refresh-1"]


async def test_a_rejection_wants_a_reason_and_what_was_typed_is_not_lost(world: World) -> None:
    answer = await world.decide("reject", " \r\n ")
    assert answer.status == 400
    assert "Say why you reject it" in text(answer)
    long = await world.decide("approve", "x" * 501)
    assert long.status == 400
    assert "over 500 characters" in text(long)
    assert "x" * 501 in text(long)
    assert world.reviews.decisions == []
    assert (await world.decide("reject", "x" * 500)).status == 303


async def test_a_group_that_was_taken_away_decides_nothing(world: World) -> None:
    form = await world.form("approve")
    world.provider.claims = {"groups": ["88888888-8888-4888-8888-888888888888"]}
    answer = await world.respond("ticket", world.visit("POST", ticket=TICKET, form=form))
    assert answer.status == 403
    assert "in no group" in text(answer)
    assert "prompt=select_account" in text(answer)
    assert world.reviews.decisions == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_may_not_sign_in_any_more_is_told_without_a_circle(
    world: World, method: str
) -> None:
    form = await world.form("approve")
    world.provider.failure = Unauthenticated("the account is gone")
    answer = await world.respond("ticket", world.visit(method, ticket=TICKET, form=form))
    assert answer.status == 401
    assert "nothing was decided" in text(answer)
    assert f'href="/signin?ticket={TICKET}"' in text(answer)
    assert world.jar == {}
    assert world.reviews.decisions == []


async def test_another_person_behind_the_same_session_decides_nothing(world: World) -> None:
    form = await world.form("approve")
    world.provider.claims = {"oid": AGENT_OBJECT}
    answer = await world.respond("ticket", world.visit("POST", ticket=TICKET, form=form))
    assert answer.status == 401
    assert world.reviews.decisions == []


@pytest.mark.parametrize("changes", [{"token": ""}, {"token": "0" * 64}, {"token": "ä"}])
async def test_a_forged_form_decides_nothing(world: World, changes: dict[str, str]) -> None:
    answer = await world.decide("approve", **changes)
    assert answer.status == 403
    assert world.reviews.decisions == []
    assert world.provider.renewed == []


async def test_a_form_of_another_ticket_decides_nothing(world: World) -> None:
    world.reviews.hold(view(OTHER))
    form = await world.form("approve")
    answer = await world.respond("ticket", world.visit("POST", ticket=OTHER, form=form))
    assert answer.status == 403
    assert world.reviews.decisions == []


async def test_a_form_of_another_session_decides_nothing(world: World) -> None:
    form = await world.form("approve")
    await world.sign_in()
    answer = await world.respond("ticket", world.visit("POST", ticket=TICKET, form=form))
    assert answer.status == 403
    assert world.reviews.decisions == []


async def test_a_form_from_another_site_decides_nothing(world: World) -> None:
    form = {name: [value] for name, value in (await world.form("approve")).items()}
    visit = Visit("POST", TICKET, {}, world.jar, form, origin="https://evil.example")
    assert (await world.respond("ticket", visit)).status == 403
    assert world.reviews.decisions == []


async def test_a_session_that_has_ended_decides_nothing(world: World) -> None:
    form = await world.form("approve")
    world.clock.advance(900)
    answer = await world.respond("ticket", world.visit("POST", ticket=TICKET, form=form))
    assert answer.status == 401
    assert "Your session has ended; nothing was decided" in text(answer)
    assert world.reviews.decisions == []


@pytest.mark.parametrize("decision", ["", "APPROVE", "approved", "maybe"])
async def test_only_two_words_decide(world: World, decision: str) -> None:
    assert (await world.decide(decision)).status == 400
    assert world.reviews.decisions == []


async def test_what_has_been_decided_stays_decided(world: World) -> None:
    form = await world.form("approve")
    assert (await world.decide("reject", "no")).status == 303
    for again in (form, form | {"decision": "reject"}):
        answer = await world.respond("ticket", world.visit("POST", ticket=TICKET, form=again))
        assert answer.status == 409
        assert f'href="/approvals/{TICKET}"' in text(answer)
    assert len(world.reviews.decisions) == 1


async def test_what_has_expired_cannot_be_decided(world: World) -> None:
    world.reviews.hold(view(expires_at=world.clock.now() + timedelta(seconds=60)))
    form = await world.form("approve")
    world.clock.advance(60)
    answer = await world.respond("ticket", world.visit("POST", ticket=TICKET, form=form))
    assert answer.status == 409
    assert world.reviews.decisions == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("row"), 404),
        (Unavailable("the table is away"), 503),
        (Forbidden("sponsor", reason=Reason.REVIEWER_NOT_ACCEPTED), 403),
        (Forbidden("denied", reason=Reason.PRINCIPAL_DENIED), 403),
    ],
)
async def test_what_the_reviews_refuse_is_a_page(
    world: World, error: NotFound | Unavailable | Forbidden, status: int
) -> None:
    world.reviews.failure = error
    assert (await world.read()).status == status
    assert (await world.decide("approve")).status == status


@pytest.mark.parametrize("ticket", ["", "x", "A" * 32, "0" * 33, "//evil.example"])
async def test_a_ticket_that_cannot_be_one_is_not_found(world: World, ticket: str) -> None:
    with pytest.raises(NotFound):
        await world.read(ticket)
    if not ticket:
        # A sign-in without a ticket is for the list.
        return
    with pytest.raises(NotFound):
        await world.respond("signin", world.visit(query={"ticket": [ticket]}))


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("POST", "signin"),
        ("HEAD", "signin"),
        ("HEAD", "callback"),
        ("POST", "callback"),
        ("GET", "signout"),
        ("PUT", "ticket"),
        ("GET", "other"),
    ],
)
async def test_no_other_method_or_page_exists(world: World, method: str, name: str) -> None:
    with pytest.raises(NotFound):
        await world.respond(name, world.visit(method, ticket=TICKET))


async def test_a_sign_in_that_shows_too_little_can_be_tried_again() -> None:
    world = World(claims={"amr": ["pwd"]})
    answer = await world.sign_in()
    assert answer.status == 403
    assert f"ticket={TICKET}&amp;prompt=select_account" in text(answer)
    assert SESSION not in world.jar


async def test_a_sign_in_too_long_ago_is_asked_for_again() -> None:
    world = World()
    world.provider.claims = {"auth_time": int(world.clock.now().timestamp()) - 7200}
    answer = await world.sign_in()
    assert answer.status == 403
    assert "prompt=login" in text(answer)


async def test_an_answer_to_nobody_leads_nowhere() -> None:
    world = World()
    answer = await world.respond("callback", world.visit(query={"code": ["c"], "state": ["s"]}))
    assert answer.status == 401
    assert "<a " not in text(answer)
    assert world.provider.redeemed == []


async def test_a_provider_that_is_away_is_a_page(world: World) -> None:
    world.provider.failure = Unavailable("away")
    answer = await world.read()
    assert answer.status == 503
    assert f'href="/approvals/{TICKET}"' in text(answer)


async def test_signing_out_forgets_the_session_and_needs_its_form(world: World) -> None:
    kept = dict(world.jar)
    refused = await world.respond("ticket", world.visit("POST", ticket=TICKET, form={}))
    assert refused.status == 403
    with pytest.raises(Forbidden):
        await world.respond("signout", world.visit("POST", form={"token": "0" * 64}))
    assert world.jar == kept

    session = await world.pages.sessions.session(world.jar)
    token = await world.pages.sessions.form_token(session, "signout")
    foreign = Visit("POST", "", {}, kept, {"token": [token]}, "https://evil.example")
    with pytest.raises(Forbidden):
        await world.respond("signout", foreign)
    left = await world.respond("signout", world.visit("POST", form={"token": token}))

    assert "You are signed out" in text(left)
    assert world.jar == {}
    assert "You are signed out" in text(await world.respond("signout", world.visit("POST")))
    # A copy of the cookie neither reads nor decides.
    form = {"token": "0" * 64, "decision": "approve"}
    for method in ("GET", "POST"):
        answer = await world.respond("ticket", Visit(method, TICKET, {}, kept, _fields(form)))
        assert answer.status in {303, 401}
        assert "Delete Container" not in text(answer)


async def test_a_session_that_cannot_be_ended_everywhere_is_forgotten_and_said_so(
    world: World,
) -> None:
    session = await world.pages.sessions.session(world.jar)
    token = await world.pages.sessions.form_token(session, "signout")
    await world.pages.sessions.session(world.jar)
    swap = world.state.swap

    async def fails(*given):  # type: ignore[no-untyped-def]
        world.state.fail_next()
        return await swap(*given)

    world.state.swap = fails  # type: ignore[method-assign]
    left = await world.respond("signout", world.visit("POST", form={"token": token}))
    assert left.status == 503
    assert "could not be ended everywhere" in text(left)
    assert world.jar == {}


def _fields(form: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in form.items()}


async def test_without_a_sign_in_application_the_pages_are_closed() -> None:
    with pytest.raises(Unavailable, match="no sign-in"):
        await ClosedPages().respond("ticket", Visit("GET", TICKET, {}, {}))


# --- the list ------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_the_list_names_what_this_person_may_decide(world: World, method: str) -> None:
    world.reviews.hold(view("1" * 32, operation="Put <b>Blob", agent="other-agent"))
    world.reviews.hold(view("2" * 32, state="rejected", operation="Gone"))
    answer = await world.respond("tickets", world.visit(method))
    assert answer.status == 200
    assert f'href="/approvals/{TICKET}"' in text(answer)
    assert f'href="/approvals/{"1" * 32}"' in text(answer)
    assert "Put &lt;b&gt;Blob" in text(answer)
    assert "Gone" not in text(answer)
    # Decisions are made where everything is shown.
    assert 'name="decision"' not in text(answer)
    assert world.reviews.decisions == []
    assert answer.headers.get("x-frame-options") == "DENY"


async def test_the_list_of_somebody_who_may_decide_nothing_is_empty(world: World) -> None:
    world.provider.claims = {"groups": []}
    answer = await world.respond("tickets", world.visit())
    assert answer.status == 200
    assert "Nothing waits" in text(answer)
    assert "Delete Container" not in text(answer)


async def test_the_way_to_the_list_is_through_the_sign_in() -> None:
    world = World()
    answer = await world.respond("tickets", world.visit())
    assert (answer.status, answer.headers.get("location")) == (303, "/signin")
    assert (await world.sign_in("")).headers.get("location") == "/approvals"
    assert "Delete Container" in text(await world.respond("tickets", world.visit()))


async def test_a_list_that_cannot_be_made_says_so(world: World) -> None:
    world.provider.failure = Unauthenticated("the account is gone")
    answer = await world.respond("tickets", world.visit())
    assert answer.status == 401
    assert 'href="/signin"' in text(answer)
    assert world.jar == {}
    world = World()
    await world.sign_in()
    world.provider.failure = Unavailable("not now", reason=Reason.SIGN_IN_UNAVAILABLE)
    answer = await world.respond("tickets", world.visit())
    assert answer.status == 503
    assert 'href="/approvals"' in text(answer)


async def test_nobody_posts_to_the_list(world: World) -> None:
    with pytest.raises(NotFound):
        await world.respond("tickets", world.visit("POST", form={"decision": "approve"}))
