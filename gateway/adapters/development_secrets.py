"""Secrets from a file, in place of a vault, for development alone."""

import json
import logging
import os
import stat
import time
from pathlib import Path

from gateway.errors import ConfigurationError, Reason, Unavailable
from gateway.ports import Secret

_log = logging.getLogger(__name__)

_TICK_NS = 2_000_000_000
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnsafeDevelopmentSecrets:
    """`ports.Secrets` over a JSON file `{name: value}` or `{name: {"value", "version"}}`.

    The file is looked at in every call and read when it has changed, so that a changed secret takes
    effect at once. Settings refuse this class in production.

    Raises:
        ConfigurationError: the file cannot be read, is not such an object, or others may read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[tuple[int, ...], dict[str, Secret]] | None = None
        self._load()
        _log.warning("secrets come from a file: for development only, never for ePHI")

    async def get(self, name: str, version: str = "") -> Secret:
        """See `ports.Secrets`; the file holds one version of each."""
        try:
            found = self._load().get(name)
        except ConfigurationError:
            found = None
        if found is None or version not in {"", found.version}:
            raise Unavailable(
                "a secret that the connection needs is not available",
                reason=Reason.CREDENTIAL_UNAVAILABLE,
                advice="ask the operator of the gateway to check its secret store",
            )
        return found

    def _load(self) -> dict[str, Secret]:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - asked for in every request
            if found.st_mode & _OTHERS:
                raise ConfigurationError(
                    "the development secrets file can be read by others",
                    advice=f"chmod 600 {self._path}",
                )
            state = (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
            if self._read is not None and self._read[0] == state:
                return self._read[1]
            document = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            raise ConfigurationError(
                "the development secrets file cannot be read as JSON",
                advice=f"make {self._path} an object of names and values",
            ) from None
        if not isinstance(document, dict):
            raise ConfigurationError("the development secrets file must hold one JSON object")
        secrets = {name: _secret(value) for name, value in document.items()}
        # A second change within one tick of the file system's clock would look like none.
        settled = time.time_ns() - max(found.st_mtime_ns, found.st_ctime_ns) > _TICK_NS
        self._read = (state, secrets) if settled else None
        return secrets


def _secret(entry: object) -> Secret:
    match entry:
        case str(value) | {"value": str(value)} if value:
            version = entry.get("version", "1") if isinstance(entry, dict) else "1"
            return Secret(value, str(version))
        case _:
            raise ConfigurationError(
                "an entry of the development secrets file is neither a string nor "
                '{"value", "version"}'
            )
