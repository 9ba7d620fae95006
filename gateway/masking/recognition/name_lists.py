"""Given names, surnames and towns, read from the package when a first text wants them."""

import re
from functools import cache
from importlib.resources import files

from gateway.masking.recognition.person_words import AMBIGUOUS_GIVEN, NOT_GIVEN
from gateway.masking.recognition.place_words import CITIES

_CENSUS = files("gateway.masking.recognition") / "census"
_CALLED = re.compile(r"[A-Z][\w'.-]{1,30}(?:,? [A-Z][\w'.-]{0,30}){1,3}\Z")


@cache
def given_names() -> frozenset[str]:
    """Given names that are hardly anything else, in lower case."""
    return all_given_names() - NOT_GIVEN - AMBIGUOUS_GIVEN


@cache
def all_given_names() -> frozenset[str]:
    """Given names that may be words as well."""
    return _words("given.txt") | _words("more_given.txt")


@cache
def surnames() -> frozenset[str]:
    """Surnames that are no common words, and the most frequent ones even so; in lower case."""
    return _words("surnames.txt")


@cache
def word_surnames() -> frozenset[str]:
    """Surnames that are common words; in lower case."""
    return _words("word_surnames.txt")


@cache
def towns() -> frozenset[str]:
    """Towns, boroughs and regions, so known that texts name them without more; in lower case."""
    listed = ((_CENSUS / name).read_text("ascii") for name in ("towns.txt", "capitals.txt"))
    return CITIES.union(*map(str.splitlines, listed))


def is_called(key: str) -> bool:
    """Whether a key among people may be what one is called: `Doe, Jane`, `Jane Doe`."""
    if not _CALLED.match(key):
        return False
    return ", " in key or not given_names().isdisjoint(key.lower().split())


def _words(name: str) -> frozenset[str]:
    return frozenset((_CENSUS / name).read_text("ascii").split())
