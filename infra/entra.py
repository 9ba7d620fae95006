"""Entra applications: the API of agents' tokens, the reviewers' sign-in, agents without secrets.

Needs the Entra role Application Administrator, or the rights of Microsoft Graph that are named in
`docs/deployment.md`.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_azuread as azuread

from gateway.authn.oidc import SCOPES
from infra.configuration import Configuration, FederatedAgent
from infra.site import stable_id

CALL: Final = ("Agent.Call", "Calls upstreams through the gateway")
DECIDE: Final = ("Approval.Decide", "Decides held requests")
ACT: Final = ("Person.Act", "Acts at the gateway: as its operator, or by an agent on their behalf")
# Roles and scopes of an application share one namespace: no word and no id may be of both.
SCOPE: Final = ("Gateway.Use", "Use the gateway as the person who is signed in")
GRAPH: Final = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph, whose scopes those of signing in are."""
AZURE_CLI: Final = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""Microsoft's own application, with which operators get their tokens."""
EXCHANGE_AUDIENCE: Final = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Applications:
    """The applications of a stack.

    Attributes:
        gateway_id: client id of the API that agents' tokens are issued for.
        signin_id: client id of the application that reviewers sign in to.
        signin_secret: its client secret; a Pulumi secret.
        agents: client id by agent's name.
    """

    gateway_id: pulumi.Output[str]
    signin_id: pulumi.Output[str]
    signin_secret: pulumi.Output[str]
    agents: dict[str, pulumi.Output[str]]


def build_applications(stack: Configuration, public_url: str) -> Applications:
    """The API, the sign-in application, and one application for each federated agent."""
    api, principal = _gateway(stack)
    groups = stack.reviewer_groups
    signin = azuread.Application(
        "signin",
        display_name=f"Chaperone reviewers ({stack.name})",
        sign_in_audience="AzureADMyOrg",
        prevent_duplicate_names=True,
        # A token holds 200 groups, and who is in more cannot decide: so those assigned alone.
        group_membership_claims=["ApplicationGroup" if groups else "SecurityGroup"],
        app_roles=[_role(stack, DECIDE, "User")],
        web=azuread.ApplicationWebArgs(
            redirect_uris=[f"{public_url}/signin/callback"],
            implicit_grant=azuread.ApplicationWebImplicitGrantArgs(
                access_token_issuance_enabled=False, id_token_issuance_enabled=False
            ),
        ),
        api=azuread.ApplicationApiArgs(requested_access_token_version=2),
        # When the person signed in, and not when the token was made.
        optional_claims=azuread.ApplicationOptionalClaimsArgs(
            id_tokens=[azuread.ApplicationOptionalClaimsIdTokenArgs(name="auth_time")]
        ),
    )
    reviewers = azuread.ServicePrincipal(
        "signin-principal",
        client_id=signin.client_id,
        app_role_assignment_required=bool(groups),
    )
    _consent(reviewers)
    secret = azuread.ApplicationPassword(
        "signin-secret",
        application_id=signin.id,
        display_name="Chaperone",
        opts=pulumi.ResourceOptions(depends_on=[reviewers], additional_secret_outputs=["value"]),
    )
    for number, group in enumerate(groups):
        azuread.AppRoleAssignment(
            f"reviewers-may-decide-{number}" if number else "reviewers-may-decide",
            app_role_id=_role_id(stack, DECIDE[0]),
            principal_object_id=group,
            resource_object_id=reviewers.object_id,
        )
    agents = {agent.name: _agent(stack, agent, principal) for agent in stack.federated_agents}
    return Applications(api.client_id, signin.client_id, pulumi.Output.secret(secret.value), agents)


def _consent(reviewers: azuread.ServicePrincipal) -> None:
    """To what signing in asks for; where assignment is required, persons cannot give it themselves.

    https://learn.microsoft.com/entra/identity-platform/howto-restrict-your-app-to-a-set-of-users
    """
    graph = azuread.ServicePrincipal("graph", client_id=GRAPH, use_existing=True)
    azuread.ServicePrincipalDelegatedPermissionGrant(
        "signin-consent",
        service_principal_object_id=reviewers.object_id,
        resource_service_principal_object_id=graph.object_id,
        claim_values=SCOPES.split(),
    )


