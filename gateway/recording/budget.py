"""How many tokens a principal has had turned back this hour: a small blob, moved by its ETag.

One blob for each principal, whatever the number of instances. Where it cannot be known how many
there were, none is turned back.
"""

from dataclasses import dataclass
from datetime import UTC
from hashlib import sha256
from typing import Final

import orjson

from gateway.errors import Denied, NotFound, PreconditionFailed, Reason, StoreError, Unavailable
from gateway.ports import Clock, StateStore

PREFIX: Final = "token-openings/"
_ATTEMPTS: Final = 10


@dataclass(frozen=True, slots=True)
class StateTokenBudget:
    """`ports.TokenBudget` in the state store.

    Attributes:
        state: where the counts are.
        clock: says which hour it is, UTC.
        limit: tokens that one principal may have turned back in an hour.
    """

    state: StateStore
    clock: Clock
    limit: int

    async def take(self, owner: str, number: int) -> None:
        """See `ports.TokenBudget`."""
        name = PREFIX + sha256(owner.encode()).hexdigest()
        hour = self.clock.now().astimezone(UTC).strftime("%Y-%m-%dT%H")
        for _ in range(_ATTEMPTS):
            try:
                taken, etag = await self._taken(name, hour)
                if taken + number > self.limit:
                    raise Denied(
                        f"{self.limit} tokens an hour are turned back for one caller, and these "
                        "would be more",
                        reason=Reason.TOKEN_LIMIT,
                        advice="wait until the next hour, or search by codes and references",
                    )
                data = orjson.dumps({"hour": hour, "taken": taken + number})
                await self.state.swap(name, data, etag)
            except PreconditionFailed:
                continue
            except StoreError:
                break
            return
        raise Unavailable(
            "how many tokens were turned back for this caller cannot be known now",
            reason=Reason.TOKEN_LIMIT,
            advice="repeat the request in a minute",
        )

    async def _taken(self, name: str, hour: str) -> tuple[int, str | None]:
        try:
            stored = await self.state.get(name)
        except NotFound:
            return 0, None
        try:
            found = orjson.loads(stored.data)
            return (int(found["taken"]) if found["hour"] == hour else 0), stored.etag
        except (ValueError, KeyError, TypeError):
            raise Unavailable(
                "the count of this caller's tokens cannot be understood",
                reason=Reason.TOKEN_LIMIT,
                advice="ask the gateway's operators",
            ) from None
