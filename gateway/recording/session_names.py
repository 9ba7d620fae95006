"""Names that answers of a session have shown in their fields, as digests in the state store.

One small blob for each session, moved by its ETag, so that every instance knows what any of them
has learned. Its key is derived from the digest key and the session: what one session has learned
says nothing about another's. Oldest first; what is over the bound goes, the oldest before.
"""

import hmac
from collections import OrderedDict
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from gateway.errors import NotFound, PreconditionFailed, Reason, StoreError, Unavailable
from gateway.masking.session_names import DIGEST_BYTES, SessionNames
from gateway.model.principal import Session
from gateway.ports import Clock, DigestKeys, StateStore

PREFIX: Final = "session-names/"
MAX_STORED: Final = 4000
"""Words of names of one session; about two thousand names."""
LIFETIME: Final = timedelta(days=30)
"""After the last name that a session has learned."""

_LABEL: Final = b"chaperone session names 1\0"
_ATTEMPTS: Final = 10
_SESSIONS: Final = 256
_WORDS: Final = 65_536
"""Of names of all these sessions that a process remembers as stored; 6 MiB."""


class StateSessionNames:
    """`ports.SessionMemory` in the state store.

    Args:
        state: where the digests are.
        keys: of the digests.
        clock: says what is old.
    """

    def __init__(self, state: StateStore, keys: DigestKeys, clock: Clock) -> None:
        self._state = state
        self._keys = keys
        self._clock = clock
        # What this process knows to be stored: learned again, it needs no call. Never read from.
        self._stored: OrderedDict[str, frozenset[bytes]] = OrderedDict()
        self._words = 0

    async def empty(self, session: Session) -> SessionNames:
        """See `ports.SessionMemory`."""
        key = await self._keys.current()
        return SessionNames(hmac.digest(key.key, _LABEL + session.id.encode(), "sha256"))

    async def recall(self, session: Session) -> SessionNames:
        """See `ports.SessionMemory`."""
        names = await self.empty(session)
        try:
            digests, _ = await self._read(session)
        except StoreError as error:
            raise _unavailable() from error
        return SessionNames(names.key, frozenset(digests))

    async def remember(self, session: Session, seen: Iterable[bytes]) -> None:
        """See `ports.SessionMemory`."""
        learned = frozenset(seen)
        if learned <= self._stored.get(session.id, frozenset()):
            return
        for _ in range(_ATTEMPTS):
            try:
                digests, etag = await self._read(session)
                kept = [digest for digest in digests if digest not in learned]
                merged = [*kept, *sorted(learned)][-MAX_STORED:]
                if not learned <= set(digests):
                    await self._state.swap(PREFIX + session.id, b"".join(merged), etag)
            except PreconditionFailed:
                continue
            except StoreError as error:
                raise _unavailable() from error
            self._note(session, merged)
            return
        raise _unavailable()

    async def sweep(self) -> int:
        """See `ports.SessionMemory`."""
        return await self._state.forget(PREFIX, self._clock.now() - LIFETIME)

    async def _read(self, session: Session) -> tuple[list[bytes], str | None]:
        try:
            stored = await self._state.get(PREFIX + session.id)
        except NotFound:
            return [], None
        data = stored.data
        if len(data) % DIGEST_BYTES or len(data) > MAX_STORED * DIGEST_BYTES:
            raise _unavailable()
        found = [data[start : start + DIGEST_BYTES] for start in range(0, len(data), DIGEST_BYTES)]
        return found, stored.etag

    def _note(self, session: Session, stored: list[bytes]) -> None:
        # Near the bound another process may push out what this one remembers as stored.
        words = frozenset(stored if len(stored) < MAX_STORED // 2 else ())
        self._words += len(words) - len(self._stored.get(session.id, ()))
        self._stored[session.id] = words
        self._stored.move_to_end(session.id)
        while len(self._stored) > _SESSIONS or self._words > _WORDS:
            _, gone = self._stored.popitem(last=False)
            self._words -= len(gone)


def _unavailable() -> Unavailable:
    return Unavailable(
        "the names that this session has shown cannot be known now, so no text is shown",
        reason=Reason.MASKING_FAILED,
        advice="repeat the request in a minute",
    )
