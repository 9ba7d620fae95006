"""The claims of an Entra ID access token, as far as the gateway reads them.

Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

MAX_GROUPS = 400  # Entra puts at most 200 into a JWT
MAX_ROLES = 256

_GUID = r"^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$"
_LATEST = 32_503_680_000  # the year 3000: every time stays a datetime

Guid = Annotated[str, StringConstraints(pattern=_GUID), AfterValidator(str.lower)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=256)]
Time = Annotated[int, Field(ge=0, le=_LATEST)]


class Claims(BaseModel):
    """Claims of a token whose signature is good; times are Unix seconds.

    Unfamiliar claims are ignored, as Microsoft asks of applications.
    """

    model_config = ConfigDict(
        strict=True, frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=False
    )

    iss: Word
    aud: Word
    ver: Literal["1.0", "2.0"]
    tid: Guid
    oid: Guid
    exp: Time
    nbf: Time
    iat: Time
    sub: str = Field(default="", max_length=256)
    appid: Guid | None = None
    azp: Guid | None = None
    uti: str = Field(default="", max_length=128)
    idtyp: str | None = Field(default=None, max_length=32)
    scp: str = Field(default="", max_length=2048)
    roles: list[Word] = Field(default=[], max_length=MAX_ROLES)
    # "groups": "src1" is one of the ways in which Entra says "too many to list".
    groups: Annotated[list[Guid], Field(max_length=MAX_GROUPS)] | Word = []
    has_groups: object = Field(default=None, alias="hasgroups")
    claim_names: dict[str, object] = Field(default={}, alias="_claim_names")
    groups_source: object = Field(default=None, alias="groups:src1")
    auth_time: Time | None = None
    amr: list[Word] = Field(default=[], max_length=32)
    preferred_username: str = ""
    upn: str = ""
    # Claims that only id tokens have (OpenID Connect Core §2, §3.3.2.11).
    nonce: object = None
    c_hash: object = None
    at_hash: object = None

    @property
    def client(self) -> str | None:
        """The application the token was issued to: `appid` in v1, `azp` in v2."""
        return self.appid if self.ver == "1.0" else self.azp

    @property
    def group_overage(self) -> bool:
        """Entra left the groups out of the token because there are too many."""
        return (
            isinstance(self.groups, str)
            or "groups" in self.claim_names
            or self.groups_source is not None
            or self.has_groups not in (None, False)
        )

    @property
    def only_in_id_tokens(self) -> bool:
        """Whether there is a claim that an access token never has."""
        return any(claim is not None for claim in (self.nonce, self.c_hash, self.at_hash))
