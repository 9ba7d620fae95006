"""Errors of this package: denials that say what to do, without a value of the request."""

from gateway.errors import Blocked, InvalidRequest, Reason


def unknown(message: str, advice: str = "") -> Blocked:
    """The denial of what is not in the grammar."""
    return Blocked(
        message,
        reason=Reason.OPERATION_UNKNOWN,
        advice=advice or "Use an interaction, with parameters, that docs/operations-fhir.md lists.",
    )


def malformed(message: str, advice: str = "") -> InvalidRequest:
    """The denial of a URL that is broken or could be read in two ways."""
    return InvalidRequest(message, reason=Reason.TARGET_INVALID, advice=advice)
