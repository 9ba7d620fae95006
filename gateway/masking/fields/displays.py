"""What the display of a reference is: a word of a code system, or somebody's name."""

import re
from functools import lru_cache

from gateway.masking.fields.fhir import CLINICAL_REFERENCES, NAMED, PERSONS, PLACE_REFERENCES

TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}\Z")
"""The name of a resource type."""
MAX_REMEMBERED = 200


def display_use(reference: str, inside: str) -> tuple[bool, bool]:
    """Whether the display of a reference is a word of a code system, or a name of a person.

    Args:
        reference: that it is the display of, "" for none.
        inside: path of the object that both stand in.
    """
    target = reference.partition("/")[0].partition("?")[0]
    # What is long is not remembered.
    use = _use if len(target) + len(inside) <= MAX_REMEMBERED else _use.__wrapped__
    return use(target, inside)


@lru_cache(maxsize=4096)
def _use(target: str, inside: str) -> tuple[bool, bool]:
    typed = TYPE.match(target)
    if (typed and target not in NAMED) or (not typed and inside in CLINICAL_REFERENCES):
        return True, False
    personal = not target and inside.rpartition(".")[2] not in PLACE_REFERENCES
    return False, personal or target in PERSONS
