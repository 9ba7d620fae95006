"""Who asks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PrincipalKind(StrEnum):
    """Entra issues tokens to programs (app-only) and to people (delegated)."""

    APPLICATION = "application"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller, made from an Entra ID access token (v1 or v2 claims).

    Attributes:
        tenant: `tid`, a GUID in lower case, as are the other identifiers.
        object_id: `oid`, the principal's object in the tenant.
        application: `azp` (v2) or `appid` (v1), the client the token was issued to.
        token_id: `uti`, Entra's unique id of the token; "" where the token has none.
        kind: program or person.
        groups: object ids of the groups in the token.
        roles: app roles in the token.
        expires_at: `exp`, timezone aware.
        authenticated_at: `auth_time` or `iat`, timezone aware.
        methods: `amr`, authentication methods, for people.
        name: display claim of a person (`preferred_username` or `upn`), "" for programs.
    """

    tenant: str
    object_id: str
    application: str
    token_id: str
    kind: PrincipalKind
    groups: frozenset[str]
    roles: frozenset[str]
    expires_at: datetime
    authenticated_at: datetime
    methods: frozenset[str] = frozenset()
    name: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """What belongs together in the evidence: (tenant, oid, azp, chosen label or UTC day).

    Attributes:
        id: 32 hex digits, keyed digest of the tuple: nobody can name another's session.
        label: the label as recorded: masked client string, or the UTC day.
    """

    id: str
    label: str
