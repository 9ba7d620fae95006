"""The package on the app: built from the lock file, published with an Entra token.

Flex Consumption takes a package at the app's SCM site (`/api/publish`); passwords for publishing
are off, so the deployer's own sign-in is used. Unproven without a subscription: the call itself.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

SCOPE: Final = "https://management.azure.com/.default"
_SECONDS = 600


class _PublicationProvider(ResourceProvider):
    """Publishes on creation and whenever sources or pins have changed."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Build and publish."""
        return CreateResult(id_=props["app"], outs={**props, "package": _publish(props["app"])})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another digest is another package."""
        return DiffResult(changes=olds.get("digest") != news.get("digest"))

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Build and publish again."""
        return UpdateResult(outs={**news, "package": _publish(news["app"])})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """The package goes with the app."""


class Publication(Resource):
    """A published package.

    Attributes:
        package: digest as the gateway reports it in its journals.
    """

    package: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        app: pulumi.Input[str],
        digest: str,
        opts: pulumi.ResourceOptions,
    ) -> None:
        super().__init__(
            _PublicationProvider(), name, {"app": app, "digest": digest, "package": None}, opts
        )


def _publish(app: str) -> str:
    """Build the package, post it, and return its digest.

    Raises:
        RuntimeError: the app refused it; says with which status.
    """
    import requests  # noqa: PLC0415 - providers are pickled
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415

    from infra.package import build_package  # noqa: PLC0415

    token = DefaultAzureCredential().get_token(SCOPE).token
    with TemporaryDirectory(prefix="chaperone-publish-") as place:
        archive = Path(place) / "package.zip"
        digest = build_package(archive)
        with archive.open("rb") as content:
            answer = requests.post(
                f"https://{app}.scm.azurewebsites.net/api/publish",
                params={"RemoteBuild": "false", "Deployer": "chaperone"},
                headers={"authorization": f"Bearer {token}", "content-type": "application/zip"},
                data=content,
                timeout=_SECONDS,
            )
    if not answer.ok:
        raise RuntimeError(f"the app refused the package with status {answer.status_code}")
    return digest
