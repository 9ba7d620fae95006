"""What stages of the pipeline need: the manifest, a person, an upstream, an engine."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from gateway.errors import GatewayError
from gateway.masking.session_names import SessionNames
from gateway.model.canonical import Json
from gateway.model.connection import Masking
from gateway.model.exchange import (
    Approved,
    Authenticated,
    Authorised,
    Forwarded,
    Masked,
    Prepared,
    Receipt,
    Screened,
    Settled,
)
from gateway.model.message import Answer, UpstreamRequest, UpstreamResponse
from gateway.model.operation import Resource
from gateway.model.principal import Session
from gateway.model.representation import Cached, MaskedKey, Plan
from gateway.policy.policy import Policy

MaskingOf: TypeAlias = Callable[[Resource], Masking]


class Manifests(Protocol):
    """The manifest in force."""

    async def current(self) -> Policy:
        """The compiled manifest that was activated last.

        Raises:
            Unavailable: none was activated, or it cannot be known for too long.
        """
        ...


class Approvals(Protocol):
    """Asks a person."""

    async def approve(self, screened: Screened) -> Approved | Settled:
        """The approved exchange, or the answer of one that was carried out already.

        Raises:
            ApprovalRequired: held; the error says where to read the result.
            Denied: cannot be asked, was rejected or has expired.
        """
        ...


@dataclass(frozen=True, slots=True)
class Carried:
    """A held request, carried out; `record` says how it ended and is yet to be written."""

    record: Mapping[str, Json]
    answer: Answer | None
    error: GatewayError | None = None


class Execution(Protocol):
    """Carries out an approved request through the stages of the pipeline."""

    async def execute(
        self,
        authenticated: Authenticated,
        approval: str,
        claim: Callable[[Policy, Prepared], Awaitable[Receipt]],
    ) -> Carried:
        """Judge the stored request by the manifest in force; once `claim` passes, send it once.

        Args:
            authenticated: the requester and the stored request.
            approval: the ticket's id.
            claim: makes the `executing` record durable, or raises; nothing is sent before.

        Raises:
            GatewayError: nothing was sent: refused, or not possible now.
        """
        ...


class Upstream(Protocol):
    """One HTTP exchange with an upstream; redirects are answers, never followed."""

    async def send(
        self, request: UpstreamRequest, max_bytes: int, *, read: bool = False
    ) -> UpstreamResponse:
        """The whole answer, at most `max_bytes` of body.

        Args:
            request: sent once.
            max_bytes: bound.
            read: it changes nothing. A GET or HEAD may then go out once more, on a new connection,
                where a kept one died before anything came back; `sends` says so.

        Raises:
            UpstreamUnreachable: nothing was sent.
            UpstreamInterrupted: sent, and the end is unknown.
            ResponseTooLarge: the body is over `max_bytes`.
        """
        ...


class Masker(Protocol):
    """Makes the answer fit to be seen."""

    def admit(self, authorised: Authorised) -> None:
        """Refuse before forwarding what certainly could not be shown afterwards.

        Raises:
            Withheld: no answer to this operation may be shown, whatever the upstream says.
        """
        ...

    async def prepare(self, authorised: Authorised, masking_of: MaskingOf) -> Plan:
        """How the answer will be masked; fixed before the request is built.

        Args:
            authorised: what is about to be asked.
            masking_of: the masking of a place for this request.

        Raises:
            Unavailable: the profile makes tokens, and there is no key for them.
        """
        ...

    async def mask(self, forwarded: Forwarded, masking_of: MaskingOf) -> Masked:
        """The answer as the agent may see it, from what the upstream said.

        Large bodies are worked on in threads, so that other requests go on.

        Raises:
            Withheld: the content may not be shown, or cannot be masked.
        """
        ...


class SessionMemory(Protocol):
    """Names that a session's answers have shown, as keyed digests; one memory for all instances."""

    async def empty(self, session: Session) -> SessionNames:
        """With the session's key and nothing remembered: for answers that show no text.

        Raises:
            Unavailable: there is no key.
        """
        ...

    async def recall(self, session: Session) -> SessionNames:
        """With all that is remembered; asked for each answer that may show text.

        Raises:
            Unavailable: it cannot be known; no text is shown.
        """
        ...

    async def remember(self, session: Session, seen: Iterable[bytes]) -> None:
        """Keep digests of names, durably; beyond the bound the oldest go.

        Raises:
            Unavailable: they may not be kept; what has shown them is not shown.
        """
        ...

    async def sweep(self) -> int:
        """Delete what sessions have not added to for long; how many.

        Raises:
            StoreError: some may be left.
        """
        ...


class MaskedCache(Protocol):
    """Masked representations for a short time, encrypted; never the truth.

    A cache that fails is a cache that has nothing: no method raises.
    """

    async def find(self, key: MaskedKey) -> Cached | None:
        """What is there and has not expired."""
        ...

    async def read(self, key: MaskedKey, cached: Cached, start: int, stop: int) -> bytes | None:
        """Bytes from `start` up to `stop` of this very entry, None where it cannot give them."""
        ...

    async def store(self, key: MaskedKey, cached: Cached, body: bytes) -> None:
        """Keep it until it expires, in place of what was there."""
        ...

    async def sweep(self) -> int:
        """Delete what has expired; how many."""
        ...
