"""Entra applications: the API of agents' tokens, the reviewers' sign-in, agents without secrets.

Needs Microsoft Graph rights (Application.ReadWrite.OwnedBy or Application Administrator).
"""

from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_azuread as azuread

from infra.configuration import Configuration, FederatedAgent
from infra.site import stable_id

CALL: Final = ("Agent.Call", "Calls upstreams through the gateway")
DECIDE: Final = ("Approval.Decide", "Decides held requests")
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
    )
    reviewers = azuread.ServicePrincipal(
        "signin-principal",
        client_id=signin.client_id,
        app_role_assignment_required=bool(groups),
    )
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


def _gateway(stack: Configuration) -> tuple[azuread.Application, azuread.ServicePrincipal]:
    api = azuread.Application(
        "gateway-api",
        display_name=f"Chaperone gateway ({stack.name})",
        sign_in_audience="AzureADMyOrg",
        prevent_duplicate_names=True,
        identifier_uris=[f"api://{stack.tenant}/chaperone-{stack.name}"],
        # Group object ids decide; names of groups can be taken by others.
        group_membership_claims=["SecurityGroup"],
        api=azuread.ApplicationApiArgs(requested_access_token_version=2),
        app_roles=[_role(stack, CALL, "Application")],
    )
    principal = azuread.ServicePrincipal(
        "gateway-principal",
        client_id=api.client_id,
        # Without an assignment Entra issues no token for the gateway at all.
        app_role_assignment_required=True,
    )
    return api, principal


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
