"""What can be done to a value, and which operators go with which kinds."""

from enum import StrEnum

from gateway.masking.kinds import Kind


class Operator(StrEnum):
    """What happens to a value of some kind; the word stands in manifests."""

    KEEP = "keep"
    REDACT = "redact"
    REPLACE = "replace"
    TOKENISE = "tokenise"
    HASH = "hash"
    GENERALISE = "generalise"
    DATE_SHIFT = "date-shift"
    NUMBER = "number"
    DROP = "drop"
    STRUCTURE = "structure"


KEYED = frozenset({Operator.TOKENISE, Operator.HASH, Operator.DATE_SHIFT})
"""Operators that need the token key."""
REMOVING = frozenset(
    {Operator.REDACT, Operator.REPLACE, Operator.DROP, Operator.NUMBER, Operator.STRUCTURE}
)
"""Operators that leave nothing of a value."""
_GENERALISED = frozenset({Kind.DATE, Kind.AGE, Kind.ZIP})
_FOR_IDS = frozenset(
    {Operator.KEEP, Operator.REDACT, Operator.TOKENISE, Operator.HASH, Operator.NUMBER}
)
_FOR_SECRETS = frozenset({Operator.REDACT, Operator.REPLACE, Operator.DROP})


def misfit(operator: Operator, kind: Kind) -> str:
    """Why `operator` cannot be used on `kind`, "" where it can."""
    if kind is Kind.SECRET and operator not in _FOR_SECRETS:
        return "secrets are always removed: redact, replace or drop"
    if kind is Kind.ID and operator not in _FOR_IDS:
        return "an id stays a valid id, which references follow: keep, number, tokenise or hash"
    if operator is Operator.GENERALISE and kind not in _GENERALISED:
        return "generalise is for date, age and zip"
    if operator is Operator.DATE_SHIFT and kind is not Kind.DATE:
        return "date-shift is for date"
    return ""
