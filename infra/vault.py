"""Key Vaults: the gateway's own, and one apart for the key that encrypts the evidence account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import (
    authorization,
    keyvault,
    managedidentity,
    monitor,
    resources,
    storage,
)

from infra.dynamic.generated_secret import GeneratedSecret
from infra.identity import Identities, assign
from infra.network import Network, private_endpoint
from infra.roles import CRYPTO_SERVICE_ENCRYPTION_USER
from infra.site import Site

SIGNING_KEY: Final = "chaperone-checkpoint"


@dataclass(frozen=True, slots=True)
class SecretSpecification:
    """A secret that the gateway reads.

    Attributes:
        setting: field of `gateway.settings.Settings` that names it.
        name: in the vault.
        size: random bytes.
        purpose: for people; stands as the secret's content type.
    """

    setting: str
    name: str
    size: int
    purpose: str


GATEWAY_SECRETS: Final = (
    SecretSpecification("digest_key_secret", "chaperone-digest-key", 32, "HMAC of records"),
    SecretSpecification("token_key_secret", "chaperone-token-key", 64, "AES-SIV of tokens"),
    SecretSpecification("held_key_secret", "chaperone-held-key", 32, "AES-GCM of held requests"),
    SecretSpecification("decision_key_secret", "chaperone-decision-key", 32, "MAC of decisions"),
    SecretSpecification("cookie_key_secret", "chaperone-cookie-key", 32, "reviewers' cookies"),
    SecretSpecification("cache_key_secret", "chaperone-cache-key", 32, "AES-GCM of masked parts"),
)


@dataclass(frozen=True, slots=True)
class Vault:
    """The gateway's vault.

    Attributes:
        signing_key: of checkpoints, EC P-256.
        ready: what must be there before the gateway can use it.
    """

    vault: keyvault.Vault
    signing_key: keyvault.Key
    ready: Sequence[pulumi.Resource]

    @property
    def url(self) -> pulumi.Output[str]:
        """`https://{name}.vault.azure.net`."""
        return self.vault.name.apply(lambda name: f"https://{name}.vault.azure.net")


def build_vault(
    site: Site, where: Network, identities: Identities, workspace: pulumi.Input[str]
) -> Vault:
    """The vault, its keys and secrets, and the gateway's right to each of them."""
    vault, way = _vault(site, "vault", site.gateway, where, workspace)
    signing_key = _key(
        "signing-key",
        site.gateway,
        vault,
        keyvault.KeyPropertiesArgs(
            kty="EC",
            curve_name="P-256",
            key_ops=["sign", "verify"],
            attributes=keyvault.KeyAttributesArgs(enabled=True, exportable=False),
            rotation_policy=_rotation(years=2),
        ),
        SIGNING_KEY,
    )
    own = identities.own.principal_id
    key_scope = pulumi.Output.concat(vault.id, "/keys/", SIGNING_KEY)
    signer = identities.roles["checkpoint-signer"]
    signing = assign(site, "own-signing-key", own, signer, key_scope, after=[signing_key])
    ready: list[pulumi.Resource] = [way, signing]
    for secret in GATEWAY_SECRETS:
        made = GeneratedSecret(
            secret.name,
            resource_group=site.gateway.name,
            vault=vault.name,
            name=secret.name,
            size=secret.size,
            purpose=secret.purpose,
            opts=pulumi.ResourceOptions(parent=vault),
        )
        ready += [made, allow_secret(site, identities, vault, secret.name, made)]
    for name in site.configuration.upstream_secrets:
        allow_secret(site, identities, vault, name)
    return Vault(vault, signing_key, ready)


def allow_secret(
    site: Site,
    identities: Identities,
    vault: keyvault.Vault,
    name: str,
    made: pulumi.Resource | None = None,
) -> authorization.RoleAssignment:
    """Let the gateway read one secret, which the program makes or which is in the vault already."""
    return assign(
        site,
        f"own-secret-{name}",
        identities.own.principal_id,
        identities.roles["secret-reader"],
        pulumi.Output.concat(vault.id, "/secrets/", name),
        after=[made] if made else [],
    )


