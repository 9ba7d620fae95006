"""The evidence account: records can be added and read, and for years neither changed nor deleted.

Time-based retention with protected append writes is a policy of the container (45 CFR 164.312(c),
164.316(b)(2)(i)). It binds when it is locked, which cannot be undone and is therefore a setting of
its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, storage

from infra.dynamic.lock import PolicyLock, subscription
from infra.dynamic.retention import RetentionPolicy
from infra.identity import Identities, assign
from infra.network import Network, private_endpoint
from infra.roles import BLOB_DATA_READER
from infra.site import Site
from infra.storage import account, blob_service, container, log_access
from infra.vault import encryption_vault

CONTAINER = "evidence"
BODIES = "bodies"
NOT_LOCKED_HERE = "not locked by this program"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence account and its containers.

    Attributes:
        locked: the state that Azure gave after locking, or `NOT_LOCKED_HERE`.
        group: name of the resource group.
        ready: what must be there before the gateway can use the account.
    """

    account: storage.StorageAccount
    container: storage.BlobContainer
    locked: pulumi.Output[str]
    group: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]

    @property
    def resource_id(self) -> pulumi.Output[str]:
        """Of the account, as the gateway's setting wants it."""
        return pulumi.Output.concat(
            "/subscriptions/",
            subscription(),
            "/resourceGroups/",
            self.group,
            "/providers/Microsoft.Storage/storageAccounts/",
            self.account.name,
        )

    @property
    def endpoint(self) -> pulumi.Output[str]:
        """Of the blob service, without a slash at its end."""
        return self.account.name.apply(lambda name: f"https://{name}.blob.core.windows.net")


def build_evidence(
    site: Site, where: Network, identities: Identities, workspace: pulumi.Input[str]
) -> Evidence:
    """The account, its containers, policies, rights, network and logs."""
    stack = site.configuration
    encryption, identity = (
        encryption_vault(site, where, workspace) if stack.customer_managed_key else (None, None)
    )
    owner = account(
        site,
        "evidence",
        site.evidence,
        sku=f"Standard_{stack.replication}",
        encryption=encryption,
        identity=identity,
        protect=stack.production,
    )
    blob_service(owner, site.evidence, "evidence")
    records = container(owner, site.evidence, CONTAINER, protect=stack.production)
    bodies = container(owner, site.evidence, BODIES, protect=stack.production)
    policy = _policy(site, owner, records, stack.retention_days, appends=True)
    _policy(site, owner, bodies, stack.bodies_retention_days, appends=False)
    _lifecycle(site, owner)
    way = private_endpoint(site, where, "evidence", owner.id, "blob")
    log_access("evidence", owner.id, workspace, ["blob"])
    if stack.production:
        authorization.ManagementLockByScope(
            "evidence-delete-lock",
            lock_name="chaperone-evidence",
            scope=owner.id,
            level="CanNotDelete",
            notes="Records that an audit needs. Retention is enforced by the container's policy.",
        )
    rights = _rights(site, identities, owner, records)
    locked = _lock(site, owner, records, policy)
    return Evidence(owner, records, locked, site.evidence.name, [way, *rights])


def _policy(
    site: Site,
    owner: storage.StorageAccount,
    records: storage.BlobContainer,
    days: int,
    *,
    appends: bool,
) -> RetentionPolicy:
    # Append blobs alone: "all" would let blocks be added to block blobs too.
    return RetentionPolicy(
        f"{records._name}-policy",  # noqa: SLF001 - the name it has in this program
        resource_group=site.evidence.name,
        account=owner.name,
        container=records.name,
        days=days,
        appends=appends,
        opts=pulumi.ResourceOptions(parent=records),
    )


def _lock(
    site: Site,
    owner: storage.StorageAccount,
    records: storage.BlobContainer,
    policy: RetentionPolicy,
) -> pulumi.Output[str]:
    if not site.configuration.allow_irreversible_lock:
        # Azure may hold a lock that an earlier run or somebody else made.
        return pulumi.Output.from_input(NOT_LOCKED_HERE)
    lock = PolicyLock(
        "evidence-lock",
        resource_group=site.evidence.name,
        account=owner.name,
        container=records.name,
        days=site.configuration.retention_days,
        opts=pulumi.ResourceOptions(depends_on=[policy], protect=True),
    )
    return lock.state


def _lifecycle(site: Site, owner: storage.StorageAccount) -> None:
    """Bodies go when their policy lets them; records are never deleted by a rule."""
    days = float(site.configuration.bodies_retention_days + 1)
    storage.ManagementPolicy(
        "evidence-lifecycle",
        management_policy_name="default",
        account_name=owner.name,
        resource_group_name=site.evidence.name,
        policy=storage.ManagementPolicySchemaArgs(
            rules=[
                storage.ManagementPolicyRuleArgs(
                    name="bodies",
                    type="Lifecycle",
                    enabled=True,
                    definition=storage.ManagementPolicyDefinitionArgs(
                        filters=storage.ManagementPolicyFilterArgs(
                            blob_types=["blockBlob"], prefix_match=[f"{BODIES}/"]
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
            ]
        ),
        opts=pulumi.ResourceOptions(parent=owner),
    )


def _rights(
    site: Site,
    identities: Identities,
    owner: storage.StorageAccount,
    records: storage.BlobContainer,
) -> list[pulumi.Resource]:
    """The gateway's and the auditors'; on bodies nobody has any, since nothing writes them.

    Returns:
        the gateway's.
    """
    own = identities.own.principal_id
    writer = identities.roles["evidence-writer"]
    reader = identities.roles["evidence-policy-reader"]
    given: list[pulumi.Resource] = [
        assign(site, "own-evidence", own, writer, records.id),
        assign(site, "own-evidence-policy", own, reader, owner.id),
    ]
    if group := site.configuration.auditor_group:
        assign(site, "auditors", group, BLOB_DATA_READER, records.id, principal_type="Group")
    return given
