"""Reviewers' pages over fakes: a clock that stands still, a provider in memory, held requests."""

import base64
from collections.abc import Mapping, Sequence

from gateway.ingress.reviewing import Desk, ReviewPages, open_pages
from gateway.ingress.sessions import Lifetimes
from gateway.ingress.signin import Rules, SignIn
from gateway.ingress.visit import Visit, cookies
from gateway.model.message import Answer
from gateway.refresh.digest_keys import SecretDigestKeys
from gateway.refresh.id_tokens import EntraIdTokens
from gateway.refresh.keyring import KeyRing
from tests.fakes.identity import AUTHORITY, GROUP, FakeKeyEndpoint, signing_key
from tests.fakes.people import ACCEPTED_SIGN_IN, SIGN_IN, FakeSignIn
from tests.fakes.reviews import TICKET, FakeReviews, view
from tests.fakes.secrets import FakeSecrets
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock, FakeEntropy

ORIGIN = "https://gateway.example"


class World:
    """One gateway's pages; `jar` is the cookies of one browser."""

    def __init__(
        self,
        *,
        require_mfa: bool = True,
        auth_context: str = "",
        claims: Mapping[str, object] | None = None,
    ) -> None:
        self.clock = FakeClock()
        self.provider = FakeSignIn(self.clock, dict(claims or {}))
        self.reviews = FakeReviews(self.clock, group=GROUP)
        self.ticket = self.reviews.hold(view())
        self.secrets = FakeSecrets({"cookie": base64.b64encode(bytes(32)).decode()})
        self.state = FakeStateStore(self.clock)
        self.jar: dict[str, str] = {}
        ring = KeyRing(FakeKeyEndpoint(signing_key()), self.clock, AUTHORITY)
        desk = Desk(
            provider=self.provider,
            id_tokens=EntraIdTokens(ring, ACCEPTED_SIGN_IN, self.clock),
            cookie_keys=SecretDigestKeys(self.secrets, "cookie", "cookie key"),
            state=self.state,
            reviews=self.reviews,
            clock=self.clock,
            entropy=FakeEntropy(),
        )
        rules = Rules(
            client_id=SIGN_IN,
            redirect_uri=f"{ORIGIN}/signin/callback",
            require_mfa=require_mfa,
            auth_context=auth_context,
            max_age=3600,
        )
        self.pages: ReviewPages = open_pages(ORIGIN, rules, Lifetimes(900, 3600), desk)

    @property
    def signin(self) -> SignIn:
        return self.pages.signin

    def visit(
        self,
        method: str = "GET",
        *,
        query: Mapping[str, Sequence[str]] | None = None,
        cookie: str = "",
        ticket: str = "",
        form: Mapping[str, str] | None = None,
    ) -> Visit:
        """A visit with the cookie given, or with those of the jar."""
        given = cookies(cookie.partition(";")[0]) if cookie else dict(self.jar)
        fields = {name: [value] for name, value in (form or {}).items()}
        return Visit(method, ticket, query or {}, given, fields)

    async def respond(self, name: str, visit: Visit) -> Answer:
        """The answer, its cookies kept."""
        answer = await self.pages.respond(name, visit)
        for value in answer.headers.all("set-cookie"):
            pair, _, attributes = value.partition(";")
            key, _, text = pair.partition("=")
            self.jar.pop(key, None)
            if "Max-Age=0" not in attributes:
                self.jar[key] = text
        return answer

    async def sign_in(self, ticket: str = TICKET) -> Answer:
        """The whole way; the callback's answer."""
        begun = await self.respond("signin", self.visit(query={"ticket": [ticket]}))
        answer = self.provider.answer(begun.headers.get("location") or "")
        return await self.respond("callback", self.visit(query=answer))

    async def read(self, ticket: str = TICKET, method: str = "GET") -> Answer:
        """The ticket's page."""
        return await self.respond("ticket", self.visit(method, ticket=ticket))

    async def form(self, decision: str, reason: str = "", **changes: str) -> dict[str, str]:
        """The form of the ticket's page as a browser would send it."""
        session = await self.pages.sessions.session(self.jar)
        return {
            "token": await self.pages.sessions.form_token(session, TICKET),
            "page_digest": self.ticket.page_digest,
            "decision": decision,
            "reason": reason,
            **changes,
        }

    async def decide(self, decision: str, reason: str = "", **changes: str) -> Answer:
        """Press a button."""
        form = await self.form(decision, reason, **changes)
        return await self.respond("ticket", self.visit("POST", ticket=TICKET, form=form))
