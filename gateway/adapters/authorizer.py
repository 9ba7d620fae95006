"""Adds a connection's credential to a request that has been decided and recorded."""

from typing import assert_never

from gateway.credentials import bearer, shared_key
from gateway.errors import Reason, Unavailable
from gateway.model.connection import Connection, ConnectionKind, CredentialKind
from gateway.model.detokenize import DETOKENIZE_URL
from gateway.model.message import UpstreamRequest
from gateway.ports import Clock, Secrets, Tokens


class ConnectionAuthorizer:
    """`ports.Authorizer` for every credential kind."""

    def __init__(self, secrets: Secrets, tokens: Tokens, clock: Clock) -> None:
        self._secrets = secrets
        self._tokens = tokens
        self._clock = clock

    async def authorize(self, connection: Connection, request: UpstreamRequest) -> UpstreamRequest:
        """See `ports.Authorizer`; an authorization header of the agent's never survives."""
        if request.url == DETOKENIZE_URL:
            return request  # it goes nowhere
        bare = request
        if "authorization" in request.headers:
            headers = request.headers.without("authorization")
            bare = UpstreamRequest(request.method, request.url, headers, request.body)
        kind = connection.credential.kind
        match kind:
            case CredentialKind.MANAGED_IDENTITY | CredentialKind.SERVICE_PRINCIPAL:
                return await self._with_token(connection, bare)
            case CredentialKind.ACCOUNT_KEY:
                return await self._with_key(connection, bare)
            case _:
                assert_never(kind)

    async def _with_token(self, connection: Connection, bare: UpstreamRequest) -> UpstreamRequest:
        token = await self._tokens.token(connection.credential)
        try:
            if connection.kind is ConnectionKind.FHIR:
                return bearer.with_authorization(bare, token)
            return bearer.with_bearer(bare, token, self._clock.now())
        except ValueError:
            raise Unavailable(
                "the identity provider's answer is not a bearer token",
                reason=Reason.CREDENTIAL_UNAVAILABLE,
                advice="ask the operator of the gateway to check the connection's credential",
            ) from None

    async def _with_key(self, connection: Connection, bare: UpstreamRequest) -> UpstreamRequest:
        secret = await self._secrets.get(connection.credential.secret)
        try:
            key = shared_key.parse_key(secret.value)
        except ValueError:
            raise Unavailable(
                "the connection's account key is not a valid key",
                reason=Reason.CREDENTIAL_UNAVAILABLE,
                advice="ask the operator of the gateway to store the account's key as the secret",
            ) from None
        return shared_key.sign(connection.endpoint.account, key, bare, self._clock.now())
