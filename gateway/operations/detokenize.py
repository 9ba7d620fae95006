"""`POST /detokenize` as an operation: the body's form, and the action that a rule must name.

    {"connection": "clinic",
     "principal": {"objectId": GUID, "application": GUID},
     "scope": "principal",
     "tokens": ["[name:1:…]", "tk-1-…"],
     "reason": "the patient has to be called back"}

`principal` may be left out for the caller's own tokens; `scope` is `principal` without saying.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Final

import orjson
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from gateway.errors import InvalidRequest
from gateway.model.connection import Connection
from gateway.model.detokenize import ACTION, Detokenization, Owner, TokenScope
from gateway.model.message import Request
from gateway.model.operation import Access, Effect, Operation, Resource, Shape

MAX_BODY: Final = 128 * 1024
"""Bytes of a request."""
MAX_TOKENS: Final = 100
MAX_TOKEN: Final = 1200
"""Characters of one token."""
MAX_REASON: Final = 500
NAME: Final = "Detokenize"

FACTS: Mapping[str, type[str | int | bool]] = {
    "token_count": int,
    "token_kinds": str,
    "token_owner": str,
    "token_scope": str,
}
"""What conditions may use of it."""

_GUID: Final = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_CONNECTION: Final = r"^[a-z0-9-]{1,63}$"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Principal(_Part):
    objectId: str = Field(pattern=_GUID)  # noqa: N815 - the name in JSON
    application: str = Field(pattern=_GUID)


class _Body(_Part):
    connection: str = Field(pattern=_CONNECTION)
    tokens: tuple[Annotated[str, Field(min_length=1, max_length=MAX_TOKEN)], ...] = Field(
        min_length=1, max_length=MAX_TOKENS
    )
    reason: str = Field(min_length=1, max_length=MAX_REASON)
    principal: _Principal | None = None
    scope: TokenScope = TokenScope.PRINCIPAL


_BODY: Final = TypeAdapter(_Body)


@dataclass(frozen=True, slots=True)
class Asked:
    """A body, understood."""

    connection: str
    reason: str
    detokenization: Detokenization

    @property
    def body(self) -> bytes:
        """One form for all ways to write it, so that a repetition is the same request."""
        asked = self.detokenization
        owner = asked.owner
        return orjson.dumps(
            {
                "connection": self.connection,
                "principal": owner
                and {"objectId": owner.object_id, "application": owner.application},
                "scope": asked.scope,
                "tokens": asked.tokens,
                "reason": self.reason,
            }
        )


def parse(data: bytes) -> Asked:
    """The body of a request.

    Raises:
        InvalidRequest: names the member that is wrong, never its value.
    """
    if len(data) > MAX_BODY:
        raise _invalid(f"the body is over {MAX_BODY} bytes")
    try:
        body = _BODY.validate_python(orjson.loads(data))
    except orjson.JSONDecodeError:
        raise _invalid("the body is not JSON") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        known = set(_Body.model_fields) | set(_Principal.model_fields)
        where = ".".join(str(part) for part in first["loc"] if part in known or part == 0)
        raise _invalid(f"the body is not as described ({where or 'the whole'})") from None
    if not body.reason.strip() or (body.principal and body.scope is not TokenScope.PRINCIPAL):
        raise _invalid("the reason is empty, or a principal is named for another scope")
    named = body.principal
    owner = Owner(named.objectId.lower(), named.application.lower()) if named else None
    tokens = tuple(dict.fromkeys(body.tokens))
    return Asked(body.connection, body.reason.strip(), Detokenization(body.scope, owner, tokens))


def classify(connection: Connection, request: Request) -> Operation:
    """What is asked of the gateway itself: it discloses, and changes nothing.

    Raises:
        InvalidRequest: the body is not understood, or names another connection.
    """
    asked = parse(request.body)
    if asked.connection != connection.name:
        raise _invalid("the body names another connection")
    found = asked.detokenization
    target = Resource(connection.name, connection.endpoint.account or connection.endpoint.host)
    return Operation(
        kind="tokens",
        name=NAME,
        effect=Effect.READ,
        accesses=(Access(ACTION, target, Effect.READ),),
        shape=Shape.PROTOCOL,
        facts={
            "token_count": len(found.tokens),
            "token_kinds": ",".join(found.kinds),
            "token_owner": found.owner.application if found.owner else "",
            "token_scope": found.scope.value,
        },
        detokenization=found,
    )


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(
        message,
        advice='send {"connection", "tokens": [1 to 100], "reason"}, and "principal": '
        '{"objectId", "application"} for tokens that somebody else was shown',
    )