def encryption_vault(
    site: Site, where: Network, workspace: pulumi.Input[str]
) -> tuple[storage.EncryptionArgs, storage.IdentityArgs]:
    """Encryption of the evidence account with a key of the operator's own.

    The key lies in a vault apart: whoever could destroy it could make the evidence unreadable, so
    it is purge-protected, nobody but the account's identity may use it, and alerts watch it.
    """
    vault, _ = _vault(site, "keys", site.evidence, where, workspace)
    key = _key(
        "evidence-key",
        site.evidence,
        vault,
        keyvault.KeyPropertiesArgs(
            kty="RSA",
            key_size=3072,
            key_ops=["wrapKey", "unwrapKey"],
            attributes=keyvault.KeyAttributesArgs(enabled=True, exportable=False),
            rotation_policy=_rotation(years=1),
        ),
        "chaperone-evidence",
    )
    identity = managedidentity.UserAssignedIdentity(
        "evidence-account-identity",
        resource_name_=f"id-{site.configuration.name}-evidence-account",
        resource_group_name=site.evidence.name,
        location=site.location,
        tags=site.tags,
    )
    allowed = assign(
        site,
        "evidence-account-key",
        identity.principal_id,
        CRYPTO_SERVICE_ENCRYPTION_USER,
        pulumi.Output.concat(vault.id, "/keys/chaperone-evidence"),
        after=[key],
    )
    # The account is made only when its identity may use the key.
    identity_id = pulumi.Output.all(identity.id, allowed.id).apply(lambda both: str(both[0]))
    encryption = storage.EncryptionArgs(
        key_source="Microsoft.Keyvault",
        require_infrastructure_encryption=True,
        encryption_identity=storage.EncryptionIdentityArgs(
            encryption_user_assigned_identity=identity_id
        ),
        key_vault_properties=storage.KeyVaultPropertiesArgs(
            key_vault_uri=vault.name.apply(lambda name: f"https://{name}.vault.azure.net"),
            key_name=key.name,
        ),
        services=storage.EncryptionServicesArgs(
            blob=storage.EncryptionServiceArgs(enabled=True, key_type="Account")
        ),
    )
    return encryption, storage.IdentityArgs(
        type="UserAssigned", user_assigned_identities=[identity_id]
    )


def _vault(
    site: Site,
    label: str,
    group: resources.ResourceGroup,
    where: Network,
    workspace: pulumi.Input[str],
) -> tuple[keyvault.Vault, pulumi.Resource]:
    vault = keyvault.Vault(
        label,
        vault_name=site.account(label),
        resource_group_name=group.name,
        location=site.location,
        properties=keyvault.VaultPropertiesArgs(
            tenant_id=site.configuration.tenant,
            sku=keyvault.SkuArgs(family="A", name=keyvault.SkuName.PREMIUM),
            enable_rbac_authorization=True,
            enable_soft_delete=True,
            soft_delete_retention_in_days=90,
            enable_purge_protection=True,
            enabled_for_deployment=False,
            enabled_for_disk_encryption=False,
            enabled_for_template_deployment=False,
            public_network_access="disabled",
            # Azure Storage reads its encryption key over Azure's own network.
            network_acls=keyvault.NetworkRuleSetArgs(
                default_action="Deny", bypass="AzureServices" if label == "keys" else "None"
            ),
        ),
        tags=site.tags,
        opts=pulumi.ResourceOptions(protect=site.configuration.production),
    )
    way = private_endpoint(site, where, label, vault.id, "vault")
    monitor.DiagnosticSetting(
        f"{label}-log",
        name="chaperone",
        resource_uri=vault.id,
        workspace_id=workspace,
        logs=[monitor.DiagnosticsLogSettingsArgs(category_group="audit", enabled=True)],
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
    )
    return vault, way


def _key(
    label: str,
    group: resources.ResourceGroup,
    vault: keyvault.Vault,
    properties: keyvault.KeyPropertiesArgs,
    name: str,
) -> keyvault.Key:
    return keyvault.Key(
        label,
        key_name=name,
        vault_name=vault.name,
        resource_group_name=group.name,
        properties=properties,
        # Signatures and ciphertext outlive the key's use: old versions stay.
        opts=pulumi.ResourceOptions(parent=vault, retain_on_delete=True),
    )


def _rotation(*, years: int) -> keyvault.RotationPolicyArgs:
    """A new version every so many years; no version expires, since verifying needs them all."""
    return keyvault.RotationPolicyArgs(
        lifetime_actions=_actions((f"P{years}Y", "rotate")),
    )


def _actions(*steps: tuple[str, str]) -> Sequence[keyvault.LifetimeActionArgs]:
    kinds: Mapping[str, keyvault.KeyRotationPolicyActionType] = {
        "rotate": keyvault.KeyRotationPolicyActionType.ROTATE
    }
    return [
        keyvault.LifetimeActionArgs(
            action=keyvault.ActionArgs(type=kinds[kind]),
            trigger=keyvault.TriggerArgs(time_after_create=after),
        )
        for after, kind in steps
    ]
