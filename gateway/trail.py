"""How far one exchange has come: what its records can say when it fails."""

from typing import TypeVar

from gateway.errors import GatewayError
from gateway.evidence import records
from gateway.evidence.records import Undecided
from gateway.model.canonical import Json
from gateway.model.decision import Refuse
from gateway.model.digest import DigestKey
from gateway.model.exchange import (
    Approved,
    Authenticated,
    Authorised,
    Classified,
    Concluded,
    Forwarded,
    Intended,
    Masked,
    Prepared,
    Received,
    Screened,
)
from gateway.policy.policy import Policy
from gateway.ports import DigestKeys

State = (
    Received | Authenticated | Classified | Authorised | Screened | Approved | Prepared | Intended
    | Forwarded | Masked | Concluded
)  # fmt: skip
S = TypeVar("S", bound=State)


class Trail:
    """How far one exchange has come, so that its failure is recorded with all that is known."""

    def __init__(self, received: Received) -> None:
        self.received = received
        self.state: State = received
        self.request = received.request
        self.policy: Policy | None = None
        self.authorised: Authorised | None = None
        self.refusal: Refuse | None = None
        self.concluding = False
        self._key: DigestKey | None = None

    async def key(self, keys: DigestKeys) -> DigestKey:
        """The digest key of this exchange, asked for once.

        All its records then go by one version, and an outcome does not fail because the vault
        does not answer any more.

        Raises:
            Unavailable: there is no key yet, and none can be had.
        """
        if self._key is None:
            self._key = await keys.current()
        return self._key

    def reach(self, state: S) -> S:
        """Note the state and hand it on."""
        self.state = state
        if isinstance(state, Authorised):
            self.authorised = state
        return state

    def judge(self, policy: Policy) -> Policy:
        """Note the manifest that everything after is judged by."""
        self.policy = policy
        return policy

    def denial(self, state: Undecided, error: GatewayError, key: DigestKey) -> dict[str, Json]:
        """The record of a refusal before anything was sent."""
        if self.policy is None:
            return records.denied(state, error, key)
        refusal = self.refusal
        if refusal is None and isinstance(state, Authenticated | Classified):
            # Rules were not asked yet, but whose agent this is can be told already.
            authenticated = state if isinstance(state, Authenticated) else state.authenticated
            agent = self.policy.agent_of(authenticated.principal)
            if agent is not None:
                refusal = Refuse(error.reason, "", "", agent.sponsor, (), agent.name)
        return records.denied(
            state,
            error,
            key,
            manifest=self.policy.digest,
            connection=self.policy.connections.get(self.request.connection),
            refuse=refusal,
        )


def sent(state: Intended | Forwarded | Masked | Concluded) -> Intended | Forwarded:
    """The state from which on the upstream may have been reached."""
    match state:
        case Intended() | Forwarded():
            return state
        case Masked():
            return state.forwarded
        case Concluded():
            return state.masked.forwarded


def sanitised(error: Exception) -> GatewayError:
    """In place of an error that nobody foresaw: its text may hold anything."""
    return GatewayError(
        "the gateway failed while it handled this request; nothing more was done",
        details=(("type", type(error).__name__),),
    )
