"""Notices that another package runs than before, so that operators hear of a deployment."""

from typing import Final

from gateway.errors import NotFound, PreconditionFailed
from gateway.model.signals import Signal
from gateway.ports import StateStore, Telemetry

NOTE: Final = "package"
"""In the state store: the digest of the package that ran last."""


class PackageNote:
    """What ran last, in the state store; the OPEN records of the journals are the evidence of it.

    Instances of two packages that run at once, as in a deployment, each say so once at most.
    """

    def __init__(self, state: StateStore, digest: str, telemetry: Telemetry) -> None:
        """A note that was not looked at yet.

        Args:
            state: holds it.
            digest: of the package that runs here, `sha256:{hex}`.
            telemetry: counts changes.
        """
        self._state = state
        self._digest = digest
        self._telemetry = telemetry
        self._checked = False

    async def check(self) -> None:
        """Compare, once in a process; the first note ever is no change.

        Raises:
            StoreUnavailable: not now; looked at again the next time.
        """
        if self._checked:
            return
        before, etag = await self._before()
        if before != self._digest:
            try:
                await self._state.swap(NOTE, self._digest.encode(), etag)
            except PreconditionFailed:
                # Another instance was first, and counts what it found.
                return
            if etag is not None:
                self._telemetry.add(Signal.PACKAGE_CHANGED)
        self._checked = True

    async def _before(self) -> tuple[str, str | None]:
        try:
            found = await self._state.get(NOTE)
        except NotFound:
            return "", None
        return found.data.decode("ascii", "replace"), found.etag
