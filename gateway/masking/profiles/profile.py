"""Profiles: what is done to each kind of value, and the rules of one's own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.errors import Reason, Withheld
from gateway.masking.kinds import Kind
from gateway.masking.marks import mark
from gateway.masking.profiles.operators import KEYED, Operator
from gateway.masking.profiles.patterns import UserPattern
from gateway.masking.profiles.rules import NO_RULES, Rules

if TYPE_CHECKING:  # the engine of imported configurations takes longer to load than all of this
    from gateway.masking.profiles.imported import ImportedConfiguration

__all__ = [
    "BUILT_IN",
    "LIMITED_DATA_SET",
    "NONE",
    "PSEUDONYMOUS",
    "SAFE_HARBOR",
    "SECRETS_ONLY",
    "Operator",
    "Profile",
    "Scope",
    "TextUse",
    "resolve",
]


class TextUse(StrEnum):
    """What becomes of free text.

    `mask` leaves it to the recognisers where a rule accepts masked free text, and withholds it
    elsewhere; the others hold even where a rule accepts it.
    """

    MASK = "mask"
    STRUCTURE = "structure"
    WITHHOLD = "withhold"
    DROP = "drop"


class Scope(StrEnum):
    """Within what equal values have equal tokens."""

    PRINCIPAL = "principal"
    CONNECTION = "connection"
    TENANT = "tenant"


_NOTHING: Mapping[Kind, str] = MappingProxyType({})
# What becomes of these depends on the value even where it is redacted.
_JUDGED = frozenset({Kind.TEXT, Kind.DATE, Kind.ID})
_VARIED = frozenset({Operator.NUMBER, Operator.TOKENISE, Operator.HASH, Operator.DATE_SHIFT})


@dataclass(frozen=True, slots=True)
class Profile:
    """What is done to values, by kind and by field.

    Attributes:
        name: of the built-in profile, or in the manifest.
        rank: its strictness, as manifests say it.
        operators: for every kind.
        replacements: texts for kinds whose operator is `replace`.
        rules: for fields; they go over what a field's name says by itself.
        text: what becomes of free text.
        patterns: what else is looked for in text.
        scope: of tokens, keyed hashes and date shifts.
        imported: a FHIR anonymizer configuration, in place of the field rules for FHIR JSON.
        digest: of the definition, "" for a built-in profile.
        makes_tokens: the token key is needed.
        drops: some kinds are dropped.
        constants: marks of the kinds whose values are all redacted, text, dates and ids apart.
        kept: kinds that stay as they are.
        varied: kinds whose values become something else in another payload.
        scans: more than secrets is looked for in text.
    """

    name: str
    rank: int
    operators: Mapping[Kind, Operator]
    replacements: Mapping[Kind, str] = field(default_factory=lambda: _NOTHING)
    rules: Rules = field(default=NO_RULES, repr=False, compare=False)
    text: TextUse = TextUse.MASK
    patterns: tuple[UserPattern, ...] = ()
    scope: Scope = Scope.PRINCIPAL
    imported: "ImportedConfiguration | None" = field(default=None, repr=False, compare=False)
    digest: str = ""
    makes_tokens: bool = field(init=False, default=False)
    drops: bool = field(init=False, default=False)
    constants: Mapping[Kind, str] = field(
        init=False, default_factory=lambda: _NOTHING, repr=False, compare=False
    )
    kept: frozenset[Kind] = field(init=False, default=frozenset(), repr=False, compare=False)
    varied: frozenset[Kind] = field(init=False, default=frozenset(), repr=False, compare=False)
    scans: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        # Asked for every payload, so worked out once.
        done = {*self.operators.values(), *(rule.operator for rule in self.rules.all)}
        imported = self.imported is not None and self.imported.needs_key
        object.__setattr__(self, "makes_tokens", imported or not KEYED.isdisjoint(done))
        object.__setattr__(self, "drops", Operator.DROP in self.operators.values())
        redacted = (kind for kind in Kind if self.operators[kind] is Operator.REDACT)
        constants = {kind: mark(kind) for kind in redacted if kind not in _JUDGED}
        object.__setattr__(self, "constants", MappingProxyType(constants))
        object.__setattr__(self, "kept", frozenset(filter(self.keeps, Kind)))
        varied = (kind for kind in Kind if self.operators[kind] in _VARIED)
        object.__setattr__(self, "varied", frozenset(varied))
        masked = set(Kind) - self.kept
        object.__setattr__(self, "scans", bool(masked - {Kind.SECRET, Kind.TEXT}))

    @property
    def masks(self) -> bool:
        """Whether anything is masked at all."""
        return self.rank > 0

    def keeps(self, kind: Kind) -> bool:
        """Whether values of this kind stay as they are."""
        return self.operators[kind] is Operator.KEEP


def _profile(name: str, rank: int, default: Operator, **others: Operator) -> Profile:
    operators = dict.fromkeys(Kind, default) | {
        Kind[kind.upper()]: operator for kind, operator in others.items()
    }
    return Profile(name, rank, MappingProxyType(operators))


# Safe Harbor generalises dates to years, ages over 89 to 90+, and ZIP codes to three digits; ids
# become numbers within the payload, since 164.514(c) wants codes that are not derived from the
# person's information. A limited data set keeps dates, ages, towns, states and ZIP codes
# (164.514(e)(2)); "any other unique code" is not among what it removes.
SAFE_HARBOR = _profile(
    "safe-harbor",
    40,
    Operator.REDACT,
    date=Operator.GENERALISE,
    age=Operator.GENERALISE,
    zip=Operator.GENERALISE,
    id=Operator.NUMBER,
)
PSEUDONYMOUS = _profile(
    "pseudonymous",
    30,
    Operator.TOKENISE,
    date=Operator.GENERALISE,
    age=Operator.GENERALISE,
    zip=Operator.GENERALISE,
    biometric=Operator.REDACT,
    photo=Operator.REDACT,
    text=Operator.REDACT,
    secret=Operator.REDACT,
)
LIMITED_DATA_SET = _profile(
    "limited-data-set",
    20,
    Operator.REDACT,
    date=Operator.KEEP,
    age=Operator.KEEP,
    zip=Operator.KEEP,
    city=Operator.KEEP,
    id=Operator.KEEP,
)
SECRETS_ONLY = _profile(
    "secrets-only", 10, Operator.KEEP, secret=Operator.REDACT, text=Operator.REDACT
)
NONE = _profile("none", 0, Operator.KEEP)
BUILT_IN: Mapping[str, Profile] = MappingProxyType(
    {
        profile.name: profile
        for profile in (NONE, SECRETS_ONLY, LIMITED_DATA_SET, PSEUDONYMOUS, SAFE_HARBOR)
    }
)


def resolve(name: str, rank: int) -> Profile:
    """The rules of a profile: a built-in one's own, else those of the strictest not above `rank`.

    Raises:
        Withheld: the name is not built in, and the rank says nothing.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    below = [profile for profile in BUILT_IN.values() if 0 < profile.rank <= rank]
    if not below:
        raise Withheld(
            "The masking profile is not known to the engine.", reason=Reason.MASKING_FAILED
        )
    return max(below, key=lambda profile: profile.rank)
