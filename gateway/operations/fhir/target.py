"""What the path of a request names: `/Type`, `/Type/id`, `/Type/id/_history/version` and so on."""

import re
from typing import Final
from urllib.parse import unquote

from gateway.model.fhir import RESOURCE_TYPES
from gateway.operations.fhir.words import malformed, unknown

MAX_LENGTH: Final = 512
_RAW: Final = re.compile(r"(?:[A-Za-z0-9\-._~$_:\[\]/]|%(?:24|2[dD]|2[eE]|5[fF]|3[aA]|5[bBdD]))*")
ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
"""https://hl7.org/fhir/R4/datatypes.html#id"""
_WORDS: Final = frozenset(
    {"metadata", "_history", "_search", "$everything", "$validate", "$export"}
)


def segments(path: str) -> tuple[str, ...]:
    """The decoded segments of a path, () for the service itself.

    Raises:
        InvalidRequest: malformed, or a segment that servers could read as another place.
        Blocked: a segment that is no type, id or word of this grammar.
    """
    if len(path) > MAX_LENGTH or not path.startswith("/") or not _RAW.fullmatch(path):
        raise malformed("The path is too long, or holds characters that no FHIR path has.")
    parts = tuple(unquote(part) for part in path[1:].split("/")) if path != "/" else ()
    if any(not part.strip(".") for part in parts):
        raise malformed("The path has an empty or a dot segment.", "Leave out slashes at the end.")
    for at, part in enumerate(parts):
        _check(part, first=at == 0)
    return parts


def _check(part: str, *, first: bool) -> None:
    if part in _WORDS:
        return
    if first and part not in RESOURCE_TYPES:
        raise unknown("The path starts with no resource type of FHIR R4.")
    if not ID.fullmatch(part) or part.endswith("."):
        raise unknown("The path names no resource, version or operation that is known here.")
