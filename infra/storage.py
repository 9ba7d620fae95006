"""A storage account as this program makes each of them: private, keyless, encrypted, logged."""

from collections.abc import Sequence
from typing import Final

import pulumi
from pulumi_azure_native import monitor, resources, storage

from infra.site import Site

SOFT_DELETE_DAYS: Final = 30


def account(
    site: Site,
    label: str,
    group: resources.ResourceGroup,
    *,
    sku: str,
    encryption: storage.EncryptionArgs | None = None,
    identity: storage.IdentityArgs | None = None,
    protect: bool = False,
) -> storage.StorageAccount:
    """A storage account without keys, without a public address and without copies to elsewhere.

    Args:
        site: the stack.
        label: `evidence` or `state`.
        group: where it lies.
        sku: redundancy, such as `Standard_GZRS`.
        encryption: with a key of the operator's own; Microsoft's where None.
        identity: that reads that key.
        protect: refuse to delete it by `pulumi destroy`.
    """
    return storage.StorageAccount(
        f"{label}-account",
        account_name=site.account(label),
        resource_group_name=group.name,
        location=site.location,
        kind="StorageV2",
        sku=storage.SkuArgs(name=sku),
        access_tier=storage.AccessTier.HOT,
        identity=identity,
        encryption=encryption or microsoft_managed(),
        allow_blob_public_access=False,
        allow_shared_key_access=False,
        default_to_o_auth_authentication=True,
        allow_cross_tenant_replication=False,
        allowed_copy_scope="PrivateLink",
        is_local_user_enabled=False,
        is_sftp_enabled=False,
        enable_https_traffic_only=True,
        minimum_tls_version="TLS1_2",
        public_network_access="Disabled",
        network_rule_set=storage.NetworkRuleSetArgs(
            default_action=storage.DefaultAction.DENY, bypass="None"
        ),
        tags=site.tags,
        opts=pulumi.ResourceOptions(protect=protect),
    )


def microsoft_managed() -> storage.EncryptionArgs:
    """Twice encrypted with Microsoft's keys; queues and tables with keys of the account."""
    return storage.EncryptionArgs(
        key_source="Microsoft.Storage",
        require_infrastructure_encryption=True,
        services=storage.EncryptionServicesArgs(
            blob=_service(), queue=_service(), table=_service()
        ),
    )


def container(
    owner: storage.StorageAccount, group: resources.ResourceGroup, name: str, *, protect: bool
) -> storage.BlobContainer:
    """A private container."""
    return storage.BlobContainer(
        f"{name}-container",
        container_name=name,
        account_name=owner.name,
        resource_group_name=group.name,
        public_access=storage.PublicAccess.NONE,
        opts=pulumi.ResourceOptions(parent=owner, protect=protect),
    )


def blob_service(
    owner: storage.StorageAccount, group: resources.ResourceGroup, label: str
) -> storage.BlobServiceProperties:
    """Soft delete, so that a slip can be undone; no versions, which would keep what expires."""
    return storage.BlobServiceProperties(
        f"{label}-blob-service",
        blob_services_name="default",
        account_name=owner.name,
        resource_group_name=group.name,
        is_versioning_enabled=False,
        delete_retention_policy=storage.DeleteRetentionPolicyArgs(
            enabled=True, days=SOFT_DELETE_DAYS
        ),
        container_delete_retention_policy=storage.DeleteRetentionPolicyArgs(
            enabled=True, days=SOFT_DELETE_DAYS
        ),
        opts=pulumi.ResourceOptions(parent=owner),
    )


def log_access(
    label: str, target: pulumi.Output[str], workspace: pulumi.Input[str], services: Sequence[str]
) -> None:
    """Resource logs of reads, writes and deletions; they hold blob URLs, which may be ePHI."""
    for service in services:
        monitor.DiagnosticSetting(
            f"{label}-{service}-log",
            name="chaperone",
            resource_uri=target.apply(
                lambda value, service=service: f"{value}/{service}Services/default"  # type: ignore[misc]
            ),
            workspace_id=workspace,
            logs=[
                monitor.DiagnosticsLogSettingsArgs(category=category, enabled=True)
                for category in ("StorageRead", "StorageWrite", "StorageDelete")
            ],
            metrics=[monitor.DiagnosticsMetricSettingsArgs(category="Transaction", enabled=True)],
        )


def _service() -> storage.EncryptionServiceArgs:
    return storage.EncryptionServiceArgs(enabled=True, key_type="Account")
