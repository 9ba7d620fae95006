"""Composition root: the only place where adapters are constructed.

Nothing happens at import. `gateway()` builds one application per event loop on first use, so a
cold start pays once; a build that fails is tried again by the next request.
"""

import asyncio
import gc
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from threading import Thread, current_thread, main_thread
from typing import TYPE_CHECKING, Final
from weakref import WeakKeyDictionary

from azure.identity.aio import DefaultAzureCredential

from gateway import settings
from gateway.adapters.authorizer import ConnectionAuthorizer
from gateway.adapters.entra_tokens import EntraTokens, azure_identity
from gateway.adapters.http_upstream import AiohttpUpstream
from gateway.adapters.system import SystemEntropy
from gateway.application import Application
from gateway.approvals.closed import ClosedApprovals
from gateway.authn.bearer import challenge, resource
from gateway.ingress.contract import Pages
from gateway.ingress.guarded import GuardedPages
from gateway.ingress.later import LaterPages
from gateway.later import Later, LaterApprovals
from gateway.masking.collection import THRESHOLDS
from gateway.model.own import Own
from gateway.parts import (
    Parts,
    gateway_identity,
    masked_cache,
    open_telemetry,
    parts_of,
    retention_guard,
)
from gateway.pipeline import Pipeline
from gateway.ports import (
    Clock,
    DenyList,
    DenyRegister,
    DigestKeys,
    EvidenceStore,
    Journal,
    Meter,
    StateStore,
    Telemetry,
    Verifier,
)
from gateway.ports.telemetry import Unfailing
from gateway.recording.budget import StateTokenBudget
from gateway.recording.counter import Counter
from gateway.recording.denials import BoundedDenials
from gateway.recording.lag import Lag
from gateway.recording.session_names import StateSessionNames
from gateway.refresh.denylist import PolledDenyList
from gateway.refresh.token_keys import SecretTokenKeys
from gateway.serving.detokenising import TokenDesk
from gateway.serving.masker import EngineMasker
from gateway.serving.warming import warm_up
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.assembly import Asking, Foundation
    from gateway.ports import Approvals
    from gateway.recording.index import Index
    from gateway.recording.sequencer import Sequencer

_SWITCH_SECONDS: Final = 0.0005
"""How long a thread that masks a large body holds the interpreter before the event loop's turn.

With the default of 5 ms a small request waits that long at each of its steps.
"""

_WARM_UP_SECONDS: Final = 0.05
"""From the construction of the gateway to its warming up."""

_TERMINATION_SECONDS: Final = 20
"""From SIGTERM to the end of the process; platforms follow with SIGKILL after about thirty."""


@dataclass(frozen=True, slots=True)
class OperatorTools:
    """What the command line needs to act on a deployment, with the operator's own rights."""

    store: EvidenceStore
    state: StateStore
    journal: Journal
    clock: Clock
    verifier: Verifier
    deny_table: DenyRegister
    digest_keys: DigestKeys
    own: Own
    sequencer: "Sequencer"
    index: "Index"


_applications: WeakKeyDictionary[asyncio.AbstractEventLoop, "asyncio.Task[Application]"] = (
    WeakKeyDictionary()
)
_ending: "set[asyncio.Task[None]]" = set()


async def gateway() -> Application:
    """The application of this event loop, built on first use.

    Raises:
        ConfigurationError: settings are wrong; says which.
    """
    loop = asyncio.get_running_loop()
    task = _applications.get(loop)
    if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
        task = _applications[loop] = loop.create_task(build(settings.load()))
        _close_when_terminated(loop)
    return await asyncio.shield(task)


async def shutdown() -> None:
    """Close this event loop's application, if there is one."""
    task = _applications.pop(asyncio.get_running_loop(), None)
    if task is not None:
        await (await task).close()


def _close_when_terminated(loop: asyncio.AbstractEventLoop) -> None:
    """Have SIGTERM close the gateway before it ends the process, where nobody else listens for it.

    The Python worker of Azure Functions does not listen: it would end on the spot
    (https://github.com/Azure/azure-functions-python-worker/issues/578).
    """
    heard = signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    if heard or current_thread() is not main_thread():
        return

    def begin() -> None:
        if not _ending:
            _ending.add(loop.create_task(_terminate(loop), name="termination"))

    loop.add_signal_handler(signal.SIGTERM, begin)


async def _terminate(loop: asyncio.AbstractEventLoop) -> None:
    try:
        async with asyncio.timeout(_TERMINATION_SECONDS):
            await shutdown()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)


