"""How the calls that this program makes itself sign in, and the clients that make them.

Dynamic providers are pickled and run in a process of their own, in `infra/`: they find this module
by the editable install that `make setup` makes, and import what is large only when they call.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

MANAGEMENT: Final = "https://management.azure.com"
_SECONDS: Final = 60


class Sends(Protocol):
    """What the calls without a client of their own are made with: a `requests.Session`, say."""

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None = None,
        data: Any = None,
        timeout: float = _SECONDS,
    ) -> Any:
        """The answer, with `status_code` and `json()`."""
        ...


def credential(subscription: str) -> Any:
    """The sign-in of Azure CLI for a subscription, which the providers of Pulumi use, too.

    Not what azure-identity finds first: on a virtual machine that is the machine's own identity.
    """
    from azure.identity import AzureCliCredential  # noqa: PLC0415

    return AzureCliCredential(subscription=subscription, process_timeout=_SECONDS)


def storage_containers(subscription: str) -> Any:
    """Operations on the containers of storage accounts, by Resource Manager."""
    from azure.mgmt.storage import StorageManagementClient  # noqa: PLC0415

    return StorageManagementClient(credential(subscription), subscription).blob_containers


def vault_secrets(subscription: str) -> Any:
    """Operations on the secrets of vaults, by Resource Manager."""
    from azure.mgmt.keyvault import KeyVaultManagementClient  # noqa: PLC0415

    return KeyVaultManagementClient(credential(subscription), subscription).secrets


def session() -> Sends:
    """For Resource Manager's and the SCM site's plain calls."""
    import requests  # noqa: PLC0415

    return requests.Session()


def bearer(subscription: str) -> Mapping[str, str]:
    """The header of those calls."""
    token = credential(subscription).get_token(f"{MANAGEMENT}/.default").token
    return {"Authorization": f"Bearer {token}"}
