"""What tokens stand for, for whoever may ask: the gateway as the upstream of such a request.

The request goes to no service. It stands where one would be sent, behind the record of the intent,
so that nothing is opened that is not on record. Each token is opened by itself, and one that does
not open says why.
"""

from collections import Counter
from typing import Final

import orjson

from gateway.errors import InvalidRequest, Reason, ResponseTooLarge
from gateway.masking.tokens import Tokeniser, TokenKey, version_in
from gateway.model.connection import Masking
from gateway.model.detokenize import DETOKENIZE_URL, Detokenization, TokenScope, kind_of
from gateway.model.exchange import Authorised, Forwarded, Masked, MaskSummary
from gateway.model.message import Answer, Headers, UpstreamRequest, UpstreamResponse
from gateway.model.principal import Principal
from gateway.model.representation import Plan, Terms
from gateway.ports import TokenBudget, TokenKeys, Upstream
from gateway.serving.terms import makes_tokens, profile_of

FAILED: Final = "not-opened"
"""Counts tokens that did not open."""
_HEADERS: Final = Headers((("content-type", "application/json"), ("cache-control", "no-store")))


class TokenDesk:
    """`ports.Upstream`: opens tokens, and hands every other request on.

    Args:
        remote: sends requests to services.
        keys: of tokens.
    """

    def __init__(self, remote: Upstream, keys: TokenKeys) -> None:
        self._remote = remote
        self._keys = keys

    async def send(
        self, request: UpstreamRequest, max_bytes: int, *, read: bool = False
    ) -> UpstreamResponse:
        """See `ports.Upstream`."""
        if request.url != DETOKENIZE_URL:
            return await self._remote.send(request, max_bytes, read=read)
        asked = orjson.loads(request.body)
        key = await self._keys.current()
        tokeniser = Tokeniser(key, asked["scope"])
        found = [_opened(token, tokeniser, key) for token in asked["tokens"]]
        body = orjson.dumps({"results": found})
        if len(body) > max_bytes:
            raise ResponseTooLarge("The values are over the connection's bound of an answer.")
        return UpstreamResponse(200, _HEADERS, body)


def admit(authorised: Authorised) -> None:
    """Pass a request for tokens that the connection's profiles make.

    Raises:
        InvalidRequest: none of them makes tokens of that scope.
        Withheld: the engine does not know a profile.
    """
    asked = authorised.classified.operation.detokenization
    if asked is None:
        return
    scopes = {profile_of(masking).scope.value for masking in _maskings(authorised)}
    if asked.scope.value not in scopes:
        raise InvalidRequest(
            "No masking profile of this connection makes tokens of that scope.",
            reason=Reason.TOKEN_NOT_RESOLVED,
            advice="name the scope that the profile has; where only a rule asks for the profile, "
            "the rule for this action must ask for it too",
        )


async def prepare(
    authorised: Authorised,
    asked: Detokenization,
    terms: Terms,
    keys: TokenKeys,
    budget: TokenBudget,
) -> Plan:
    """The request to the gateway itself.

    Raises:
        Denied: nobody was asked, and the caller has had too many tokens opened.
        Unavailable: there is no key, or it cannot be known how many there were.
    """
    principal = authorised.classified.authenticated.principal
    await keys.current()  # before anything is on record as begun
    if not authorised.needs_approval:
        owner = f"{principal.tenant}|{principal.object_id}|{principal.application}"
        await budget.take(owner, len(asked.tokens))
    scope = _scope(asked, principal, authorised.classified.connection.name)
    body = orjson.dumps({"scope": scope, "tokens": asked.tokens})
    return Plan(terms, local=body)


def answer(forwarded: Forwarded) -> Masked:
    """The values as they are; the record says how many of which kind were given back."""
    response = forwarded.response
    found = orjson.loads(response.body)["results"]
    counts = Counter(item["type"] if "value" in item else FAILED for item in found)
    told = MaskSummary("none", counts=dict(sorted(counts.items())))
    return Masked(forwarded, Answer(response.status, response.headers, response.body), told)


def _maskings(authorised: Authorised) -> list[Masking]:
    connection = authorised.classified.connection
    demanded = authorised.obligations.demanded
    found = [connection.masking, *(area.masking for area in connection.areas)]
    found += [demanded] if demanded else []
    return [masking for masking in found if makes_tokens(masking)]


def _scope(asked: Detokenization, principal: Principal, connection: str) -> str:
    """As `terms.scope_of` makes it; the tenant is always the caller's own."""
    match asked.scope:
        case TokenScope.PRINCIPAL:
            owner = asked.owner
            object_id = owner.object_id if owner else principal.object_id
            application = owner.application if owner else principal.application
            return f"{principal.tenant}|{object_id}|{application}|{connection}"
        case TokenScope.CONNECTION:
            return f"{principal.tenant}|||{connection}"
        case TokenScope.TENANT:
            return f"{principal.tenant}|||"


def _opened(token: str, tokeniser: Tokeniser, key: TokenKey) -> dict[str, object]:
    version = version_in(token)
    if version is None:
        return _failed(token, "NotAToken", "this is no token; hashes and marks are never opened")
    if not key.version.startswith(version):
        return _failed(token, "OtherKeyVersion", "it was made with another version of the key")
    try:
        return {"token": token, "type": kind_of(token), "value": tokeniser.value(token)}
    except InvalidRequest:
        return _failed(
            token, "NotOfThisScope", "it was made for somebody or something else, or was changed"
        )


def _failed(token: str, code: str, message: str) -> dict[str, object]:
    return {"token": token, "error": {"code": code, "message": message}}
