"""The part of the demo in which people are asked: held, approved, rejected, expired."""

import re
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.errors import GatewayError
from gateway.local import demo_steps, directory
from gateway.local.demo_findings import Approval
from gateway.local.demo_steps import Act
from gateway.local.dev import Running
from gateway.local.reviewer import Browser, Reviewer

REVIEWER = "rita.reviewer"
REASON = "audit"
"""A word that passes to the agent as it is; prose could hold a patient's name."""

PERSON_SECONDS = 600
"""How long a person has for one decision."""

_SCRIPT_SECONDS = 45
_EXPECTED = {
    "clinic/exports-2021": ("approved", 1, (("answered", 202),), 1),
    "clinic/exports-2022": ("rejected", 0, (), 0),
    "clinic/scratch": ("expired", 0, (), 0),
}


class Deviation(GatewayError):
    """A step of the demo did not do what it must."""


class Asking:
    """Holds and their ends.

    Args:
        running: a started gateway, its storage with an access log.
        console: where the story is told.
        act: lets an agent do its task, shows and checks its steps; seconds of patience.
        scripted: a script decides on the pages; a person is asked to do it otherwise.
    """

    def __init__(
        self,
        running: Running,
        console: Console,
        act: Callable[[Act, float], list[dict[str, Any]]],
        *,
        scripted: bool,
    ) -> None:
        self._running = running
        self._console = console
        self._act = act
        self._scripted = scripted
        self._pages: dict[str, str] = {}

    def hold(self) -> None:
        """Three deletions, none of which happens; each names its page."""
        for report in self._act(demo_steps.DELETIONS, 0):
            container = str(report["step"]).removeprefix("delete ")
            url = str(report.get("details", {}).get("reviewurl", ""))
            if not url.startswith(self._running.review_pages):
                raise Deviation(f"the answer to “delete {container}” names no page to decide it on")
            self._pages[container] = url
            self._console.print(f"  {container} is decided at {escape(url)}", soft_wrap=True)
        if len(set(self._pages.values())) != len(self._pages):
            raise Deviation("two requests have one page")
        self._sent({})

    def approve(self) -> None:
        """What is approved is done, once, and the agent gets the answer."""
        self._decide("exports-2021", "approve", "")
        self._act(demo_steps.APPROVED, self._patience)
        self._sent({"exports-2021": 1})
        self._console.print("  [green]Storage was sent this deletion exactly once.[/green]")

    def reject(self) -> None:
        """What is rejected is not done, and the agent hears why."""
        self._decide("exports-2022", "reject", REASON)
        (report,) = self._act(demo_steps.REJECTED, self._patience)
        said = str(report.get("details", {}).get("reviewerreason", ""))
        if not said or (self._scripted and said != REASON):
            raise Deviation("the agent is not told the reviewer's reason")
        self._console.print(f"  The reviewer's reason, as the agent reads it: {escape(said)}")

    def expire(self) -> None:
        """What nobody decides is denied in the end."""
        self._act(demo_steps.LATE, _SCRIPT_SECONDS)
        self._sent({"exports-2021": 1})

    @property
    def _patience(self) -> float:
        return _SCRIPT_SECONDS if self._scripted else PERSON_SECONDS

    def _decide(self, container: str, decision: str, reason: str) -> None:
        url = self._pages[container]
        person = directory.PERSONS[REVIEWER]
        if not self._scripted:
            self._console.print(
                f"  [bold]Your turn[/bold], within {PERSON_SECONDS // 60} minutes: open\n"
                f"  {escape(url)}\n"
                f"  (its certificate is of this run only), sign in as {REVIEWER}, and "
                f"[bold]{decision}[/bold].",
                soft_wrap=True,
            )
            return
        reviewer = Reviewer(REVIEWER, Browser(self._running.ca_file))
        page = reviewer.read(url)
        if page.status != 200 or f"clinic/{container}" not in page.text:  # noqa: PLR2004
            raise Deviation("the page does not say what is asked for", advice=page.text[:300])
        form = page.form_with("decision")
        done = reviewer.browser.submit(page, form, decision=decision, reason=reason)
        word = {"approve": "Approved", "reject": "Rejected"}[decision]
        if f"{word} by {person.username}" not in done.text:
            raise Deviation("the page does not show the decision", advice=done.text[:300])
        path = urlsplit(url).path
        self._console.print(
            f"  {person.username} signs in, reads {path} and presses [bold]{decision}[/bold].",
            soft_wrap=True,
        )

    def _sent(self, expected: dict[str, int]) -> None:
        """Pass storage that was sent these deletions so far, and no others."""
        log = self._running.storage_log.read_text("utf-8", "replace")
        found = {
            container: len(re.findall(rf'"DELETE /clinicdata/{container}\?', log))
            for container in self._pages
        }
        if {name: count for name, count in found.items() if count} != expected:
            raise Deviation(f"storage was sent other deletions than {expected}: {found}")


def await_expiry(
    read: Callable[[], Iterable[Approval]], seconds: float = 2 * _SCRIPT_SECONDS
) -> None:
    """Wait until the end of the request that nobody decided is on record.

    The gateway denies it from the moment it expires; the record follows with a later sweep.

    Args:
        read: what is on record by now.
        seconds: how long to wait at most.

    Raises:
        Deviation: it does not come.
    """
    deadline = time.monotonic() + seconds
    while not any(found.verdict == "expired" for found in read()):
        if time.monotonic() > deadline:
            raise Deviation("the expiry of a request is not on record")
        time.sleep(1)


def check(found: Iterable[Approval]) -> None:
    """Pass a recording with one end for each held request, and one execution of one.

    Raises:
        Deviation: names the first that is recorded otherwise.
    """
    seen = {
        item.resource: (item.verdict, item.executions, item.results, item.collected)
        for item in found
    }
    for resource, expected in _EXPECTED.items():
        if seen.pop(resource, None) != expected:
            raise Deviation(f"the recording tells another story of {resource}")
    if seen:
        raise Deviation(f"the recording has {len(seen)} held request(s) too many")


def rendered(found: Iterable[Approval]) -> Table:
    """One row for each held request."""
    table = Table(box=box.SIMPLE, pad_edge=False, collapse_padding=True)
    for title in ("Held, UTC", "Data", "Decision", "Execution", "Result read"):
        table.add_column(title, overflow="fold")
    for item in found:
        by = f"\nby {item.reviewer}" if item.reviewer else ""
        why = f"\n{item.reason}" if item.reason else ""
        results = ", ".join(f"{result} {status}" for result, status in item.results)
        table.add_row(
            item.held[11:19],
            escape(item.resource),
            escape(f"{item.verdict or 'none'}{by}{why}"),
            f"{item.executions} time(s)\n{results}" if item.executions else "never",
            f"{item.collected} time(s)" if item.collected else "",
        )
    return table
