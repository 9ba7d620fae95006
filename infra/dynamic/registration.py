"""A resource provider of Azure, registered for the subscription.

Pulumi registers the namespaces of what it makes. A subnet that is delegated to the platform of Flex
Consumption needs one that it never names (`Microsoft.App`), and without it the app cannot join its
network (https://learn.microsoft.com/azure/azure-functions/flex-consumption-plan). Unproven without
a subscription: the call itself.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from infra.dynamic.clients import MANAGEMENT, Sends, bearer, session
from infra.dynamic.lock import subscription

_API_VERSION: Final = "2021-04-01"
_TRIES: Final = 60
_PAUSE: Final = 5.0
_OK: Final = 200


class _RegistrationProvider(ResourceProvider):
    """Registers; what others may use by now is never taken away."""

    def __init__(
        self,
        session: Callable[[], Sends] = session,
        bearer: Callable[[str], Mapping[str, str]] = bearer,
        pause: float = _PAUSE,
    ) -> None:
        super().__init__()
        self._session, self._bearer, self._pause = session, bearer, pause

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Register it, and wait until it is.

        Raises:
            RuntimeError: Resource Manager refused, or took longer than five minutes.
        """
        place = f"{MANAGEMENT}/subscriptions/{props['subscription']}/providers/{props['namespace']}"
        self._ask("POST", f"{place}/register", props)
        for _ in range(_TRIES):
            if self._ask("GET", place, props) == "Registered":
                return CreateResult(id_=props["namespace"], outs=dict(props))
            time.sleep(self._pause)
        raise RuntimeError(f"{props['namespace']} is still not registered: run `pulumi up` again")

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another subscription or namespace is another registration."""
        moved = [key for key in ("subscription", "namespace") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(moved), replaces=moved)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Keep it: it belongs to the subscription."""

    def _ask(self, method: str, url: str, props: dict[str, Any]) -> str:
        """The state of registration after a call."""
        answer = self._session().request(
            method,
            url,
            headers=self._bearer(props["subscription"]),
            params={"api-version": _API_VERSION},
        )
        if answer.status_code != _OK:
            raise RuntimeError(
                f"{props['namespace']} cannot be registered (status {answer.status_code}): let "
                f"somebody who may do so, `az provider register -n {props['namespace']}`"
            )
        return str(answer.json().get("registrationState"))


class ProviderRegistration(Resource, name="ProviderRegistration"):
    """A registered namespace."""

    def __init__(self, name: str, *, namespace: str) -> None:
        super().__init__(
            _RegistrationProvider(),
            name,
            {"subscription": subscription(), "namespace": namespace},
        )
