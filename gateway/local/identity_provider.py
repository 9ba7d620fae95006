"""The development OpenID provider: a process of its own, on loopback, with real keys.

    python -m gateway.local.identity_provider --port 0 --cert C --key K --tenant T [--state FILE]

It answers like Entra where the gateway, azure-identity and MSAL ask, so that a laptop runs the
same validation code as production. Whoever reaches it gets tokens, which is why it binds to
loopback only and starts only where CHAPERONE_ENVIRONMENT says development.
"""

import argparse
import base64
import binascii
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import uvicorn

from gateway import settings
from gateway.errors import ConfigurationError
from gateway.local import directory
from gateway.local.directory import Person
from gateway.local.issuer import LIFETIME_SECONDS, Issuer, RefusedError, TokenRequest
from gateway.local.sign_in import CodeFlow, one
from gateway.settings import Environment

HOST = "127.0.0.1"
MAX_FORM_BYTES = 64 * 1024
_SCOPE_SUFFIX = "/.default"
_MAX_LIFETIME_SECONDS = 24 * 3600

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Reply:
    """JSON, a page, or with a location a redirect."""

    status: int
    body: Mapping[str, object] | str
    location: str = ""


_NOT_FOUND = _Reply(404, {"error": "not_found"})


class IdentityProvider:
    """An ASGI application with the endpoints of one tenant."""

    def __init__(self, authority: str, tenant: str) -> None:
        self._authority = authority
        self._tenant = tenant
        self._issuer = Issuer(authority, tenant)
        self._people = CodeFlow(self._issuer)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        reply = await self._route(scope, receive)
        page = isinstance(reply.body, str)
        body = (reply.body if isinstance(reply.body, str) else json.dumps(reply.body)).encode()
        headers = [
            (b"content-type", b"text/html; charset=utf-8" if page else b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        if reply.location:
            headers.append((b"location", reply.location.encode("latin-1")))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _route(self, scope: Message, receive: Receive) -> _Reply:
        path = scope["path"].removeprefix(f"/{self._tenant}")
        match scope["method"], path:
            case "GET", "/oauth2/v2.0/authorize":
                return self._sign_in(scope)
            case "GET", _:
                return self._read(path)
            case "POST", _:
                return await self._write(path, scope, receive)
            case _:
                return _NOT_FOUND

    async def _write(self, path: str, scope: Message, receive: Receive) -> _Reply:
        match path:
            case "/oauth2/v2.0/token":
                return await self._token(scope, receive)
            case "/oauth2/v2.0/authorize":
                return await self._chosen(receive)
            case "/dev/persons":
                return await self._change(receive)
            case "/dev/rotate":
                withdraw = scope["query_string"] == b"withdraw=true"
                return _Reply(200, {"kid": self._issuer.rotate(withdraw=withdraw)})
            case _:
                return _NOT_FOUND

    def _read(self, path: str) -> _Reply:
        match path:
            case "/v2.0/.well-known/openid-configuration":
                return _Reply(200, self._discovery())
            case "/discovery/v2.0/keys":
                return _Reply(200, self._issuer.key_set())
            case "/dev/health":
                return _Reply(200, {"status": "ready"})
            case _:
                return _NOT_FOUND

    def _discovery(self) -> Mapping[str, object]:
        base = f"{self._authority}/{self._tenant}"
        return {
            "issuer": self._issuer.issuers.v2,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [
                "client_secret_post",
                "client_secret_basic",
                "none",
            ],
        }

    def _sign_in(self, scope: Message) -> _Reply:
        try:
            return _Reply(200, self._people.page(_fields(scope["query_string"])))
        except RefusedError as refused:
            return _refused(refused.code, str(refused))

    async def _chosen(self, receive: Receive) -> _Reply:
        try:
            location = self._people.chosen(await _form(receive), datetime.now(UTC))
        except RefusedError as refused:
            return _refused(refused.code, str(refused))
        return _Reply(302, "", location)

    async def _change(self, receive: Receive) -> _Reply:
        try:
            self._people.change(await _form(receive))
        except RefusedError as refused:
            return _refused(refused.code, str(refused))
        return _Reply(200, {"status": "changed"})

    async def _token(self, scope: Message, receive: Receive) -> _Reply:
        try:
            form = await _form(receive)
            if one(form, "grant_type") in ("authorization_code", "refresh_token"):
                return _Reply(200, self._people.tokens(form, datetime.now(UTC)))
            request = token_request(form, _basic(scope["headers"]))
            token = self._issuer.token(request, datetime.now(UTC))
        except RefusedError as refused:
            return _refused(refused.code, str(refused))
        lifetime = max(request.expires_in, 0)
        return _Reply(
            200,
            {
                "token_type": "Bearer",
                "expires_in": lifetime,
                "ext_expires_in": lifetime,
                "access_token": token,
            },
        )


def token_request(
    form: Mapping[str, Sequence[str]], credentials: tuple[str, str] | None
) -> TokenRequest:
    """A token request from its form fields (RFC 6749 §4.4) and HTTP Basic credentials.

    Raises:
        RefusedError: with the OAuth error code.
    """
    if one(form, "grant_type") != "client_credentials":
        raise RefusedError("unsupported_grant_type", "no such grant here")
    client, secret = credentials or (one(form, "client_id"), one(form, "client_secret"))
    agent = directory.agent_of(client.lower())
    if agent is None or secret != directory.CLIENT_SECRET:
        raise RefusedError("invalid_client", "no such development agent, or a wrong secret")
    version = _number(form, "dev_version", 2)
    if version not in (1, 2):
        raise RefusedError("invalid_request", "dev_version is 1 or 2")
    expires_in = _number(form, "dev_expires_in", LIFETIME_SECONDS)
    if abs(expires_in) > _MAX_LIFETIME_SECONDS:
        raise RefusedError("invalid_request", "dev_expires_in is at most a day")
    return TokenRequest(
        agent=agent,
        audience=one(form, "dev_audience") or _audience(one(form, "scope"), version),
        version=version,
        expires_in=expires_in,
        groups=_words(form["dev_groups"]) if "dev_groups" in form else None,
        roles=_words(form.get("dev_roles", ())),
        person=_person(one(form, "dev_person")),
    )


def _audience(scope: str, version: int) -> str:
    """`aud` as Entra sets it: the resource as asked for in v1, the application id in v2."""
    resource = scope.removesuffix(_SCOPE_SUFFIX)
    if not resource or resource == scope or " " in scope:
        raise RefusedError("invalid_scope", f"give one scope that ends in {_SCOPE_SUFFIX}")
    ours = resource.lower() in (directory.AUDIENCE, directory.AUDIENCE_ID)
    return directory.AUDIENCE_ID if ours and version == 2 else resource  # noqa: PLR2004


def _person(name: str) -> Person | None:
    if name and name not in directory.PERSONS:
        raise RefusedError(
            "invalid_request", f"no such person; there are {', '.join(directory.PERSONS)}"
        )
    return directory.PERSONS.get(name)


def _words(values: Sequence[str]) -> tuple[str, ...]:
    words = (word.strip() for value in values for word in value.split(","))
    return tuple(word for word in words if word)


def _number(form: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    try:
        return int(one(form, name) or default)
    except ValueError:
        raise RefusedError("invalid_request", f"{name} is a number") from None


def _basic(headers: Sequence[tuple[bytes, bytes]]) -> tuple[str, str] | None:
    value = dict(headers).get(b"authorization", b"").decode("latin-1")
    scheme, _, encoded = value.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise RefusedError("invalid_client", "broken Basic credentials") from None
    return unquote_plus(client), unquote_plus(secret)


async def _form(receive: Receive) -> Mapping[str, Sequence[str]]:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_FORM_BYTES:
            raise RefusedError("invalid_request", "the form is too large")
    return _fields(body)


def _fields(data: bytes) -> Mapping[str, Sequence[str]]:
    try:
        return parse_qs(data.decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise RefusedError("invalid_request", "these are no form fields") from None


def _refused(code: str, description: str) -> _Reply:
    status = 401 if code == "invalid_client" else 400
    return _Reply(status, {"error": code, "error_description": description})


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; the exit code."""
    options = _options(arguments)
    try:
        _refuse_production()
    except ConfigurationError as error:
        sys.stderr.write(f"{error}; {error.advice}\n")
        return 2
    with socket.create_server((HOST, options.port)) as listener:
        authority = f"https://{HOST}:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            IdentityProvider(authority, options.tenant.lower()),
            ssl_certfile=str(options.cert),
            ssl_keyfile=str(options.key),
            http="httptools",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
        )
        _announce(authority, options.tenant.lower(), options.state)
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _refuse_production() -> None:
    if settings.environment() is not Environment.DEVELOPMENT:
        raise ConfigurationError(
            "the development identity provider does not start in production",
            advice="use Entra ID: set CHAPERONE_AUTHORITY and CHAPERONE_TENANTS",
        )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Development OpenID provider, loopback only.")
    parser.add_argument("--port", type=int, default=0, help="0 for a free one")
    parser.add_argument("--cert", type=Path, required=True, help="PEM certificate for 127.0.0.1")
    parser.add_argument("--key", type=Path, required=True, help="PEM private key")
    parser.add_argument("--tenant", default=directory.TENANT, help="tenant id, a GUID")
    parser.add_argument("--state", type=Path, help="file to write the address to")
    return parser.parse_args(arguments)


def _announce(authority: str, tenant: str, state: Path | None) -> None:
    """Say where it listens: `READY {json}` on stdout, and the state file, replaced in one step."""
    facts = {
        "identity_provider": authority,
        "tenant": tenant,
        "audience": directory.AUDIENCE,
        "audience_id": directory.AUDIENCE_ID,
    }
    line = json.dumps(facts)
    if state is not None:
        partial = state.with_name(state.name + ".part")
        partial.write_text(line + "\n", encoding="utf-8")
        partial.replace(state)
    sys.stdout.write(f"READY {line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
