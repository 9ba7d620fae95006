"""The network: the app leaves through one subnet, its stores are reached privately.

What the app may call is named, the rest of the Internet is not: an upstream is added by a service
tag or an address range, so that a stolen process finds no other way out.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import network, privatedns

from infra.dynamic.registration import ProviderRegistration
from infra.site import Site

PRIVATE_ZONES: Final[Mapping[str, str]] = {
    "blob": "privatelink.blob.core.windows.net",
    "queue": "privatelink.queue.core.windows.net",
    "table": "privatelink.table.core.windows.net",
    "vault": "privatelink.vaultcore.azure.net",
}
# Sign-in, policy of the evidence container, telemetry: without these the gateway does not start.
_NEEDED_TAGS = ("AzureActiveDirectory", "AzureResourceManager", "AzureMonitor")
_FIRST_PRIORITY = 200


@dataclass(frozen=True, slots=True)
class Network:
    """What others attach to.

    Attributes:
        app_subnet: delegated to the function app.
        endpoint_subnet: of the private endpoints.
        zones: private DNS zone by service, as in `PRIVATE_ZONES`.
        egress_address: the one public address, None without a NAT gateway.
    """

    app_subnet: network.Subnet
    endpoint_subnet: network.Subnet
    zones: Mapping[str, privatedns.PrivateZone]
    egress_address: pulumi.Output[str] | None


def build_network(site: Site) -> Network:
    """Virtual network, subnets, rules, private DNS and, where wanted, a fixed address."""
    group = site.gateway.name
    app_range, endpoint_range = _ranges(site.configuration.address_space)
    vnet = network.VirtualNetwork(
        "network",
        virtual_network_name=site.name("vnet"),
        resource_group_name=group,
        location=site.location,
        address_space=network.AddressSpaceArgs(address_prefixes=[site.configuration.address_space]),
        tags=site.tags,
    )
    gateway, address = _nat(site) if site.configuration.fixed_egress_address else (None, None)
    app_subnet = network.Subnet(
        "app-subnet",
        subnet_name="app",
        resource_group_name=group,
        virtual_network_name=vnet.name,
        address_prefix=app_range,
        default_outbound_access=False,
        delegations=[
            network.DelegationArgs(
                name="functions", service_name="Microsoft.App/environments", type="delegation"
            )
        ],
        network_security_group=network.NetworkSecurityGroupArgs(
            id=_app_rules(site, endpoint_range).id
        ),
        nat_gateway=network.SubResourceArgs(id=gateway.id) if gateway else None,
        opts=pulumi.ResourceOptions(
            depends_on=[ProviderRegistration("app-namespace", namespace="Microsoft.App")]
        ),
    )
    endpoint_subnet = network.Subnet(
        "endpoint-subnet",
        subnet_name="endpoints",
        resource_group_name=group,
        virtual_network_name=vnet.name,
        address_prefix=endpoint_range,
        default_outbound_access=False,
        private_endpoint_network_policies="Enabled",
        network_security_group=network.NetworkSecurityGroupArgs(
            id=_endpoint_rules(site, app_range).id
        ),
        # Azure changes one subnet of a network at a time.
        opts=pulumi.ResourceOptions(depends_on=[app_subnet]),
    )
    zones = {service: _zone(site, vnet, service) for service in PRIVATE_ZONES}
    return Network(app_subnet, endpoint_subnet, zones, address)


def private_endpoint(
    site: Site, where: Network, label: str, target: pulumi.Input[str], service: str
) -> network.PrivateDnsZoneGroup:
    """A private endpoint of one service of a resource, with its name in private DNS.

    Args:
        site: the stack.
        where: its network.
        label: of the resource, unique in the program.
        target: the resource's id.
        service: key of `PRIVATE_ZONES`.

    Returns:
        the name: once it is there, the resource can be reached.
    """
    endpoint = network.PrivateEndpoint(
        f"{label}-{service}",
        private_endpoint_name=f"pe-{site.configuration.name}-{label}-{service}",
        resource_group_name=site.gateway.name,
        location=site.location,
        subnet=network.SubnetArgs(id=where.endpoint_subnet.id),
        private_link_service_connections=[
            network.PrivateLinkServiceConnectionArgs(
                name=f"{label}-{service}", private_link_service_id=target, group_ids=[service]
            )
        ],
        tags=site.tags,
    )
    return network.PrivateDnsZoneGroup(
        f"{label}-{service}-dns",
        private_dns_zone_group_name="default",
        private_endpoint_name=endpoint.name,
        resource_group_name=site.gateway.name,
        private_dns_zone_configs=[
            network.PrivateDnsZoneConfigArgs(
                name=service, private_dns_zone_id=where.zones[service].id
            )
        ],
        opts=pulumi.ResourceOptions(parent=endpoint),
    )


def _ranges(space: str) -> tuple[str, str]:
    """The ranges of the app and of the endpoints: the first two eighths of the space."""
    first, second = list(ipaddress.ip_network(space).subnets(prefixlen_diff=3))[:2]
    return str(first), str(second)


def _app_rules(site: Site, endpoints: str) -> network.NetworkSecurityGroup:
    stack = site.configuration
    allowed: list[tuple[str, str]] = [("stores", endpoints)]
    allowed += [(tag, tag) for tag in (*_NEEDED_TAGS, *stack.egress_service_tags)]
    allowed += [(f"range-{number}", one) for number, one in enumerate(stack.egress_prefixes)]
    rules = [
        _rule(f"to-{name}", priority, "Outbound", "Allow", destination=destination)
        for (name, destination), priority in zip(allowed, _priorities(allowed), strict=True)
    ]
    return _security_group(
        site,
        "app",
        [*rules, _rule("nothing-else", 4000, "Outbound", "Deny", ports="*", protocol="*")],
    )


def _endpoint_rules(site: Site, app: str) -> network.NetworkSecurityGroup:
    sources = [("app", app)]
    sources += [
        (f"operators-{number}", one)
        for number, one in enumerate(site.configuration.operator_prefixes)
    ]
    allowed = [
        _rule(f"from-{name}", priority, "Inbound", "Allow", source=source)
        for (name, source), priority in zip(sources, _priorities(sources), strict=True)
    ]
    return _security_group(
        site,
        "endpoints",
        [
            *allowed,
            _rule("nothing-else", 4000, "Inbound", "Deny", ports="*", protocol="*"),
        ],
    )


def _priorities(rules: Sequence[object]) -> range:
    return range(_FIRST_PRIORITY, _FIRST_PRIORITY + 10 * len(rules), 10)


def _rule(
    name: str,
    priority: int,
    direction: str,
    access: str,
    *,
    source: str = "*",
    destination: str = "*",
    ports: str = "443",
    protocol: str = "Tcp",
) -> network.SecurityRuleArgs:
    return network.SecurityRuleArgs(
        name=name,
        priority=priority,
        direction=direction,
        access=access,
        protocol=protocol,
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix=destination,
        destination_port_range=ports,
    )


def _security_group(
    site: Site, purpose: str, rules: Sequence[network.SecurityRuleArgs]
) -> network.NetworkSecurityGroup:
    return network.NetworkSecurityGroup(
        f"{purpose}-rules",
        network_security_group_name=f"nsg-{site.configuration.name}-{purpose}",
        resource_group_name=site.gateway.name,
        location=site.location,
        security_rules=list(rules),
        tags=site.tags,
    )


def _nat(site: Site) -> tuple[network.NatGateway, pulumi.Output[str]]:
    address = network.PublicIPAddress(
        "egress-address",
        public_ip_address_name=site.name("pip"),
        resource_group_name=site.gateway.name,
        location=site.location,
        public_ip_allocation_method="Static",
        sku=network.PublicIPAddressSkuArgs(name="Standard"),
        tags=site.tags,
    )
    gateway = network.NatGateway(
        "egress",
        nat_gateway_name=site.name("nat"),
        resource_group_name=site.gateway.name,
        location=site.location,
        sku=network.NatGatewaySkuArgs(name="Standard"),
        public_ip_addresses=[network.SubResourceArgs(id=address.id)],
        tags=site.tags,
    )
    return gateway, address.ip_address.apply(lambda value: value or "")


def _zone(site: Site, vnet: network.VirtualNetwork, service: str) -> privatedns.PrivateZone:
    zone = privatedns.PrivateZone(
        f"{service}-zone",
        private_zone_name=PRIVATE_ZONES[service],
        resource_group_name=site.gateway.name,
        location="global",
        tags=site.tags,
    )
    privatedns.VirtualNetworkLink(
        f"{service}-zone-link",
        virtual_network_link_name="chaperone",
        private_zone_name=zone.name,
        resource_group_name=site.gateway.name,
        location="global",
        registration_enabled=False,
        virtual_network=privatedns.SubResourceArgs(id=vnet.id),
        tags=site.tags,
        opts=pulumi.ResourceOptions(parent=zone),
    )
    return zone
