"""The reviewer's way: sign in, read, decide, sign out.

GET and HEAD change nothing, so a preview of a link is harmless. A decision is a POST with the
session's cookie, the form's token, and groups that are read from the directory at that moment.
"""

import hmac
import logging
import re
from dataclasses import dataclass
from typing import Literal

from gateway.errors import (
    Forbidden,
    GatewayError,
    InvalidRequest,
    NotFound,
    Reason,
    Unauthenticated,
    Unavailable,
)
from gateway.ingress import page, pages, problem, signin
from gateway.ingress.sessions import Lifetimes, Sessions, WebSession, forget, forget_attempt
from gateway.ingress.signin import Rules, SignIn
from gateway.ingress.visit import Visit
from gateway.model.message import Answer
from gateway.ports import (
    Clock,
    DigestKeys,
    Entropy,
    IdTokens,
    Reviews,
    SignInProvider,
    StateStore,
    TicketView,
)

_TICKET = re.compile(r"[0-9a-f]{32}")
_LEAVE = "signout"
_READS = frozenset({"GET", "HEAD"})
_READ_AGAIN = frozenset({Reason.APPROVAL_CLOSED, Reason.PAGE_CHANGED, Reason.REQUEST_INVALID})
_LOG = logging.getLogger("chaperone.reviewing")


@dataclass(frozen=True, slots=True)
class ReviewPages:
    """All pages of reviewers; `origin` is the gateway's own."""

    origin: str
    signin: SignIn
    sessions: Sessions
    reviews: Reviews
    clock: Clock

    async def respond(self, name: str, visit: Visit) -> Answer:
        """See `contract.Pages`; what goes wrong becomes a page here, too."""
        match (visit.method, name):
            case ("GET" | "HEAD" | "POST", "ticket"):
                return await self._ticket(visit)
            case ("GET" | "HEAD", "tickets"):
                return await self._tickets(visit)
            case ("GET", "signin"):
                return await self._begin(visit)
            case ("GET", "callback"):
                return await self._finish(visit)
            case ("POST", "signout"):
                return await self._leave(visit)
            case _:
                raise NotFound("no such page")

    async def _ticket(self, visit: Visit) -> Answer:
        ticket = _ticket_id(visit.ticket)
        try:
            session = await self.sessions.session(visit.cookies)
        except Unauthenticated as error:
            if visit.method in _READS:
                return page.redirect(signin.address(ticket))
            return _not_used(ticket, error)
        try:
            if visit.method in _READS:
                return await self._read(ticket, session)
            return await self._decide(ticket, session, visit)
        except Unauthenticated as error:
            # No redirect: a provider that signs people in but renews nothing would make a circle.
            return _not_used(ticket, error)
        except GatewayError as error:
            _LOG.info("ticket page: %s", error.reason)
            return trouble(error, _ways_on(ticket, error))

    async def _tickets(self, visit: Visit) -> Answer:
        try:
            session = await self.sessions.session(visit.cookies)
        except Unauthenticated:
            return page.redirect(signin.address())
        try:
            person, session = await self.signin.current(session)
            waiting = await self.reviews.waiting(person)
        except Unauthenticated as error:
            return trouble(error, _ways_on("", error), forget())
        except GatewayError as error:
            _LOG.info("list of tickets: %s", error.reason)
            return trouble(error, _ways_on("", error))
        body = pages.tickets(waiting, await self._form(session), self.clock.now())
        return page.answer(200, body, await self.sessions.keep(session))

    async def _read(self, ticket: str, session: WebSession) -> Answer:
        person, session = await self.signin.current(session)
        view = await self.reviews.view(ticket, person)
        return await self._show(view, session)

    async def _decide(self, ticket: str, session: WebSession, visit: Visit) -> Answer:
        visit.check_origin(self.origin)
        await self._check_token(session, ticket, visit)
        decision = _decision(visit.field_of("decision"))
        reason = visit.field_of("reason").replace("\r\n", "\n").strip()
        digest = visit.field_of("page_digest")
        person, session = await self.signin.current(session)
        complaint = _complaint(decision, reason)
        if complaint:
            view = await self.reviews.view(ticket, person)
            if view.state == "pending":
                return await self._show(view, session, reason, complaint)
        await self.reviews.decide(ticket, person, decision, reason, digest)
        # The answer to a reload is then the page, and not the same form again.
        return page.redirect(f"/approvals/{ticket}", await self.sessions.keep(session))

    async def _show(
        self, view: TicketView, session: WebSession, reason: str = "", complaint: str = ""
    ) -> Answer:
        form = await self._form(session, view.id, reason, complaint)
        body = pages.ticket(view, form, self.clock.now())
        status = 400 if complaint else 200
        return page.answer(status, body, await self.sessions.keep(session))

    async def _form(
        self, session: WebSession, ticket: str = "", reason: str = "", complaint: str = ""
    ) -> pages.Form:
        return pages.Form(
            reviewer=session.name,
            token=await self.sessions.form_token(session, ticket) if ticket else "",
            leave_token=await self.sessions.form_token(session, _LEAVE),
            reason=reason,
            complaint=complaint,
        )

    async def _begin(self, visit: Visit) -> Answer:
        # Without a ticket the way leads to the list.
        asked = visit.asked("ticket")
        ticket = _ticket_id(asked) if asked else ""
        url, cookie = await self.signin.begin(ticket, visit.asked("prompt"))
        return page.redirect(url, (cookie,))

    async def _finish(self, visit: Visit) -> Answer:
        try:
            done = await self.signin.finish(visit)
        except GatewayError as error:
            _LOG.warning("sign-in refused: %s", error.reason)
            return trouble(error, await self._again(visit, error))
        cookies = (*await self.sessions.keep(done.session), forget_attempt())
        return page.redirect(_page_of(done.ticket), cookies)

    async def _again(self, visit: Visit, error: GatewayError) -> tuple[tuple[str, str], ...]:
        """The ways on from a sign-in that failed, none where it is not known what it was for."""
        try:
            return _ways_on((await self.sessions.attempt(visit.cookies)).ticket, error)
        except GatewayError:
            return ()

    async def _leave(self, visit: Visit) -> Answer:
        try:
            session = await self.sessions.session(visit.cookies)
        except Unauthenticated:
            return _left()
        visit.check_origin(self.origin)
        await self._check_token(session, _LEAVE, visit)
        try:
            await self.sessions.end(session)
        except GatewayError as error:
            return trouble(error, (), (*forget(), forget_attempt()))
        return _left()

    async def _check_token(self, session: WebSession, form: str, visit: Visit) -> None:
        expected = await self.sessions.form_token(session, form)
        if not hmac.compare_digest(visit.field_of("token").encode(), expected.encode()):
            raise Forbidden(
                "the form does not belong to this session and this request",
                reason=Reason.REQUEST_INVALID,
                advice="open the request's page again and decide there",
            )


