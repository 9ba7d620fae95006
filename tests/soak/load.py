"""Load on all instances at once: what was acknowledged, and what was decided by a person."""

import asyncio
import itertools
import random
import re
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

import aiohttp

from gateway.errors import GatewayError
from gateway.local.reviewer import Browser, Reviewer
from tests.integration.stack import Stack

_SECONDS = aiohttp.ClientTimeout(total=30)
_TICKET = re.compile(rb"/approvals/([0-9a-f]{32})")
# Of ten requests; the others write.
_READS = 4
_REJECTED_OF = 4
_ATTEMPTS = 5
_TEXT = 1000
_WARM_UP = 3
"""Requests of each worker to an instance before it takes its share of the load."""


class Targets:
    """The instances that take requests at this moment, by URL; safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._urls: list[str] = []
        self.answered: Counter[str] = Counter()

    def add(self, url: str) -> None:
        """It is ready."""
        with self._lock:
            self._urls.append(url)

    def remove(self, url: str) -> None:
        """It is about to be killed."""
        with self._lock:
            self._urls.remove(url)

    def pick(self, draw: random.Random) -> str:
        """Any of them."""
        with self._lock:
            return draw.choice(self._urls)


@dataclass(frozen=True, slots=True)
class Unexplained:
    """An answer that neither a kill nor the manifest explains.

    Attributes:
        answer: method, status and reason.
        exchange: names its records; "" where the answer named none.
        after: seconds of load before it.
        took: seconds from the request to the answer.
        text: of the answer, which holds no content of a store.
    """

    answer: str
    exchange: str
    url: str
    after: float
    took: float
    text: str


@dataclass
class Tally:
    """What the callers have seen.

    Attributes:
        acknowledged: exchanges that were answered with 2xx.
        written: blobs whose writing was acknowledged.
        failed: requests without an answer, or with 502 or 503: their instance was killed.
        unexplained: answers that neither a kill nor the manifest explains.
    """

    acknowledged: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    failed: int = 0
    unexplained: list[Unexplained] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """What others have seen."""
        self.acknowledged += other.acknowledged
        self.written += other.written
        self.failed += other.failed
        self.unexplained += other.unexplained


@dataclass
class Asked:
    """A deletion that a person decided: its ticket, its container, the button pressed."""

    ticket: str
    container: str
    decision: str
    decided: bool = False


@dataclass
class Load:
    """Workers that write and read through instances drawn at random, each request anew."""

    targets: Targets
    documents: Sequence[str]
    writer: str
    reader: str
    ca_file: str
    box: str
    ended: threading.Event
    tally: Tally = field(default_factory=Tally)
    started: float = field(default_factory=time.monotonic)
    name: str = "load"
    most: int = sys.maxsize

    def run(self, workers: int) -> None:
        """Until `ended`, or until each worker has sent `most`; in a thread of its own."""
        asyncio.run(self._run(workers))

    def warm(self, url: str, workers: int) -> None:
        """Give one instance, that nobody else sends to, as many requests at once as it may get."""
        alone = Targets()
        alone.add(url)
        name = f"warm-{urlsplit(url).port}-{time.monotonic_ns()}"
        first = replace(self, targets=alone, tally=Tally(), name=name, most=_WARM_UP)
        first.run(workers)
        self.tally.add(first.tally)

    async def _run(self, workers: int) -> None:
        context = ssl.create_default_context(cafile=self.ca_file)
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with aiohttp.ClientSession(connector=connector, timeout=_SECONDS) as session:
            await asyncio.gather(*(self._work(session, number) for number in range(workers)))

    async def _work(self, session: aiohttp.ClientSession, worker: int) -> None:
        draw = random.Random(worker)  # noqa: S311 - which request comes next is no secret
        number = 0
        while not self.ended.is_set() and number < self.most:
            number += 1
            url = self.targets.pick(draw)
            if draw.randrange(10) < _READS:
                path = f"/c/clinic/phi/{draw.choice(self.documents)}"
                await self._send(session, url, "GET", path, self.reader)
                continue
            blob = f"{self.name}-{worker}-{number}"
            path = f"/c/research/{self.box}/{blob}"
            if await self._send(session, url, "PUT", path, self.writer, body=blob.encode()):
                self.tally.written.append(blob)

    async def _send(
        self,
        session: aiohttp.ClientSession,
        url: str,
        method: str,
        path: str,
        token: str,
        *,
        body: bytes | None = None,
    ) -> bool:
        headers = {"authorization": f"Bearer {token}", "x-ms-version": "2025-11-05"}
        if body is not None:
            headers["x-ms-blob-type"] = "BlockBlob"
        began = time.monotonic()
        try:
            async with session.request(method, url + path, headers=headers, data=body) as response:
                content = await response.read()
        except (aiohttp.ClientError, TimeoutError):
            self.tally.failed += 1
            await asyncio.sleep(0.05)
            return False
        self.targets.answered[url] += 1
        good = 200 <= response.status < 300
        if good:
            self.tally.acknowledged.append(response.headers["x-chaperone-exchange"])
        elif response.status in {502, 503}:
            self.tally.failed += 1
        else:
            reason = response.headers.get("x-ms-error-code", "")
            answer = f"{method} {response.status} {reason}".rstrip()
            exchange = response.headers.get("x-chaperone-exchange", "")
            now, text = time.monotonic(), content[:_TEXT].decode(errors="replace")
            found = Unexplained(answer, exchange, url, began - self.started, now - began, text)
            self.tally.unexplained.append(found)
        return good


@dataclass
class Asking:
    """An agent whose deletions wait for a person, and that person; each at instances at random."""

    targets: Targets
    stack: Stack
    token: str
    ended: threading.Event
    every_seconds: float
    asked: list[Asked] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def run(self) -> None:
        """Until `ended`; in a thread of its own."""
        draw = random.Random(7)  # noqa: S311 - as above
        rita = Reviewer("rita.reviewer", Browser(self.stack.running.ca_file))
        for number in itertools.count():
            if self.ended.wait(self.every_seconds):
                return
            wanted = "reject" if number % _REJECTED_OF == _REJECTED_OF - 1 else "approve"
            self._ask(rita, wanted, lambda: self.targets.pick(draw))

    def warm(self, url: str) -> None:
        """The whole way of a deletion that is rejected at one instance, from the sign-in on."""
        self._ask(
            Reviewer("rita.reviewer", Browser(self.stack.running.ca_file)), "reject", url.strip
        )

    def _ask(self, rita: Reviewer, wanted: str, pick: Callable[[], str]) -> None:
        browser = Browser(self.stack.running.ca_file)
        box = self.stack.both("research", f"hold-{next(self.numbers):05}", service=None)
        name = box.stored.container_name
        ticket = self._patient(lambda: self._hold(browser, name, pick()))
        if not ticket:
            return
        asked = Asked(ticket, name, wanted)
        self.asked.append(asked)
        asked.decided = bool(
            self._patient(lambda: self._decide(rita, f"{pick()}/approvals/{ticket}", wanted))
        )
        # The agent repeats itself, wherever, while the approved request is carried out.
        for _ in range(3):
            self._patient(lambda: self._hold(browser, name, pick()))

    def _hold(self, browser: Browser, container: str, url: str) -> str:
        """The ticket under which the deletion waits, "done" where it waits no more."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Length": "0"}
        target = f"/c/research/{container}?restype=container"
        answer = browser.open(url + target, method="DELETE", **headers)
        found = _TICKET.search(answer.html.encode())
        return found[1].decode() if found else "done"

    def _decide(self, rita: Reviewer, page: str, decision: str) -> str:
        shown = rita.decide(page, decision, "As agreed with Ada Winter.")
        return "decided" if shown.status == 200 else ""

    def _patient(self, act: Callable[[], str]) -> str:
        """What comes back, tried again where an instance died under it."""
        for _ in range(_ATTEMPTS):
            try:
                found = act()
            except (GatewayError, OSError):
                found = ""
            if found:
                return found
            time.sleep(0.3)
        return ""
