"""How old something may be."""

from datetime import datetime, timedelta


def within(since: datetime | None, limit: timedelta, now: datetime) -> bool:
    """Whether `since` is known and less than `limit` ago.

    A clock that was set back would make anything fresh for ever, so a moment in the future is
    not within any limit.
    """
    return since is not None and timedelta(0) <= now - since < limit
