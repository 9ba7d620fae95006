"""Secrets from a file, in place of a vault, for development alone."""

import json
import logging
import stat
from pathlib import Path

from gateway.errors import ConfigurationError, Reason, Unavailable
from gateway.ports import Secret

_log = logging.getLogger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class UnsafeDevelopmentSecrets:
    """`ports.Secrets` over a JSON file `{name: value}` or `{name: {"value", "version"}}`.

    The file is read at every call, so that a changed secret takes effect at once. Settings refuse
    this class in production.

    Raises:
        ConfigurationError: the file cannot be read, is not such an object, or others may read it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._load()
        _log.warning("secrets come from a file: for development only, never for ePHI")

    async def get(self, name: str) -> Secret:
        """See `ports.Secrets`."""
        try:
            return self._load()[name]
        except (ConfigurationError, KeyError):
            raise Unavailable(
                "a secret that the connection needs is not available",
                reason=Reason.CREDENTIAL_UNAVAILABLE,
                advice="ask the operator of the gateway to check its secret store",
            ) from None

    def _load(self) -> dict[str, Secret]:
        try:
            if self._path.stat().st_mode & _OTHERS:
                raise ConfigurationError(
                    "the development secrets file can be read by others",
                    advice=f"chmod 600 {self._path}",
                )
            document = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            raise ConfigurationError(
                "the development secrets file cannot be read as JSON",
                advice=f"make {self._path} an object of names and values",
            ) from None
        if not isinstance(document, dict):
            raise ConfigurationError("the development secrets file must hold one JSON object")
        return {name: _secret(value) for name, value in document.items()}


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