def _gateway(stack: Configuration) -> tuple[azuread.Application, azuread.ServicePrincipal]:
    api = azuread.Application(
        "gateway-api",
        display_name=f"Chaperone gateway ({stack.name})",
        sign_in_audience="AzureADMyOrg",
        prevent_duplicate_names=True,
        identifier_uris=[f"api://{stack.tenant}/chaperone-{stack.name}"],
        # Group object ids decide; names of groups can be taken by others.
        group_membership_claims=["SecurityGroup"],
        api=azuread.ApplicationApiArgs(
            requested_access_token_version=2,
            oauth2_permission_scopes=[
                azuread.ApplicationApiOauth2PermissionScopeArgs(
                    id=_scope_id(stack),
                    value=SCOPE[0],
                    type="Admin",
                    enabled=True,
                    admin_consent_display_name=SCOPE[0],
                    admin_consent_description=SCOPE[1],
                )
            ],
        ),
        app_roles=[_role(stack, CALL, "Application"), _role(stack, ACT, "User")],
        # Says of a token whether it is a program's.
        optional_claims=azuread.ApplicationOptionalClaimsArgs(
            access_tokens=[azuread.ApplicationOptionalClaimsAccessTokenArgs(name="idtyp")]
        ),
    )
    principal = azuread.ServicePrincipal(
        "gateway-principal",
        client_id=api.client_id,
        # Without an assignment Entra issues no token for the gateway at all.
        app_role_assignment_required=True,
    )
    _operators(stack, api, principal)
    return api, principal


def _operators(
    stack: Configuration, api: azuread.Application, principal: azuread.ServicePrincipal
) -> None:
    """What a person needs for a token of their own, who activates a manifest or denies a caller."""
    azuread.ApplicationPreAuthorized(
        "azure-cli",
        application_id=api.id,
        authorized_client_id=AZURE_CLI,
        permission_ids=[_scope_id(stack)],
    )
    if group := stack.operator_group:
        azuread.AppRoleAssignment(
            "operators-may-act",
            app_role_id=_role_id(stack, ACT[0]),
            principal_object_id=group,
            resource_object_id=principal.object_id,
        )


def _agent(
    stack: Configuration, agent: FederatedAgent, gateway: azuread.ServicePrincipal
) -> pulumi.Output[str]:
    application = azuread.Application(
        f"agent-{agent.name}",
        display_name=f"Chaperone agent {agent.name} ({stack.name})",
        sign_in_audience="AzureADMyOrg",
        prevent_duplicate_names=True,
        api=azuread.ApplicationApiArgs(requested_access_token_version=2),
    )
    principal = azuread.ServicePrincipal(
        f"agent-{agent.name}-principal", client_id=application.client_id
    )
    azuread.ApplicationFederatedIdentityCredential(
        f"agent-{agent.name}-credential",
        application_id=application.id,
        display_name=agent.name,
        audiences=[EXCHANGE_AUDIENCE],
        issuer=agent.issuer,
        subject=agent.subject,
    )
    azuread.AppRoleAssignment(
        f"agent-{agent.name}-may-call",
        app_role_id=_role_id(stack, CALL[0]),
        principal_object_id=principal.object_id,
        resource_object_id=gateway.object_id,
    )
    return application.client_id


def _role(
    stack: Configuration, role: tuple[str, str], member: str
) -> azuread.ApplicationAppRoleArgs:
    value, description = role
    return azuread.ApplicationAppRoleArgs(
        id=_role_id(stack, value),
        value=value,
        display_name=value,
        description=description,
        enabled=True,
        allowed_member_types=[member],
    )


def _role_id(stack: Configuration, value: str) -> str:
    return stable_id(stack.name, "app-role", value)


def _scope_id(stack: Configuration) -> str:
    return stable_id(stack.name, "scope", SCOPE[0])
