"""The journals in the store by their days, for what follows them from a day on."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

from gateway.evidence.chain import JournalName
from gateway.ports import EvidenceStore


async def days(
    store: EvidenceStore, since: str, now: datetime
) -> AsyncIterator[tuple[str, list[tuple[JournalName, int]]]]:
    """Days that have journals, each with these and their sizes in bytes, in their order.

    Args:
        store: the evidence.
        since: the first day, `YYYY/MM/DD`; empty for all.
        now: the last day is the one after it.

    Raises:
        StoreError: the journals cannot be listed.
    """
    day, journals = "", list[tuple[JournalName, int]]()
    for prefix in _prefixes(since, now):
        async for blob in store.list(prefix):
            if (name := JournalName.parse(blob.name)) is None:
                continue
            if name.day != day and journals:
                yield day, journals
                journals = []
            day = name.day
            journals.append((name, blob.size))
    if journals:
        yield day, journals


def _prefixes(since: str, now: datetime) -> list[str]:
    if not since:
        return ["journal/"]
    # A writer's clock may be ahead of ours.
    end = now.astimezone(UTC).date() + timedelta(days=1)
    day = datetime.strptime(since, "%Y/%m/%d").replace(tzinfo=UTC).date()
    span = range((end - day).days + 1)
    return [f"journal/{day + timedelta(days=number):%Y/%m/%d}/" for number in span]
