"""The whole deployment, in the order in which its parts need each other."""

from dataclasses import replace

import pulumi
from pulumi_azure_native import keyvault

from infra import configuration
from infra.alerts import build_alerts
from infra.app import (
    SIGNIN_SECRET,
    Stores,
    app_name,
    build_app,
    gateway_variables,
    public_url,
)
from infra.configuration import Configuration
from infra.dynamic.publication import Publication
from infra.entra import Applications, build_applications
from infra.evidence import build_evidence
from infra.identity import build_identities
from infra.monitoring import build_monitoring
from infra.network import build_network
from infra.operators import build_operators
from infra.package import source_digest
from infra.site import Site, build_site
from infra.state import build_state
from infra.vault import Vault, allow_secret, build_vault
from infra.workbook import build_workbook


def provision(stack: Configuration | None = None) -> None:
    """Register every resource of the stack, and export what comes next.

    Args:
        stack: the configuration; that of the current Pulumi stack where None.

    Raises:
        infra.configuration.ConfigurationError: the configuration is wrong.
    """
    stack = stack or configuration.load()
    site = build_site(stack)
    monitoring = build_monitoring(site)
    workspace = monitoring.workspace.id
    where = build_network(site)
    identities = build_identities(site)
    vault = build_vault(site, where, identities, workspace)
    state = build_state(site, where, identities, workspace)
    evidence = build_evidence(site, where, identities, workspace)
    applications = build_applications(stack, public_url(site))
    signin = _signin_secret(site, vault, applications)
    allowed = allow_secret(site, identities, vault.vault, SIGNIN_SECRET, signin)
    vault = replace(vault, ready=[*vault.ready, allowed])
    stores = Stores(evidence, state, vault)
    app = build_app(site, where, identities, stores, applications, monitoring)
    publication = Publication(
        "package",
        app=app_name(site),
        digest=source_digest(),
        opts=pulumi.ResourceOptions(depends_on=[app]),
    )
    build_operators(site, identities, evidence, state, vault, monitoring)
    build_alerts(site, monitoring, evidence)
    build_workbook(site, monitoring)
    pulumi.export("url", public_url(site))
    pulumi.export("gatewayApplication", applications.gateway_id)
    pulumi.export("signinApplication", applications.signin_id)
    pulumi.export("agents", applications.agents)
    pulumi.export("upstreamIdentity", identities.upstream.client_id)
    pulumi.export("upstreamPrincipal", identities.upstream.principal_id)
    pulumi.export("egressAddress", where.egress_address)
    pulumi.export("evidencePolicy", evidence.locked)
    pulumi.export("package", publication.package)
    pulumi.export("settings", gateway_variables(site, identities, stores, applications))
    pulumi.export("nextSteps", next_steps(stack))


def next_steps(stack: Configuration) -> list[str]:
    """What the operator does after `pulumi up`, in order."""
    steps = []
    if stack.production and not stack.allow_irreversible_lock:
        steps.append(
            "The gateway refuses to serve until the evidence policy is locked. When the retention "
            f"of {stack.retention_days} days is right: pulumi config set "
            "chaperone:allowIrreversibleLock true && pulumi up. This cannot be undone."
        )
    steps += [
        (
            "Give the upstream identity (upstreamPrincipal) the roles it needs on what agents may "
            "reach, and take the agents' own roles away."
        ),
        (
            "With these settings as environment variables, write a manifest and activate it: "
            "chaperone manifest check FILE && chaperone manifest activate FILE."
        ),
        "Check the deployment: chaperone doctor.",
    ]
    return steps


def _signin_secret(site: Site, vault: Vault, applications: Applications) -> keyvault.Secret:
    return keyvault.Secret(
        "signin-client-secret",
        secret_name=SIGNIN_SECRET,
        vault_name=vault.vault.name,
        resource_group_name=site.gateway.name,
        properties=keyvault.SecretPropertiesArgs(
            value=applications.signin_secret, content_type="client secret of the reviewers' sign-in"
        ),
        opts=pulumi.ResourceOptions(parent=vault.vault, additional_secret_outputs=["properties"]),
    )
