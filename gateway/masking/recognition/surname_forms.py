"""Surnames by how they are made, of languages that the list of American surnames has in part.

Patronymic and toponymic endings (Slavic, Armenian, Georgian, Greek, Turkish, Lithuanian, Romanian,
Nordic, Finnish, Persian, Indian, Sinhalese, Dutch, Hungarian), and consonants with which words of
English, and nearly all of drugs, do not begin (African and Slavic languages, Chinese). They say as
much as the list does: that a word may be a surname, not that it is one where it stands.
"""

import re
from functools import lru_cache

from gateway.masking.recognition.words import MAX_WRITTEN

_LEAST = 7
"""Letters of a word with such an ending, so that none is a common word."""
_ENDINGS = tuple(
    """
    owski ewski inski ynski owska ewska inska ynska czyk wicz ovic evic ovich evich ovych evych
    ovsky evsky insky ovskaya enko chuk iuk kova lova rova bova tova sova yeva aeva ieva leva seva
    osyan asyan esyan usyan isyan anyan akian ekian okian ikian ajian ojian shvili adze idze
    opoulos opoulou akis iadis oglou oglu auskas evicius avicius escu eanu sson sdottir qvist kvist
    gaard onen anen inen zadeh nejad murthy swamy krishnan sundaram lingam nathan subramanian
    subramaniam padhyay charya singhe ratne wardene sekara nayake dijk huizen mihalyi chukwu tunde
    selassie mariam
    """.split()
)
_BEGINNING = re.compile(
    r"(?:n[dkwj]|m[bwk]|dl|gb|kp|zh|sz|bj|h[jlr]|sv|dv|z[bd]|kw|tsh|vl)[a-z]{3,}|"
    r"(?:oluwa|chukwu|gebre|venkat|subram|balasub|abdul|abdel|phomm)[a-z]{2,}"
)
_WORDS = frozenset("kwashiorkor kwanzaa svelte szechuan maelstrom moldova geneva zhuzh".split())


@lru_cache(maxsize=MAX_WRITTEN)
def formed(low: str) -> bool:
    """A word that is made as surnames are; in lower case, without accents."""
    ends = len(low) >= _LEAST and low.endswith(_ENDINGS)
    return (ends or _BEGINNING.match(low) is not None) and low.isalpha() and low not in _WORDS
