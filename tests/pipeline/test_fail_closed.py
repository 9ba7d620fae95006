"""An error in every stage and at every port call: nothing is forwarded or shown without a record.

One run of a scenario lists every call that the pipeline makes to a port. Then, call by call, the
scenario is run again with that call failing, before it takes effect and after, with errors that
are expected of the port and errors that nobody expects.
"""

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.errors import (
    EvidenceUnavailable,
    GatewayError,
    OutcomeUnrecorded,
    Reason,
    StoreUnavailable,
    Unavailable,
    UpstreamInterrupted,
)
from gateway.model.message import Answer, Request
from gateway.pipeline import Pipeline
from tests.fakes.upstream import response
from tests.pipeline import world

ERRORS: list[Callable[[], Exception]] = [
    lambda: RuntimeError("secret-in-a-traceback"),
    lambda: Unavailable("down"),
    lambda: EvidenceUnavailable("down"),
    lambda: StoreUnavailable("down"),
    lambda: UpstreamInterrupted("cut"),
    lambda: RecursionError("deep"),
    MemoryError,
]

SCENARIOS: dict[str, Request] = {
    "read": world.READ,
    "write": world.WRITE,
    "copy": world.COPY,
    "head of ephi": world.EPHI_HEAD,
    "withheld": world.EPHI_READ,
    "blocked": world.EPHI_COPY,
    "held": world.DELETE,
    "unknown": world.UNKNOWN,
    "anonymous": world.ANONYMOUS,
}


@dataclass
class Fault:
    """Fails the call with this number; counts all of them."""

    number: int = -1
    after: bool = False
    error: Callable[[], Exception] = field(default=lambda: RuntimeError())  # noqa: PLW0108
    calls: list[str] = field(default_factory=list)

    def port(self, name: str, target: object) -> "FaultyPort":
        return FaultyPort(name, target, self)

    def due(self) -> bool:
        return len(self.calls) - 1 == self.number


class FaultyPort:
    """Any port, with a fault before or after the call that is due."""

    def __init__(self, name: str, target: object, fault: Fault) -> None:
        self._name, self._target, self._fault = name, target, fault

    def __getattr__(self, method: str) -> Callable[..., Any]:
        call = getattr(self._target, method)
        fault, label = self._fault, f"{self._name}.{method}"

        def before() -> bool:
            fault.calls.append(label)
            if fault.due() and not fault.after:
                raise fault.error()
            return fault.due()

        if inspect.iscoroutinefunction(call):

            async def asynchronous(*args: object, **kwargs: object) -> object:
                due = before()
                result = await call(*args, **kwargs)
                if due:
                    raise fault.error()
                return result

            return asynchronous

        def synchronous(*args: object, **kwargs: object) -> object:
            due = before()
            result = call(*args, **kwargs)
            if due:
                raise fault.error()
            return result

        return synchronous


def scene_with(fault: Fault) -> tuple[world.World, Pipeline]:
    scene = world.World()
    scene.upstream.then(response(200, b"hello", [("content-type", "text/plain")]))
    # The clock and the source of randomness are the process's own, not outside systems.
    ports: dict[str, object] = {
        name: fault.port(name, port)
        for name, port in scene.ports().items()
        if name not in {"clock", "entropy"}
    }
    return scene, scene.pipeline(Pipeline, **ports)


async def run(work: Awaitable[Answer]) -> Answer | Exception:
    try:
        return await work
    except Exception as error:  # noqa: BLE001 - what comes out is what is tested
        return error


def check_closed(scene: world.World, end: Answer | Exception, where: str) -> None:
    """The promises that hold whatever failed."""
    records = scene.journal.records
    types = scene.journal.types()
    if scene.upstream.sent:
        assert "intent" in types, f"{where}: forwarded without a durable intent"
    if isinstance(end, Answer):
        assert types == ["intent", "outcome"], f"{where}: answered without both records"
        return
    assert isinstance(end, GatewayError), f"{where}: {end!r} is no error of ours"
    assert "secret-in-a-traceback" not in str(end), f"{where}: shows an unexpected error's text"
    assert "secret-in-a-traceback" not in repr(records), f"{where}: records it"
    assert types.count("intent") <= 1
    assert types.count("outcome") <= 1, f"{where}: two outcomes for one intent"
    if scene.upstream.sent and types[-1] == "intent":
        assert end.reason == Reason.OUTCOME_UNRECORDED, f"{where}: an unknown end is not said"


