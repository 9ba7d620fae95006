"""Where the resources of a stack lie, and what they are called."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

import pulumi
from pulumi_azure_native import resources

from infra.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Site:
    """The resource groups of a stack.

    Evidence and monitoring have groups of their own, so that who operates the gateway needs no
    right on either.
    """

    configuration: Configuration
    gateway: resources.ResourceGroup
    evidence: resources.ResourceGroup
    monitoring: resources.ResourceGroup

    @property
    def tags(self) -> Mapping[str, str]:
        """On every resource that can have tags."""
        return tags(self.configuration)

    @property
    def location(self) -> str:
        """Azure region."""
        return self.configuration.location

    def name(self, kind: str) -> str:
        """A resource's name in Azure, such as `vnet-{name}`."""
        return f"{kind}-{self.configuration.name}"

    def account(self, kind: str) -> str:
        """The name of a storage account or vault, at most 24 letters and digits."""
        return f"{self.configuration.name}{kind}"


def tags(stack: Configuration) -> Mapping[str, str]:
    """The program's own tags over the operator's."""
    return {
        **stack.tags,
        "application": "chaperone",
        "environment": stack.environment.value,
        "data-classification": "ephi" if stack.production else "none",
    }


def build_site(stack: Configuration) -> Site:
    """The resource groups."""

    def group(purpose: str) -> resources.ResourceGroup:
        suffix = "" if purpose == "gateway" else f"-{purpose}"
        return resources.ResourceGroup(
            purpose,
            resource_group_name=f"rg-{stack.name}{suffix}",
            location=stack.location,
            tags=tags(stack),
            # A slip in the program must not take seven years of records with it.
            opts=pulumi.ResourceOptions(protect=stack.production and purpose == "evidence"),
        )

    return Site(stack, group("gateway"), group("evidence"), group("monitoring"))


def stable_id(*parts: str) -> str:
    """The same GUID for the same words, for role definitions and assignments."""
    return str(uuid5(NAMESPACE_URL, "chaperone:" + ":".join(parts)))
