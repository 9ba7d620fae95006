"""Reviewers' sign-in: OpenID Connect's authorization code flow with PKCE, S256.

The way back is made from a ticket's id and never from a URL, so that it cannot lead elsewhere.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from gateway.authn.id_token import Expected, check_methods
from gateway.authn.oidc import Attempt, Demand, authorization_code, authorization_url
from gateway.errors import Forbidden, Reason, Unauthenticated
from gateway.ingress.sessions import ATTEMPT_SECONDS, Sessions, WebSession
from gateway.ingress.visit import Visit
from gateway.model.principal import Principal
from gateway.ports import Clock, Entropy, IdTokens, SignInProvider

_SECRET_BYTES = 32  # 256 bits each for state, nonce and PKCE verifier (RFC 7636 §7.1)
_LEEWAY = timedelta(seconds=60)
PROMPTS = frozenset({"login", "select_account"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What a sign-in must show.

    Attributes:
        client_id: the sign-in application.
        redirect_uri: the gateway's callback, as registered.
        require_mfa: refuse a sign-in without sign of a second factor.
        auth_context: authentication context to ask for and to insist on, "" for none.
        max_age: seconds since the person last authenticated.
    """

    client_id: str
    redirect_uri: str
    require_mfa: bool
    auth_context: str
    max_age: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A finished sign-in, and the ticket that it was for, "" for the list."""

    session: WebSession
    ticket: str


class SignIn:
    """Begins and ends sign-ins, and says who somebody is at this moment."""

    def __init__(  # noqa: PLR0913 - five ports and the rules
        self,
        *,
        rules: Rules,
        provider: SignInProvider,
        id_tokens: IdTokens,
        sessions: Sessions,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._rules = rules
        self._provider = provider
        self._id_tokens = id_tokens
        self._sessions = sessions
        self._clock = clock
        self._entropy = entropy

    async def begin(self, ticket: str, prompt: str) -> tuple[str, str]:
        """Where to send the browser, and the Set-Cookie that ties the answer to it.

        Raises:
            Unavailable: the provider or the cookie key cannot be had.
        """
        now = int(self._clock.now().timestamp())
        state, nonce, verifier = (self._entropy.hex(_SECRET_BYTES) for _ in range(3))
        attempt = Attempt(state, nonce, verifier, ticket, now + ATTEMPT_SECONDS)
        demand = Demand(
            client_id=self._rules.client_id,
            redirect_uri=self._rules.redirect_uri,
            max_age=self._rules.max_age,
            auth_context=self._rules.auth_context,
            prompt=prompt if prompt in PROMPTS else "",
        )
        url = authorization_url(await self._provider.authorization_endpoint(), demand, attempt)
        return url, await self._sessions.keep_attempt(attempt)

    async def finish(self, visit: Visit) -> SignedIn:
        """The session that the provider's answer opens.

        Nothing is asked of the provider before the answer is known to be this browser's: a link
        scanner that follows the redirect cannot use up the code.

        Raises:
            Unauthenticated: the answer is not good, or not this browser's.
            Forbidden: the person shows too little, or too many groups.
            InvalidRequest: the answer is malformed.
            Unavailable: the provider cannot be asked.
        """
        attempt = await self._sessions.attempt(visit.cookies)
        now = self._clock.now()
        fields = {name: list(values) for name, values in visit.query.items()}
        code = authorization_code(fields, attempt, int(now.timestamp()))
        tokens = await self._provider.redeem(code, attempt.verifier)
        person = await self._id_tokens.verify(tokens.id_token, Expected(attempt.nonce))
        self._check(person, now)
        session = WebSession.of(person, attempt.nonce, tokens.refresh_token, int(now.timestamp()))
        return SignedIn(session, attempt.ticket)

    async def current(self, session: WebSession) -> tuple[Principal, WebSession]:
        """The person as the directory has them now: groups, and that they may still sign in.

        Raises:
            Unauthenticated: the provider wants them to sign in again, or names somebody else.
            Forbidden: as for `finish`.
            Unavailable: the provider cannot be asked.
        """
        tokens = await self._provider.renew(session.refresh_token)
        expected = Expected(session.id, renewed=True)
        person = await self._id_tokens.verify(tokens.id_token, expected)
        if (person.tenant, person.object_id) != (session.tenant, session.object_id):
            raise Unauthenticated("the identity provider names another person than before")
        # A refresh proves nothing new about the person; what the sign-in showed stays what counts.
        person = replace(
            person,
            authenticated_at=datetime.fromtimestamp(session.authenticated, UTC),
            methods=frozenset(session.methods),
        )
        self._check(person, self._clock.now())
        return person, replace(session, refresh_token=tokens.refresh_token)

    def _check(self, person: Principal, now: datetime) -> None:
        if self._rules.require_mfa or self._rules.auth_context:
            check_methods(person, self._rules.auth_context)
        if now - person.authenticated_at > timedelta(seconds=self._rules.max_age) + _LEEWAY:
            raise Forbidden(
                "you signed in to the identity provider too long ago to decide",
                reason=Reason.TOKEN_EXPIRED,
                advice="sign in again",
            )


def address(ticket: str = "", prompt: str = "") -> str:
    """Path and query of the page that begins a sign-in; without a ticket, for the list of them."""
    given = (("ticket", ticket), ("prompt", prompt))
    query = urlencode([(name, value) for name, value in given if value])
    return f"/signin?{query}" if query else "/signin"
