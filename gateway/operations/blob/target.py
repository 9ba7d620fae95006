"""Which account, container or blob a request target names."""

import re
from dataclasses import dataclass
from typing import Final

from gateway.operations.blob.names import (
    SYSTEM_CONTAINERS,
    check_blob,
    check_container,
    decode,
    invalid,
)
from gateway.operations.blob.spec import Level

ROOT: Final = "$root"
MAX_LENGTH: Final = 8192

# RFC 3986 path characters; everything else must be percent-encoded.
_RAW: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names; `container` and `blob` are "" above their level."""

    level: Level
    container: str = ""
    blob: str = ""

    @property
    def path(self) -> tuple[str, ...]:
        """Segments of the resource: (), (container,) or (container, blob)."""
        return tuple(part for part in (self.container, self.blob) if part)


def place(path: str, restype: str) -> Place:
    """The place that `path` names below an account.

    A single segment is a container only with `restype=container` (or `account`); without it,
    Azure reads a blob of the root container, and so is it judged here.

    Args:
        path: percent-encoded, starts with "/".
        restype: the parameter's value in lower case, "" where absent.

    Raises:
        InvalidRequest: the path names nothing, or nothing certain.
    """
    if len(path) > MAX_LENGTH or not path.startswith("/") or not _RAW.fullmatch(path):
        raise invalid("The path is too long, or holds characters that must be encoded.")
    if path == "/":
        return Place(Level.ACCOUNT)
    first, slash, rest = path[1:].partition("/")
    if not slash and restype not in {"container", "account"}:
        name = decode(first)
        if "/" in name:
            raise invalid("The slash between container and blob must not be encoded.")
        if name in SYSTEM_CONTAINERS:
            raise invalid("A container is named without restype=container.")
        check_blob(name)
        return Place(Level.BLOB, ROOT, name)
    container = decode(first)
    check_container(container)
    if not slash:
        return Place(Level.CONTAINER, container)
    blob = decode(rest)
    check_blob(blob)
    return Place(Level.BLOB, container, blob)
