"""`chaperone token`: an access token from the development identity provider, on stdout."""

import http.client
import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import ConfigurationError, InvalidRequest, Unavailable
from gateway.local import directory

STATE_FILE = Path(".chaperone/dev.json")
_TIMEOUT_SECONDS = 10
_MAX_ANSWER_BYTES = 64 * 1024
_EXPIRED_SECONDS = -3600


class _State(BaseModel):
    """What `chaperone dev` writes of itself, as far as it matters here."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    identity_provider: str
    ca_file: Path
    tenant: str = directory.TENANT
    audience: str = directory.AUDIENCE


class _Answer(BaseModel):
    """The provider's answer (RFC 6749 §5.1, §5.2)."""

    access_token: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$")
    error_description: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where to ask, and for which resource."""

    url: str
    ca_file: Path
    tenant: str = directory.TENANT
    audience: str = directory.AUDIENCE


def token(
    *,
    group: Annotated[
        list[str] | None,
        typer.Option(help="Group name or object id, repeatable; in place of the agent's own."),
    ] = None,
    agent: Annotated[
        str, typer.Option(help=f"One of {', '.join(directory.AGENTS)}.")
    ] = directory.DEFAULT_AGENT,
    person: Annotated[
        str, typer.Option(help=f"Delegated token about {', '.join(directory.PERSONS)}.")
    ] = "",
    role: Annotated[list[str] | None, typer.Option(help="App role, repeatable.")] = None,
    audience: Annotated[str, typer.Option(help="Another audience than the gateway.")] = "",
    expired: Annotated[bool, typer.Option("--expired", help="One that has expired.")] = False,
    version: Annotated[int, typer.Option(min=1, max=2, help="Token version.")] = 2,
    idp: Annotated[str, typer.Option(help="Provider URL, in place of the state file.")] = "",
    ca: Annotated[Path | None, typer.Option(help="CA certificate, with --idp.")] = None,
    state: Annotated[Path, typer.Option(help="Written by `chaperone dev`.")] = STATE_FILE,
) -> None:
    """Print an access token for a development agent.

    Raises:
        ConfigurationError: no development gateway is running here.
        InvalidRequest: no such agent, or the provider refuses.
        Unavailable: the provider does not answer.
    """
    provider = _provider(idp, ca, state)
    if agent not in directory.AGENTS:
        raise InvalidRequest("no such agent", advice=f"choose {', '.join(directory.AGENTS)}")
    form = [
        ("grant_type", "client_credentials"),
        ("client_id", directory.AGENTS[agent].application),
        ("client_secret", directory.CLIENT_SECRET),
        ("scope", f"{provider.audience}/.default"),
        ("dev_version", str(version)),
    ]
    form += [("dev_groups", name) for name in group or ()]
    form += [("dev_roles", name) for name in role or ()]
    form += [("dev_person", person)] if person else []
    form += [("dev_audience", audience)] if audience else []
    form += [("dev_expires_in", str(_EXPIRED_SECONDS))] if expired else []
    print(request_token(provider, form))


def request_token(provider: Provider, form: list[tuple[str, str]]) -> str:
    """Ask the token endpoint.

    Raises:
        ConfigurationError: the URL is not https, or the CA file cannot be read.
        InvalidRequest: the provider refuses.
        Unavailable: it does not answer, or not like a token endpoint.
    """
    url = f"{provider.url.rstrip('/')}/{provider.tenant}/oauth2/v2.0/token"
    if not url.startswith("https://"):
        raise ConfigurationError("the identity provider's URL is not https", advice="check --idp")
    request = urllib.request.Request(  # noqa: S310 - https, checked above
        url, data=urllib.parse.urlencode(form).encode(), method="POST"
    )
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=_trust(provider.ca_file)),
    )
    try:
        with opener.open(request, timeout=_TIMEOUT_SECONDS) as response:
            answer = _answer(response.read(_MAX_ANSWER_BYTES))
    except urllib.error.HTTPError as error:
        with error:
            answer = _answer(error.read(_MAX_ANSWER_BYTES))
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(
            "the development identity provider does not answer",
            advice="is `chaperone dev` still running?",
        ) from error
    if not answer.access_token:
        raise InvalidRequest(
            "the development identity provider refuses", advice=answer.error_description
        )
    return answer.access_token


def _provider(idp: str, ca: Path | None, state: Path) -> Provider:
    if idp:
        if ca is None:
            raise ConfigurationError("--idp needs --ca", advice="give the CA certificate's file")
        return Provider(idp, ca)
    try:
        found = _State.model_validate(json.loads(state.read_text("utf-8")))
    except FileNotFoundError:
        raise ConfigurationError(
            "no development gateway runs in this directory",
            advice="start `chaperone dev` here, or give --state FILE or --idp URL --ca FILE",
        ) from None
    except (OSError, ValueError, ValidationError):
        raise ConfigurationError(
            "the state file cannot be understood", advice="start `chaperone dev` again"
        ) from None
    return Provider(found.identity_provider, found.ca_file, found.tenant, found.audience)


def _answer(body: bytes) -> _Answer:
    try:
        return _Answer.model_validate_json(body)
    except ValidationError:
        raise Unavailable(
            "the answer is not that of a token endpoint", advice="check the provider's URL"
        ) from None


def _trust(ca_file: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError:
        raise ConfigurationError(
            "the CA file cannot be read", advice="check --ca or start `chaperone dev` again"
        ) from None
