"""What a browser keeps for the gateway: a sign-in under way, and the session after it.

Both are sealed cookies with the `__Host-` prefix (RFC 6265bis §4.1.3.2), so that no instance has
to remember anybody and no other host can set them. What is remembered, in the state store, is who
has signed out: a copy of the cookie is then worth nothing.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256

import orjson

from gateway.authn.oidc import Attempt
from gateway.authn.sealed import NONCE_BYTES, form_token, seal, unseal
from gateway.errors import (
    NotFound,
    PreconditionFailed,
    Reason,
    StoreError,
    Unauthenticated,
    Unavailable,
)
from gateway.model.digest import DigestKey
from gateway.model.principal import Principal
from gateway.ports import Clock, DigestKeys, Entropy, StateStore

SESSION = "__Host-chaperone-session"
ATTEMPT = "__Host-chaperone-signin"
ATTEMPT_SECONDS = 600

_PIECE_CHARS = 3800  # browsers keep 4096 bytes of name, value and attributes
_MAX_PIECES = 3
_CLOCK_SECONDS = 60  # by which two instances' clocks may differ
_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"


@dataclass(frozen=True, slots=True)
class WebSession:
    """A person's session; times are Unix seconds.

    Attributes:
        id: nonce of the sign-in, random; forms are bound to it.
        tenant, object_id, name: who signed in.
        authenticated: when the person last proved who they are.
        methods: how, as in `Principal`.
        began: when the session began.
        seen: when it was last used.
        refresh_token: reads the person's groups again; stands nowhere but in the sealed cookie.
    """

    id: str = field(repr=False)
    tenant: str
    object_id: str
    name: str
    authenticated: int
    methods: tuple[str, ...]
    began: int
    seen: int
    refresh_token: str = field(repr=False)

    @classmethod
    def of(cls, principal: Principal, nonce: str, refresh_token: str, now: int) -> "WebSession":
        """The session of somebody who has just signed in."""
        return cls(
            id=nonce,
            tenant=principal.tenant,
            object_id=principal.object_id,
            name=principal.name,
            authenticated=int(principal.authenticated_at.timestamp()),
            methods=tuple(sorted(principal.methods)),
            began=now,
            seen=now,
            refresh_token=refresh_token,
        )


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """How long a session may go unused, and how long it may last at all; seconds."""

    idle: int
    absolute: int


class Sessions:
    """Reads and writes the two cookies, and knows which sessions were ended."""

    def __init__(
        self,
        keys: DigestKeys,
        state: StateStore,
        clock: Clock,
        entropy: Entropy,
        lifetimes: Lifetimes,
    ) -> None:
        self._keys = keys
        self._state = state
        self._clock = clock
        self._entropy = entropy
        self._lifetimes = lifetimes

    async def attempt(self, cookies: Mapping[str, str]) -> Attempt:
        """The sign-in that this browser began.

        Raises:
            Unauthenticated: none, or not from here.
            Unavailable: the cookie key cannot be had.
        """
        sealed = cookies.get(ATTEMPT)
        if sealed is None:
            raise Unauthenticated(
                "no sign-in is under way in this browser", advice="open the link again"
            )
        data = unseal(ATTEMPT, sealed, await self._keys.current())
        try:
            return Attempt(**orjson.loads(data))
        except TypeError:
            raise _of_another_release() from None

    async def keep_attempt(self, attempt: Attempt) -> str:
        """Set-Cookie for a sign-in under way."""
        sealed = self._seal(ATTEMPT, asdict(attempt), await self._keys.current())
        return _cookie(ATTEMPT, sealed, ATTEMPT_SECONDS)

    async def session(self, cookies: Mapping[str, str]) -> WebSession:
        """The session of this browser.

        Raises:
            Unauthenticated: TOKEN_MISSING without one, TOKEN_EXPIRED, TOKEN_INVALID.
            Unavailable: the cookie key cannot be had, or it is not known whether it was ended.
        """
        sealed = _joined(cookies)
        if not sealed:
            raise Unauthenticated("you are not signed in", reason=Reason.TOKEN_MISSING)
        session = _session(unseal(SESSION, sealed, await self._keys.current()))
        now = int(self._clock.now().timestamp())
        until = min(session.seen + self._lifetimes.idle, session.began + self._lifetimes.absolute)
        late = not session.began <= session.seen <= now + _CLOCK_SECONDS or now >= until
        if late or await self._ended(session):
            raise Unauthenticated(
                "your session has ended", reason=Reason.TOKEN_EXPIRED, advice="sign in again"
            )
        return session

    async def end(self, session: WebSession) -> None:
        """Let nobody use the session again, whoever has a copy of its cookie.

        Raises:
            Unavailable: it may go on for whoever has one.
        """
        try:
            await self._state.swap(_end_of(session), b"ended", None)
        except PreconditionFailed:
            return
        except StoreError as error:
            raise _unknown("your session could not be ended everywhere") from error

    async def _ended(self, session: WebSession) -> bool:
        try:
            await self._state.get(_end_of(session))
        except NotFound:
            return False
        except StoreError as error:
            raise _unknown("whether your session was ended cannot be known now") from error
        return True

    async def keep(self, session: WebSession) -> tuple[str, ...]:
        """Set-Cookie fields for a session that was used now."""
        used = replace(session, seen=int(self._clock.now().timestamp()))
        sealed = self._seal(SESSION, asdict(used), await self._keys.current())
        pieces = [sealed[at : at + _PIECE_CHARS] for at in range(0, len(sealed), _PIECE_CHARS)]
        if len(pieces) > _MAX_PIECES:
            raise Unauthenticated("the identity provider's tokens are too long to be kept")
        # The count stands first, so that a piece of an older, longer session is not read again.
        values = [f"{len(pieces)}~{pieces[0]}", *pieces[1:]]
        names = [_piece(index) for index in range(len(values))]
        return tuple(
            _cookie(name, value, self._lifetimes.idle)
            for name, value in zip(names, values, strict=True)
        )

    async def form_token(self, session: WebSession, form: str) -> str:
        """The anti-forgery token of one form of one session; `form` is a ticket's id or a word."""
        return form_token(await self._keys.current(), session.id, form)

    def _seal(self, purpose: str, fields: Mapping[str, object], key: DigestKey) -> str:
        nonce = bytes.fromhex(self._entropy.hex(NONCE_BYTES))
        return seal(purpose, orjson.dumps(fields), key, nonce)


