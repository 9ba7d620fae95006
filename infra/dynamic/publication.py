"""The package on the app: built from the lock file, published with an Entra token.

Flex Consumption takes a package at the app's SCM site (`/api/publish`), answers at once and deploys
afterwards; passwords for publishing are off, so the deployer's own sign-in is used. The platform
writes the package to the state account with the app's identity, whose rights take minutes to reach
every part of Azure: what fails is tried again. Unproven without a subscription: the calls
themselves.
"""

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any, Final

import pulumi
from pulumi.dynamic import (
    CreateResult,
    DiffResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from infra.dynamic.clients import Sends, bearer, session
from infra.dynamic.lock import subscription

_SECONDS: Final = 600
_ATTEMPTS: Final = 6
_PAUSE: Final = 60.0
_LOOKS: Final = 120
_BETWEEN: Final = 5.0
_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_TAKEN: Final = frozenset({200, 202})
_SUCCEEDED: Final = 4
_ENDED: Final = frozenset({-1, 3, 5, 6})
"""Of a deployment: cancelled, failed, in conflict, done in part."""


class NotPublished(Exception):
    """An attempt did not succeed; says why."""


def _build(target: Path) -> str:
    from infra.package import build_package  # noqa: PLC0415 - large, and not for a look

    return build_package(target)


class _PublicationProvider(ResourceProvider):
    """Publishes on creation and whenever sources or pins have changed."""

    def __init__(
        self,
        session: Callable[[], Sends] = session,
        bearer: Callable[[str], Mapping[str, str]] = bearer,
        build: Callable[[Path], str] = _build,
        pauses: tuple[float, float] = (_PAUSE, _BETWEEN),
    ) -> None:
        super().__init__()
        self._session, self._bearer, self._build, self._pauses = session, bearer, build, pauses

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Build and publish."""
        return CreateResult(id_=props["app"], outs={**props, "package": self._publish(props)})

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """Another digest is another package, and another app has none yet."""
        changed = [key for key in ("digest", "app") if olds.get(key) != news.get(key)]
        return DiffResult(changes=bool(changed), replaces=[key for key in changed if key == "app"])

    def update(self, _id: str, _olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Build and publish again."""
        return UpdateResult(outs={**news, "package": self._publish(news)})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """The package goes with the app."""

    def _publish(self, props: dict[str, Any]) -> str:
        """Build the package, deploy it, and return its digest.

        Raises:
            RuntimeError: the app did not take it; says why.
        """
        with TemporaryDirectory(prefix="chaperone-publish-") as place:
            archive = Path(place) / "package.zip"
            digest = self._build(archive)
            for attempt in range(1, _ATTEMPTS + 1):
                try:
                    self._deploy(props, archive)
                except NotPublished as reason:
                    if attempt == _ATTEMPTS:
                        raise RuntimeError(f"the package is not deployed: {reason}") from None
                    pulumi.log.warn(f"publishing, attempt {attempt} of {_ATTEMPTS}: {reason}")
                    time.sleep(self._pauses[0])
                else:
                    break
        return digest

    def _deploy(self, props: dict[str, Any], archive: Path) -> None:
        """One attempt, until the platform says how it ended.

        Raises:
            NotPublished: it failed, or the site did not answer in time.
        """
        site = f"https://{props['app']}.scm.azurewebsites.net/api"
        with archive.open("rb") as content:
            answer = self._send(
                "POST",
                f"{site}/publish",
                props,
                headers={"Content-Type": "application/zip"},
                params={"RemoteBuild": "false", "Deployer": "chaperone"},
                data=content,
                timeout=_SECONDS,
            )
        if answer.status_code not in _TAKEN:
            raise NotPublished(f"the app refused it with status {answer.status_code}")
        said = answer.text.strip().strip('"')
        self._await(f"{site}/deployments/{said if _ID.fullmatch(said) else 'latest'}", props)

    def _await(self, deployment: str, props: dict[str, Any]) -> None:
        for _ in range(_LOOKS):
            time.sleep(self._pauses[1])
            found = self._send("GET", deployment, props)
            # A site that restarts meanwhile knows nothing of it for a moment.
            said = found.json() if found.status_code in _TAKEN else {}
            if said.get("status") == _SUCCEEDED:
                return
            if said.get("status") in _ENDED:
                raise NotPublished(said.get("status_text") or f"status {said['status']}")
        raise NotPublished("no end of the deployment within ten minutes")

    def _send(
        self,
        method: str,
        url: str,
        props: dict[str, Any],
        headers: Mapping[str, str] = MappingProxyType({}),
        **rest: Any,
    ) -> Any:
        signed = {**self._bearer(props["subscription"]), **headers}
        try:
            return self._session().request(method, url, headers=signed, **rest)
        except OSError as error:  # requests' own are, too
            raise NotPublished(f"the site does not answer ({type(error).__name__})") from None


class Publication(Resource, name="Publication"):
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
            _PublicationProvider(),
            name,
            {"subscription": subscription(), "app": app, "digest": digest, "package": None},
            opts,
        )
