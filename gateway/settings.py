"""Configuration of one gateway process: the only reader of the environment.

Every setting is an environment variable `CHAPERONE_<NAME>`; Functions app settings and
`local.settings.json` become environment variables. A wrong or missing one stops the start with
its name, the reason and the fix.
"""

import os
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from gateway import setting_terms
from gateway.errors import ConfigurationError
from gateway.evidence.retention import FLOOR_DAYS
from gateway.model.own import Own
from gateway.setting_terms import CONTAINER, STORAGE_ACCOUNT, TABLE, refuse_unknown, sentence


class Environment(StrEnum):
    """Where the process runs; production refuses every development stand-in."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


_ENTRA, _STORES = ("authority", "public_url"), ("evidence_url", "state_url", "table_url")
_URLS = (*_ENTRA, *_STORES, "resource_manager_url")

Words = Annotated[tuple[str, ...], NoDecode]
VaultName = Annotated[str, Field(pattern=setting_terms.VAULT_NAME)]


class Settings(BaseSettings):
    """All settings, validated, frozen.

    Durations are whole seconds, sizes bytes.
    """

    model_config = SettingsConfigDict(
        env_prefix="CHAPERONE_", frozen=True, extra="ignore", env_ignore_empty=True
    )

    environment: Environment = Field(description="production or development")
    public_url: str = Field(
        description="origin that agents use, https://host[:port]",
    )

    tenants: Words = Field(
        min_length=1,
        description="accepted Entra tenant ids, comma separated",
    )
    audiences: Words = Field(
        min_length=1,
        description="this gateway's application ids: the GUID and api:// form, comma separated",
    )
    authority: str = Field(
        default="https://login.microsoftonline.com",
        description="Entra authority (national clouds have their own)",
    )
    token_leeway_seconds: int = Field(
        default=60, ge=0, le=300, description="how far clocks may differ when a token is checked"
    )
    token_max_cached_seconds: int = Field(
        default=300, ge=0, le=3600, description="how long a verified token is not verified again"
    )

    evidence_url: str = Field(description="blob endpoint of the evidence account")
    evidence_container: str = Field(
        default="evidence", pattern=CONTAINER, description="its container for records"
    )
    evidence_resource_id: str = Field(
        default="",
        description="Resource Manager's id of the evidence account, "
        "/subscriptions/…/providers/Microsoft.Storage/storageAccounts/…",
    )
    evidence_retention_floor_days: int = Field(
        default=FLOOR_DAYS,
        ge=FLOOR_DAYS,
        le=146_000,
        description="days that the locked policy must keep records; 2192 (six years) or more",
    )
    resource_manager_url: str = Field(
        default="https://management.azure.com",
        description="Resource Manager (national clouds have their own)",
    )
    policy_max_age_seconds: int = Field(
        default=4 * 3600,
        ge=1200,
        le=24 * 3600,
        description="how long a check of the evidence policy is good",
    )
    state_url: str = Field(description="blob endpoint of the host account")
    state_container: str = Field(
        default="chaperone-state", pattern=CONTAINER, description="container for pointers, leases"
    )
    table_url: str = Field(description="table endpoint of the host account")
    deny_table: str = Field(
        default="chaperonedeny", pattern=TABLE, description="table of the deny list"
    )
    index_table: str = Field(
        default="chaperoneindex",
        pattern=TABLE,
        description="table of the index of sessions, principals and resources",
    )
    queue_url: str = Field(
        default="",
        description="queue endpoint of the host account; without it nobody can be asked, and what "
        "needs an approval is denied",
    )
    ticket_table: str = Field(
        default="chaperonetickets", pattern=TABLE, description="table of held requests"
    )
    held_container: str = Field(
        default="chaperone-held", pattern=CONTAINER, description="container of held requests"
    )
    results_container: str = Field(
        default="chaperone-results", pattern=CONTAINER, description="container of their results"
    )
    held_key_secret: VaultName = Field(
        default="chaperone-held-key", description="secret with versioned encryption key, base64"
    )
    decision_key_secret: VaultName = Field(
        default="chaperone-decision-key", description="secret with versioned HMAC key, base64"
    )
    identity_client_id: str = Field(
        default="", description="client id of the managed identity for the gateway's own storage"
    )
    vault_url: str = Field(default="", description="Key Vault, https://name.vault.azure.net")
    digest_key_secret: VaultName = Field(
        default="chaperone-digest-key", description="secret with versioned HMAC key, base64"
    )
    checkpoint_key: str = Field(
        default="chaperone-checkpoint",
        pattern=setting_terms.VAULT_NAME,
        description="EC P-256 key of the vault that signs checkpoints of the evidence",
    )
    token_key_secret: VaultName = Field(
        default="chaperone-token-key",
        description="secret with versioned AES-SIV key of 64 bytes, base64, for masking tokens",
    )
    masked_container: str = Field(
        default="chaperone-masked",
        pattern=CONTAINER,
        description="container of the host account for masked parts",
    )
    masked_cache_seconds: int = Field(
        default=600, ge=10, le=3600, description="how long masked parts are kept for more ranges"
    )
    token_openings_per_hour: int = Field(
        default=600,
        ge=1,
        le=100_000,
        description="tokens that one principal may have resolved in an hour",
    )
    cache_key_secret: VaultName = Field(
        default="chaperone-cache-key", description="secret with versioned AES key, base64"
    )

    manifest_max_age_seconds: int = Field(
        default=60, ge=5, le=600, description="a manifest older than this serves no request"
    )
    manifest_poll_seconds: int = Field(
        default=10, ge=1, le=300, description="how often an instance looks for another manifest"
    )
    deny_poll_seconds: int = Field(
        default=10, ge=1, le=25, description="how often an instance reads the deny list"
    )
    max_request_bytes: int = Field(
        default=100 * 1024 * 1024,
        ge=1024,
        le=200 * 1024 * 1024,
        description="largest body of a request",
    )

    signin_client_id: str = Field(
        default="", description="application (client) id that reviewers sign in to, a GUID"
    )
    signin_secret: str = Field(
        default="",
        pattern=f"{setting_terms.VAULT_NAME}|^$",
        description="vault secret with the sign-in application's client secret",
    )
    signin_auth_context: str = Field(
        default="",
        pattern=r"^(c[1-9][0-9]?)?$",
        description="authentication context that reviewers must satisfy, c1 to c99",
    )
    signin_require_mfa: bool = Field(default=True, description="refuse one-factor sign-ins")
    signin_max_age_seconds: int = Field(
        default=12 * 3600, ge=300, le=7 * 24 * 3600, description="how old a sign-in may be"
    )
    session_idle_seconds: int = Field(
        default=15 * 60, ge=60, le=3600, description="a reviewer's session ends when idle so long"
    )
    session_max_seconds: int = Field(
        default=8 * 3600, ge=300, le=24 * 3600, description="a reviewer's session ends after this"
    )
    cookie_key_secret: VaultName = Field(
        default="chaperone-cookie-key", description="secret with versioned cookie key, base64"
    )

    telemetry_connection_string: SecretStr | None = Field(
        default=None,
        validation_alias="APPLICATIONINSIGHTS_CONNECTION_STRING",
        description="of Application Insights, as the Functions host has it; without it nothing is "
        "measured",
    )
    telemetry_authentication: str = Field(
        default="",
        validation_alias="APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        pattern=setting_terms.SIGNING_IN,
        description="`Authorization=AAD` in it: sign in by the gateway's managed identity",
    )
    telemetry_trace_percent: int = Field(
        default=100, ge=0, le=100, description="how many of a hundred exchanges are traced"
    )

    # Development stand-ins; production refuses them.
    dev_storage_connection_string: SecretStr | None = Field(
        default=None, description="Azurite, the host account: state and tables"
    )
    dev_evidence_connection_string: SecretStr | None = Field(
        default=None, description="Azurite, the evidence account"
    )
    dev_secrets_file: Path | None = Field(default=None, description="JSON file in place of a vault")
    dev_ca_file: Path | None = Field(default=None, description="CA of the development provider")

    @field_validator("tenants", "audiences", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(word.strip().lower() for word in value.split(",") if word.strip())
        return value

    @field_validator("tenants")
    @classmethod
    def _guids(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(UUID(value)) for value in values)

    @field_validator("signin_client_id", "identity_client_id")
    @classmethod
    def _guid(cls, value: str) -> str:
        return str(UUID(value)) if value else ""

    @field_validator("public_url")
    @classmethod
    def _origin(cls, value: str) -> str:
        if urlsplit(value).path.strip("/"):
            raise ValueError("expected an origin, without a path")
        return value

    @field_validator("queue_url", "vault_url")
    @classmethod
    def _optional_url(cls, value: str) -> str:
        return cls._url(value) if value else ""

    @field_validator("evidence_resource_id")
    @classmethod
    def _resource_id(cls, value: str) -> str:
        value = value.rstrip("/")
        if value and not STORAGE_ACCOUNT.fullmatch(value):
            raise ValueError("expected the id of a storage account")
        return value

    @field_validator(*_URLS)
    @classmethod
    def _url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.query:
            raise ValueError("expected an absolute https URL without a query")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment is Environment.DEVELOPMENT:
            return self
        for name in type(self).model_fields:
            if name.startswith("dev_") and getattr(self, name) is not None:
                raise ValueError(f"{name} is a development stand-in and refused in production")
        for name in _URLS:
            if not getattr(self, name).startswith("https://"):
                raise ValueError(f"{name} must be https in production")
        if self.queue_url and not self.queue_url.startswith("https://"):
            raise ValueError("queue_url must be https in production")
        if not self.vault_url.startswith("https://"):
            raise ValueError("vault_url is required in production")
        if not self.signin_require_mfa:
            raise ValueError("signin_require_mfa must stay true in production")
        if urlsplit(self.evidence_url).hostname == urlsplit(self.state_url).hostname:
            raise ValueError("evidence_url must be a storage account of its own")
        self._require_evidence_account()
        return self

    def _require_evidence_account(self) -> None:
        account = STORAGE_ACCOUNT.fullmatch(self.evidence_resource_id)
        if account is None:
            raise ValueError(
                "evidence_resource_id is required in production: the gateway does not serve before "
                "the retention policy of its evidence is locked"
            )
        # The policy of another account says nothing about where the records lie.
        if (urlsplit(self.evidence_url).hostname or "").split(".")[0] != account["account"].lower():
            raise ValueError("evidence_resource_id is not the account that evidence_url leads to")

    @cached_property
    def own(self) -> Own:
        """What the gateway keeps to itself: no upstream, no copy source, no upstream's credential.

        The path of an endpoint counts because path-style endpoints (Azurite) serve many accounts on
        one host. A development gateway signs in as its developer unless an identity is set.
        """
        has_identity = self.environment is Environment.PRODUCTION or self.identity_client_id
        return Own(
            endpoints=self._endpoints(),
            client_id=self.identity_client_id.lower() if has_identity else None,
            secrets=frozenset(self._own_secrets()),
            tenants=frozenset(self.tenants),
        )

    def _own_secrets(self) -> Iterator[str]:
        """Every setting that names a secret; a connection that sent one would give it away."""
        for name in type(self).model_fields:
            value = getattr(self, name)
            if name.endswith("_secret") and isinstance(value, str) and value:
                yield value.lower()
        # The secrets file of development holds the key itself.
        yield self.checkpoint_key.lower()

    def _endpoints(self) -> frozenset[str]:
        urls = (
            self.public_url,
            self.evidence_url,
            self.state_url,
            self.table_url,
            self.queue_url,
            self.vault_url,
            self.authority,
        )
        parts = [urlsplit(url.lower()) for url in urls if url]
        return frozenset(f"{part.netloc}{part.path}" for part in parts)


def load(variables: Mapping[str, str] | None = None) -> Settings:
    """Settings from the environment, or from these variables over it.

    Args:
        variables: `CHAPERONE_<NAME>` to value, as a running `chaperone dev` describes itself.

    Raises:
        ConfigurationError: names each wrong variable and says what it must be.
    """
    given: dict[str, Any] = {
        name.removeprefix("CHAPERONE_").lower(): value for name, value in (variables or {}).items()
    }
    try:
        config = Settings(**given)
    except ValidationError as error:
        fields = Settings.model_fields
        raise ConfigurationError(
            "; ".join(sentence(fields, item["loc"], item["msg"]) for item in error.errors()),
            advice="set these variables (see local.settings.example.json) and start again",
        ) from None
    if config.environment is Environment.PRODUCTION:
        refuse_unknown(Settings.model_fields, {*os.environ, *(variables or {})})
    return config


class _Where(BaseSettings):
    """The environment alone."""

    model_config = Settings.model_config

    environment: Environment = Field(description="production or development")


def environment() -> Environment:
    """CHAPERONE_ENVIRONMENT, for development stand-ins that start without other settings.

    Raises:
        ConfigurationError: it is missing or neither production nor development.
    """
    try:
        return _Where().environment
    except ValidationError:
        raise ConfigurationError(
            "CHAPERONE_ENVIRONMENT must be production or development",
            advice="set CHAPERONE_ENVIRONMENT and start again",
        ) from None
