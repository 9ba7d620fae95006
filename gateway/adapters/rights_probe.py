"""What an identity may do in a container or a vault, tried without touching what is there.

Each probe names a blob or secret that does not exist. The service looks at rights before it looks
for that, so 404 means "you may" and 403 "you may not": nothing is made, changed or deleted either
way. The one that lists secrets is answered with names, which are dropped.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from azure.core import exceptions
from azure.storage.blob import ContentSettings
from azure.storage.blob.aio import BlobClient, ContainerClient

from gateway.storage_failures import code_of

if TYPE_CHECKING:
    from azure.keyvault.secrets.aio import SecretClient

_PREFIX: Final = "doctor-probe/"
_FAILURES: Final = (exceptions.AzureError, TimeoutError, OSError)
_NETWORK: Final = frozenset({"ForbiddenByConnection", "ForbiddenByFirewall"})
_RIGHTS: Final = frozenset(
    {"AuthorizationPermissionMismatch", "InsufficientAccountPermissions", "AuthorizationFailure"}
)
_ABSENT: Final = frozenset({"BlobNotFound", "ResourceNotFound", "SecretNotFound"})


class Right(StrEnum):
    """What one probe found."""

    GRANTED = "granted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


Probe = Callable[[BlobClient], Awaitable[object]]

PROBES: Final[Mapping[str, Probe]] = MappingProxyType(
    {
        "read": lambda blob: blob.get_blob_properties(retry_total=0),
        "add": lambda blob: blob.append_block(b"x", retry_total=0),
        "delete": lambda blob: blob.delete_blob(retry_total=0),
        "change metadata": lambda blob: blob.set_blob_metadata({}, retry_total=0),
        "change properties": lambda blob: blob.set_http_headers(ContentSettings(), retry_total=0),
    }
)
"""The calls by what they would do; they need `blobs/read`, `/add/action`, `/delete`, `/write`."""


async def rights(
    container: ContainerClient, *, timeout_seconds: float = 15
) -> dict[str, tuple[Right, str]]:
    """By probe: what was found, and the service's own word for it.

    Args:
        container: a client as the identity in question.
        timeout_seconds: for each probe.
    """
    blob = container.get_blob_client(f"{_PREFIX}{uuid.uuid4().hex}")
    found = {}
    for name, probe in PROBES.items():
        found[name] = await _right(probe(blob), timeout_seconds)
    return found


async def vault_rights(
    client: "SecretClient", *, timeout_seconds: float = 15
) -> dict[str, tuple[Right, str]]:
    """What an identity may do with secrets that nobody has given it.

    Args:
        client: as the identity in question.
        timeout_seconds: for each probe.
    """
    name = f"doctor-probe-{uuid.uuid4().hex}"

    async def first() -> None:
        async for _ in client.list_properties_of_secrets():
            return

    return {
        "read any secret": await _right(client.get_secret(name), timeout_seconds),
        "list secrets": await _right(first(), timeout_seconds),
        "delete a secret": await _right(client.delete_secret(name), timeout_seconds),
    }


async def _right(call: Awaitable[object], seconds: float) -> tuple[Right, str]:
    try:
        async with asyncio.timeout(seconds):
            await call
    except exceptions.HttpResponseError as error:
        # HEAD has no body; the SDK then knows the status alone.
        code = _inner(error) or code_of(error) or str(error.status_code)
        if code in _NETWORK:
            return Right.UNKNOWN, code
        if code in _ABSENT or error.status_code == 404:  # noqa: PLR2004 - HTTP
            granted = code != "ContainerNotFound"
            return (Right.GRANTED if granted else Right.UNKNOWN), code
        refused = code in _RIGHTS or error.status_code == 403  # noqa: PLR2004 - HTTP
        return (Right.REFUSED if refused else Right.UNKNOWN), code
    except _FAILURES as error:
        return Right.UNKNOWN, type(error).__name__
    return Right.GRANTED, "done"


def _inner(error: exceptions.HttpResponseError) -> str:
    """Key Vault's own word for a refusal, such as ForbiddenByRbac, "" where it has none."""
    inner = getattr(error.error, "innererror", None)
    code = inner.get("code") if isinstance(inner, dict) else None
    return code if isinstance(code, str) else ""
