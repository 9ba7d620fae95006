"""What goes on behind a name that was found: a nickname in quotation marks, the next of a series.

`Linda "Buddy" Yarbrough`, `Cc: Ana Lopes; Bo Ek and Tom Reed`, `Consult: Green/Ek`. The words of a
series are held to be people since one of them is; so both words of a name have to be such as may be
one, and what closes the series has to follow.
"""

import re
from collections.abc import Callable, Sequence

from gateway.masking.recognition.name_lists import all_given_names, word_surnames
from gateway.masking.recognition.name_words import listed, may_be_name
from gateway.masking.recognition.person_words import EPONYMS, SURNAME_WORDS
from gateway.masking.recognition.words import Word

NameFrom = Callable[[int], int]
"""Behind the words of one name that begins at an index."""
_QUOTED = re.compile(
    r' (["\u201c\u2018\'(])([A-Z][A-Za-z]{1,14}(?: [A-Z][a-z]{0,14})?)["\u201d\u2019\')]'
)
_QUOTES = frozenset({' "', " \u201c", " \u2018", " '", " ("})
_SERIES = re.compile(
    r"(?:, | ?; ?| and | & |/|, and |[;.] (?:[Cc]c|CC|[Rr]e|RE|[Tt]o|[Ff]rom): )\Z"
)
_CLOSES = re.compile(
    r"[,;.)?!\n]|['\u2019]s\b| ?\(| and | & | (?:were|was|are|is|have|has|had|both|came|see)\b|\Z"
)
_LONGEST = 9


def behind_nickname(text: str, words: Sequence[Word], end: int, name_from: NameFrom) -> int:
    """Behind a nickname and the surname that follows it; `end` where there is none."""
    place = words[end - 1].end
    if text[place : place + 2] not in _QUOTES or end == len(words):
        return end
    match = _QUOTED.match(text, place)
    if match is None or match.start(2) != words[end].start:
        return end
    if match[1] == "(" and words[end].low not in all_given_names():
        return end
    after = end + len(match[2].split())
    if after < len(words) and words[after].start == match.end() + 1 and may_be_name(words[after]):
        return max(after + 1, name_from(after))
    return after


def next_of_series(text: str, words: Sequence[Word], index: int, name_from: NameFrom) -> int:
    """Behind the name at `index` that goes on with a series; `index` where none does."""
    if index >= len(words):
        return index
    word, start = words[index], words[index - 1].end
    if word.start - start > _LONGEST or word.capitals or not _names(word):
        return index
    between = text[start : word.start]
    if between[:2] in {"'s", "\u2019s"} or not _SERIES.match(between.removeprefix(".")):
        return index
    if between == "/":
        return index + 1 if listed(word) or word.low in word_surnames() | SURNAME_WORDS else index
    end = name_from(index)
    if end < index + 2 or not all(item.initial or _names(item) for item in words[index:end]):
        return index
    last = words[end - 1]
    return end if _CLOSES.match(text, last.stop if last.initial else last.end) else index


def _names(word: Word) -> bool:
    return not word.capitals and word.low not in EPONYMS and may_be_name(word)
