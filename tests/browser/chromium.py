"""A headless Chromium, driven by its own protocol: real pages, real mouse, real keyboard.

https://chromedevtools.github.io/devtools-protocol/
"""

import asyncio
import base64
import hashlib
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_SECONDS = 30
_FLAGS = (
    "--headless",
    "--no-sandbox",  # tests may run as root, and see no page but their own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


def program() -> str | None:
    """The browser's path, None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Tab:
    """One page."""

    socket: aiohttp.ClientWebSocketResponse
    frame: str
    """The page's own, without the frames in it."""
    complaints: list[str] = field(default_factory=list)
    """What the browser logged as an error: broken policies, failed loads."""
    _number: int = 0
    _loaded: str = ""
    """The document whose loading ended last."""

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result."""
        self._number = number = self._number + 1
        await self.socket.send_json({"id": number, "method": method, "params": parameters})
        while True:
            message = await self._next()
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                result: dict[str, Any] = message["result"]
                return result

    async def open(self, url: str) -> None:
        """Go there, and wait until it is shown."""
        answer = await self.call("Page.navigate", url=url)
        # The event of the page before may still be on its way.
        while self._loaded != answer["loaderId"]:
            await self._next()

    async def click(self, selector: str) -> None:
        """Press an element with the mouse, and wait for the page that follows."""
        before = self._loaded
        await self._press(selector)
        while self._loaded == before:
            await self._next()

    async def type(self, selector: str, text: str) -> None:
        """Write into a field."""
        await self._press(selector)
        await self.call("Input.insertText", text=text)

    async def evaluate(self, expression: str) -> Any:
        """The value of an expression in the page, asked from outside its policy."""
        answer = await self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def text(self) -> str:
        """What a person can read."""
        return str(await self.evaluate("document.body.innerText"))

    async def address(self) -> str:
        return str(await self.evaluate("location.href"))

    async def size(self, width: int, height: int, *, mobile: bool = False) -> None:
        """Of the window."""
        await self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=mobile,
        )

    async def screenshot(self, path: Path) -> bytes:
        """The whole page as PNG."""
        answer = await self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return _kept(path, base64.b64decode(answer["data"]))

    async def print(self) -> bytes:
        """The page as PDF, in its print style."""
        return base64.b64decode((await self.call("Page.printToPDF"))["data"])

    async def _press(self, selector: str) -> None:
        quoted = json.dumps(selector)
        box = await self.evaluate(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const b = e.getBoundingClientRect();"
            f" return {{x: b.x + b.width / 2, y: b.y + b.height / 2}}; }})"
            f"(document.querySelector({quoted}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **box
            )

    async def _next(self) -> dict[str, Any]:
        message: dict[str, Any] = await asyncio.wait_for(self.socket.receive_json(), _SECONDS)
        match message:
            case {
                "method": "Page.lifecycleEvent",
                "params": {"frameId": self.frame, "name": "load", "loaderId": str(document)},
            }:
                self._loaded = document
            case {"method": "Log.entryAdded", "params": {"entry": {"level": "error", **entry}}}:
                self.complaints.append(str(entry["text"]))
            case _:
                pass
        return message


@asynccontextmanager
async def browsing(path: str, folder: Path, certificate: Path) -> AsyncIterator[Tab]:
    """A browser with a profile of its own that trusts one certificate beside the usual ones."""
    trust = f"--ignore-certificate-errors-spki-list={_pin(certificate)}"
    process = await asyncio.create_subprocess_exec(
        path,
        *_FLAGS,
        trust,
        f"--user-data-dir={folder}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        port = await asyncio.wait_for(_port(folder / "DevToolsActivePort"), _SECONDS)
        async with aiohttp.ClientSession() as session:
            async with session.put(f"http://127.0.0.1:{port}/json/new?about:blank") as answer:
                target = await answer.json(content_type=None)
            async with session.ws_connect(
                target["webSocketDebuggerUrl"], max_msg_size=64 * 1024 * 1024
            ) as socket:
                # The outermost frame of a target has the target's id.
                tab = Tab(socket, target["id"])
                for domain in ("Page", "Runtime", "Log"):
                    await tab.call(f"{domain}.enable")
                await tab.call("Page.setLifecycleEventsEnabled", enabled=True)
                yield tab
    finally:
        process.terminate()
        await asyncio.wait_for(process.wait(), _SECONDS)


def _kept(path: Path, data: bytes) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return data


async def _port(file: Path) -> int:
    while not (file.exists() and (lines := file.read_text("utf-8").splitlines())):  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.05)
    return int(lines[0])


def _pin(certificate: Path) -> str:
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    data = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
