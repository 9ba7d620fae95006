"""The machine's own clock and randomness."""

import secrets
from datetime import UTC, datetime


class SystemClock:
    """`ports.Clock`."""

    def now(self) -> datetime:
        """See `ports.Clock`."""
        return datetime.now(UTC)  # noqa: TID251 - the one place where time comes from


class SystemEntropy:
    """`ports.Entropy` from the operating system."""

    def hex(self, size: int) -> str:
        """See `ports.Entropy`."""
        return secrets.token_hex(size)
