"""What the people who operate the gateway may do, if the stack names their group.

They activate manifests and edit the deny list (a record and a row), rotate secrets, and read logs.
They neither overwrite nor delete evidence, sign checkpoints, or change what alerts watch them with.
"""

from infra.evidence import Evidence
from infra.identity import Identities, assign
from infra.monitoring import Monitoring
from infra.roles import (
    BLOB_DATA_CONTRIBUTOR,
    KEY_VAULT_READER,
    LOG_ANALYTICS_READER,
    SECRETS_OFFICER,
    TABLE_DATA_CONTRIBUTOR,
)
from infra.site import Site
from infra.state import State
from infra.vault import Vault


def build_operators(
    site: Site,
    identities: Identities,
    evidence: Evidence,
    state: State,
    vault: Vault,
    monitoring: Monitoring,
) -> None:
    """The operators' rights, resource by resource."""
    group = site.configuration.operator_group
    if not group:
        return
    for label, role, scope in (
        ("evidence", identities.roles["evidence-writer"], evidence.container.id),
        ("evidence-policy", identities.roles["evidence-policy-reader"], evidence.account.id),
        ("state", BLOB_DATA_CONTRIBUTOR, state.shared.id),
        ("tables", TABLE_DATA_CONTRIBUTOR, state.account.id),
        ("secrets", SECRETS_OFFICER, vault.vault.id),
        # Public parts of keys, which `chaperone doctor` looks at.
        ("keys", KEY_VAULT_READER, vault.vault.id),
        ("logs", LOG_ANALYTICS_READER, monitoring.workspace.id),
    ):
        assign(site, f"operators-{label}", group, role, scope, principal_type="Group")
