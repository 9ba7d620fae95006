"""Managed identities, and what each may do.

The gateway's own identity reads and adds; the upstream identity has no right on anything of the
gateway, so that a request that is forged into an upstream call cannot reach evidence or keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_azure_native import authorization, managedidentity, resources

from infra.roles import CUSTOM_ROLES, Role
from infra.site import Site, stable_id


@dataclass(frozen=True, slots=True)
class Identities:
    """Managed identities and custom roles of a stack.

    Attributes:
        own: what the gateway's code and the Functions host run as.
        upstream: what it presents to upstreams.
        roles: custom role definitions by `Role.key`.
    """

    own: managedidentity.UserAssignedIdentity
    upstream: managedidentity.UserAssignedIdentity
    roles: Mapping[str, authorization.RoleDefinition]


def build_identities(site: Site) -> Identities:
    """The identities, and custom roles that can be assigned in the stack's groups alone."""

    def identity(purpose: str) -> managedidentity.UserAssignedIdentity:
        return managedidentity.UserAssignedIdentity(
            f"{purpose}-identity",
            resource_name_=f"id-{site.configuration.name}-{purpose}",
            resource_group_name=site.gateway.name,
            location=site.location,
            tags=site.tags,
        )

    return Identities(
        identity("own"),
        identity("upstream"),
        {role.key: _definition(site, role) for role in CUSTOM_ROLES},
    )


def assign(
    site: Site,
    label: str,
    principal: pulumi.Input[str],
    role: authorization.RoleDefinition | str,
    scope: pulumi.Input[str],
    *,
    principal_type: str = "ServicePrincipal",
    after: Sequence[pulumi.Resource] = (),
) -> authorization.RoleAssignment:
    """Give a principal a role on one resource.

    Args:
        site: the stack.
        label: unique in the program.
        principal: object id.
        role: a definition of this stack, or the GUID of a built-in role.
        scope: resource id, as narrow as it goes.
        principal_type: `ServicePrincipal` or `Group`; Azure need not look for it then.
        after: what `scope` is the id of, where the id does not come from it.
    """
    definition: pulumi.Input[str] = (
        role.id
        if isinstance(role, authorization.RoleDefinition)
        else f"/providers/Microsoft.Authorization/roleDefinitions/{role}"
    )
    return authorization.RoleAssignment(
        f"{label}-role",
        role_assignment_name=stable_id(site.configuration.name, "assignment", label),
        principal_id=principal,
        principal_type=principal_type,
        role_definition_id=definition,
        scope=scope,
        opts=pulumi.ResourceOptions(depends_on=[*after]),
    )


def _definition(site: Site, role: Role) -> authorization.RoleDefinition:
    group = _group_of(site, role)
    return authorization.RoleDefinition(
        role.key,
        role_definition_id=stable_id(site.configuration.name, "role", role.key),
        role_name=f"{role.name} ({site.configuration.name})",
        role_type="CustomRole",
        description=role.description,
        scope=group.id,
        assignable_scopes=[group.id],
        permissions=[
            authorization.PermissionArgs(
                actions=list(role.actions),
                not_actions=[],
                data_actions=list(role.data_actions),
                not_data_actions=[],
            )
        ],
    )


def _group_of(site: Site, role: Role) -> resources.ResourceGroup:
    return site.evidence if role.key.startswith("evidence") else site.gateway
