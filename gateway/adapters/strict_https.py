"""What small clients of other services share: which certificates they trust, how much they read."""

import ssl
from pathlib import Path
from typing import Final

import aiohttp

from gateway.errors import ConfigurationError

FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)
"""What the client raises on the way: bad URLs, certificates, broken answers, time, sockets."""


class TooLong(Exception):
    """An answer goes on beyond the bound that was set for it."""


async def bounded(content: aiohttp.StreamReader, limit: int) -> bytes:
    """A whole answer of at most `limit` bytes, counted as they arrive.

    Raises:
        TooLong: it has more, whatever its length was said to be.
    """
    body = bytearray()
    async for chunk in content.iter_any():
        body += chunk
        if len(body) > limit:
            raise TooLong
    return bytes(body)


def trusted(ca_file: Path | None, service: str, advice: str = "") -> ssl.SSLContext | bool:
    """The certificates to trust: those of `ca_file` alone, or the system's.

    Raises:
        ConfigurationError: the file cannot be read; `service` and `advice` say whose it is.
    """
    if ca_file is None:
        return True
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise ConfigurationError(
            f"the CA file of {service} cannot be read", advice=advice
        ) from None
