"""What an operation reads besides its target: copy sources and snapshots to compare with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from gateway.model.operation import Resource
from gateway.model.sas import SAS_PARAMETERS
from gateway.operations.blob import headers as h
from gateway.operations.blob.call import Call
from gateway.operations.blob.names import check_blob, check_container, invalid

Resolve = Callable[[str], Resource]
"""Maps a copy source URL to the resource that it names; connection "" when it is foreign."""

_BLOB_SEGMENTS: Final = 2


@dataclass(frozen=True, slots=True)
class Sources:
    """Resources named by headers, None where the request names none.

    Attributes:
        copy: of `x-ms-copy-source`.
        copy_sas: that URL carries parts of a SAS token.
        previous: of `x-ms-previous-snapshot-url`.
    """

    copy: Resource | None
    copy_sas: bool
    previous: Resource | None


def sources(call: Call, resolve: Resolve) -> Sources:
    """Resolve the URLs in the headers of `call`.

    Raises:
        InvalidRequest: a URL is malformed or names something other than a blob.
        GatewayError: as `resolve` raises it.
    """
    copy = _resolved(call, h.COPY_SOURCE, resolve)
    previous = _resolved(call, h.PREVIOUS_SNAPSHOT, resolve)
    return Sources(
        copy, copy is not None and _has_sas(h.url(call.headers, h.COPY_SOURCE)), previous
    )


def _resolved(call: Call, header: str, resolve: Resolve) -> Resource | None:
    if header not in call.headers:
        return None
    found = resolve(h.url(call.headers, header))
    if found.connection:
        # Foreign names stay as they are: nothing but a guardrail judges them, by their host.
        if len(found.path) != _BLOB_SEGMENTS:
            raise invalid(f"The header {header} is not the address of a blob.")
        check_container(found.path[0])
        check_blob(found.path[1])
    return found


def _has_sas(url: str) -> bool:
    pairs = url.partition("?")[2].replace(";", "&").split("&")
    return any(unquote(pair.partition("=")[0]).strip().lower() in SAS_PARAMETERS for pair in pairs)
