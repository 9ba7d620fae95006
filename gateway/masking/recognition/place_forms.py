"""What a word of a place's name may be by itself: a saint, a kind of care, a state."""

import re
from collections.abc import Sequence

from gateway.masking.recognition.name_lists import all_given_names
from gateway.masking.recognition.name_words import is_clinical
from gateway.masking.recognition.place_words import KINDS_OF_CARE, STATE_CODES, STATES
from gateway.masking.recognition.words import Word

_SAINTS = frozenset({"st", "saint"})
# What saints are known for, which is no place.
_LEGENDS = re.compile(r" (?:wort|dance|fire|encephalitis|disease)\b|-")


def is_saint(text: str, words: Sequence[Word], index: int) -> bool:
    """Whether a word and the one before it name a place of care or a church: `ST LUKES`.

    A saint behind a given name is somebody's surname.
    """
    word = words[index]
    if not index or not word.joins or words[index - 1].low not in _SAINTS:
        return False
    if words[index - 1].follows and not words[index - 1].capitals:
        return False
    low, names = word.low, all_given_names()
    return (low in names or low.removesuffix("s") in names) and not _LEGENDS.match(text, word.stop)


def is_kind_of_care(low: str) -> bool:
    """A word of a department or of medicine, which names no place."""
    return low in KINDS_OF_CARE or is_clinical(low)


def is_state(text: str) -> bool:
    """The name or code of a state."""
    return text in STATE_CODES or text.lower() in STATES


def full_name(word: Word) -> str:
    """With its possessive ending, as `children's` stands in the lists."""
    return f"{word.low}'s" if word.possessive else word.low
