"""Names in small letters: behind the words that say whose they are, or a given name and a surname.

Small letters make names of many words, so that both words of a pair have to be on a list, or what
stands around them says that somebody is spoken of.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from gateway.masking.recognition.backwards import backwards
from gateway.masking.recognition.name_lists import (
    all_given_names,
    given_names,
    surnames,
    word_surnames,
)
from gateway.masking.recognition.person_words import NOT_A_NAME
from gateway.masking.recognition.surname_forms import formed
from gateway.masking.recognition.words import folded, leading

_WORD = r"[a-z\u00df-\u00ff]{2,30}(?:['-][a-z\u00df-\u00ff]{2,30})?"
# What stands before the literal is looked at behind it, since the search is for the literal.
_NAMED = re.compile(rf" named ({_WORD})(?: ({_WORD}))?(?![\w@])")
_WHO = backwards(
    r"(?i:\b(?:patients?|pts?|client|resident|m[ae]n|wom[ae]n|males?|females?|boys?|girls?|child|infant"
    r"|baby|toddler|teen|gentleman|lady|veteran|son|daughter|mother|father|wife|husband|sister"
    r"|brother)),?\Z"
)
_MAX_WHO = 12
_PATIENT = re.compile(
    rf"[Pp](?<!\w[Pp])(?:atient|ATIENT|t\.?|T\.?):? ({_WORD})(?: ({_WORD}))?(?![\w@])"
)
_AGED = re.compile(r",? \(?(?i:[0-9]{1,3} ?-?(?:yo|y/o|year|yr|[mf])\b|mrn\b|dob\b)")
# A pair of words, the word before it and the one behind it.
_PAIR = re.compile(
    rf"(?:(?<=\s)|(?<![^\s(]))({_WORD})(?: ({_WORD}))?(?![\w@])(?: ([a-z]{{2,12}}))?"
)
_ASKED = frozenset(
    "should can could would does did will is was has for tell ask my our about re and with".split()
)
_DOES = frozenset(
    """take takes have has need needs be is was get gets use start stop continue switch come see had
    try went had who on with and said says reports denies safe""".split()
)
_LEAST = 4
# Given names of a few that are words of any text.
_WORDS = frozenset("carry elif hang maxima numbers said valencia france argentina".split())
# Behind `named` these begin no name.
_NOT_NAMED = frozenset("above below here after by the an in as earlier previously for to".split())


def small_names(text: str) -> Iterable[tuple[int, int]]:
    """(start, end) of names such as `pt lars eriksson`, `a man named grace long`, each once."""
    return dict.fromkeys(_found(text))


def _found(text: str) -> Iterator[tuple[int, int]]:
    for match in _NAMED.finditer(text):
        before = text[max(0, match.start() - _MAX_WHO) : match.start()]
        if _may_begin(match[1]) and _WHO.match(before[::-1]):
            yield match.start(1), match.end(2 if _may_follow(match[2]) else 1)
    for match in _PATIENT.finditer(text):
        end = _end(text, match)
        if end:
            yield match.start(1), end
    # Who begins with a small letter writes names so too; elsewhere one is hardly ever written so.
    if text.lstrip()[:1].islower():
        for given in _sure_given().intersection(text.split()):
            yield from _pairs(text, given)


@cache
def _sure_given() -> frozenset[str]:
    """Given names that are no word of a text in small letters."""
    return frozenset(name for name in given_names() if len(name) >= _LEAST) - _WORDS - NOT_A_NAME


def _pairs(text: str, given: str) -> Iterator[tuple[int, int]]:
    """Where a given name stands before a surname, or is what is asked about."""
    place = text.find(given)
    while place >= 0:
        match = _PAIR.match(text, place)
        if match and match[1] == given:
            second, after = match[2], match[3]
            asked = leading(text, place) in _ASKED
            if second and (_is_sure(second) or (asked and after in _DOES and _may_follow(second))):
                yield place, match.end(2)
            elif asked and second in _DOES:
                yield place, match.end(1)
        place = text.find(given, place + len(given))


def _end(text: str, match: re.Match[str]) -> int:
    """Behind the name that stands after `patient` or `pt`, 0 for none."""
    first, second = match[1], match[2]
    if _is_given(first):
        named = _is_surname(second) or (_may_follow(second) and _AGED.match(text, match.end()))
        return match.end(2 if named else 1)
    if second is None or first in NOT_A_NAME or not _may_follow(second):
        return 0
    sure = first in all_given_names() and first not in _FUNCTION and _is_sure(second)
    aged = _is_listed(first, second) and first not in _FUNCTION and _AGED.match(text, match.end())
    return match.end() if sure or aged else 0


def _may_begin(word: str) -> bool:
    return word not in _NOT_NAMED and word not in _FUNCTION


def _is_given(word: str) -> bool:
    return word in given_names() or ("-" in word and set(word.split("-")) <= all_given_names())


def _is_listed(*words: str) -> bool:
    """Any of the words is a name."""
    return any(word in names for word in words for names in (all_given_names(), surnames()))


def _is_sure(word: str) -> bool:
    """A surname that is hardly a word."""
    low = word if word.isascii() else folded(word)
    known = low in surnames() and not (low in NOT_A_NAME or low in word_surnames())
    return known or formed(low)


def _is_surname(word: str | None) -> bool:
    """A surname behind a given name, whatever else it may be."""
    if word is None or word in NOT_A_NAME:
        return False
    low = word if word.isascii() else folded(word)
    return low in surnames() or low in word_surnames() or "-" in word or "'" in word


def _may_follow(word: str | None) -> bool:
    """Whether a word behind a name belongs to it: no verb, preposition or word of medicine."""
    return word is not None and word not in NOT_A_NAME and word not in _FUNCTION


_FUNCTION = frozenset(
    """are be been came complains complaining gets has having is lives living needs presented
    presenting presents reports says seen seeks suffering takes taking treated wants was whose works
    began being born brought called comes developed died diagnosed feels got had hates knows later
    likes lost made moved refused requires returned said started stopped states underwent wishes
    currently recently status post today yesterday aged old then within near since until upon under
    over per not no never always also both but via""".split()
)
