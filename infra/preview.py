"""What `pulumi up` would register, without Azure, without Pulumi's command and without a state.

    python -m infra.preview production > preview.yaml

Runs the program under Pulumi's mocks with the settings of a stack file and stand-ins for what an
operator must give. It checks names and types; what Resource Manager itself would say, it does not.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import pulumi
import yaml
from pulumi.runtime import mocks
from pulumi.runtime.stack import Stack

STACKS: Final = ("development", "production")
GIVEN: Final = {
    "chaperone:name": "stmarys",
    "chaperone:tenant": "11111111-1111-4111-8111-111111111111",
    "azure-native:location": "eastus2",
}
"""Stand-ins for what no stack file can know."""
GIVEN_IN_PRODUCTION: Final = {
    "chaperone:alertEmails": '["privacy@example.org"]',
    "chaperone:reviewerGroups": '["22222222-2222-4222-8222-222222222222"]',
    "chaperone:auditorGroup": "33333333-3333-4333-8333-333333333333",
    "chaperone:operatorGroup": "55555555-5555-4555-8555-555555555555",
    "chaperone:reviewerAuthContext": "c1",
    "chaperone:federatedAgents": json.dumps(
        [
            {
                "name": "triage",
                "issuer": "https://token.example.org",
                "subject": "agent:triage",
            }
        ]
    ),
}
# Names of the resource that another one lies in, and the kinds whose own name they are.
_OF_PARENTS: Final = frozenset(
    {"resourceGroupName", "accountName", "vaultName", "virtualNetworkName", "privateZoneName"}
)
_PARENTS: Final = {
    "StorageAccount": "accountName",
    "Vault": "vaultName",
    "VirtualNetwork": "virtualNetworkName",
    "PrivateZone": "privateZoneName",
}
_SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, slots=True)
class Registered:
    """A resource as the program registers it.

    Attributes:
        type: Pulumi's token, such as `azure-native:storage:StorageAccount`.
        name: in the program.
        inputs: as Resource Manager would get them; secrets as `[secret]`.
    """

    type: str
    name: str
    inputs: Mapping[str, Any] = field(repr=False)


class Recorder(mocks.Mocks):
    """Answers as Azure would where the program reads outputs, and keeps every registration."""

    def __init__(self) -> None:
        self.resources: list[Registered] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str | None, dict[str, Any]]:
        """Keep it; outputs are inputs, and what Azure adds."""
        inputs = {key: value for key, value in args.inputs.items() if key != "__provider"}
        self.resources.append(Registered(args.typ, args.name, inputs))
        return self._id(args), {**inputs, **_outputs(args)}

    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The subscription that the program asks for."""
        if args.token == "azure-native:authorization:getClientConfig":  # noqa: S105
            return {"subscriptionId": _SUBSCRIPTION, "tenantId": GIVEN["chaperone:tenant"]}, []
        raise ValueError(f"the program calls {args.token}, which the preview does not know")

    def _id(self, args: mocks.MockResourceArgs) -> str:
        group = args.inputs.get("resourceGroupName", "")
        kind = args.typ.removeprefix("azure-native:").replace(":", "/")
        return f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/{group}/{kind}/{args.name}"


def _outputs(args: mocks.MockResourceArgs) -> dict[str, Any]:
    named = [key for key in args.inputs if key.endswith("Name") and key not in _OF_PARENTS]
    own = named[0] if named else _PARENTS.get(args.typ.rpartition(":")[2], "name")
    found: dict[str, Any] = {"name": args.inputs.get("name") or args.inputs.get(own, args.name)}
    match args.typ.rpartition(":")[2]:
        case "ResourceGroup":
            found["name"] = args.inputs["resourceGroupName"]
        case "UserAssignedIdentity":
            found |= {"principalId": f"principal-{args.name}", "clientId": f"client-{args.name}"}
        case "PublicIPAddress":
            found["ipAddress"] = "203.0.113.7"
        case "Component":
            found["connectionString"] = "InstrumentationKey=00000000-0000-4000-8000-000000000000"
        case "Application":
            found |= {"clientId": f"client-{args.name}", "objectId": f"object-{args.name}"}
        case "ServicePrincipal":
            found["objectId"] = f"object-{args.name}"
        case "ApplicationPassword":
            found["value"] = "a-client-secret"
        case "WebApp" | "StorageAccount" if "identity" in args.inputs:
            # A list of ids on the way in, a table by id on the way out.
            found["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {}}
        case "PolicyLock" | "Publication":
            found |= {"state": "Locked", "package": "sha256:" + "0" * 64}
        case _:
            pass
    return found


def registered(stack: str, overrides: Mapping[str, str] | None = None) -> list[Registered]:
    """Every resource of a stack, in the order of type and name. Once per process.

    Args:
        stack: `development` or `production`.
        overrides: configuration over that of the stack file, by full key.
    """
    from infra.program import provision  # noqa: PLC0415 - after the mocks

    recorder = Recorder()
    pulumi.runtime.set_mocks(recorder, project="chaperone", stack=stack, preview=False)
    pulumi.runtime.set_all_config(stack_configuration(stack) | dict(overrides or {}))

    async def run() -> None:
        provision()
        recorder.resources.append(await _stack_outputs())

    pulumi.runtime.test(run)()  # type: ignore[no-untyped-call]
    return sorted(recorder.resources, key=lambda one: (one.type, one.name))


async def _stack_outputs() -> Registered:
    """What the program exports, as a resource of its own; secrets as `[secret]`."""
    root = pulumi.runtime.get_root_resource()
    exported = dict(root.outputs) if isinstance(root, Stack) else {}
    shown: dict[str, Any] = {}
    for name, given in exported.items():
        value: pulumi.Output[Any] = pulumi.Output.from_input(given)
        shown[name] = "[secret]" if await value.is_secret() else await value.future()
    return Registered("pulumi:pulumi:Outputs", "outputs", shown)


class Described(Protocol):
    """A resource as it is printed."""

    @property
    def type(self) -> str:
        """Pulumi's token."""
        ...

    @property
    def name(self) -> str:
        """In the program."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """As Resource Manager would get them."""
        ...


def document(resources: Iterable[Described]) -> str:
    """The resources as YAML; secrets and pickled providers are left out."""
    shown = {f"{one.type} {one.name}": _shown(one.inputs, one.type) for one in resources}
    return yaml.safe_dump(shown, sort_keys=True, width=100)


def stack_configuration(stack: str) -> dict[str, str]:
    """The settings of a stack file, and stand-ins for those that an operator must give."""
    text = Path(__file__).with_name(f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)["config"]
    given = GIVEN | (GIVEN_IN_PRODUCTION if stack == "production" else {})
    return given | {key: _text(value) for key, value in values.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _shown(value: Any, kind: str = "") -> Any:
    if isinstance(value, dict):
        return {
            key: _shown(item)
            for key, item in value.items()
            if not (kind.startswith("pulumi-python:dynamic") and key == "__provider")
        }
    if isinstance(value, list):
        return [_shown(item) for item in value]
    return value


def main() -> None:
    """Print one stack."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("stack", choices=STACKS)
    sys.stdout.write(document(registered(parser.parse_args().stack)))


if __name__ == "__main__":
    main()
