import os

import azure.functions as func
import pytest
from azure.functions.timer import TimerRequest

import function_app
from gateway.ingress.functions import TickFailed
from gateway.local.app import read


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CHAPERONE_")]:
        monkeypatch.delenv(name)


def request(path: str) -> func.HttpRequest:
    return func.HttpRequest("GET", "https://gateway.example" + path, headers={}, body=b"")


async def test_every_trigger_leads_to_the_gateway_and_fails_closed_without_settings() -> None:
    app = read(function_app.app, prefix="")  # once per process: the library counts names
    http = {route.name: route.function for route in app.routes}
    answers = {
        "health": (await http["health"](request("/healthz"))).status_code,
        "ready": (await http["ready"](request("/readyz"))).status_code,
        "proxy": (await http["proxy"](request("/c/clinic/box"))).status_code,
        "approval": (await http["approval"](request("/approvals/x"))).status_code,
        "signin": (await http["signin"](request("/signin"))).status_code,
        "signin_callback": (await http["signin_callback"](request("/signin/callback"))).status_code,
        "signout": (await http["signout"](request("/signout"))).status_code,
    }
    people = dict.fromkeys(("approval", "signin", "signin_callback", "signout"), 503)
    assert answers == {"health": 200, "ready": 503, "proxy": 503, **people}
    methods = {route.name: set(route.methods) for route in app.routes}
    assert methods == {
        "proxy": set(),
        "health": {"GET", "HEAD"},
        "ready": {"GET", "HEAD"},
        "approval": {"GET", "HEAD", "POST"},
        "signin": {"GET"},
        "signin_callback": {"GET"},
        "signout": {"POST"},
        "operation": {"GET", "HEAD"},
    }
    assert {timer.name for timer in app.timers} >= {"sweep", "count", "expire", "project"}
    for timer in app.timers:
        with pytest.raises(TickFailed, match=r"timer (approvals|count|project|sweep)"):
            await timer.function(TimerRequest())
