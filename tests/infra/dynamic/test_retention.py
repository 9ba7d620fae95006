"""Retention policies as the program changes them, with Azure's client against a stand-in of ARM."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.storage import StorageManagementClient

from infra.dynamic.lock import _LockProvider
from infra.dynamic.retention import _RetentionProvider
from tests.infra.dynamic.handed import handed
from tests.standins.arm_transport import Azure, Credential

SUBSCRIPTION = "00000000-0000-4000-8000-000000000000"


class Program:
    """Both providers on one container."""

    def __init__(self, azure: Azure) -> None:
        def containers(subscription: str) -> Any:
            client = StorageManagementClient(Credential(), subscription, transport=azure)
            return client.blob_containers

        self.azure = azure
        self.policy = _RetentionProvider(containers)
        self.lock = _LockProvider(containers)


@pytest.fixture
def program() -> Program:
    return Program(Azure())


def props(days: int = 2557, *, appends: bool = True) -> dict[str, Any]:
    return handed(
        subscription=SUBSCRIPTION,
        resource_group="rg-stmarys-evidence",
        account="stmarysevidence",
        container="evidence",
        days=days,
        appends=appends,
    )


def held(azure: Azure) -> tuple[Any, ...]:
    policy = azure.policy or {}
    names = ("state", "immutabilityPeriodSinceCreationInDays", "allowProtectedAppendWrites")
    return tuple(policy.get(name) for name in names)


def test_a_policy_is_put_and_not_locked(program: Program) -> None:
    made = program.policy.create(props())
    assert held(program.azure) == ("Unlocked", 2557, True)
    assert made.id == "rg-stmarys-evidence/stmarysevidence/evidence"


def test_an_unlocked_policy_is_changed_by_its_tag(program: Program) -> None:
    program.policy.create(props(2557))
    program.policy.update("", props(2557), props(2192))
    assert held(program.azure) == ("Unlocked", 2192, True)


def test_one_that_somebody_left_is_taken_over(program: Program) -> None:
    program.policy.create(props(1, appends=False))
    program.policy.create(props(2557))
    assert held(program.azure) == ("Unlocked", 2557, True)


def test_an_unlocked_policy_is_removed_and_what_is_gone_stays_gone(program: Program) -> None:
    program.policy.create(props())
    program.policy.delete("", props())
    assert program.azure.policy is None
    program.policy.delete("", props())
    assert program.azure.asked.count("DELETE default") == 1


def test_a_lock_takes_the_tag_and_is_told(program: Program) -> None:
    program.policy.create(props())
    made = program.lock.create(props())
    assert held(program.azure) == ("Locked", 2557, True)
    assert made.outs is not None
    assert (made.outs["state"], type(made.outs["state"])) == ("Locked", str)
    program.lock.create(props())
    assert program.azure.asked.count("POST lock") == 1


def test_another_period_is_not_locked(program: Program) -> None:
    program.policy.create(props(2192))
    with pytest.raises(ValueError, match="2192 days and the stack says 2557;"):
        program.lock.create(props(2557))
    assert held(program.azure)[0] == "Unlocked"


def test_a_policy_that_changes_meanwhile_is_not_locked(program: Program) -> None:
    program.policy.create(props())
    shown = program.azure._shown

    def stale() -> dict[str, Any]:
        return shown() | {"etag": '"0"'}

    program.azure._shown = stale  # type: ignore[method-assign]
    with pytest.raises(HttpResponseError, match="incorrect etag"):
        program.lock.create(props())
    assert held(program.azure)[0] == "Unlocked"


def test_a_locked_policy_is_extended_and_nothing_else(program: Program) -> None:
    program.policy.create(props(2557))
    program.lock.create(props(2557))
    program.policy.update("", props(2557), props(3000))
    assert held(program.azure) == ("Locked", 3000, True)
    program.policy.update("", props(3000), props(3000))
    assert program.azure.asked.count("POST extend") == 1
    for worse in (props(2557), props(3000, appends=False)):
        with pytest.raises(ValueError, match="extended, at most five times, and nothing else"):
            program.policy.update("", props(3000), worse)
    program.policy.delete("", props(3000))
    assert held(program.azure) == ("Locked", 3000, True)


def test_what_azure_holds_is_read(program: Program) -> None:
    assert program.policy.read("id", props()).id == ""
    program.policy.create(props(2192))
    found = program.policy.read("id", props(2557))
    assert found.outs is not None
    assert (found.id, found.outs["days"], found.outs["appends"]) == ("id", 2192, True)


def test_another_container_has_another_policy_and_other_terms_change_this_one() -> None:
    provider = _RetentionProvider()
    assert provider.diff("", props(), props()).changes is False
    longer = provider.diff("", props(), props(3000))
    assert (longer.changes, longer.replaces) == (True, [])
    moved = provider.diff("", props(), {**props(), "account": "other"})
    assert (moved.changes, moved.replaces) == (True, ["account"])
    assert _LockProvider().diff("", props(), props(3000)).changes is False
