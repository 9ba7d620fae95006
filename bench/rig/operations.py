"""Counts what storage is asked for: by requests one by one, at once, by one approval, by timers."""

import http.client
import json
import re
import ssl
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final
from urllib.parse import urlsplit

from bench.cost import counted
from gateway.cli.token import Provider, request_token
from gateway.local import directory, seed
from gateway.local.dev import Options, Running, running
from gateway.local.reviewer import Browser, Reviewer

REQUESTS: Final = 200
AT_ONCE: Final = 16
TIMER_SPEED: Final = 10.0
_BLOB: Final = "/c/clinic/public/cost.txt"
_HELD: Final = "/c/clinic/exports-2021?restype=container"
_SETTLE: Final = 3.0
_QUIET: Final = 30.0
_IDLE: Final = 60.0


class Caller:
    """An agent at the HTTP level: one token, connections of its own."""

    def __init__(self, run: Running) -> None:
        self._address = urlsplit(run.url)
        self._tls = ssl.create_default_context(cafile=str(run.ca_file))
        form = [
            ("grant_type", "client_credentials"),
            ("client_id", directory.AGENTS["platform-agent"].application),
            ("client_secret", directory.CLIENT_SECRET),
            ("scope", f"{directory.AUDIENCE}/.default"),
            ("dev_groups", "platform-admins"),
        ]
        token = request_token(Provider(run.identity_provider, run.ca_file), form)
        self._headers = {"authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"}

    def send(self, times: int, method: str = "GET", path: str = _BLOB, body: bytes = b"") -> bytes:
        """The last answer's headers and body, as bytes."""
        connection = http.client.HTTPSConnection(
            self._address.hostname or "", self._address.port, context=self._tls, timeout=30
        )
        headers = dict(self._headers)
        if body:
            headers |= {"x-ms-blob-type": "BlockBlob", "content-type": "text/plain"}
        answer = b""
        for _ in range(times):
            connection.request(method, path, body=body or None, headers=headers)
            response = connection.getresponse()
            answer = str(response.headers).encode() + response.read()
        connection.close()
        return answer


def measure() -> Iterator[str]:
    """One line for each phase: its name and the operations by meter."""
    options = Options(access_log=True, timer_speed=TIMER_SPEED)
    with running(options) as run:
        caller = Caller(run)
        caller.send(1, "PUT", body=b"x" * 2000)
        caller.send(5)
        before = _log(run)
        caller.send(REQUESTS)
        before, line = _phase(run, before, f"{REQUESTS} requests one by one")
        yield line
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(caller.send, [REQUESTS // AT_ONCE] * AT_ONCE))
        total = REQUESTS // AT_ONCE * AT_ONCE
        before, line = _phase(run, before, f"{total} requests, {AT_ONCE} at once")
        yield line
        _approved(run, caller)
        before, line = _phase(run, before, "one held request, with the timers meanwhile")
        yield line
        # What came before is put into index and log, and the journal closed: no part of idleness.
        time.sleep(_QUIET)
        before, line = _phase(run, before, "timers, while they catch up")
        yield line
        time.sleep(_IDLE)
        minutes = _IDLE * TIMER_SPEED / 60
        yield _phase(run, before, f"timers alone, {minutes:g} minutes")[1]


def _approved(run: Running, caller: Caller) -> None:
    found = re.search(rb"<ReviewUrl>([^<]+)</ReviewUrl>", caller.send(1, "DELETE", _HELD))
    if found is None:
        raise RuntimeError("the deletion was not held")
    url = found[1].decode()
    reviewer = Reviewer("rita.reviewer", Browser(run.ca_file))
    page = reviewer.read(url)
    reviewer.browser.submit(page, page.form_with("decision"), decision="approve", reason="")
    time.sleep(_SETTLE)
    caller.send(1, "DELETE", _HELD)


def _log(run: Running) -> int:
    time.sleep(0.5)
    return len(run.storage_log.read_text("utf-8", "replace"))


def _phase(run: Running, before: int, name: str) -> tuple[int, str]:
    end = _log(run)
    text = run.storage_log.read_text("utf-8", "replace")[before:end]
    found: Counter[str] = counted(text, seed.EVIDENCE_ACCOUNT, seed.STATE_ACCOUNT)
    return end, f"{name}: {json.dumps(dict(sorted(found.items())))}"
