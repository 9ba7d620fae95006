"""Conditions that would find out values that are not shown."""

import re
from urllib.parse import parse_qsl

from gateway.errors import Reason, Withheld
from gateway.model.connection import Connection
from gateway.model.message import Headers, Target
from gateway.model.operation import Resource

TAG_CONDITIONS = ("x-ms-if-tags", "x-ms-source-if-tags")
_ONLY_CONTAINER = re.compile(r" *@container *= *'[a-z0-9$-]*' *")
SOURCE_CHECKSUMS = ("x-ms-source-content-md5", "x-ms-source-content-crc64")


def refuse_tag_conditions(headers: Headers) -> None:
    """Refuse a condition on tags: whether it held tells if a guess at a withheld value is right.

    Raises:
        Withheld: the request states one, for its target or its source.
    """
    if any(name in headers for name in TAG_CONDITIONS):
        raise Withheld(
            "Tag values are withheld here, so no request may depend on them.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Leave the tag condition out; If-Match with the entity tag says which state you "
            "mean.",
        )


def refuse_tag_search(target: Target) -> None:
    """Refuse a search that compares tag values; what it finds tells if a guess is right.

    Raises:
        Withheld: it looks at anything but the container's name.
    """
    if not all(map(_ONLY_CONTAINER.fullmatch, searches(target))):
        raise Withheld(
            "Tag values are withheld where this search looks, so it cannot compare them.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Search by @container alone, list the blobs, or search in a container that is "
            "not masked.",
        )


def refuse_guesses(headers: Headers) -> None:
    """Refuse a checksum of what a copy reads: whether it holds says what is there.

    With `x-ms-source-range` of one byte, 256 guesses at most tell each byte of withheld content.

    Raises:
        Withheld: the request states a checksum of its source.
    """
    if any(name in headers for name in SOURCE_CHECKSUMS):
        raise Withheld(
            "The content of the copy's source is withheld here, so it cannot be compared with a "
            "checksum.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Leave the checksum of the source out.",
        )


def searches(target: Target) -> list[str]:
    """The expressions of Find Blobs by Tags."""
    return [value for name, value in parse_qsl(target.query) if name.lower() == "where"]


def masks_within(connection: Connection, place: Resource) -> bool:
    """Whether a blob of this account or container may lie where the connection masks."""
    container = "".join(place.path[:1])
    for area in connection.areas:
        first = area.pattern.partition("/")[0]
        if container and "*" not in first and first != container:
            continue
        if area.masking.masks:
            return True
        if area.pattern in {"**", f"{container}/**"}:
            # The first area that matches wins, and this one matches every blob there.
            return False
    return connection.masking.masks