async def calls_of(message: Request) -> list[str]:
    fault = Fault()
    scene, pipeline = scene_with(fault)
    check_closed(scene, await run(pipeline.handle(message)), "no fault")
    return fault.calls


@pytest.mark.parametrize("scenario", SCENARIOS)
async def test_a_fault_at_any_port_call_forwards_and_shows_nothing_unrecorded(
    scenario: str,
) -> None:
    message = SCENARIOS[scenario]
    calls = await calls_of(message)
    assert calls
    for number, name in enumerate(calls):
        for after in (False, True):
            for make in ERRORS:
                fault = Fault(number, after, make)
                scene, pipeline = scene_with(fault)
                end = await run(pipeline.handle(message))
                where = f"{scenario}, call {number} {name}, {make()!r}, after={after}"
                check_closed(scene, end, where)
                assert not isinstance(end, Answer), f"{where}: the fault was ignored"


@pytest.mark.parametrize("scenario", ["read", "write", "copy"])
async def test_the_scenarios_that_pass_make_every_kind_of_call(scenario: str) -> None:
    calls = await calls_of(SCENARIOS[scenario])
    assert {call.split(".")[0] for call in calls} >= {
        "verifier", "deny_list", "digest_keys", "manifests", "approvals",
        "authorizer", "journal", "upstream", "masker",
    }  # fmt: skip


STAGES = ["_authenticate", "_classify", "_authorise", "_screen", "_prepare", "_intend", "_forward",
          "_mask", "_conclude"]  # fmt: skip


def broken(stage: str, *, after: bool) -> type[Pipeline]:
    """The pipeline with one stage that fails, before or after its own work."""
    original = getattr(Pipeline, stage)

    async def asynchronous(self: Pipeline, *args: object) -> object:
        if after:
            await original(self, *args)
        raise KeyError("secret-in-a-traceback")

    def synchronous(self: Pipeline, *args: object) -> object:
        if after:
            original(self, *args)
        raise KeyError("secret-in-a-traceback")

    replacement = asynchronous if inspect.iscoroutinefunction(original) else synchronous
    return type("Broken", (Pipeline,), {stage: replacement})


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("stage", STAGES)
async def test_an_unexpected_error_in_any_stage_is_recorded_and_says_nothing(
    stage: str, after: bool
) -> None:
    scene = world.World()
    end = await run(scene.pipeline(broken(stage, after=after)).handle(world.WRITE))

    check_closed(scene, end, stage)
    assert isinstance(end, GatewayError)
    if (stage, after) == ("_conclude", True):
        assert end.reason == Reason.OUTCOME_UNRECORDED
        return
    assert end.reason == Reason.INTERNAL_ERROR
    if stage != "_authenticate":
        assert scene.journal.records[-1]["reason"] == Reason.INTERNAL_ERROR


async def test_every_stage_of_the_pipeline_is_broken_here_once() -> None:
    stages = {
        name
        for name, member in vars(Pipeline).items()
        if name.startswith("_") and not name.startswith("__") and inspect.isfunction(member)
    }
    # The others carry the exchange along and record how it ends.
    assert stages - {
        "_carry",
        "_ended",
        "_judge",
        "_send",
        "_unexpected",
        "_record_failure",
        "_record_outcome",
    } == set(STAGES)


async def test_without_an_intent_nothing_is_sent() -> None:
    scene = world.World()
    scene.journal.failing = {"intent"}
    with pytest.raises(EvidenceUnavailable):
        await scene.pipeline().handle(world.WRITE)
    assert scene.upstream.sent == []


@pytest.mark.parametrize("message", [world.READ, world.WRITE])
async def test_without_an_outcome_nothing_is_shown(message: Request) -> None:
    scene = world.World()
    scene.journal.failing = {"outcome"}
    with pytest.raises(OutcomeUnrecorded) as end:
        await scene.pipeline().handle(message)
    assert "hello" not in str(end.value)
    assert len(scene.upstream.sent) == 1


async def test_a_denial_that_cannot_be_recorded_is_answered_as_unavailable() -> None:
    scene = world.World()
    scene.journal.failing = {"denied"}
    with pytest.raises(EvidenceUnavailable):
        await scene.pipeline().handle(world.FOREIGN)


async def test_an_interrupted_upstream_is_recorded_as_interrupted() -> None:
    scene = world.World()
    scene.upstream.then(UpstreamInterrupted("cut"))
    with pytest.raises(UpstreamInterrupted):
        await scene.pipeline().handle(world.WRITE)
    assert scene.journal.types() == ["intent", "outcome"]
    assert scene.journal.records[-1]["result"] == "interrupted"
