"""Conditions that would find out values that are not shown."""

from urllib.parse import parse_qsl

from gateway.errors import Reason, Withheld
from gateway.model.connection import Connection
from gateway.model.message import Headers, Target
from gateway.model.operation import Resource

TAG_CONDITIONS = ("x-ms-if-tags", "x-ms-source-if-tags")
SOURCE_CHECKSUMS = ("x-ms-source-content-md5", "x-ms-source-content-crc64")


def refuse_probes(headers: Headers, target: Target) -> None:
    """Refuse order comparisons of tag values.

    Tag values are withheld where a place masks. Equality asks for a value that is known already;
    `<` and `>` would find out any value by halving.

    Raises:
        Withheld: a condition compares by order, or its quotes do not pair.
    """
    expressions = [value for name in TAG_CONDITIONS for value in headers.all(name)]
    if any(map(_compares, [*expressions, *searches(target)])):
        raise Withheld(
            "Tag values are withheld here, so they cannot be compared by order.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Compare tags by equality only.",
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
    """Whether an area of the connection that masks may lie in this account or container."""
    container = "".join(place.path[:1])
    return any(
        area.masking.masks and (not container or "*" in first or first == container)
        for area in connection.areas
        for first in [area.pattern.partition("/")[0]]
    )


def _compares(expression: str) -> bool:
    """Whether `<` or `>` stands outside quotes, or a quote does not end."""
    quote = ""
    for character in expression:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "<>":
            return True
    return bool(quote)
