"""Forms in which the names of people are remembered, so that texts have them again."""

import re
import unicodedata

from gateway.masking.recognition.folding import folded
from gateway.masking.recognition.person_words import NOT_A_NAME

_APOSTROPHE = re.compile("[\u2018\u2019\u2032\u02b9\u02bb-\u02bd\u00b4]")
# Letters with a stroke, and ligatures, which Unicode does not take apart.
_UNDIVIDED = str.maketrans(
    {
        **dict(zip("øØłŁđĐðÐıħĦŧŦ", "oOlLdDdDihHtT", strict=True)),
        "æ": "ae",
        "Æ": "Ae",
        "œ": "oe",
        "Œ": "Oe",
        "ß": "ss",
        "ẞ": "SS",
        "þ": "th",
        "Þ": "Th",
    }
)
# As German, Danish and Norwegian write them where there are no such letters.
_GERMAN = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"}
    | {"ø": "oe", "Ø": "Oe"}
)


def found_name(value: str) -> str:
    """Of a name that was found in text, the words that are learned: all but common ones."""
    kept = [word for word in value.split() if word.lower().strip(".,") not in NOT_A_NAME]
    return " ".join(kept)


def cases(value: str) -> str:
    """A name in all the forms in which its words are learned."""
    if value.isascii() and "'" not in value:
        return value
    # Lower case of bytes is ASCII's alone, so each case of a name is learned.
    forms = {value, plain := _APOSTROPHE.sub("'", folded(value))}
    if not value.isascii():
        forms |= {_unaccented(plain), _unaccented(plain.translate(_GERMAN))}
    forms |= {form.replace("'", "") for form in forms}  # `OBrien`, as many systems write it
    return " ".join(case for form in forms for case in {form, form.upper(), form.lower()})


def _unaccented(value: str) -> str:
    """`Garcia` of `García`: notes are often written without accents."""
    parts = unicodedata.normalize("NFD", value.translate(_UNDIVIDED))
    return "".join(char for char in parts if not unicodedata.combining(char))
