"""The Azure RBAC actions and data actions of the Blob service.

Source: "Permissions for Blob service operations" in "Authorize with Microsoft Entra ID"
(learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory) and the
resource provider operations of Microsoft.Storage. Azure lists what concerns a blob under
dataActions and what concerns containers and the service under actions.
"""

from dataclasses import dataclass
from typing import Final

from gateway.model.operation import Effect

_SERVICE: Final = "Microsoft.Storage/storageAccounts/blobServices"
_CONTAINERS: Final = f"{_SERVICE}/containers"
_BLOBS: Final = f"{_CONTAINERS}/blobs"


@dataclass(frozen=True, slots=True)
class Grant:
    """An action that a caller needs, and what using it does.

    Attributes:
        action: as role definitions write it.
        effect: of using it in this operation; the action's last word does not decide.
        data_action: listed under dataActions.
    """

    action: str
    effect: Effect
    data_action: bool


def _control(action: str, effect: Effect) -> Grant:
    return Grant(action, effect, data_action=False)


def _data(action: str, effect: Effect) -> Grant:
    return Grant(action, effect, data_action=True)


READ_SERVICE: Final = _control(f"{_SERVICE}/read", Effect.READ)
WRITE_SERVICE: Final = _control(f"{_SERVICE}/write", Effect.WRITE)
GET_INFO: Final = _control(f"{_SERVICE}/getInfo/action", Effect.READ)
# The key signs SAS tokens that pass by this gateway, so this is more than a read.
DELEGATION_KEY: Final = _control(f"{_SERVICE}/generateUserDelegationKey/action", Effect.ACTION)

READ_CONTAINER: Final = _control(f"{_CONTAINERS}/read", Effect.READ)
WRITE_CONTAINER: Final = _control(f"{_CONTAINERS}/write", Effect.WRITE)
DELETE_CONTAINER: Final = _control(f"{_CONTAINERS}/delete", Effect.DELETE)
GET_ACL: Final = _control(f"{_CONTAINERS}/getAcl/action", Effect.READ)
SET_ACL: Final = _control(f"{_CONTAINERS}/setAcl/action", Effect.WRITE)
# The parent request of a batch; its parts are deletes and tier changes.
BATCH: Final = _control(f"{_CONTAINERS}/write", Effect.DELETE)

READ_BLOB: Final = _data(f"{_BLOBS}/read", Effect.READ)
WRITE_BLOB: Final = _data(f"{_BLOBS}/write", Effect.WRITE)
DELETE_BLOB: Final = _data(f"{_BLOBS}/delete", Effect.DELETE)
DELETE_VERSION: Final = _data(f"{_BLOBS}/deleteBlobVersion/action", Effect.DELETE)
DELETE_PERMANENTLY: Final = _data(f"{_BLOBS}/permanentDelete/action", Effect.DELETE)
READ_TAGS: Final = _data(f"{_BLOBS}/tags/read", Effect.READ)
WRITE_TAGS: Final = _data(f"{_BLOBS}/tags/write", Effect.WRITE)
FIND_BY_TAGS: Final = _data(f"{_BLOBS}/filter/action", Effect.READ)
SET_IMMUTABILITY: Final = _data(f"{_BLOBS}/immutableStorage/runAsSuperUser/action", Effect.WRITE)
DELETE_IMMUTABILITY: Final = _data(
    f"{_BLOBS}/immutableStorage/runAsSuperUser/action", Effect.DELETE
)
