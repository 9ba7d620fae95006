import os

import azure.functions as func
import pytest
from azure.functions.queue import QueueMessage
from azure.functions.timer import TimerRequest

import function_app
from gateway.ingress.functions import TickFailed, WorkFailed
from gateway.local.app import arranged, functions_of
from gateway.local.schedule import Schedule


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CHAPERONE_")]:
        monkeypatch.delenv(name)


def request(path: str) -> func.HttpRequest:
    return func.HttpRequest("GET", "https://gateway.example" + path, headers={}, body=b"")


async def test_every_trigger_leads_to_the_gateway_and_fails_closed_without_settings() -> None:
    app = arranged(
        functions_of(function_app.app), {"http": {"routePrefix": ""}}
    )  # once per process: the library counts names
    http = {route.name: route.function for route in app.routes}
    answers = {
        "health": (await http["health"](request("/healthz"))).status_code,
        "ready": (await http["ready"](request("/readyz"))).status_code,
        "proxy": (await http["proxy"](request("/c/clinic/box"))).status_code,
        "detokenize": (await http["detokenize"](request("/detokenize"))).status_code,
        "approval": (await http["approval"](request("/approvals/x"))).status_code,
        "approvals": (await http["approvals"](request("/approvals"))).status_code,
        "signin": (await http["signin"](request("/signin"))).status_code,
        "signin_callback": (await http["signin_callback"](request("/signin/callback"))).status_code,
        "signout": (await http["signout"](request("/signout"))).status_code,
    }
    people = dict.fromkeys(("approval", "approvals", "signin", "signin_callback", "signout"), 503)
    assert answers == {"health": 200, "ready": 503, "proxy": 503, "detokenize": 503, **people}
    methods = {route.name: set(route.methods) for route in app.routes}
    assert methods == {
        "proxy": set(),
        "health": {"GET", "HEAD"},
        "ready": {"GET", "HEAD"},
        "approval": {"GET", "HEAD", "POST"},
        "approvals": {"GET", "HEAD"},
        "signin": {"GET"},
        "signin_callback": {"GET"},
        "signout": {"POST"},
        "operation": {"GET", "HEAD"},
        "detokenize": {"POST"},
    }
    # Each timer with its schedule, and what it does; they are spread over the minute.
    timers = {timer.name: timer for timer in app.timers}
    work = {
        "sweep": ("0 */10 * * * *", "sweep"),
        "count": ("0 * * * * *", "count"),
        "expire": ("30 * * * * *", "approvals"),
        "policy": ("45 */10 * * * *", "policy"),
        "attest": ("40 * * * * *", "attest"),
        "project": ("15 * * * * *", "project"),
    }
    assert len(app.timers) == len(timers)
    assert {name: timer.schedule for name, timer in timers.items()} == {
        name: Schedule.parse(text) for name, (text, _) in work.items()
    }
    for name, (_, tick) in work.items():
        with pytest.raises(TickFailed, match=rf"^timer {tick}: "):
            await timers[name].function(TimerRequest())
    assert {queue.name: queue.queue for queue in app.queues} == {
        "execute": "chaperone-execute",
        "execute_poison": "chaperone-execute-poison",
        "notify": "chaperone-notify",
        "notify_poison": "chaperone-notify-poison",
    }
    message = QueueMessage(id="1", body="0" * 32)  # type: ignore[no-untyped-call]
    for queue in app.queues:
        with pytest.raises(WorkFailed, match=rf"^queue {queue.queue}: "):
            await queue.function(message)
