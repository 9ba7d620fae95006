"""What the masker of a place answers, and what it refuses, beside the engine itself."""

from http import HTTPStatus

from gateway.errors import Reason, ResponseTooLarge, Withheld
from gateway.masking.withhold import refuse_unmaskable
from gateway.model.connection import Masking
from gateway.model.exchange import Authorised
from gateway.model.message import Headers, UpstreamResponse
from gateway.model.operation import Shape

_UNKNOWN_TYPE = "application/octet-stream"


def admit(authorised: Authorised) -> None:
    """Refuse before forwarding what could not be shown afterwards.

    Raises:
        Withheld: the answer would be names that are ePHI, or describe bytes that are not shown.
    """
    classified = authorised.classified
    refuse_unmaskable(
        classified.operation, authorised.obligations.masking, classified.connection.names
    )


def is_masked_content(authorised: Authorised, place: Masking, method: str) -> bool:
    """Whether a successful answer holds stored bytes that must be masked.

    Args:
        authorised: what is asked, and the strictest masking of what it reads.
        place: masking of the target, for this request.
        method: of the request.

    Raises:
        Withheld: the two maskings disagree, so nothing is known to be masked enough.
    """
    demanded = authorised.obligations.masking
    if authorised.classified.operation.shape is not Shape.CONTENT or method == "HEAD":
        return False
    if place.rank < demanded.rank:
        raise Withheld(
            "The place is masked less than the rules demand.", reason=Reason.MASKING_FAILED
        )
    return place.masks


def check_whole(response: UpstreamResponse) -> None:
    """Pass a response that holds all of a resource.

    Raises:
        Withheld: it is a part, which cannot be masked by itself, or no content at all.
    """
    if response.status != HTTPStatus.OK or "content-range" in response.headers:
        raise Withheld(
            "The upstream answered with a part of the content, which cannot be masked by itself.",
            reason=Reason.MASKING_FAILED,
            advice="Tell the gateway's operator.",
        )


def media(response: UpstreamResponse) -> tuple[str, str]:
    """Content type and coding as the upstream states them; "" where it contradicts itself."""
    kinds = set(response.headers.all("content-type"))
    codings = response.headers.all("content-encoding")
    return kinds.pop() if len(kinds) == 1 else "", ", ".join(codings)


def typed(headers: Headers) -> Headers:
    """Headers with a content type: the Functions library would add text/plain."""
    if headers.get("content-type"):
        return headers
    return headers.replacing("content-type", _UNKNOWN_TYPE)


def too_large(limit: int) -> ResponseTooLarge:
    """The error for a resource that cannot be masked as a whole."""
    return ResponseTooLarge(
        f"Content is masked here as a whole, and this is over the connection's bound of {limit} "
        "bytes; ranges of it cannot be masked by themselves.",
        advice="Store it in smaller parts, or ask the gateway's operator for a higher "
        "max_response_mib.",
    )
