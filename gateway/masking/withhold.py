"""What certainly cannot be shown is not asked for in the first place."""

from gateway.errors import Reason, Withheld
from gateway.model.connection import Masking, Sensitivity
from gateway.model.operation import Operation, Shape

# SDKs leave out of a download what lies outside these ranges.
_OF_ORIGINAL_BYTES = frozenset({"Get Page Ranges"})


def refuse_unmaskable(
    operation: Operation, masking: Masking, names: Sensitivity = Sensitivity.PLAIN
) -> None:
    """Pass an operation whose answer can be shown where `masking` holds.

    Args:
        operation: what is asked.
        masking: what must be masked in the answer.
        names: whether names on this connection may be ePHI.

    Raises:
        Withheld: its answer would be a list of names that are ePHI, or ranges of stored bytes
            whose masked form has others.
    """
    # The connection's name comes from the manifest; paths are the request's and are not quoted.
    place = operation.accesses[0].resource.connection
    if operation.shape is Shape.LISTING and names is Sensitivity.EPHI:
        raise Withheld(
            f"Names below the connection {place} are ePHI, so they are not listed.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Ask for a blob by a name that you know.",
            details=(("connection", place),),
        )
    if operation.name in _OF_ORIGINAL_BYTES and masking.masks:
        raise Withheld(
            f"Ranges of the stored bytes mean nothing on the connection {place}: what is shown "
            "there is masked and has offsets of its own.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Download the blob as a whole, or in ranges of what is shown.",
            details=(("connection", place), ("profile", masking.profile)),
        )
