"""Conditions on tag values where tag values are not shown."""

from urllib.parse import parse_qsl

from gateway.errors import Reason, Withheld
from gateway.model.message import Headers, Target

TAG_CONDITIONS = ("x-ms-if-tags", "x-ms-source-if-tags")


def refuse_probes(headers: Headers, target: Target) -> None:
    """Refuse order comparisons of tag values.

    Tag values are withheld where a place masks. Equality asks for a value that is known already;
    `<` and `>` would find out any value by halving.

    Raises:
        Withheld: a condition compares by order, or its quotes do not pair.
    """
    expressions = [value for name in TAG_CONDITIONS for value in headers.all(name)]
    expressions += [value for name, value in parse_qsl(target.query) if name.lower() == "where"]
    if any(_compares(expression) for expression in expressions):
        raise Withheld(
            "Tag values are withheld here, so they cannot be compared by order.",
            reason=Reason.CONTENT_WITHHELD,
            advice="Compare tags by equality only.",
        )


def _compares(expression: str) -> bool:
    """Whether `<` or `>` stands outside quotes, or a quote does not end."""
    quote = ""
    for character in expression:
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in "<>":
            return True
    return bool(quote)
