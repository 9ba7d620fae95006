"""Whether the evidence container's retention policy is locked, as this instance knows it.

What Resource Manager says is put on record, and kept in the state store under a keyed digest, so
that a new instance need not wait for Resource Manager and nobody who can write there can forge it.
A result that is too old counts as none.
"""

import asyncio
import hmac
import logging
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as stored_dataclass

from gateway.errors import GatewayError, NotFound, PreconditionFailed, Reason, Unavailable
from gateway.evidence.retention import FLOOR_DAYS, Retention, fault, policy
from gateway.ports import Clock, Journal, RetentionPolicies, SealingKeys, StateStore
from gateway.refresh.age import within

_LOG = logging.getLogger(__name__)
BLOB: Final = "retention.json"
_PURPOSE: Final = "retention-policy"
_MAC: Final = re.compile(r"hmac-sha256:([\w-]{1,128}):[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RetentionAges:
    """How long a result is good.

    Attributes:
        refresh: from then on another look is taken while requests go on.
        maximum: from then on requests are refused.
        retry: between two looks while the policy is not good or cannot be read.
        record: an unchanged policy is put on record again after this time.
    """

    refresh: timedelta = timedelta(minutes=10)
    maximum: timedelta = timedelta(hours=4)
    retry: timedelta = timedelta(seconds=10)
    record: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Container:
    """Which container, and how long it must keep records, in days.

    Attributes:
        resource_id: Resource Manager's id of its storage account.
        name: of the container.
    """

    resource_id: str
    name: str
    floor_days: int = FLOOR_DAYS


@stored_dataclass(frozen=True, slots=True)
class _Observation:
    """What was seen when, and since when it stands on record."""

    retention: Retention
    observed_at: AwareDatetime
    recorded_at: AwareDatetime


@stored_dataclass(frozen=True, slots=True)
class _Stored:
    """The blob: an observation's JSON and its keyed digest over place and content."""

    content: str
    mac: str


_OBSERVATION: Final = TypeAdapter(_Observation)
_STORED: Final = TypeAdapter(_Stored)


class RetentionWatch:
    """Lets requests pass under a locked policy that keeps records long enough."""

    def __init__(  # noqa: PLR0913 - five ports and the container
        self,
        *,
        policies: RetentionPolicies,
        state: StateStore,
        journal: Journal,
        keys: SealingKeys,
        clock: Clock,
        container: Container,
        ages: RetentionAges | None = None,
    ) -> None:
        self._policies = policies
        self._state = state
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self._container = container
        self._ages = ages or RetentionAges()
        self._known: _Observation | None = None
        self._fault = ""
        self._looked = False
        self._attempted_at: datetime | None = None
        self._look: asyncio.Task[None] | None = None

    async def require(self) -> None:
        """Pass, or refuse.

        Raises:
            Unavailable: POLICY_NOT_LOCKED: the policy is not good, or that cannot be known now.
        """
        if not self._usable() and self._due():
            await asyncio.shield(self._start())
        elif self._due():
            self._start()
        if not self._usable():
            raise _refusal("the retention policy of the evidence container cannot be read")
        if self._fault:
            raise _refusal(self._fault)

    async def check(self) -> None:
        """Ask Resource Manager now, for the timer.

        Raises:
            GatewayError: it does not answer, what it says cannot be recorded, or is not good.
        """
        await self._observe()
        if self._fault:
            raise _refusal(self._fault)

    async def close(self) -> None:
        """End a look that is under way."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait({self._look})

    def _usable(self) -> bool:
        known = self._known
        return known is not None and within(
            known.observed_at, self._ages.maximum, self._clock.now()
        )

    def _due(self) -> bool:
        """Whether a look is to be taken, or to be waited for where nothing is known."""
        if self._look is not None and not self._look.done():
            return True
        now, known = self._clock.now(), self._known
        fresh = known is not None and within(known.observed_at, self._ages.refresh, now)
        if fresh and self._looked and not self._fault:
            return False
        return not within(self._attempted_at, self._ages.retry, now)

    def _start(self) -> "asyncio.Task[None]":
        """The look under way, or a new one."""
        if self._look is None or self._look.done():
            self._look = asyncio.get_running_loop().create_task(self._take_a_look())
        return self._look

    async def _take_a_look(self) -> None:
        """Take over what another instance saw; ask where that is too old or not good."""
        cold = self._known is None
        adopted = await self._adopt()
        if adopted and cold:
            # Requests go on with it; the next one has this instance ask for itself.
            return
        try:
            if not adopted or self._fault:
                await self._observe()
        except GatewayError as error:
            _LOG.error("the evidence policy could not be checked: %s", error)
        finally:
            self._looked = True
            self._attempted_at = self._clock.now()

    async def _observe(self) -> None:
        before = self._known
        now = self._clock.now()
        retention = await self._policies.read()
        recorded_at = before.recorded_at if before else None
        old = not within(recorded_at, self._ages.record, now)
        if before is None or before.retention != retention or old:
            place = self._container
            await self._journal.append(policy(place.name, retention, place.resource_id))
            recorded_at = now
        seen = _Observation(retention, now, recorded_at or now)
        self._take(seen)
        # The result is good without being stored; only the next cold start is slower then.
        with suppress(GatewayError):
            await self._store(seen)

    def _take(self, observation: _Observation) -> None:
        self._known = observation
        self._fault = fault(observation.retention, self._container.floor_days)

    async def _adopt(self) -> bool:
        """Whether the state store has a result that is good to go on with, newer than ours."""
        try:
            blob = await self._state.get(BLOB)
            found = await self._opened(blob.data)
        except NotFound:
            return False
        except GatewayError as error:
            _LOG.warning("the stored result on the evidence policy is of no use: %s", error)
            return False
        now, known = self._clock.now(), self._known
        newer = known is None or found.observed_at > known.observed_at
        limit = self._ages.refresh if self._looked else self._ages.maximum
        if not newer or not within(found.observed_at, limit, now):
            return False
        self._take(found)
        return True

    async def _opened(self, data: bytes) -> _Observation:
        try:
            stored = _STORED.validate_json(data)
            named = _MAC.fullmatch(stored.mac)
            if named is None:
                raise _forged()
            key = await self._keys.version(named[1])
            if not hmac.compare_digest(key.of(_PURPOSE, self._bound(stored.content)), stored.mac):
                raise _forged()
            return _OBSERVATION.validate_json(stored.content)
        except ValidationError:
            raise _forged() from None

    async def _store(self, seen: _Observation) -> None:
        content = _OBSERVATION.dump_json(seen).decode()
        mac = (await self._keys.current()).of(_PURPOSE, self._bound(content))
        data = _STORED.dump_json(_Stored(content, mac))
        try:
            etag: str | None = (await self._state.get(BLOB)).etag
        except NotFound:
            etag = None
        with suppress(PreconditionFailed):  # another instance has just looked, too
            await self._state.swap(BLOB, data, etag)

    def _bound(self, content: str) -> bytes:
        # A result of another container must not pass for this one's.
        place = self._container
        return f"{place.resource_id.lower()}\0{place.name}\0{content}".encode()


class ObservedRetention:
    """A development gateway on a real account: the policy goes on record and is not required."""

    def __init__(self, watch: RetentionWatch) -> None:
        self._watch = watch

    async def require(self) -> None:
        """Pass."""

    async def check(self) -> None:
        """As `RetentionWatch.check`, where a policy that is not good is no failure.

        Raises:
            GatewayError: Resource Manager does not answer, or it cannot be recorded.
        """
        try:
            await self._watch.check()
        except Unavailable as error:
            if error.reason is not Reason.POLICY_NOT_LOCKED:
                raise


def _forged() -> Unavailable:
    return _refusal("it is not what this gateway wrote")


def _refusal(message: str) -> Unavailable:
    return Unavailable(
        message,
        reason=Reason.POLICY_NOT_LOCKED,
        advice="operators: lock the policy with `pulumi up` (see the operator's guide), or run "
        "`chaperone doctor`",
    )
