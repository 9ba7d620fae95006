"""What telemetry learns of requests: what became of them, and nothing that they held."""

import contextlib

import pytest

from gateway.errors import GatewayError, UpstreamInterrupted
from gateway.model.message import Request
from gateway.model.signals import NAMES, OTHER, Attribute, Signal
from gateway.pipeline import Pipeline
from gateway.ports import Telemetry
from gateway.ports.telemetry import Unfailing
from gateway.recording.session_names import StateSessionNames
from gateway.serving.masker import EngineMasker
from tests.fakes.telemetry import Broken, Heard
from tests.fakes.upstream import response
from tests.pipeline import world

CANARY = "canary7Jane7Doe7MRN00123456"


class Scene(world.World):
    def listened(self, heard: Heard) -> Pipeline:
        return self.told(heard.telemetry, heard.telemetry)

    def told(self, telemetry: Telemetry, masking: Telemetry) -> Pipeline:
        masker = EngineMasker(
            self.token_keys,
            self.masked,
            self.clock,
            self.keys,
            self.budget,
            StateSessionNames(self.state, self.keys, self.clock),
            masking,
        )
        return self.pipeline(telemetry=telemetry, masker=masker)


async def heard_of(*requests: Request, scene: Scene | None = None) -> Heard:
    heard = Heard()
    pipeline = (scene or Scene()).listened(heard)
    for request in requests:
        with contextlib.suppress(GatewayError):
            await pipeline.handle(request)
    return heard


def hostile(method: str, path: str, query: str = "", connection: str = "clinic") -> Request:
    return world.request(
        method,
        path,
        query=query,
        headers=(
            ("x-ms-blob-type", "BlockBlob"),
            ("x-ms-meta-patient", CANARY),
            ("x-chaperone-session", CANARY),
            ("x-chaperone-purpose", CANARY),
            ("traceparent", "00-" + CANARY.encode().hex()[:32] + "-00f067aa0ba902b7-01"),
            ("tracestate", f"vendor={CANARY}"),
            ("baggage", f"patient={CANARY}"),
            ("user-agent", CANARY),
            ("content-type", f"application/json; {CANARY}"),
        ),
        body=f'{{"name": "{CANARY}"}}'.encode(),
        connection=connection,
    )


async def test_nothing_of_a_request_or_an_answer_leaves() -> None:
    scene = Scene()
    fields = [("content-type", f"text/{CANARY}"), ("x-ms-meta-name", CANARY)]
    scene.upstream.then(*[response(200, CANARY.encode(), fields)] * 8)
    heard = await heard_of(
        hostile("PUT", f"/public/{CANARY}.txt"),
        hostile("GET", f"/public/{CANARY}.txt"),
        hostile("GET", f"/phi/{CANARY}.json"),
        hostile("GET", f"/public/{CANARY}", query=f"comp={CANARY}"),
        hostile("DELETE", f"/public/{CANARY}"),
        hostile("GET", f"/{CANARY}", connection=CANARY.lower()),
        hostile(CANARY, f"/{CANARY}"),
        world.request(token=CANARY),
        scene=scene,
    )
    everything = heard.everything()
    assert CANARY.lower() not in everything.lower()
    assert CANARY.encode().hex()[:32] not in everything
    names = {name.value for names in NAMES.values() for name in names}
    assert {name for name, _ in heard.attributes()} <= names
    assert len(heard.spans) >= 8
    for span in heard.spans:
        assert not span.events
        assert not span.links
        assert span.status.description is None


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (world.READ, {"effect": "allow"}),
        (world.DELETE, {"effect": "deny"}),
        (world.ANONYMOUS, {"effect": "deny", "reason": "TokenMissing"}),
        (world.ELSEWHERE, {"effect": "deny", "reason": "ConnectionNotFound"}),
        (world.UNKNOWN, {"effect": "deny", "reason": "OperationUnknown"}),
    ],
)
async def test_each_request_is_one_decision_one_time_and_one_trace(
    request_: Request, told: dict[str, str]
) -> None:
    heard = await heard_of(request_)
    ((labels, number),) = heard.of(Signal.DECISIONS)
    assert number == 1
    assert labels | told == labels
    assert OTHER not in labels.values()
    ((timed, times),) = heard.of(Signal.REQUEST_TIME)
    assert times == 1
    assert Attribute.STATUS in timed
    (request,) = [span for span in heard.spans if span.name == "request"]
    assert dict(request.attributes or {}) == labels | timed


async def test_an_answered_read_tells_its_rule_its_upstream_and_its_masking() -> None:
    heard = await heard_of(world.READ)
    ((labels, _),) = heard.of(Signal.DECISIONS)
    assert labels["rule"] != OTHER
    assert [span.name for span in heard.spans] == ["upstream", "request"]
    assert len(heard.of(Signal.MASKING_TIME)) == 1


async def test_an_outcome_that_cannot_be_written_is_told() -> None:
    scene = Scene()
    scene.journal.failing.add("outcome")
    heard = await heard_of(world.WRITE, scene=scene)
    assert heard.of(Signal.OUTCOME_UNWRITTEN) == [({}, 1)]


async def test_what_the_gateway_could_not_do_is_no_denial() -> None:
    scene = Scene()
    scene.journal.failing.add("intent")
    heard = await heard_of(world.WRITE, scene=scene)
    ((labels, _),) = heard.of(Signal.DECISIONS)
    assert labels["effect"] == "fail"
    (span,) = heard.spans
    assert not span.status.is_ok
    assert not heard.of(Signal.OUTCOME_UNWRITTEN)


async def test_an_interrupted_change_was_allowed_and_failed() -> None:
    scene = Scene()
    scene.upstream.then(UpstreamInterrupted("no end"))
    heard = await heard_of(world.WRITE, scene=scene)
    ((labels, _),) = heard.of(Signal.DECISIONS)
    assert labels["effect"] == "allow"
    assert labels["reason"] == "UpstreamInterrupted"


@pytest.mark.parametrize(
    "request_",
    [
        world.READ,
        world.WRITE,
        world.EPHI_READ,
        world.DELETE,
        world.ANONYMOUS,
        world.ELSEWHERE,
        world.UNKNOWN,
    ],
)
@pytest.mark.parametrize("failing", [None, "intent", "outcome", "denied"])
async def test_telemetry_that_fails_at_every_call_changes_nothing(
    request_: Request, failing: str | None
) -> None:
    plain, scene = Scene(), Scene()
    broken = Broken()
    for one in (plain, scene):
        one.journal.failing.update({failing} if failing else ())
        one.upstream.then(response(200, b'{"a": 1}', [("content-type", "application/json")]))
    expected = await ended(plain.pipeline(), request_)
    assert await ended(scene.told(broken, Unfailing(broken)), request_) == expected
    assert scene.journal.records == plain.journal.records
    assert len(scene.upstream.sent) == len(plain.upstream.sent)
    assert {"add", "measure", "span"} & set(broken.calls)


async def ended(pipeline: Pipeline, request: Request) -> object:
    """What the agent is answered, an error by all that it says."""
    try:
        return await pipeline.handle(request)
    except GatewayError as error:
        return type(error), error.reason, str(error), error.advice, error.details
