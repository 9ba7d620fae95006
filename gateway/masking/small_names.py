"""Names in small letters, behind the words that say whose they are."""

import re
from collections.abc import Iterator

from gateway.masking.backwards import backwards
from gateway.masking.name_lists import all_given_names, given_names, surnames, word_surnames
from gateway.masking.person_words import AMBIGUOUS_GIVEN, NOT_A_NAME

_WORD = r"[a-z]{2,30}(?:['-][a-z]{2,30})?"
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
# Behind `named` these begin no name.
_NOT_NAMED = frozenset("above below here after by the an in as earlier previously for to".split())


def small_names(text: str) -> Iterator[tuple[int, int]]:
    """(start, end) of names such as `pt lars eriksson`, `a man named grace long`."""
    for match in _NAMED.finditer(text):
        before = text[max(0, match.start() - _MAX_WHO) : match.start()]
        if _may_begin(match[1]) and _WHO.match(before[::-1]):
            yield match.start(1), match.end(2 if _may_follow(match[2]) else 1)
    for match in _PATIENT.finditer(text):
        end = _end(text, match)
        if end:
            yield match.start(1), end


def _end(text: str, match: re.Match[str]) -> int:
    """Behind the name that stands after `patient` or `pt`, 0 for none."""
    first, second = match[1], match[2]
    if _is_given(first):
        named = _is_surname(second) or (_may_follow(second) and _AGED.match(text, match.end()))
        return match.end(2 if named else 1)
    if second is None or first in NOT_A_NAME or not _may_follow(second):
        return 0
    sure = first in AMBIGUOUS_GIVEN and _is_sure(second)
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
    return word in surnames() and not (word in NOT_A_NAME or word in word_surnames())


def _is_surname(word: str | None) -> bool:
    """A surname behind a given name, whatever else it may be."""
    if word is None or word in NOT_A_NAME:
        return False
    return word in surnames() or word in word_surnames() or "-" in word or "'" in word


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
