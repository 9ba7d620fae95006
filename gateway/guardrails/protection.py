"""What protects stored data and its traces: retention of deleted data, logging."""

from xml.etree import ElementTree as ET

from gateway.errors import Blocked, Reason
from gateway.guardrails.message import document, named, sets_service
from gateway.model.message import Request
from gateway.model.operation import Operation

_RETENTION = ("DeleteRetentionPolicy", "ContainerDeleteRetentionPolicy")
_LOGGED = ("Read", "Write", "Delete")


def check(request: Request, operation: Operation) -> None:
    """Pass a request that switches no protection off.

    "Set Blob Service Properties" leaves what the body does not mention as it is.

    Raises:
        Blocked: soft delete or logging would end, or soft-deleted data could be purged.
    """
    if operation.facts.get("soft_delete") == "disabled":
        raise _refusal("Soft delete would be switched off.")
    if not sets_service(request, operation):
        return
    root = document(request)
    retention = [element for name in _RETENTION for element in named(root, name)]
    if any(_weakens(element) for element in retention):
        raise _refusal("Soft delete would be switched off or made purgeable.")
    if any(_stops(element) for element in named(root, "Logging")):
        raise _refusal("Logging of requests would be switched off.")


def _weakens(element: ET.Element) -> bool:
    return _says(element, "Enabled") != {"true"} or not _says(element, "AllowPermanentDelete") <= {
        "false"
    }


def _stops(element: ET.Element) -> bool:
    return any(_says(element, name) != {"true"} for name in _LOGGED)


def _says(element: ET.Element, name: str) -> set[str]:
    """Every value that is given for a property, however it is spelled: which counts is unknown."""
    children = (child for child in element if child.tag.rpartition("}")[2].lower() == name.lower())
    return {(child.text or "").strip().lower() for child in children}


def _refusal(message: str) -> Blocked:
    return Blocked(
        message,
        reason=Reason.PROTECTION_DISABLED,
        advice="Leave these properties out of the request; the account's owner decides on them.",
    )
