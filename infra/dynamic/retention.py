"""The retention policy of a container, by its current entity tag.

Resource Manager wants the tag for every change of a policy and for its removal, which Pulumi's own
resource does not send (https://github.com/pulumi/pulumi-azure-native/issues/2156), and it takes a
change of a locked policy as an extension alone. Unproven without a subscription: the calls
themselves; tests make them with Azure's client, up to the wire.
"""

from collections.abc import Callable
from typing import Any, Final

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from infra.dynamic.clients import storage_containers
from infra.dynamic.lock import LOCKED, subscription

_PLACE: Final = ("subscription", "resource_group", "account", "container")
_TERMS: Final = ("days", "appends")


class _RetentionProvider(ResourceProvider):
    """Puts, extends and removes; what is locked is never removed."""

    def __init__(self, containers: Callable[[str], Any] = storage_containers) -> None:
        super().__init__()
        self._containers = containers

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Put the policy, over one that is there and not locked.

        Raises:
            ValueError: a locked policy is there and cannot become this one.
        """
        self._put(props)
        return CreateResult(id_="/".join(props[key] for key in _PLACE[1:]), outs=dict(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another container has another policy; other terms change this one."""
        moved = [key for key in _PLACE if olds.get(key) != news.get(key)]
        changed = moved or any(olds.get(key) != news.get(key) for key in _TERMS)
        return DiffResult(changes=bool(changed), replaces=moved)

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Put it again or, where it is locked, extend it.

        Raises:
            ValueError: a locked policy is there and cannot become this one.
        """
        self._put(news)
        return UpdateResult(outs=dict(news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What Azure holds, for `pulumi refresh`."""
        policy = self._found(props)
        if policy is None:
            return ReadResult("", {})
        found = {
            **props,
            "days": policy.immutability_period_since_creation_in_days,
            "appends": bool(policy.allow_protected_append_writes),
        }
        return ReadResult(id_, found)

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Remove it; a locked one stays, and nobody can remove it."""
        from azure.core import MatchConditions  # noqa: PLC0415

        policy = self._found(props)
        if policy is not None and policy.state != LOCKED:
            self._containers(props["subscription"]).delete_immutability_policy(
                *_place(props), etag=policy.etag, match_condition=MatchConditions.IfNotModified
            )

    def _put(self, props: dict[str, Any]) -> None:
        from azure.core import MatchConditions  # noqa: PLC0415

        containers, policy = self._containers(props["subscription"]), self._found(props)
        terms = {
            # Pulumi hands every number on as a float.
            "immutabilityPeriodSinceCreationInDays": int(props["days"]),
            "allowProtectedAppendWrites": props["appends"],
        }
        tag: dict[str, Any] = {}
        if policy is not None:
            tag = {"etag": policy.etag, "match_condition": MatchConditions.IfNotModified}
        if policy is None or policy.state != LOCKED:
            containers.create_or_update_immutability_policy(
                *_place(props), parameters={"properties": terms}, **tag
            )
        elif _extends(policy, props):
            del terms["allowProtectedAppendWrites"]
            containers.extend_immutability_policy(
                *_place(props), parameters={"properties": terms}, **tag
            )

    def _found(self, props: dict[str, Any]) -> Any:
        """The policy, None where the container has none."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        containers = self._containers(props["subscription"])
        try:
            policy = containers.get_immutability_policy(*_place(props))
        except ResourceNotFoundError:
            return None
        # A container without a policy answers with one of no days.
        return policy if policy.immutability_period_since_creation_in_days else None


def _extends(policy: Any, props: dict[str, Any]) -> bool:
    """Whether a locked policy must be extended.

    Raises:
        ValueError: it would have to become shorter, or to take other appends.
    """
    days = policy.immutability_period_since_creation_in_days
    if days > props["days"] or bool(policy.allow_protected_append_writes) != props["appends"]:
        raise ValueError(
            f"the policy is locked with {days} days: it can be extended, at most five times, and "
            "nothing else; set retentionDays to what it is, or to more"
        )
    return bool(days < props["days"])


def _place(props: dict[str, Any]) -> tuple[str, str, str]:
    return props["resource_group"], props["account"], props["container"]


class RetentionPolicy(Resource, name="RetentionPolicy"):
    """Time-based retention of a container's blobs."""

    def __init__(
        self,
        name: str,
        *,
        resource_group: pulumi.Input[str],
        account: pulumi.Input[str],
        container: pulumi.Input[str],
        days: int,
        appends: bool,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """Register it.

        Args:
            name: in the program.
            resource_group: of the account.
            account: storage account.
            container: its container.
            days: that a blob is kept after its creation, or after its last append.
            appends: whether append blobs may grow all the same.
            opts: Pulumi's.
        """
        super().__init__(
            _RetentionProvider(),
            name,
            {
                "subscription": subscription(),
                "resource_group": resource_group,
                "account": account,
                "container": container,
                "days": days,
                "appends": appends,
            },
            opts,
        )
