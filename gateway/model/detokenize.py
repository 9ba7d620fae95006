"""A request for what tokens stand for: whose tokens, and which.

It goes through the stages of the pipeline as any other request does. What it is sent to is the
gateway itself, so its target is none that a URL could have.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.model.message import Target

DETOKENIZE: Final = Target("detokenize")
"""Target of the request. The form of HTTP starts with "/" (RFC 9112 §3.2.1), so that nothing below
`/c/{connection}` can be taken for it."""
DETOKENIZE_URL: Final = "chaperone:detokenize"
"""URL of the request that is "sent"; it leaves the process for nowhere."""
ACTION: Final = "Chaperone/tokens/detokenize/action"
"""The action that a rule must name."""

OTHER: Final = "other"
"""Kind of what has not the form of a token."""
_OF_TOKENS: Final = """
    name address city zip date age phone fax email ssn mrn health-plan account license vehicle
    device url ip biometric photo id
"""
KINDS: Final = frozenset(_OF_TOKENS.split())
"""What tokens can be of; a test compares them with the masking engine's."""

_TOKEN: Final = re.compile(r"\[([a-z-]{1,20}):[A-Za-z0-9]{1,8}:[a-z2-7]{26,}\]")
_ID_TOKEN: Final = re.compile(r"tk-[A-Za-z0-9]{1,4}-[a-z2-7]{26,60}")


class TokenScope(StrEnum):
    """Within what equal values have equal tokens; the words are those of masking profiles."""

    PRINCIPAL = "principal"
    CONNECTION = "connection"
    TENANT = "tenant"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose tokens: object id and application id, GUIDs in lower case."""

    object_id: str
    application: str


@dataclass(frozen=True, slots=True)
class Detokenization:
    """What is asked.

    Attributes:
        scope: of the tokens.
        owner: for the scope `principal`; None for the caller's own tokens.
        tokens: each once, in the order of the request.
    """

    scope: TokenScope
    owner: Owner | None
    tokens: tuple[str, ...] = field(repr=False)

    @property
    def kinds(self) -> Mapping[str, int]:
        """How many tokens say that they are of which kind; one of a false kind does not open."""
        return dict(sorted(Counter(map(kind_of, self.tokens)).items()))


def kind_of(token: str) -> str:
    """The kind that a token states, `other` for what is no token: never a caller's own word."""
    if match := _TOKEN.fullmatch(token):
        return match[1] if match[1] in KINDS else OTHER
    return "id" if _ID_TOKEN.fullmatch(token) else OTHER
