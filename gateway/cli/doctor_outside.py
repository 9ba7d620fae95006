"""Checks of a gateway as anybody sees it: over HTTPS, without a token."""

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.cli import diagnosis
from gateway.cli.diagnosis import Finding, State
from gateway.ports import Clock

_FAILURES: Final = (aiohttp.ClientError, TimeoutError, OSError)
_SECONDS: Final = 20
_LIMIT: Final = 64 * 1024
# Reaches the gateway's own check of the token, and no connection.
_PROBE: Final = "/c/doctor-probe/x"


async def outside(
    url: str, clock: Clock, *, audiences: tuple[str, ...] = (), ca_file: Path | None = None
) -> list[Finding]:
    """What its address says.

    Args:
        url: the gateway's origin.
        clock: this machine's.
        audiences: that its challenge may name; () for any.
        ca_file: the only certificates to trust, for a development gateway.
    """
    if not url.startswith("https://"):
        return [Finding("TLS", State.FAILED, "the address is not https", "use the https address")]
    context = ssl.create_default_context(cafile=ca_file)
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=_SECONDS),
        connector=aiohttp.TCPConnector(ssl=context),
        trust_env=False,
    ) as session:
        try:
            secured = await _tls(url, context, clock)
            return [secured, *await _checks(session, url, clock, audiences)]
        except _FAILURES as error:
            what = "the certificate is not accepted" if _certificate(error) else "no answer"
            fix = "check the address, its certificate and the way there"
            return [Finding("TLS", State.FAILED, f"{what} ({type(error).__name__})", fix)]


async def exposed(what: str, url: str, container: str, *, emulator: bool) -> Finding:
    """Whether a container of blobs can be reached from here, and what it tells anybody."""
    address = f"{url}/{container}?restype=container&comp=list&maxresults=1"
    return await _exposed(what, address, emulator=emulator)


async def vault_exposed(url: str, *, emulator: bool) -> Finding:
    """Whether the vault can be reached from here, and what it tells anybody."""
    return await _exposed("vault", f"{url}/secrets?api-version=7.4", emulator=emulator)


async def _exposed(what: str, address: str, *, emulator: bool) -> Finding:
    if emulator:
        return diagnosis.exposure(what, None, "", emulator=True)
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
            session.get(address, headers={"x-ms-version": "2023-11-03"}) as response,
        ):
            word = response.headers.get("x-ms-error-code", "")
            if not word:  # which a vault says in its answer alone
                said = await response.content.read(_LIMIT)
                word = next((name for name in diagnosis.CLOSED if name.encode() in said), "")
            return diagnosis.exposure(what, response.status, word, emulator=False)
    except _FAILURES as error:
        return diagnosis.exposure(what, None, type(error).__name__, emulator=False)


async def _checks(
    session: aiohttp.ClientSession, url: str, clock: Clock, audiences: tuple[str, ...]
) -> list[Finding]:
    before = clock.now()
    async with session.get(f"{url}/healthz", allow_redirects=False) as response:
        date = response.headers.get("Date", "")
        alive = response.status
    found = [diagnosis.clock(date, before.replace(microsecond=0), clock.now())]
    if alive != 200:  # noqa: PLR2004 - HTTP
        fix = "check that the address is the gateway's and that the app runs"
        found.append(Finding("healthz", State.FAILED, f"status {alive}", fix))
        return found
    found.append(diagnosis.good("healthz", "the process runs"))
    async with session.get(f"{url}/readyz", allow_redirects=False) as response:
        found.append(diagnosis.readiness(response.status, await response.content.read(_LIMIT)))
    async with session.get(f"{url}/approvals/doctor-probe", allow_redirects=False) as response:
        found.append(diagnosis.hsts(response.headers.get("Strict-Transport-Security", "")))
    async with session.get(f"{url}{_PROBE}", allow_redirects=False) as response:
        header = response.headers.get("WWW-Authenticate", "")
        found.append(diagnosis.challenge(response.status, header, audiences))
    return found


async def _tls(url: str, context: ssl.SSLContext, clock: Clock) -> Finding:
    parts = urlsplit(url)
    async with asyncio.timeout(_SECONDS):
        _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    try:
        connection: ssl.SSLObject = writer.get_extra_info("ssl_object")
        ends = str((connection.getpeercert() or {})["notAfter"])
        expires = datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC)
        return diagnosis.tls(str(connection.version()), expires, clock.now())
    finally:
        writer.close()


def _certificate(error: BaseException) -> bool:
    return isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError)
