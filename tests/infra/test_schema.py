"""Every input of both stacks is one that the providers' schemas know, in words that they have."""

import pytest

from tests.infra.schema import faults
from tests.infra.test_stacks import STACKS, resources

# The package has one `ConditionOperator` for two interfaces of Azure Monitor, that of the other:
# https://learn.microsoft.com/azure/templates/microsoft.insights/scheduledqueryrules, `Condition`.
KNOWN = "ScheduledQueryRule.criteria.allOf[0].operator has no word 'GreaterThan'"


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_is_what_its_schema_takes(stack: str) -> None:
    checked = [one for one in resources(stack) if not one.type.startswith("pulumi")]
    assert len(checked) > 90
    found = {fault for one in checked for fault in faults(one.type, one.inputs)}
    assert found == {KNOWN}


@pytest.mark.parametrize(
    ("token", "inputs", "fault"),
    [
        ("azure-native:storage:StorageAccount", {"kind": "StorageV9"}, "no word 'StorageV9'"),
        ("azure-native:storage:StorageAccount", {"sharedKey": False}, "sharedKey is unknown"),
        (
            "azure-native:storage:StorageAccount",
            {"encryption": {"services": {"blob": {"keyType": "Mine"}}}},
            "encryption.services.blob.keyType has no word 'Mine'",
        ),
        (
            "azure-native:network:NetworkSecurityGroup",
            {"securityRules": [{"access": "Maybe"}]},
            "securityRules[0].access has no word 'Maybe'",
        ),
        ("azure-native:keyvault:Key", {"properties": {"keyOps": ["sing"]}}, "no word 'sing'"),
        (
            "azure-native:web:WebApp",
            {"functionAppConfig": "flex"},
            "functionAppConfig is no object",
        ),
        ("azuread:index/application:Application", {"redirectUri": "x"}, "redirectUri is unknown"),
    ],
)
def test_a_fault_is_found(token: str, inputs: dict[str, object], fault: str) -> None:
    (found,) = faults(token, inputs)
    assert fault in found