@dataclass(frozen=True, slots=True)
class ClosedPages:
    """The pages of a gateway without a sign-in application."""

    async def respond(self, name: str, visit: Visit) -> Answer:  # noqa: ARG002 - as `ReviewPages`
        """See `contract.Pages`.

        Raises:
            Unavailable: always.
        """
        raise Unavailable(
            "this gateway has no sign-in for reviewers",
            reason=Reason.SIGN_IN_UNAVAILABLE,
            advice="ask its operator to set CHAPERONE_SIGNIN_CLIENT_ID",
        )


@dataclass(frozen=True, slots=True)
class Desk:
    """The ports behind the pages."""

    provider: SignInProvider
    id_tokens: IdTokens
    cookie_keys: DigestKeys
    state: StateStore
    reviews: Reviews
    clock: Clock
    entropy: Entropy


def open_pages(origin: str, rules: Rules, lifetimes: Lifetimes, desk: Desk) -> ReviewPages:
    """The pages of a gateway at `origin`, `https://host[:port]`."""
    sessions = Sessions(desk.cookie_keys, desk.state, desk.clock, desk.entropy, lifetimes)
    flow = SignIn(
        rules=rules,
        provider=desk.provider,
        id_tokens=desk.id_tokens,
        sessions=sessions,
        clock=desk.clock,
        entropy=desk.entropy,
    )
    return ReviewPages(origin, flow, sessions, desk.reviews, desk.clock)


def trouble(
    error: GatewayError,
    links: tuple[tuple[str, str], ...] = (),
    cookies: tuple[str, ...] = (),
) -> Answer:
    """An error as a page."""
    status, sentences = problem.for_people(error)
    return page.answer(status, pages.trouble(status, sentences, links), cookies)


def _not_used(ticket: str, error: Unauthenticated) -> Answer:
    told = Unauthenticated(
        f"{str(error).rstrip('.')}; nothing was decided",
        reason=error.reason,
        advice="sign in, then decide",
    )
    return trouble(told, _ways_on(ticket, told), forget())


def _left() -> Answer:
    said = pages.notice(
        "You are signed out",
        "This gateway has forgotten you. Your organisation's own sign-in may still remember you; "
        "on a shared computer, sign out there too.",
    )
    return page.answer(200, said, (*forget(), forget_attempt()))


def _ways_on(ticket: str, error: GatewayError) -> tuple[tuple[str, str], ...]:
    words = "Read the request as it is now" if ticket else "See what waits for you"
    again = (_page_of(ticket), words)
    match error:
        case NotFound():
            return ()
        case Unauthenticated():
            return ((signin.address(ticket), "Sign in again"),)
        case Forbidden(reason=reason) if reason in _READ_AGAIN:
            return (again,)
        case Forbidden(reason=Reason.TOKEN_EXPIRED):
            return ((signin.address(ticket, "login"), "Sign in again"),)
        case Forbidden():
            return ((signin.address(ticket, "select_account"), "Sign in as somebody else"),)
        case _:
            return (again,)


def _page_of(ticket: str) -> str:
    return f"/approvals/{ticket}" if ticket else "/approvals"


def _ticket_id(text: str) -> str:
    if not _TICKET.fullmatch(text):
        raise NotFound("a ticket's id is 32 hexadecimal digits")
    return text


def _decision(text: str) -> Literal["approve", "reject"]:
    match text:
        case "approve" | "reject":
            return text
        case _:
            raise InvalidRequest(
                "the form says neither approve nor reject", advice="open the page again"
            )


def _complaint(decision: Literal["approve", "reject"], reason: str) -> str:
    if len(reason) > pages.MAX_REASON_CHARS:
        return f"The reason is over {pages.MAX_REASON_CHARS} characters. Nothing was decided yet."
    if decision == "reject" and not reason:
        return "Say why you reject it; the agent's sponsor will ask. Nothing was decided yet."
    return ""
