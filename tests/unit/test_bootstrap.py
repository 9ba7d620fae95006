"""What the composed gateway refuses before its evidence is safe."""

import asyncio
import dataclasses
import json
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway import bootstrap
from gateway.application import Application
from gateway.errors import Reason, Unavailable
from gateway.ingress.guarded import GuardedPages
from gateway.ingress.reviewing import ClosedPages
from gateway.ingress.visit import Visit
from gateway.model.message import Headers, Request, Target
from gateway.model.signals import Signal
from gateway.refresh.retention import ObservedRetention, RetentionWatch
from gateway.refresh.unenforced import UnenforcedRetention
from gateway.settings import Settings
from tests.fakes.telemetry import Heard
from tests.unit.test_settings import EXAMPLE, IN_PRODUCTION

REQUEST = Request("GET", "clinic", Target("/box"), Headers(()), b"", "", "https://gateway.example")


class Refusing:
    """`ports.RetentionGuard` that never passes."""

    async def require(self) -> None:
        raise Unavailable("not locked", reason=Reason.POLICY_NOT_LOCKED)

    async def check(self) -> None:
        await self.require()


@asynccontextmanager
async def application(folder: Path, **changes: object) -> AsyncIterator[Application]:
    given = json.loads(EXAMPLE.read_text("utf-8"))["Values"]
    values = {
        name.removeprefix("CHAPERONE_").lower(): value
        for name, value in given.items()
        if name.startswith("CHAPERONE_")
    }
    secrets = folder / "secrets.json"
    secrets.write_text("{}")
    secrets.chmod(0o600)
    values |= {"dev_secrets_file": str(secrets), "dev_ca_file": None}
    app = await bootstrap.build(Settings.model_validate(values | changes))
    try:
        yield app
    finally:
        await app.close()


@pytest.mark.parametrize("way", ["handle", "operation", "take", "page", "tick"])
async def test_every_way_in_is_closed_while_the_policy_is_not_locked(
    tmp_path: Path, way: str
) -> None:
    async with application(tmp_path) as built:
        app = dataclasses.replace(built, retention=Refusing())
        pages = GuardedPages(ClosedPages(), app.retention)
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "handle": lambda: app.handle(REQUEST),
            "operation": lambda: app.operation("x", REQUEST),
            "take": lambda: app.take("chaperone-execute", "x"),
            "page": lambda: pages.respond("signin", Visit("GET", "", {}, {})),
            "tick": lambda: app.tick("policy"),
        }
        with pytest.raises(Unavailable) as caught:
            await ways[way]()
    assert caught.value.reason is Reason.POLICY_NOT_LOCKED


async def test_a_policy_that_is_not_good_is_told_by_each_look_at_it(tmp_path: Path) -> None:
    heard = Heard()
    async with application(tmp_path) as built:
        app = dataclasses.replace(built, telemetry=heard.telemetry)
        await app.tick("policy")
        assert heard.of(Signal.POLICY_UNLOCKED) == []
        app = dataclasses.replace(app, retention=Refusing())
        for _ in range(2):
            with pytest.raises(Unavailable):
                await app.tick("policy")
    assert heard.of(Signal.POLICY_UNLOCKED) == [({}, 2)]


async def test_in_production_the_policy_is_required_and_readiness_says_so(tmp_path: Path) -> None:
    async with application(tmp_path, **IN_PRODUCTION) as app:
        assert isinstance(app.retention, RetentionWatch)
        assert isinstance(app.pages, GuardedPages)
        assert app.pages.guard is app.retention


async def test_in_development_it_is_said_once_that_nothing_is_enforced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with application(tmp_path) as app:
            assert isinstance(app.retention, UnenforcedRetention)
            await app.retention.require()
    assert caplog.text.count("DEVELOPMENT ONLY") == 1


async def test_a_development_gateway_on_a_real_account_observes_its_policy(tmp_path: Path) -> None:
    account = IN_PRODUCTION["evidence_resource_id"]
    async with application(tmp_path, evidence_resource_id=account) as app:
        assert isinstance(app.retention, ObservedRetention)


async def test_who_listens_for_sigterm_already_is_left_alone() -> None:
    """The local host, which lets requests end before it closes the gateway."""
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, heard.set)
    try:
        bootstrap._close_when_terminated(loop)
        signal.raise_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            await heard.wait()
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
    assert not bootstrap._ending


async def test_nobody_listens_for_signals_outside_of_the_main_thread() -> None:
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(bootstrap._close_when_terminated, loop)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
