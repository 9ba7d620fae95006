"""How strict a profile of one's own may call itself.

Data may move from one place to another if it is masked as much there. A rank says how much, so a
profile may not claim the rank of a built-in one unless it masks all that the built-in one masks.
"""

from gateway.masking.fields.fhir import ELEMENTS
from gateway.masking.fields.names import UNKNOWN, Field, field_of
from gateway.masking.kinds import Kind
from gateway.masking.profiles.operators import REMOVING, Operator
from gateway.masking.profiles.profile import BUILT_IN, NONE, PSEUDONYMOUS, Profile, TextUse
from gateway.masking.profiles.rules import FieldRule

MAX_RANK = 99
_CODED = frozenset({Operator.TOKENISE, Operator.HASH})
_USES = {TextUse.MASK: 0, TextUse.STRUCTURE: 1, TextUse.WITHHOLD: 2, TextUse.DROP: 2}


def ranks(profile: Profile, base: Profile) -> tuple[int, int]:
    """The least and the greatest rank that `profile`, which extends `base`, can have.

    A profile that only adds to its base is at least as strict as it; one that keeps what its base
    masks stays below it. Neither reaches the rank of a built-in profile that masks more.
    """
    covered = covering(profile)
    ceiling = min(
        (own.rank for own in BUILT_IN.values() if own.rank > covered.rank), default=MAX_RANK + 1
    )
    if loosens(profile, base):
        return max(covered.rank, 1), max(min(ceiling, base.rank) - 1, 1)
    return max(base.rank, 1), ceiling - 1


def covering(profile: Profile) -> Profile:
    """The strictest built-in profile that `profile` is at least as strict as."""
    covered = [own for own in BUILT_IN.values() if not loosens(profile, own)]
    return max(covered, key=lambda own: own.rank, default=NONE)


def loosens(profile: Profile, base: Profile) -> bool:
    """Whether `profile` may show anything that `base` masks."""
    if profile.imported is not None and base.imported is not profile.imported and base is not NONE:
        return True  # it shows what it does not name
    if _USES[profile.text] < _USES[base.text]:
        return True
    if any(not _as_strict(profile.operators[kind], kind, base) for kind in Kind):
        return True
    inherited = {(rule.path, rule.kind, rule.operator) for rule in base.rules.all}
    return any(
        (rule.path, rule.kind, rule.operator) not in inherited
        and not _rule_as_strict(rule, profile, base)
        for rule in profile.rules.all
    )


def _as_strict(own: Operator, kind: Kind, base: Profile) -> bool:
    demanded = base.operators[kind]
    if demanded is Operator.KEEP or own is demanded or own in REMOVING:
        return True
    # A token says less than a limited data set shows, and more than Safe Harbor lets pass
    # (164.514(c)).
    if own in _CODED and demanded is Operator.REDACT:
        return base.rank <= PSEUDONYMOUS.rank
    return own is Operator.HASH and demanded is Operator.TOKENISE


def _rule_as_strict(rule: FieldRule, profile: Profile, base: Profile) -> bool:
    operator = rule.operator or (profile.operators[rule.kind] if rule.kind else Operator.REDACT)
    if operator in REMOVING:
        return True
    if base.rules:
        return False  # it may stand over one of theirs
    field = _field(rule)
    if rule.kind is None and field.vocabulary:
        return True  # a word of a code system is shown by every profile
    kinds = [kind for kind in (rule.kind, field.kind) if kind is not None]
    # Nothing is known of a field whose name says nothing: it may hold any identifier.
    return all(_as_strict(operator, kind, base) for kind in kinds or [Kind.NAME, Kind.TEXT])


def _field(rule: FieldRule) -> Field:
    name = rule.path.last
    return (ELEMENTS.get(name) or field_of(name)) if name else UNKNOWN
