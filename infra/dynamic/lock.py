"""The lock of a container's retention policy. It cannot be undone, by anybody.

Unproven without a subscription: the call itself; tests make it with Azure's client, up to the wire.
Resource Manager requires the policy's current entity tag, so a policy that was changed in between
is not locked.
"""

from collections.abc import Callable
from typing import Any, Final

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult

from infra.dynamic.clients import storage_containers

LOCKED: Final = "Locked"


class _LockProvider(ResourceProvider):
    """Locks on creation; there is nothing to update or to delete."""

    def __init__(self, containers: Callable[[str], Any] = storage_containers) -> None:
        super().__init__()
        self._containers = containers

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Lock the policy, unless it is locked already.

        Raises:
            ValueError: the policy in Azure keeps records for another time than the stack says.
        """
        from azure.core import MatchConditions  # noqa: PLC0415

        containers = self._containers(props["subscription"])
        place = (props["resource_group"], props["account"], props["container"])
        policy = containers.get_immutability_policy(*place)
        days = policy.immutability_period_since_creation_in_days
        if days != props["days"]:
            raise ValueError(
                f"the policy keeps records for {days} days and the stack says {props['days']:.0f}; "
                "run `pulumi up` without allowIrreversibleLock first"
            )
        if policy.state != LOCKED:
            policy = containers.lock_immutability_policy(
                *place, etag=policy.etag, match_condition=MatchConditions.IfNotModified
            )
        return CreateResult(id_="/".join(place), outs={**props, "state": _word(policy.state)})

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """A lock never changes."""
        return DiffResult(changes=False)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Nothing to do."""
        return UpdateResult(outs=_olds)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Forget it: the lock itself stays."""


class PolicyLock(Resource, name="PolicyLock"):
    """A locked retention policy."""

    state: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        resource_group: pulumi.Input[str],
        account: pulumi.Input[str],
        container: pulumi.Input[str],
        days: int,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            _LockProvider(),
            name,
            {
                "subscription": subscription(),
                "resource_group": resource_group,
                "account": account,
                "container": container,
                "days": days,
                "state": None,
            },
            opts,
        )


def subscription() -> pulumi.Output[str]:
    """Id of the subscription that the stack is deployed to."""
    from pulumi_azure_native import authorization  # noqa: PLC0415 - providers are pickled

    return authorization.get_client_config_output().subscription_id


def _word(state: Any) -> str:
    """The value of an enumeration of the client, which Pulumi cannot keep."""
    return str(getattr(state, "value", state))
