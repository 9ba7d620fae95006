"""The function app: Flex Consumption, Python 3.13, no password anywhere.

Flex Consumption scales HTTP, queues and timers apart; per-instance HTTP concurrency is set because
its default for Python is one request at a time.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import web

from infra.entra import Applications
from infra.evidence import CONTAINER, Evidence
from infra.identity import Identities, assign
from infra.monitoring import Monitoring, log_everything
from infra.network import Network
from infra.roles import METRICS_PUBLISHER
from infra.settings import gateway_settings, pairs
from infra.site import Site
from infra.state import HELD, MASKED, PACKAGES, RESULTS, STATE, State
from infra.vault import GATEWAY_SECRETS, Vault

PYTHON: Final = "3.13"
SIGNIN_SECRET: Final = "chaperone-signin"  # noqa: S105 - its name


@dataclass(frozen=True, slots=True)
class Stores:
    """What the app reads and writes."""

    evidence: Evidence
    state: State
    vault: Vault

    @property
    def ready(self) -> list[pulumi.Resource]:
        """What must be there before the app is."""
        return [*self.evidence.ready, *self.state.ready, *self.vault.ready]


def public_url(site: Site) -> str:
    """The address that agents use; known before the app is made."""
    return f"https://{app_name(site)}.azurewebsites.net"


def app_name(site: Site) -> str:
    """The app's name in Azure."""
    return site.name("func")


def build_app(
    site: Site,
    where: Network,
    identities: Identities,
    stores: Stores,
    applications: Applications,
    monitoring: Monitoring,
) -> web.WebApp:
    """Plan, app, its settings, and the ways in that are closed."""
    stack = site.configuration
    plan = web.AppServicePlan(
        "plan",
        name=site.name("plan"),
        resource_group_name=site.gateway.name,
        location=site.location,
        kind="functionapp",
        reserved=True,
        sku=web.SkuDescriptionArgs(name="FC1", tier="FlexConsumption"),
        zone_redundant=stack.production,
        tags=site.tags,
    )
    app = web.WebApp(
        "app",
        name=app_name(site),
        resource_group_name=site.gateway.name,
        location=site.location,
        kind="functionapp,linux",
        server_farm_id=plan.id,
        identity=web.ManagedServiceIdentityArgs(
            type=web.ManagedServiceIdentityType.USER_ASSIGNED,
            user_assigned_identities=[identities.own.id, identities.upstream.id],
        ),
        key_vault_reference_identity=identities.own.id,
        https_only=True,
        client_affinity_enabled=False,
        public_network_access="Enabled",
        virtual_network_subnet_id=where.app_subnet.id,
        function_app_config=_flex(site, identities, stores.state),
        site_config=_site_config(site, identities, stores, applications, monitoring),
        tags=site.tags,
        # It starts from its stores, and takes its package there: with their rights and their names.
        opts=pulumi.ResourceOptions(depends_on=[*stores.ready]),
    )
    _close_passwords(site, app)
    log_everything("app", app.id, monitoring.workspace.id)
    assign(
        site,
        "own-telemetry",
        identities.own.principal_id,
        METRICS_PUBLISHER,
        monitoring.insights.id,
    )
    return app


def _flex(site: Site, identities: Identities, state: State) -> web.FunctionAppConfigArgs:
    stack = site.configuration
    ready = [
        web.FunctionsAlwaysReadyConfigArgs(name="http", instance_count=stack.always_ready_instances)
    ]
    return web.FunctionAppConfigArgs(
        deployment=web.FunctionsDeploymentArgs(
            storage=web.FunctionsDeploymentStorageArgs(
                type="blobContainer",
                value=pulumi.Output.concat(state.endpoint("blob"), "/", PACKAGES),
                authentication=web.FunctionsDeploymentStorageAuthenticationArgs(
                    type="UserAssignedIdentity",
                    user_assigned_identity_resource_id=identities.own.id,
                ),
            )
        ),
        runtime=web.FunctionsRuntimeArgs(name="python", version=PYTHON),
        scale_and_concurrency=web.FunctionsScaleAndConcurrencyArgs(
            instance_memory_mb=stack.instance_memory_mb,
            maximum_instance_count=stack.maximum_instances,
            always_ready=ready if stack.always_ready_instances else [],
            triggers=web.FunctionsScaleAndConcurrencyTriggersArgs(
                http=web.FunctionsScaleAndConcurrencyTriggersHttpArgs(
                    per_instance_concurrency=stack.http_concurrency
                )
            ),
        ),
    )


