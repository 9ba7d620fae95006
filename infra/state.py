"""The state account: what the gateway and the Functions host change while they work.

Nothing here is evidence. Tables are projections, held requests and cached parts are encrypted by
the gateway, and lifecycle rules remove what nobody collects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import storage

from infra.identity import Identities, assign
from infra.network import Network, private_endpoint
from infra.roles import BLOB_DATA_OWNER, QUEUE_DATA_CONTRIBUTOR, TABLE_DATA_CONTRIBUTOR
from infra.site import Site
from infra.storage import account, blob_service, container, log_access

PACKAGES: Final = "packages"
STATE: Final = "chaperone-state"
HELD: Final = "chaperone-held"
RESULTS: Final = "chaperone-results"
MASKED: Final = "chaperone-masked"
QUEUES: Final = (
    "chaperone-execute",
    "chaperone-execute-poison",
    "chaperone-notify",
    "chaperone-notify-poison",
)
TABLES: Final = ("chaperonedeny", "chaperoneindex", "chaperonetickets")
DELETED_AFTER_DAYS: Final = {MASKED: 1.0, RESULTS: 7.0, HELD: 35.0}
"""Days without change after which blobs of a container go."""


@dataclass(frozen=True, slots=True)
class State:
    """The state account.

    Attributes:
        packages: container of deployment packages.
        shared: container of the gateway's own state, such as the pointer to the active manifest.
        ready: what must be there before the app can start from the account.
    """

    account: storage.StorageAccount
    packages: storage.BlobContainer
    shared: storage.BlobContainer
    ready: Sequence[pulumi.Resource]

    def endpoint(self, service: str) -> pulumi.Output[str]:
        """Of `blob`, `queue` or `table`, without a slash at its end."""
        return self.account.name.apply(lambda name: f"https://{name}.{service}.core.windows.net")


def build_state(
    site: Site, where: Network, identities: Identities, workspace: pulumi.Input[str]
) -> State:
    """The account, its containers, queues and tables, and the gateway's rights on them."""
    sku = "Standard_ZRS" if site.configuration.production else "Standard_LRS"
    owner = account(site, "state", site.gateway, sku=sku)
    blob_service(owner, site.gateway, "state")
    packages = container(owner, site.gateway, PACKAGES, protect=False)
    shared = container(owner, site.gateway, STATE, protect=False)
    for name in (HELD, RESULTS, MASKED):
        container(owner, site.gateway, name, protect=False)
    below = pulumi.ResourceOptions(parent=owner)
    for name in QUEUES:
        storage.Queue(
            name,
            queue_name=name,
            account_name=owner.name,
            resource_group_name=site.gateway.name,
            opts=below,
        )
    for name in TABLES:
        storage.Table(
            name,
            table_name=name,
            account_name=owner.name,
            resource_group_name=site.gateway.name,
            opts=below,
        )
    _lifecycle(site, owner)
    ways = [
        private_endpoint(site, where, "state", owner.id, service)
        for service in ("blob", "queue", "table")
    ]
    log_access("state", owner.id, workspace, ["blob", "queue", "table"])
    own = identities.own.principal_id
    # The Functions host keeps its own leases and receipts here, which needs the owner's role.
    rights = [
        assign(site, "own-state-blobs", own, BLOB_DATA_OWNER, owner.id),
        assign(site, "own-state-queues", own, QUEUE_DATA_CONTRIBUTOR, owner.id),
        assign(site, "own-state-tables", own, TABLE_DATA_CONTRIBUTOR, owner.id),
    ]
    return State(owner, packages, shared, [packages, *ways, *rights])


def _lifecycle(site: Site, owner: storage.StorageAccount) -> None:
    def rule(name: str, days: float) -> storage.ManagementPolicyRuleArgs:
        return storage.ManagementPolicyRuleArgs(
            name=name,
            type="Lifecycle",
            enabled=True,
            definition=storage.ManagementPolicyDefinitionArgs(
                filters=storage.ManagementPolicyFilterArgs(
                    blob_types=["blockBlob"], prefix_match=[f"{name}/"]
                ),
                actions=storage.ManagementPolicyActionArgs(
                    base_blob=storage.ManagementPolicyBaseBlobArgs(
                        delete=storage.DateAfterModificationArgs(
                            days_after_modification_greater_than=days
                        )
                    )
                ),
            ),
        )

    storage.ManagementPolicy(
        "state-lifecycle",
        management_policy_name="default",
        account_name=owner.name,
        resource_group_name=site.gateway.name,
        policy=storage.ManagementPolicySchemaArgs(
            rules=[rule(name, days) for name, days in DELETED_AFTER_DAYS.items()]
        ),
        opts=pulumi.ResourceOptions(parent=owner),
    )
