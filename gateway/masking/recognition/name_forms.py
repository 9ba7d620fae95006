"""Forms in which the names of people are remembered, so that texts have them again."""

import unicodedata

from gateway.masking.recognition.folding import folded
from gateway.masking.recognition.person_words import NOT_A_NAME


def found_name(value: str) -> str:
    """Of a name that was found in text, the words that are learned: all but common ones."""
    kept = [word for word in value.split() if word.lower().strip(".,") not in NOT_A_NAME]
    return " ".join(kept)


def cases(value: str) -> str:
    """A name in all the forms in which its words are learned."""
    if value.isascii() and "'" not in value:
        return value
    # Lower case of bytes is ASCII's alone, so each case of a name is learned.
    plain = folded(value)
    forms = {value, plain} if value.isascii() else {value, plain, _unaccented(plain)}
    return " ".join(
        case
        for form in forms
        for case in {form, form.upper(), form.lower(), form.replace("'", "\u2019")}
    )


def _unaccented(value: str) -> str:
    """`Garcia` of `García`: notes are often written without accents."""
    parts = unicodedata.normalize("NFD", value)
    return "".join(char for char in parts if not unicodedata.combining(char))