async def build(config: Settings) -> Application:
    """Construct every adapter and wire the pipeline; nothing is contacted yet."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(*THRESHOLDS)
    async with AsyncExitStack() as building:
        _warm_up_soon(building)
        telemetry = open_telemetry(config, building)
        identity = await gateway_identity(config, building)
        parts = await parts_of(config, identity, building, telemetry, attests=True)
        # Known callers are on record one by one.
        counted = ("unauthenticated", "approvals", "approvals-sweep")
        meter = telemetry if isinstance(telemetry, Unfailing) else None
        counter = Counter(parts.journal, parts.clock, meter, names=counted)
        building.push_async_callback(counter.flush)
        denials = BoundedDenials(parts.journal, parts.clock)
        building.push_async_callback(denials.flush)
        tokens = EntraTokens(parts.secrets, azure_identity(config.authority))
        building.push_async_callback(tokens.close)
        upstream = AiohttpUpstream()
        building.push_async_callback(upstream.close)
        cache = await masked_cache(config, identity, parts, building)
        deny_list = PolledDenyList(
            parts.deny_table, parts.clock, poll_seconds=config.deny_poll_seconds
        )
        names = StateSessionNames(parts.state, parts.digest_keys, parts.clock)
        token_keys = SecretTokenKeys(parts.secrets, config.token_key_secret)
        foundation = await _foundation(config, parts, counter, deny_list, telemetry, building)
        pipeline = Pipeline(
            clock=parts.clock,
            entropy=SystemEntropy(),
            meter=counter,
            verifier=parts.verifier,
            deny_list=deny_list,
            digest_keys=parts.digest_keys,
            manifests=parts.manifests,
            approvals=_approvals(foundation),
            authorizer=ConnectionAuthorizer(parts.secrets, tokens, parts.clock),
            journal=parts.journal,
            denials=denials,
            upstream=TokenDesk(upstream, token_keys),
            masker=EngineMasker(
                token_keys,
                cache,
                parts.clock,
                parts.digest_keys,
                StateTokenBudget(parts.state, parts.clock, config.token_openings_per_hour),
                names,
                telemetry,
            ),
            own=config.own,
            telemetry=telemetry,
        )
        asking = _asking(foundation, pipeline)
        retention = retention_guard(config, identity, parts, building)
        return Application(
            settings=config,
            pipeline=pipeline,
            manifests=parts.manifests,
            store=parts.store,
            journal=parts.journal,
            masked=cache,
            retention=retention,
            names=names,
            counter=counter,
            clock=parts.clock,
            sequencer=parts.sequencer,
            notary=parts.notary,
            challenge=challenge(config.authority, config.tenants[0], resource(config.audiences)),
            pages=GuardedPages(await _pages(config, parts, asking, building), retention),
            asking=asking,
            resources=building.pop_all(),
            telemetry=telemetry,
            lag=Lag(parts.clock, telemetry),
            package=parts.package,
        )


def _warm_up_soon(stack: AsyncExitStack) -> None:
    """Make ready what the first masked answer needs, once the first request waits for something.

    Compiling the recognisers holds the interpreter for tens of milliseconds at a time: started at
    once, it would come before an answer that needs no masking.
    """
    thread = Thread(target=warm_up, name="masking-warm-up", daemon=True)
    stack.callback(asyncio.get_running_loop().call_later(_WARM_UP_SECONDS, thread.start).cancel)


async def _pages(
    config: Settings, parts: Parts, asking: "Later[Asking] | None", stack: AsyncExitStack
) -> Pages:
    """The reviewers' pages, constructed when somebody comes: agents' requests do without them."""
    resources = await stack.enter_async_context(AsyncExitStack())

    async def made() -> Pages:
        from gateway.reception import closed_pages, review_pages  # noqa: PLC0415 - see above

        if asking is None:
            return closed_pages()
        stores = (parts.secrets, parts.state)
        reviews = (await asking()).reviews
        return review_pages(config, *stores, parts.key_ring, reviews, stack=resources)

    return LaterPages(Later(made))


async def _foundation(  # noqa: PLR0913, PLR0917 - what asking people rests on
    config: Settings,
    parts: "Parts",
    meter: Meter,
    deny_list: DenyList,
    telemetry: Telemetry,
    stack: AsyncExitStack,
) -> "Later[Foundation] | None":
    """What asking people rests on, None where there is no queue; most requests do without it."""
    if not config.queue_url:
        return None
    resources = await stack.enter_async_context(AsyncExitStack())

    async def made() -> "Foundation":
        from gateway.assembly import Given, found  # noqa: PLC0415 - see above
        from gateway.serving.wording import MaskedWording  # noqa: PLC0415

        given = Given(
            clock=parts.clock,
            meter=meter,
            journal=parts.journal,
            digest_keys=parts.digest_keys,
            manifests=parts.manifests,
            deny_list=deny_list,
            verifier=parts.verifier,
            secrets=parts.secrets,
            state=parts.state,
            evidence=parts.store,
            tables=parts.tables,
            identity=parts.identity,
            telemetry=telemetry,
        )
        async with AsyncExitStack() as building:
            foundation = await found(config, given, MaskedWording(parts.clock), building)
            resources.push_async_exit(building.pop_all())
        return foundation

    return Later(made)


def _approvals(foundation: "Later[Foundation] | None") -> "Approvals":
    if foundation is None:
        return ClosedApprovals()

    async def made() -> "Approvals":
        return (await foundation()).approvals()

    return LaterApprovals(Later(made))


def _asking(foundation: "Later[Foundation] | None", pipeline: Pipeline) -> "Later[Asking] | None":
    if foundation is None:
        return None

    async def made() -> "Asking":
        return (await foundation()).asking(pipeline)

    return Later(made)


@asynccontextmanager
async def operator_tools(config: Settings) -> AsyncIterator[OperatorTools]:
    """The stores with a journal of their own, for one command; the journal is closed at the end."""
    from gateway.recording.index import Index  # noqa: PLC0415 - a gateway does without it

    async with AsyncExitStack() as stack:
        # A person's own sign-in (Azure CLI and the like): the gateway's identity is not theirs.
        identity = await stack.enter_async_context(DefaultAzureCredential())
        parts = await parts_of(config, identity, stack)
        sequencer = parts.sequencer()
        yield OperatorTools(
            store=parts.store,
            state=parts.state,
            journal=parts.journal,
            clock=parts.clock,
            verifier=parts.verifier,
            deny_table=parts.deny_table,
            digest_keys=parts.digest_keys,
            own=config.own,
            sequencer=sequencer,
            index=Index(parts.state, sequencer.index, parts.clock),
        )
