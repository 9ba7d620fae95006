"""Who may do what: the roles of the gateway's identities, as data.

The custom roles hold only what the gateway's code calls. Tests compute from these same definitions
what a proxy in front of the storage emulator lets pass, so a right that is missing shows there.

Sources: Azure Storage "Authorize with Microsoft Entra ID" (permissions for data operations), Azure
Key Vault RBAC guide, Azure built-in roles.
"""

from dataclasses import dataclass
from typing import Final

_BLOB = "Microsoft.Storage/storageAccounts/blobServices/containers"


@dataclass(frozen=True, slots=True)
class Role:
    """A custom role.

    Attributes:
        key: stable, for resource names.
        name: as people see it, followed by the stack's name.
        description: what it is for.
        actions: of the control plane.
        data_actions: of the data plane.
    """

    key: str
    name: str
    description: str
    actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()


EVIDENCE_WRITER: Final = Role(
    "evidence-writer",
    "Chaperone evidence writer",
    "Adds and reads records. Neither overwrites nor deletes; leases lie in another account.",
    data_actions=(f"{_BLOB}/blobs/read", f"{_BLOB}/blobs/add/action"),
)
"""`add/action` creates blobs and appends to them; overwriting needs `write`, which is not here."""

EVIDENCE_POLICY_READER: Final = Role(
    "evidence-policy-reader",
    "Chaperone evidence policy reader",
    "Reads the retention policy of the evidence container, and whether it is locked.",
    actions=(f"{_BLOB}/read", f"{_BLOB}/immutabilityPolicies/read"),
)

CHECKPOINT_SIGNER: Final = Role(
    "checkpoint-signer",
    "Chaperone checkpoint signer",
    "Signs with the checkpoint key. Does not export, change, wrap or delete it.",
    data_actions=(
        "Microsoft.KeyVault/vaults/keys/read",
        "Microsoft.KeyVault/vaults/keys/sign/action",
    ),
)

SECRET_READER: Final = Role(
    "secret-reader",
    "Chaperone secret reader",
    "Reads the value of a secret; assigned secret by secret.",
    data_actions=("Microsoft.KeyVault/vaults/secrets/getSecret/action",),
)

CUSTOM_ROLES: Final = (
    EVIDENCE_WRITER,
    EVIDENCE_POLICY_READER,
    CHECKPOINT_SIGNER,
    SECRET_READER,
)

BLOB_DATA_CONTRIBUTOR: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_OWNER: Final = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
BLOB_DATA_READER: Final = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
SECRETS_OFFICER: Final = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"
KEY_VAULT_READER: Final = "21090545-7ca7-4776-b22c-e363652d74d2"
LOG_ANALYTICS_READER: Final = "73c42c96-874c-492b-b04d-ab87d138a893"
QUEUE_DATA_CONTRIBUTOR: Final = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
TABLE_DATA_CONTRIBUTOR: Final = "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"
CRYPTO_SERVICE_ENCRYPTION_USER: Final = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
METRICS_PUBLISHER: Final = "3913510d-42f4-4e42-8a64-420c390055eb"
READER: Final = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
