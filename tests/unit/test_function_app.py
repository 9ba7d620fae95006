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
    }
    assert answers == {"health": 200, "ready": 503, "proxy": 503}
    methods = {route.name: set(route.methods) for route in app.routes}
    assert methods == {"proxy": set(), "health": {"GET", "HEAD"}, "ready": {"GET", "HEAD"}}
    assert [timer.name for timer in app.timers] == ["sweep", "count"]
    for timer in app.timers:
        with pytest.raises(TickFailed, match=timer.name):
            await timer.function(TimerRequest())
