"""A secret that nobody has seen: made at random, written to the vault, and kept out of the state.

Through Resource Manager, which reaches a vault that has no public address
(https://github.com/MicrosoftDocs/azure-docs/issues/68668). Unproven without a subscription: the
call itself; tests make it with Azure's client, up to the wire.
"""

import base64
import os
from collections.abc import Callable
from typing import Any

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider

from infra.dynamic.clients import vault_secrets
from infra.dynamic.lock import subscription


class _SecretProvider(ResourceProvider):
    """Creates once; a new version is an operator's act (`docs/operations.md`, rotation)."""

    def __init__(self, secrets: Callable[[str], Any] = vault_secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Write a secret of random bytes, base64, where there is none of that name."""
        from azure.core.exceptions import ResourceNotFoundError  # noqa: PLC0415

        secrets = self._secrets(props["subscription"])
        place = (props["resource_group"], props["vault"], props["name"])
        try:
            secrets.get(*place)
        except ResourceNotFoundError:
            # Pulumi hands every number on as a float.
            value = base64.b64encode(os.urandom(int(props["size"]))).decode()
            secrets.create_or_update(
                *place,
                parameters={"properties": {"value": value, "contentType": props["purpose"]}},
            )
        return CreateResult(id_="/".join(place), outs=dict(props))

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another vault or name is another secret; nothing else matters."""
        moved = [key for key in ("vault", "name") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(moved), replaces=moved)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """Keep it: records that it protects outlive the stack."""


class GeneratedSecret(Resource, name="GeneratedSecret"):
    """A secret of random bytes in a vault."""

    def __init__(
        self,
        label: str,
        *,
        resource_group: pulumi.Input[str],
        vault: pulumi.Input[str],
        name: str,
        size: int,
        purpose: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            _SecretProvider(),
            label,
            {
                "subscription": subscription(),
                "resource_group": resource_group,
                "vault": vault,
                "name": name,
                "size": size,
                "purpose": purpose,
            },
            opts,
        )
