"""Namespaces that are registered, and waited for."""

from typing import Any

import pytest

from infra.dynamic.registration import _RegistrationProvider
from tests.infra.dynamic.answers import Answer, Session, bearer
from tests.infra.dynamic.handed import handed

PLACE = "https://management.azure.com/subscriptions/s-1/providers/Microsoft.App"
VERSION = "?api-version=2021-04-01"


def props(namespace: str = "Microsoft.App") -> dict[str, Any]:
    return handed(subscription="s-1", namespace=namespace)


def test_it_is_registered_and_waited_for() -> None:
    states = ("Registering", "Registering", "Registered")
    session = Session([Answer(200, {"registrationState": state}) for state in states])
    _RegistrationProvider(lambda: session, bearer, 0).create(props())
    assert session.asked == [
        f"POST {PLACE}/register{VERSION}",
        f"GET {PLACE}{VERSION}",
        f"GET {PLACE}{VERSION}",
    ]
    assert session.headers[0] == {"Authorization": "Bearer for s-1"}


def test_who_may_not_register_is_told_what_to_do() -> None:
    session = Session([Answer(403)])
    with pytest.raises(RuntimeError, match=r"az provider register -n Microsoft\.App"):
        _RegistrationProvider(lambda: session, bearer, 0).create(props())


def test_one_that_never_ends_is_given_up() -> None:
    session = Session([Answer(200, {"registrationState": "Registering"})] * 61)
    with pytest.raises(RuntimeError, match="still not registered"):
        _RegistrationProvider(lambda: session, bearer, 0).create(props())


def test_it_stays_when_the_stack_goes() -> None:
    session = Session([])
    provider = _RegistrationProvider(lambda: session, bearer, 0)
    provider.delete("", props())
    assert session.asked == []
    assert provider.diff("", props(), props()).changes is False
    assert provider.diff("", props(), props("Microsoft.Other")).replaces == ["namespace"]
