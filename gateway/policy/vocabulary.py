"""Actions that operations are classified to, for lints: a rule that names no other never matches.

The same list as `gateway.operations` produces; a test compares them.
"""

from gateway.model.detokenize import ACTION

_SERVICE = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS = f"{_SERVICE}/containers"
_BLOBS = f"{_CONTAINERS}/blobs"

_FHIR = "Microsoft.HealthcareApis/workspaces/fhirservices/resources"

DISCLOSING = frozenset(
    {
        f"{_BLOBS}/read",
        f"{_BLOBS}/tags/read",
        f"{_BLOBS}/filter/action",
        f"{_CONTAINERS}/read",
        f"{_FHIR}/read",
    }
)
"""Actions whose answers hold content, names, metadata or tags of stored data."""

ACTIONS = DISCLOSING | {
    f"{_SERVICE}/read",
    f"{_SERVICE}/write",
    f"{_SERVICE}/getInfo/action",
    f"{_SERVICE}/generateUserDelegationKey/action",
    f"{_CONTAINERS}/write",
    f"{_CONTAINERS}/delete",
    f"{_CONTAINERS}/getAcl/action",
    f"{_CONTAINERS}/setAcl/action",
    f"{_BLOBS}/write",
    f"{_BLOBS}/delete",
    f"{_BLOBS}/tags/write",
    f"{_BLOBS}/deleteBlobVersion/action",
    f"{_BLOBS}/permanentDelete/action",
    f"{_BLOBS}/immutableStorage/runAsSuperUser/action",
    f"{_FHIR}/write",
    f"{_FHIR}/delete",
    f"{_FHIR}/hardDelete/action",
    f"{_FHIR}/export/action",
    f"{_FHIR}/resourceValidate/action",
    ACTION,
}
"""Every action that an operation can need."""

_OWN = "chaperone/"


def privileged(action: str) -> bool:
    """Whether an action, in lower case, is the gateway's own.

    No wildcard that is wider lets it pass, and no application by itself that a rule does not name.
    """
    return action.startswith(_OWN)