def forget_attempt() -> str:
    """Set-Cookie that ends the sign-in under way."""
    return _cookie(ATTEMPT, "", 0)


def forget() -> tuple[str, ...]:
    """Set-Cookie fields that end the session."""
    return tuple(_cookie(_piece(index), "", 0) for index in range(_MAX_PIECES))


def _session(data: bytes) -> WebSession:
    fields = orjson.loads(data)
    try:
        return WebSession(**{**fields, "methods": tuple(fields["methods"])})
    except (KeyError, TypeError):
        raise _of_another_release() from None


def _end_of(session: WebSession) -> str:
    # Begins with the day, so that a lifecycle rule or a person can clear old ones away.
    return f"signed-out/{session.began // 86400}/{sha256(session.id.encode()).hexdigest()}"


def _unknown(message: str) -> Unavailable:
    return Unavailable(
        message, reason=Reason.SIGN_IN_UNAVAILABLE, advice="close the browser; try again later"
    )


def _of_another_release() -> Unauthenticated:
    return Unauthenticated("the session is of another release", advice="sign in again")


def _cookie(name: str, value: str, seconds: int) -> str:
    return f"{name}={value}; Max-Age={seconds}; {_ATTRIBUTES}"


def _piece(index: int) -> str:
    return f"{SESSION}-{index}" if index else SESSION


def _joined(cookies: Mapping[str, str]) -> str:
    count, mark, first = cookies.get(SESSION, "").partition("~")
    if not mark or count not in {str(number) for number in range(1, _MAX_PIECES + 1)}:
        return ""
    rest = [cookies.get(_piece(index), "") for index in range(1, int(count))]
    return "".join([first, *rest])
