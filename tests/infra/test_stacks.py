"""What both stacks hold, resource by resource, and what must be true of every resource."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi
import pytest
import yaml

from gateway.settings import Settings
from infra.configuration import ConfigurationError, load
from infra.preview import document, stack_configuration
from infra.roles import CUSTOM_ROLES
from tests.infra.registration import Refused, Resource, register

INFRA = Path(__file__).resolve().parents[2] / "infra"
GOLDEN = Path(__file__).with_name("golden")
STACKS = ("development", "production")
# What Azure gives no tags to, or what lies inside a resource that has them.
UNTAGGED = {
    "AppRoleAssignment",
    "Application",
    "ApplicationFederatedIdentityCredential",
    "ApplicationPassword",
    "ApplicationPreAuthorized",
    "BlobContainer",
    "BlobServiceProperties",
    "DiagnosticSetting",
    "GeneratedSecret",
    "Key",
    "ManagementLockByScope",
    "ManagementPolicy",
    "Outputs",
    "PolicyLock",
    "PrivateDnsZoneGroup",
    "ProviderRegistration",
    "Publication",
    "Queue",
    "RetentionPolicy",
    "RoleAssignment",
    "RoleDefinition",
    "Secret",
    "ServicePrincipal",
    "ServicePrincipalDelegatedPermissionGrant",
    "Subnet",
    "Table",
    "WebAppFtpAllowed",
    "WebAppScmAllowed",
}


# What a Flex Consumption app refuses (error 51021) or does not take; Pulumi's package always says
# isXenon and hyperV of an app, which is let pass:
# https://learn.microsoft.com/azure/azure-functions/functions-app-settings#flex-consumption-plan-deprecations
NOT_FLEX = {
    "ENABLE_ORYX_BUILD",
    "FUNCTIONS_EXTENSION_VERSION",
    "FUNCTIONS_MAX_HTTP_CONCURRENCY",
    "FUNCTIONS_WORKER_DYNAMIC_CONCURRENCY_ENABLED",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
    "FUNCTIONS_WORKER_RUNTIME_VERSION",
    "SCM_DO_BUILD_DURING_DEPLOYMENT",
    "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING",
    "WEBSITE_CONTENTOVERVNET",
    "WEBSITE_CONTENTSHARE",
    "WEBSITE_DNS_SERVER",
    "WEBSITE_MAX_DYNAMIC_APPLICATION_SCALE_OUT",
    "WEBSITE_NODE_DEFAULT_VERSION",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_SKIP_CONTENTSHARE_VALIDATION",
    "WEBSITE_VNET_ROUTE_ALL",
    "alwaysOn",
    "containerSize",
    "ftpsState",
    "functionAppScaleLimit",
    "functionsRuntimeScaleMonitoringEnabled",
    "isReserved",
    "javaVersion",
    "linuxFxVersion",
    "minimumElasticInstanceCount",
    "netFrameworkVersion",
    "outboundVnetRouting",
    "powerShellVersion",
    "preWarmedInstanceCount",
    "reserved",
    "use32BitWorkerProcess",
    "vnetBackupRestoreEnabled",
    "vnetContentShareEnabled",
    "vnetImagePullEnabled",
    "vnetRouteAllEnabled",
    "windowsFxVersion",
}


@cache
def resources(stack: str) -> tuple[Resource, ...]:
    return tuple(register(stack))


CLINIC = "/subscriptions/00000000-0000-4000-8000-000000000009/resourceGroups/clinic"


@cache
def varied() -> tuple[Resource, ...]:
    """Production with what its stack file leaves out."""
    return tuple(
        register(
            "production",
            allowIrreversibleLock="true",
            ingressPrefixes='["203.0.113.0/24"]',
            upstreamSecrets='["clinic-key", "teams-url"]',
            watchedScopes=json.dumps([CLINIC, f"{CLINIC}2"]),
        )
    )


def of(stack: str, kind: str) -> list[Resource]:
    return [one for one in resources(stack) if one.kind == kind]


def one(stack: str, kind: str, name: str = "") -> Mapping[str, Any]:
    found = [item for item in of(stack, kind) if not name or item.name == name]
    assert len(found) == 1, [item.name for item in found]
    return found[0].inputs


def settings(stack: str) -> dict[str, str]:
    pairs = one(stack, "WebApp")["siteConfig"]["appSettings"]
    return {pair["name"]: pair["value"] for pair in pairs}


def leaves(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, f"{path}.{key}")
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value, path)
    else:
        yield path, node


@pytest.mark.parametrize("stack", STACKS)
def test_the_preview_is_the_one_that_was_reviewed(stack: str) -> None:
    golden = GOLDEN / f"{stack}.yaml"
    assert _stable(document(resources(stack))) == golden.read_text("utf-8"), (
        f"read the difference, then: python -m tests.infra.test_stacks {stack}"
    )


def _stable(text: str) -> str:
    """The digest of the sources changes with every commit."""
    return re.sub(r"digest: sha256:[0-9a-f]{64}", "digest: sha256:(of the sources)", text)


@pytest.mark.parametrize("stack", STACKS)
class TestEveryResource:
    def test_no_store_has_a_public_address_or_keys(self, stack: str) -> None:
        accounts = of(stack, "StorageAccount")
        assert {item.name for item in accounts} == {"evidence-account", "state-account"}
        for item in accounts:
            assert item.inputs["publicNetworkAccess"] == "Disabled"
            assert item.inputs["allowSharedKeyAccess"] is False
            assert item.inputs["allowBlobPublicAccess"] is False
            assert item.inputs["networkRuleSet"] == {"bypass": "None", "defaultAction": "Deny"}
            assert item.inputs["minimumTlsVersion"] == "TLS1_2"
            assert item.inputs["enableHttpsTrafficOnly"] is True
            assert item.inputs["encryption"]["requireInfrastructureEncryption"] is True
        for item in of(stack, "BlobContainer"):
            assert item.inputs["publicAccess"] == "None"
        for item in of(stack, "Vault"):
            properties = item.inputs["properties"]
            assert properties["publicNetworkAccess"] == "disabled"
            assert properties["networkAcls"]["defaultAction"] == "Deny"
            assert properties["enableRbacAuthorization"] is True
            assert properties["enablePurgeProtection"] is True
            assert properties["softDeleteRetentionInDays"] == 90

    def test_every_store_is_reached_privately(self, stack: str) -> None:
        reached = {
            (connection["privateLinkServiceId"].rpartition("/")[2], connection["groupIds"][0])
            for item in of(stack, "PrivateEndpoint")
            for connection in item.inputs["privateLinkServiceConnections"]
        }
        wanted = {("evidence-account", "blob"), ("vault", "vault")}
        wanted |= {("state-account", service) for service in ("blob", "queue", "table")}
        wanted |= {("keys", "vault")} if stack == "production" else set()
        assert reached == wanted

    def test_no_role_has_a_wildcard_or_can_delete(self, stack: str) -> None:
        definitions = of(stack, "RoleDefinition")
        assert len(definitions) == len(CUSTOM_ROLES)
        for item in definitions:
            (permission,) = item.inputs["permissions"]
            rights = permission["actions"] + permission["dataActions"]
            assert rights
            for right in rights:
                assert "*" not in right
                assert not right.endswith(("/delete", "/write", "/deleteBlobVersion/action"))
                assert "immutableStorage" not in right

    def test_built_in_roles_are_given_by_name_and_nowhere_wide(self, stack: str) -> None:
        for item in of(stack, "RoleAssignment"):
            scope = item.inputs["scope"]
            assert scope.count("/") > 6, "a resource, not a group or a subscription"
            assert "/ResourceGroup/" not in scope
            assert item.inputs["principalType"] in {"ServicePrincipal", "Group"}

    def test_the_upstream_identity_has_no_right_here(self, stack: str) -> None:
        principals = {item.inputs["principalId"] for item in of(stack, "RoleAssignment")}
        assert "principal-own-identity" in principals
        assert "principal-upstream-identity" not in principals

    def test_the_gateway_can_only_add_and_read_evidence(self, stack: str) -> None:
        definitions = {item.name: item for item in of(stack, "RoleDefinition")}
        for item in of(stack, "RoleAssignment"):
            if "evidence-container" not in item.inputs["scope"]:
                continue
            if item.inputs["principalId"] != "principal-own-identity":
                continue
            role = definitions[item.inputs["roleDefinitionId"].rpartition("/")[2]]
            (permission,) = role.inputs["permissions"]
            assert sorted(
                right.rpartition("/blobs/")[2] for right in permission["dataActions"]
            ) == [
                "add/action",
                "read",
            ]

    def test_no_secret_stands_in_settings_or_names(self, stack: str) -> None:
        for item in resources(stack):
            for path, value in leaves(item.inputs):
                if not isinstance(value, str) or "a-client-secret" not in value:
                    continue
                # The one secret that Entra makes goes to the vault, as a Pulumi secret.
                assert (item.name, path.rpartition(".")[2]) == ("signin-client-secret", "value")
                assert "4dabf18193072939515e22adb298388d" in json.dumps(item.inputs)

    def test_the_outputs_hold_no_secret_and_say_what_comes_next(self, stack: str) -> None:
        outputs = one(stack, "Outputs")
        assert outputs["url"] == "https://func-stmarys.azurewebsites.net"
        assert outputs["package"].startswith("sha256:")
        assert "[secret]" not in outputs.values()
        assert "a-client-secret" not in json.dumps(outputs)
        own = {name: value for name, value in settings(stack).items() if "CHAPERONE_" in name}
        assert outputs["settings"] == own
        assert "manifest activate" in " ".join(outputs["nextSteps"])
        assert ("allowIrreversibleLock" in outputs["nextSteps"][0]) is (stack == "production")

    def test_everything_that_can_be_tagged_is(self, stack: str) -> None:
        for item in resources(stack):
            if item.kind in UNTAGGED:
                assert "tags" not in item.inputs or item.inputs["tags"] is None
                continue
            assert item.inputs["tags"]["application"] == "chaperone", item.name
            assert item.inputs["tags"]["environment"] == stack

    def test_stores_vaults_and_the_app_are_logged(self, stack: str) -> None:
        logged = {item.inputs["resourceUri"] for item in of(stack, "DiagnosticSetting")}
        names = {uri.partition("/StorageAccount/")[2] or uri.rpartition("/")[2] for uri in logged}
        wanted = {"evidence-account/blobServices/default", "vault", "app"}
        wanted |= {f"state-account/{one}Services/default" for one in ("blob", "queue", "table")}
        wanted |= {"keys"} if stack == "production" else set()
        assert names == wanted
        for item in of(stack, "DiagnosticSetting"):
            assert all(log["enabled"] for log in item.inputs["logs"])

    def test_the_app_leaves_only_where_it_must(self, stack: str) -> None:
        rules = one(stack, "NetworkSecurityGroup", "app-rules")["securityRules"]
        allowed = {rule["destinationAddressPrefix"] for rule in rules if rule["access"] == "Allow"}
        assert allowed == {
            "10.64.2.0/23",
            "AzureActiveDirectory",
            "AzureResourceManager",
            "AzureMonitor",
        }
        (last,) = [rule for rule in rules if rule["access"] == "Deny"]
        assert last["priority"] == max(rule["priority"] for rule in rules)
        assert (last["direction"], last["protocol"]) == ("Outbound", "*")
        for item in of(stack, "Subnet"):
            assert item.inputs["defaultOutboundAccess"] is False


@pytest.mark.parametrize("stack", STACKS)
class TestTheApp:
    def test_it_runs_without_passwords(self, stack: str) -> None:
        app = one(stack, "WebApp")
        assert app["httpsOnly"] is True
        config = app["siteConfig"]
        assert (config["minTlsVersion"], config["scmMinTlsVersion"]) == ("1.2", "1.2")
        assert one(stack, "WebAppFtpAllowed")["allow"] is False
        assert one(stack, "WebAppScmAllowed")["allow"] is False
        for name, value in settings(stack).items():
            assert "AccountKey=" not in str(value), name
            assert name != "AzureWebJobsStorage"

    def test_it_is_flex_consumption_with_its_own_concurrency(self, stack: str) -> None:
        assert one(stack, "AppServicePlan")["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
        flex = one(stack, "WebApp")["functionAppConfig"]
        assert flex["runtime"] == {"name": "python", "version": "3.13"}
        scale = flex["scaleAndConcurrency"]
        assert scale["triggers"]["http"]["perInstanceConcurrency"] == 16
        ready = scale["alwaysReady"]
        assert ready == ([{"instanceCount": 2, "name": "http"}] if stack == "production" else [])
        assert flex["deployment"]["storage"]["authentication"]["type"] == "UserAssignedIdentity"

    def test_it_is_asked_for_nothing_that_its_plan_refuses(self, stack: str) -> None:
        app = one(stack, "WebApp")
        asked = {*app, *app["siteConfig"], *settings(stack)}
        assert not asked & NOT_FLEX
        assert app["virtualNetworkSubnetId"].endswith("/app-subnet")

    def test_the_platform_that_its_subnet_is_delegated_to_is_registered(self, stack: str) -> None:
        (delegation,) = one(stack, "Subnet", "app-subnet")["delegations"]
        namespace, _, _ = delegation["serviceName"].partition("/")
        assert one(stack, "ProviderRegistration")["namespace"] == namespace == "Microsoft.App"

    def test_what_its_code_reads_and_writes_is_made(self, stack: str) -> None:
        triggers = (INFRA.parent / "function_app.py").read_text("utf-8")
        queues = set(re.findall(r'queue_name="([^"]+)"', triggers))
        assert {item.inputs["queueName"] for item in of(stack, "Queue")} == queues
        assert set(re.findall(r'connection="([^"]+)"', triggers)) == {"AzureWebJobsStorage"}
        given = settings(stack)

        def named(end: str) -> set[str]:
            return {
                given.get(f"CHAPERONE_{name.upper()}", field.default)
                for name, field in Settings.model_fields.items()
                if name.endswith(end)
            }

        assert {item.inputs["tableName"] for item in of(stack, "Table")} == named("_table")
        containers = {item.inputs["containerName"] for item in of(stack, "BlobContainer")}
        assert containers == named("_container") | {"packages", "bodies"}
        secrets = {item.inputs["name"] for item in of(stack, "GeneratedSecret")}
        assert named("_secret") - secrets == {"chaperone-signin"}
        assert one(stack, "Key", "signing-key")["keyName"] in named("checkpoint_key")

    def test_it_has_two_identities(self, stack: str) -> None:
        identity = one(stack, "WebApp")["identity"]
        names = {one.rpartition("/")[2] for one in identity["userAssignedIdentities"]}
        assert names == {"own-identity", "upstream-identity"}

    def test_its_settings_start_the_gateway(self, stack: str) -> None:
        given = {
            name.removeprefix("CHAPERONE_").lower(): value
            for name, value in settings(stack).items()
            if name.startswith("CHAPERONE_")
        }
        # The identities' ids are the preview's own stand-ins; everything else is as deployed.
        guid = "44444444-4444-4444-8444-444444444444"
        given["signin_client_id"] = given["identity_client_id"] = guid
        name = "APPLICATIONINSIGHTS_AUTHENTICATION_STRING"
        given[name] = settings(stack)[name].replace("client-own-identity", guid)
        made = Settings(**given)  # type: ignore[arg-type]
        assert made.telemetry_authentication == f"ClientId={guid};Authorization=AAD"
        assert made.environment.value == stack
        assert made.evidence_url == "https://stmarysevidence.blob.core.windows.net"
        assert made.vault_url == "https://stmarysvault.vault.azure.net"


class TestProduction:
    def test_records_are_kept_for_seven_years_and_can_be_appended_to(self) -> None:
        policy = one("production", "RetentionPolicy", "evidence-container-policy")
        assert policy["days"] == 2557
        assert policy["appends"] is True
        assert (policy["account"], policy["container"]) == ("stmarysevidence", "evidence")

    def test_nothing_is_locked_without_the_second_setting(self) -> None:
        assert not of("production", "PolicyLock")
        (lock,) = [item for item in varied() if item.name == "evidence-lock"]
        assert lock.inputs["days"] == 2557
        assert lock.inputs["container"] == "evidence"

    def test_evidence_is_encrypted_with_a_key_in_a_vault_of_its_own(self) -> None:
        account = one("production", "StorageAccount", "evidence-account")
        assert account["encryption"]["keySource"] == "Microsoft.Keyvault"
        assert one("production", "Vault", "keys")["resourceGroupName"] == "rg-stmarys-evidence"
        assert account["sku"] == {"name": "Standard_GZRS"}

    def test_who_may_call_the_app_can_be_limited(self) -> None:
        (app,) = (item for item in varied() if item.kind == "WebApp")
        config = app.inputs["siteConfig"]
        assert config["ipSecurityRestrictionsDefaultAction"] == "Deny"
        assert config["ipSecurityRestrictions"] == [
            {"name": "agents-0", "priority": 100, "action": "Allow", "ipAddress": "203.0.113.0/24"}
        ]

    def test_the_account_cannot_be_deleted(self) -> None:
        assert one("production", "ManagementLockByScope")["level"] == "CanNotDelete"

    def test_somebody_hears_every_alert(self) -> None:
        receivers = one("production", "ActionGroup")["emailReceivers"]
        assert [item["emailAddress"] for item in receivers] == ["privacy@example.org"]
        rules = of("production", "ScheduledQueryRule") + of("production", "ActivityLogAlert")
        assert {item.name.removeprefix("alert-") for item in rules} >= {
            "manifest-activated",
            "manifest-rejected",
            "intent-without-outcome",
            "verification-failed",
            "outcome-unwritten",
            "policy-unlocked",
            "approval-stalled",
            "poison-message",
            "break-glass",
            "denials-spike",
            "patients-spike",
            "package-published",
            "evidence-rights",
            "vault-rights",
            "package-stored",
            "key-written",
        }
        for item in rules:
            assert item.inputs["resourceGroupName"] == "rg-stmarys-monitoring"
            assert item.inputs["actions"]["actionGroups"]

    def test_a_right_on_a_group_is_one_on_what_lies_in_it(self) -> None:
        watched = {
            item.name: item.inputs["scopes"][0].rpartition("/")[2]
            for item in of("production", "ActivityLogAlert")
        }
        assert watched["alert-evidence-rights"] == "evidence"
        assert watched["alert-vault-rights"] == "gateway"
        groups = {item.name: item.inputs["resourceGroupName"] for item in of("production", "Vault")}
        assert groups == {"keys": "rg-stmarys-evidence", "vault": "rg-stmarys"}

    def test_every_change_of_the_retention_policy_is_heard_of(self) -> None:
        (heard,) = (
            item.inputs["condition"]["allOf"][1]["anyOf"]
            for item in of("production", "ActivityLogAlert")
            if item.name == "alert-evidence-policy"
        )
        assert {item["equals"].partition("immutabilityPolicies/")[2] for item in heard} == {
            "write",
            "delete",
            "extend/action",
            "lock/action",
        }

    def test_an_operator_gets_a_token_to_activate_a_manifest_with(self) -> None:
        api = one("production", "Application", "gateway-api")
        (scope,) = api["api"]["oauth2PermissionScopes"]
        cli = one("production", "ApplicationPreAuthorized")
        assert cli["permissionIds"] == [scope["id"]]
        assert cli["authorizedClientId"] == "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
        assigned = one("production", "AppRoleAssignment", "operators-may-act")
        (role,) = (role for role in api["appRoles"] if role["allowedMemberTypes"] == ["User"])
        assert assigned["appRoleId"] == role["id"]
        # Roles and scopes share one namespace.
        words = [scope, *api["appRoles"]]
        assert len({word["value"] for word in words}) == len({word["id"] for word in words}) == 3
        assert assigned["principalObjectId"] == "55555555-5555-4555-8555-555555555555"

    def test_reviewers_sign_in_to_what_they_are_assigned_to(self) -> None:
        signin = one("production", "Application", "signin")
        assert signin["groupMembershipClaims"] == ["ApplicationGroup"]
        assert [role["value"] for role in signin["appRoles"]] == ["Approval.Decide"]
        principal = one("production", "ServicePrincipal", "signin-principal")
        assert principal["appRoleAssignmentRequired"] is True
        assigned = one("production", "AppRoleAssignment", "reviewers-may-decide")
        assert assigned["appRoleId"] == signin["appRoles"][0]["id"]
        assert assigned["resourceObjectId"] == "object-signin-principal"
        consent = one("production", "ServicePrincipalDelegatedPermissionGrant")
        assert set(consent["claimValues"]) == {"openid", "profile", "offline_access"}
        assert consent["servicePrincipalObjectId"] == "object-signin-principal"
        # Nobody is named in the other stack: whoever it is signs in with all groups.
        alone = one("development", "Application", "signin")
        assert alone["groupMembershipClaims"] == ["SecurityGroup"]

    def test_emergency_access_is_watched_where_the_upstreams_are(self) -> None:
        named = [item for item in varied() if "alert-break-glass" in item.name]
        assert [item.inputs["scopes"] for item in named] == [[CLINIC], [f"{CLINIC}2"]]
        (whole,) = (
            item.inputs
            for item in of("production", "ActivityLogAlert")
            if item.name == "alert-break-glass"
        )
        assert whole["scopes"] == ["/subscriptions/00000000-0000-4000-8000-000000000000"]
        category, operations = whole["condition"]["allOf"]
        assert category == {"field": "category", "equals": "Administrative"}
        assert {item["field"] for item in operations["anyOf"]} == {"operationName"}
        assert {item["equals"] for item in operations["anyOf"]} == {
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
        }

    def test_the_gateway_reads_the_secrets_that_are_named_and_no_others(self) -> None:
        def read(assigned: Iterable[Resource]) -> set[str]:
            return {
                str(item.inputs["scope"]).partition("/secrets/")[2]
                for item in assigned
                if item.kind == "RoleAssignment" and "/secrets/" in item.inputs["scope"]
            }

        own = read(resources("production"))
        assert len(own) == 7
        assert all(name.startswith("chaperone-") for name in own)
        named = read(varied())
        assert named - own == {"clinic-key", "teams-url"}

    def test_nobody_may_write_where_nothing_is_written(self) -> None:
        for stack in STACKS:
            scopes = [str(item.inputs["scope"]) for item in of(stack, "RoleAssignment")]
            assert [scope for scope in scopes if "evidence-container" in scope]
            assert not [scope for scope in scopes if "bodies" in scope]

    def test_operators_neither_overwrite_evidence_nor_sign(self) -> None:
        theirs = [
            item.inputs
            for item in of("production", "RoleAssignment")
            if item.inputs["principalId"] == "55555555-5555-4555-8555-555555555555"
        ]
        on_evidence = [item for item in theirs if "evidence-container" in item["scope"]]
        assert len(theirs) == 7
        assert [item["roleDefinitionId"].rpartition("/")[2] for item in on_evidence] == [
            "evidence-writer"
        ]
        assert not [item for item in theirs if "/keys/" in item["scope"]]

    def test_agents_without_secrets_may_call(self) -> None:
        credential = one("production", "ApplicationFederatedIdentityCredential")
        assert credential["subject"] == "agent:triage"
        assert credential["audiences"] == ["api://AzureADTokenExchange"]
        assigned = {item.name for item in of("production", "AppRoleAssignment")}
        assert assigned == {"agent-triage-may-call", "operators-may-act", "reviewers-may-decide"}


@pytest.mark.parametrize(
    ("stack", "key", "value", "said"),
    [
        ("production", "retentionDays", "365", "between 2192 and 146000"),
        ("production", "alertEmails", "[]", "nobody hears"),
        ("production", "watchedScopes", '["clinicdata"]', "/subscriptions/"),
        ("production", "replication", "LRS", "ZRS, GRS or GZRS"),
        ("production", "replication", "somewhere", "one of LRS"),
        ("production", "name", "Too-Long-A-Name", "3 to 11"),
        ("production", "tenant", "contoso.com", "a GUID"),
        ("production", "reviewerGroups", '["reviewers"]', "an object id"),
        ("production", "reviewerGroups", '"reviewers"', "a list"),
        ("production", "addressSpace", "10.64.0.0/26", "/16 to /24"),
        ("production", "alwaysReadyInstances", "1", "none or two"),
        ("production", "location", "East US 2", "eastus2"),
        ("production", "addressSpace", "8.8.0.0/20", "private"),
        ("production", "addressSpace", "hospital", "/16 to /24"),
        ("production", "ingressPrefixes", '["203.0.113.7"]', "CIDR"),
        ("production", "ingressPrefixes", '["0.0.0.0/0"]', "not every address"),
        ("production", "egressPrefixes", '["0.0.0.0/0"]', "not every address"),
        ("production", "operatorPrefixes", '["10.1.0.1/8"]', "CIDR"),
        ("production", "egressServiceTags", '["Internet"]', "services' tags"),
        ("production", "egressServiceTags", '["storage.blob.core.windows.net/x"]', "services'"),
        ("production", "upstreamSecrets", '["chaperone-digest-key"]', "none of the gateway's own"),
        ("production", "upstreamSecrets", '["a/b"]', "letters, digits"),
        ("production", "upstreamSecrets", '["fhir", "FHIR"]', "letters, digits"),
        ("production", "federatedAgents", '[{"name": "triage"}]', "name, issuer, subject"),
        ("production", "federatedAgents", '["triage"]', "name, issuer, subject"),
        (
            "production",
            "federatedAgents",
            '[{"name": "triage", "issuer": "http://example.org", "subject": "x"}]',
            "an https issuer",
        ),
        ("production", "bodiesRetentionDays", "3000", "not longer than the evidence"),
        ("development", "allowIrreversibleLock", "true", "can never be taken back"),
        ("development", "environment", "staging", "development or production"),
        ("development", "httpConcurrency", "0", "1 to 1000"),
    ],
)
def test_a_wrong_configuration_is_refused_by_its_key(
    stack: str, key: str, value: str, said: str
) -> None:
    full = f"azure-native:{key}" if key == "location" else f"chaperone:{key}"
    pulumi.runtime.set_all_config(stack_configuration(stack) | {full: value})
    with pytest.raises(ConfigurationError) as refused:
        load()
    assert str(refused.value).startswith(f"{full}: ")
    assert said in str(refused.value)


def test_pulumi_takes_the_project_file() -> None:
    """A key of another namespace may have a value there, and no default: every command ends."""
    project = yaml.safe_load((INFRA / "Pulumi.yaml").read_text("utf-8"))
    for key, given in project.get("config", {}).items():
        assert key.startswith("chaperone:") or ":" not in key or "default" not in given
    assert project["name"] == "chaperone"
    assert project["runtime"]["options"]["virtualenv"] == "../.venv"


def test_a_wrong_configuration_registers_nothing() -> None:
    with pytest.raises(Refused, match="chaperone:retentionDays"):
        register("production", retentionDays="365")


def main() -> None:
    """Accept the previews of the stacks named on the command line."""
    for stack in sys.argv[1:]:
        (GOLDEN / f"{stack}.yaml").write_text(_stable(document(resources(stack))), "utf-8")


if __name__ == "__main__":
    main()
