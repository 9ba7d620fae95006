"""No retention policy at all: the storage emulator knows none."""


class UnenforcedRetention:
    """In development nothing keeps records from being changed, and nothing is refused for it."""

    async def require(self) -> None:
        """Pass."""

    async def check(self) -> None:
        """Nothing to ask."""
