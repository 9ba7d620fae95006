"""The retention policy of a container, read from Azure Resource Manager.

Two reads: the container's resource holds the log of the policy and the legal holds, the policy's
own resource its state. https://learn.microsoft.com/rest/api/storagerp/blob-containers/get and
…/get-immutability-policy. The management SDK would be the heaviest package of all for these.
"""

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from gateway.adapters.strict_https import FAILURES, TooLong, bounded, trusted
from gateway.errors import ConfigurationError, StoreUnavailable
from gateway.evidence.retention import Act, Appends, Retention, State, Update

API_VERSION: Final = "2024-01-01"
MAX_ANSWER_BYTES: Final = 1024 * 1024
_FAILURES: Final = (*FAILURES, AzureError, ValueError)
_STATES: Final[Mapping[str, State]] = {"locked": "locked", "unlocked": "unlocked"}
_ACTS: Final[Mapping[str, Act]] = {"put": "put", "lock": "lock", "extend": "extend"}
_ADVICE: Final = (
    "give the gateway's identity the role of the evidence policy's reader on the evidence account, "
    "and let it reach Resource Manager"
)


class _Answer(BaseModel):
    """Part of an answer; what Azure adds later is passed over, what it omits is none."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, strict=True, extra="ignore")


_Days = Annotated[int, Field(ge=0, le=146_000)]


class _Terms(_Answer):
    immutability_period_since_creation_in_days: _Days | None = None
    state: str | None = None
    allow_protected_append_writes: bool | None = None
    allow_protected_append_writes_all: bool | None = None


class _Policy(_Answer):
    etag: str | None = None
    properties: _Terms


class _Update(_Answer):
    update: str | None = None
    immutability_period_since_creation_in_days: _Days | None = None
    timestamp: str | None = None
    object_identifier: str | None = None
    tenant_id: str | None = None
    upn: str | None = None


class _Log(_Answer):
    update_history: list[_Update] | None = None


class _Hold(_Answer):
    has_legal_hold: bool | None = None


class _Facts(_Answer):
    has_legal_hold: bool | None = None
    legal_hold: _Hold | None = None
    immutability_policy: _Log | None = None


class _Container(_Answer):
    properties: _Facts


_Model = TypeVar("_Model", bound=BaseModel)


class ResourceManagerPolicies:
    """`ports.RetentionPolicies` of one container.

    Args:
        credential: the gateway's own identity, closed by its owner.
        resource_id: of the storage account.
        container: its name.
        endpoint: of Resource Manager, an https origin (national clouds have their own).
        ca_file: the only certificates to trust, for a stand-in.
        timeout_seconds: for both reads, the token included.

    Raises:
        ConfigurationError: no https origin, or the CA file cannot be read.
    """

    def __init__(  # noqa: PLR0913 - three by name
        self,
        credential: AsyncTokenCredential,
        resource_id: str,
        container: str,
        *,
        endpoint: str = "https://management.azure.com",
        ca_file: Path | None = None,
        timeout_seconds: float = 20,
    ) -> None:
        if urlsplit(endpoint).scheme != "https":
            raise ConfigurationError("Resource Manager is reached over https alone")
        self._credential = credential
        self._scope = f"{endpoint}/.default"
        self._container = f"{endpoint}{resource_id}/blobServices/default/containers/{container}"
        self._timeout = timeout_seconds
        self._tls = trusted(ca_file, "Resource Manager")

    async def read(self) -> Retention:
        """See `ports.RetentionPolicies`."""
        timeout = aiohttp.ClientTimeout(total=self._timeout)
        try:
            token = await self._credential.get_token(self._scope)
            # Once in minutes: a session that is kept would only be a connection gone stale.
            async with aiohttp.ClientSession(
                timeout=timeout, trust_env=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session:
                session.headers["Authorization"] = f"Bearer {token.token}"
                found = await self._get(session, self._container, _Container)
                policy = await self._get(
                    session, f"{self._container}/immutabilityPolicies/default", _Policy
                )
        except _FAILURES as error:
            # Names of classes are safe to show; messages carry addresses, and pydantic's values.
            raise _unavailable("did not answer", error=type(error).__name__) from None
        return _retention(found, policy)

    async def _get(
        self, session: aiohttp.ClientSession, url: str, model: type[_Model]
    ) -> _Model | None:
        """The answer, None where there is no such thing."""
        async with session.get(
            url,
            params={"api-version": API_VERSION},
            ssl=self._tls,
            allow_redirects=False,
            headers={"Accept": "application/json"},
        ) as response:
            if response.status == HTTPStatus.NOT_FOUND:
                return None
            if response.status != HTTPStatus.OK:
                raise _unavailable("refused", status=str(response.status))
            try:
                body = await bounded(response.content, MAX_ANSWER_BYTES)
            except TooLong:
                raise _unavailable("gave an answer that is too large") from None
        try:
            return model.model_validate_json(body)
        except ValidationError:
            raise _unavailable("gave an answer that cannot be read") from None


def _retention(container: _Container | None, policy: _Policy | None) -> Retention:
    if container is None:
        raise _unavailable("knows no such container")
    facts = container.properties
    hold = bool(facts.has_legal_hold or (facts.legal_hold and facts.legal_hold.has_legal_hold))
    log = (facts.immutability_policy and facts.immutability_policy.update_history) or []
    updates = tuple(_update(item) for item in log)
    days = policy.properties.immutability_period_since_creation_in_days if policy else None
    if policy is None or not days:
        return Retention("none", 0, "none", legal_hold=hold, updates=updates)
    terms = policy.properties
    return Retention(
        _STATES.get((terms.state or "").lower(), "unknown"),
        days,
        _appends(terms),
        legal_hold=hold,
        etag=(policy.etag or "").strip('"'),
        updates=updates,
    )


def _appends(terms: _Terms) -> Appends:
    if terms.allow_protected_append_writes_all:
        return "all"
    return "append" if terms.allow_protected_append_writes else "none"


def _update(item: _Update) -> Update:
    return Update(
        act=_ACTS.get((item.update or "").lower(), "unknown"),
        at=item.timestamp or "",
        days=item.immutability_period_since_creation_in_days or 0,
        object_id=item.object_identifier or "",
        tenant=item.tenant_id or "",
        name=item.upn or "",
    )


def _unavailable(what: str, **details: Any) -> StoreUnavailable:
    return StoreUnavailable(
        f"Resource Manager {what} when asked for the evidence container's retention policy",
        advice=_ADVICE,
        details=tuple((name, str(value)) for name, value in details.items()),
    )
