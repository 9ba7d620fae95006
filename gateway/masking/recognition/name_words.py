"""What a capitalised word may be by itself: by the lists, and by how it is written."""

from functools import lru_cache

from gateway.masking.recognition.name_lists import (
    all_given_names,
    given_names,
    surnames,
    word_surnames,
)
from gateway.masking.recognition.person_words import (
    AMBIGUOUS_GIVEN,
    CLINICAL,
    CLINICAL_ENDS,
    EPONYM_PAIRS,
    EPONYMS,
    INSTITUTIONS,
    NOT_A_NAME,
    SYLLABLES,
    WEAK_SURNAMES,
)
from gateway.masking.recognition.place_words import FACILITY_NOUNS
from gateway.masking.recognition.surname_forms import formed
from gateway.masking.recognition.words import MAX_WRITTEN, Word


def listed(word: Word) -> bool:
    """A given name or surname of a list."""
    low = word.low
    return low in given_names() or low in AMBIGUOUS_GIVEN or surname(word)


def may_be_given(word: Word) -> bool:
    """A given name by itself, or a word that is one as well."""
    low = word.low
    return low in AMBIGUOUS_GIVEN or low in given_names() or compound(word) or generated(word)


def surname(word: Word) -> bool:
    """A surname of a list, made like one, or made of two names."""
    low = word.low
    return low in surnames() or compound(word) or (not word.capitals and formed(low))


def compound(word: Word) -> bool:
    """`Smith-Jones`, `Mary-Ann`, `O'Brien`."""
    if word.low.isalpha():
        return False
    if "-" not in word.low:
        plain = _without_apostrophes(word.low)
        return plain != word.low and plain in surnames()
    parts = _without_apostrophes(word.low).split("-")
    written = [part[:1].isupper() for part in word.text.split("-")]
    if not written[0] or min(map(len, parts)) < 2:  # noqa: PLR2004
        return False
    # `Soo-jin`: the second half of a given name may have a small letter.
    given = (given_names(), SYLLABLES)
    known = (surnames(), AMBIGUOUS_GIVEN, *given) if all(written) else given
    if EPONYMS.issuperset(parts) or tuple(parts[:2]) in EPONYM_PAIRS:
        return False
    return all(any(part in names for names in known) for part in parts)


def _without_apostrophes(low: str) -> str:
    return low.replace("'", "").replace("\u2019", "")


def may_be_name(word: Word) -> bool:
    """Not a word that clinical text capitalises without naming anybody."""
    low = word.low
    if word.numbered and generated(word):
        return True
    if len(low) < 2 or low in NOT_A_NAME or low in FACILITY_NOUNS:  # noqa: PLR2004
        return False
    if is_clinical(low):
        return listed(word) or low in word_surnames()
    return True


@lru_cache(maxsize=MAX_WRITTEN)
def is_clinical(low: str) -> bool:
    """A word of departments, treatments and drugs, or one that ends like them."""
    return low in CLINICAL or low.endswith(CLINICAL_ENDS)


def word_surname(word: Word) -> bool:
    """A surname that is a common word, written like a name."""
    if word.capitals or word.initial or not word.follows:
        return False
    low = word.low
    weak = low in WEAK_SURNAMES and low not in INSTITUTIONS and low not in NOT_A_NAME
    return weak or low in word_surnames()


def generated(word: Word) -> bool:
    """`Marine542`: a given name, whatever else the word may be, with a number behind it."""
    return word.numbered and word.text[-2:].isdigit() and word.low in all_given_names()
