import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import azure.functions as func
import pytest

from gateway.errors import ConfigurationError
from gateway.local.app import Timer, arranged, functions_of, load, run_timer
from gateway.local.schedule import Schedule

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
# Another name than the real app's, whose coverage is measured by name.
SCRIPT = "sample_app.py"
SOURCE = """
import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route(route="c/{name}/{*path}")
async def proxy(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(req.url)


@app.route(methods=["GET"])
async def status(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("ok")


@app.timer_trigger(arg_name="timer", schedule="0 */5 * * * *")
async def sweep(timer: func.TimerRequest) -> None:
    return None
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = list(sys.path)
    yield tmp_path
    sys.path[:] = path
    sys.modules.pop(Path(SCRIPT).stem, None)


def test_an_app_is_loaded_with_its_routes_methods_and_timers(folder: Path) -> None:
    (folder / SCRIPT).write_text(SOURCE)
    (folder / "host.json").write_text('{"extensions": {"http": {"routePrefix": ""}}}')
    app = load(folder, SCRIPT)
    assert [(route.name, route.template, set(route.methods)) for route in app.routes] == [
        ("proxy", "c/{name}/{*path}", set()),
        ("status", "status", {"GET"}),
    ]
    assert [timer.name for timer in app.timers] == ["sweep"]
    assert app.timers[0].schedule.after(START) == START + timedelta(minutes=5)


def test_the_route_prefix_is_api_unless_host_json_says_otherwise(folder: Path) -> None:
    (folder / SCRIPT).write_text(SOURCE)
    (folder / "host.json").write_text("{}")
    assert load(folder, SCRIPT).routes[1].template == "api/status"


def test_a_module_without_an_app_is_refused(folder: Path) -> None:
    (folder / SCRIPT).write_text("app = None")
    with pytest.raises(ConfigurationError, match="one FunctionApp"):
        load(folder, SCRIPT)


def test_a_function_that_is_not_async_is_refused() -> None:
    app = func.FunctionApp()

    @app.route(route="x")
    def blocking(req: func.HttpRequest) -> func.HttpResponse:
        return func.HttpResponse()

    with pytest.raises(ConfigurationError, match="async"):
        arranged(functions_of(app), {})


def test_a_trigger_that_only_azure_has_is_refused() -> None:
    app = func.FunctionApp()

    @app.blob_trigger(arg_name="blob", path="c/b", connection="AzureWebJobsStorage")
    async def consume(blob: func.InputStream) -> None:
        return None

    with pytest.raises(ConfigurationError, match="HTTP, timer and queue"):
        arranged(functions_of(app), {})


def queue_app(connection: str) -> func.FunctionApp:
    app = func.FunctionApp()

    @app.queue_trigger(arg_name="message", queue_name="q", connection=connection)
    async def consume(message: func.QueueMessage) -> None:
        return None

    return app


def test_a_queue_trigger_of_the_host_account_is_run() -> None:
    (trigger,) = arranged(functions_of(queue_app("AzureWebJobsStorage")), {}).queues
    assert (trigger.name, trigger.queue) == ("consume", "q")


def test_a_queue_trigger_of_another_account_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="AzureWebJobsStorage"):
        arranged(functions_of(queue_app("Other")), {})


class Clock:
    """Time that passes only in `sleep`; stops the timer after `rounds`."""

    def __init__(self, rounds: int) -> None:
        self.time = START
        self.slept: list[float] = []
        self.rounds = rounds

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        if len(self.slept) == self.rounds:
            raise asyncio.CancelledError
        self.slept.append(seconds)
        self.time += timedelta(seconds=seconds)


def timer(function: Callable[[func.TimerRequest], Awaitable[None]]) -> Timer:
    return Timer("sweep", Schedule.parse("0 */10 * * * *"), function)


async def test_a_timer_fires_by_its_schedule_and_survives_a_failed_run(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fired: list[bool] = []

    async def function(request: func.TimerRequest) -> None:
        fired.append(request.past_due)
        if len(fired) == 1:
            raise RuntimeError("once")

    clock = Clock(rounds=3)
    with pytest.raises(asyncio.CancelledError):
        await run_timer(timer(function), clock.now, clock.sleep, speed=1)
    assert fired == [False, False, False]
    assert clock.slept == [600, 600, 600]
    assert "timer sweep failed: RuntimeError('once')" in caplog.text


async def test_a_run_that_takes_long_skips_what_it_missed() -> None:
    clock = Clock(rounds=2)

    async def function(request: func.TimerRequest) -> None:
        clock.time += timedelta(minutes=25)

    with pytest.raises(asyncio.CancelledError):
        await run_timer(timer(function), clock.now, clock.sleep, speed=1)
    assert clock.slept == [600, 300]


async def test_speed_shortens_the_waits() -> None:
    clock = Clock(rounds=2)

    async def function(request: func.TimerRequest) -> None:
        return None

    with pytest.raises(asyncio.CancelledError):
        await run_timer(timer(function), clock.now, clock.sleep, speed=60)
    assert clock.slept == [10, 10]
