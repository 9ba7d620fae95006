"""Content that certainly cannot be shown is not read in the first place."""

from gateway.errors import Reason, Withheld
from gateway.model.connection import Masking, Sensitivity
from gateway.model.operation import Operation, Shape


def refuse_unmaskable(
    operation: Operation, masking: Masking, names: Sensitivity = Sensitivity.PLAIN
) -> None:
    """Pass an operation whose answer can be shown where `masking` holds.

    Args:
        operation: what is asked.
        masking: what must be masked in the answer.
        names: whether names on this connection may be ePHI.

    Raises:
        Withheld: its answer would be stored content, which cannot be masked yet, or a list of names
            that are ePHI.
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
    if operation.shape is Shape.CONTENT and masking.masks:
        raise Withheld(
            f"Content of the connection {place} is masked here with the profile "
            f"{masking.profile}, and this gateway cannot mask content yet.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Names, properties and listings can be read; ask for content where a place or "
            "a rule does not mask.",
            details=(("connection", place), ("profile", masking.profile)),
        )