def _site_config(
    site: Site,
    identities: Identities,
    stores: Stores,
    applications: Applications,
    monitoring: Monitoring,
) -> web.SiteConfigArgsDict:
    """What Flex Consumption takes of it.

    A table and no `SiteConfigArgs`: that one adds a netFrameworkVersion, which the plan refuses
    (https://github.com/pulumi/pulumi-azure-native/issues/4168). FTP and routing are no settings of
    this plan: it has no FTP, and everything leaves through the subnet.
    """
    ranges = site.configuration.ingress_prefixes
    settings = {
        **_host_settings(identities, stores.state, monitoring),
        **gateway_variables(site, identities, stores, applications),
    }
    return {
        "min_tls_version": "1.2",
        "scm_min_tls_version": "1.2",
        "http20_enabled": True,
        "remote_debugging_enabled": False,
        "ip_security_restrictions_default_action": "Deny" if ranges else "Allow",
        "ip_security_restrictions": [
            {
                "name": f"agents-{number}",
                "priority": 100 + number,
                "action": "Allow",
                "ip_address": prefix,
            }
            for number, prefix in enumerate(ranges)
        ],
        "app_settings": pairs(settings),
    }


def _host_settings(
    identities: Identities, state: State, monitoring: Monitoring
) -> dict[str, pulumi.Input[str]]:
    """What the Functions host reads: its storage and telemetry, by identity."""
    client = identities.own.client_id
    return {
        "AzureWebJobsStorage__blobServiceUri": state.endpoint("blob"),
        "AzureWebJobsStorage__queueServiceUri": state.endpoint("queue"),
        "AzureWebJobsStorage__tableServiceUri": state.endpoint("table"),
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": monitoring.insights.connection_string,
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING": client.apply(
            lambda value: f"ClientId={value};Authorization=AAD"
        ),
        # The exporter's own: statistics for Microsoft, remote configuration, resource attributes.
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
        "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "true",
        # Two answers of the host's own: a body as large as the gateway takes, and no request log.
        "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT": str(100 * 1024 * 1024),
        "PYTHON_ISOLATE_WORKER_DEPENDENCIES": "1",
    }


def gateway_variables(
    site: Site, identities: Identities, stores: Stores, applications: Applications
) -> dict[str, pulumi.Input[str]]:
    """The gateway's own settings by variable, for the app and for its operators; none is secret."""
    stack = site.configuration
    gateway_id = applications.gateway_id
    values: dict[str, pulumi.Input[str]] = {
        "environment": stack.environment.value,
        "public_url": public_url(site),
        "tenants": stack.tenant,
        "audiences": gateway_id.apply(
            lambda value: f"{value},api://{stack.tenant}/chaperone-{stack.name}"
        ),
        "evidence_url": stores.evidence.endpoint,
        "evidence_container": CONTAINER,
        "evidence_resource_id": stores.evidence.resource_id,
        "state_url": stores.state.endpoint("blob"),
        "state_container": STATE,
        "table_url": stores.state.endpoint("table"),
        "queue_url": stores.state.endpoint("queue"),
        "held_container": HELD,
        "results_container": RESULTS,
        "masked_container": MASKED,
        "identity_client_id": identities.own.client_id,
        "vault_url": stores.vault.url,
        "signin_client_id": applications.signin_id,
        "signin_secret": SIGNIN_SECRET,
        "signin_auth_context": stack.reviewer_auth_context,
    }
    values |= {secret.setting: secret.name for secret in GATEWAY_SECRETS}
    return gateway_settings(values)


def _close_passwords(site: Site, app: web.WebApp) -> None:
    """No publishing with a user name and a password, neither by FTP nor by the SCM site."""
    for label, policy in (("ftp", web.WebAppFtpAllowed), ("scm", web.WebAppScmAllowed)):
        policy(
            f"no-{label}-password",
            name=app.name,
            resource_group_name=site.gateway.name,
            allow=False,
            opts=pulumi.ResourceOptions(parent=app),
        )
