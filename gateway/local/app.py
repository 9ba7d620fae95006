"""What `function_app.py` registers, in the form that the local host runs."""

import asyncio
import importlib
import inspect
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import azure.functions as func
from azure.functions.timer import TimerRequest

from gateway.errors import ConfigurationError
from gateway.local.front import Route
from gateway.local.queue_host import CONNECTION, QueueTrigger
from gateway.local.schedule import Schedule

TimerFunction: TypeAlias = Callable[[func.TimerRequest], Awaitable[None]]

_LOG = logging.getLogger("chaperone.local")


@dataclass(frozen=True, slots=True)
class Timer:
    """A timer-triggered function."""

    name: str
    schedule: Schedule
    function: TimerFunction


@dataclass(frozen=True, slots=True)
class App:
    """The functions of one app, by trigger."""

    routes: tuple[Route, ...]
    timers: tuple[Timer, ...]
    queues: tuple[QueueTrigger, ...] = ()
    queue_settings: Mapping[str, Any] = field(default_factory=dict)


class Indexed(NamedTuple):
    """One function with its trigger, as `function.json` writes it."""

    name: str
    trigger: Mapping[str, Any]
    function: Callable[..., Awaitable[Any]]


def load(folder: Path, script: str = "function_app.py") -> App:
    """The functions of the app in `folder`.

    Args:
        folder: holds the script and `host.json`.
        script: what Azure's setting PYTHON_SCRIPT_FILE_NAME names.

    Raises:
        ConfigurationError: no app, or a function that the local host cannot run.
    """
    sys.path.insert(0, str(folder))
    module = importlib.import_module(Path(script).stem)
    apps = [item for item in vars(module).values() if isinstance(item, func.FunctionApp)]
    if len(apps) != 1:
        raise ConfigurationError("the app's script must hold one FunctionApp")
    return arranged(functions_of(apps[0]), host_settings(folder))


def host_settings(folder: Path) -> Mapping[str, Any]:
    """What host.json says of the extensions, by extension."""
    config = json.loads((folder / "host.json").read_text(encoding="utf-8"))
    extensions: Mapping[str, Any] = config.get("extensions", {})
    return extensions


def functions_of(app: func.FunctionApp) -> Iterator[Indexed]:
    """The functions of an app object.

    Raises:
        ConfigurationError: one that the local host cannot run.
    """
    for item in app.get_functions():
        function = item.get_user_function()
        if not inspect.iscoroutinefunction(function):
            raise ConfigurationError("every function must be async")
        binding = item.get_trigger()
        yield Indexed(
            str(item.get_function_name()), binding.get_dict_repr() if binding else {}, function
        )


def arranged(functions: Iterable[Indexed], extensions: Mapping[str, Any]) -> App:
    """The functions by their triggers.

    Args:
        functions: all of an app.
        extensions: of host.json, by extension.

    Raises:
        ConfigurationError: a function that the local host cannot run.
    """
    prefix = extensions.get("http", {}).get("routePrefix", "api")
    routes, timers, queues = [], [], []
    for name, trigger, function in functions:
        match trigger.get("type"):
            case "httpTrigger":
                template = f"{prefix}/{trigger.get('route') or name}".strip("/")
                methods = frozenset(str(method) for method in trigger.get("methods") or ())
                routes.append(Route(name, template, methods, function))
            case "timerTrigger":
                timers.append(Timer(name, Schedule.parse(trigger["schedule"]), function))
            case "queueTrigger" if trigger.get("connection") == CONNECTION:
                queues.append(QueueTrigger(name, trigger["queueName"], function))
            case "queueTrigger":
                raise ConfigurationError(f"queue triggers use the connection {CONNECTION} here")
            case _:
                raise ConfigurationError("the local host has HTTP, timer and queue triggers only")
    return App(tuple(routes), tuple(timers), tuple(queues), extensions.get("queues", {}))


async def run_timer(
    timer: Timer,
    now: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]],
    speed: float,
) -> None:
    """Fire a timer by its schedule for ever, never twice at once; a failed run is just over.

    Args:
        timer: what to fire.
        now: the wall clock.
        sleep: waits that many seconds.
        speed: how many schedule seconds pass in one real second.
    """
    moment = now()
    while True:
        due = timer.schedule.after(moment)
        await sleep((due - moment).total_seconds() / speed)
        (error,) = await asyncio.gather(timer.function(TimerRequest()), return_exceptions=True)
        if error is not None:
            _LOG.error("timer %s failed: %r", timer.name, error)
        # At another speed the schedule's clock is its own: it runs from due time to due time.
        moment = max(due, now()) if speed == 1 else due
