"""Text as recognisers can read it: look-alike and invisible characters, and URL encoding, undone.

Nobody writes a number with full-width digits or a space of no width between them to be found. What
is found in the folded text is masked there; a text in which nothing is found stays as it was.
"""

import re
import unicodedata
from urllib.parse import quote, unquote

_READABLE = " []:/?&=,;@"
# Cyrillic and Greek letters that look like Latin ones (Unicode TS 39, confusables).
_ALIKE = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",  # noqa: RUF001
    "ABESIJKMHOPCTYXaesijopcyxdqwABEZHIKMNOPTYXo",
)
_LATIN = re.compile(r"[A-Za-z]")
_MIXED = re.compile(r"(?=\w*[\u0370-\u03ff\u0400-\u052f])\w{1,64}")
_OTHER = re.compile(r"[\u0370-\u03ff\u0400-\u052f]")
_DASHES = frozenset("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d")
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
MIN_ESCAPES = 2


def folded(text: str) -> str:
    """The text as it reads, or the same object where it is plain already."""
    if text.isascii():
        return text
    composed = unicodedata.normalize("NFC", text)
    made = "".join(char if char.isascii() else _plain(char) for char in composed)
    if _OTHER.search(made):
        made = _MIXED.sub(_latin, made)
    return text if made == text else made


def unescaped(text: str) -> str:
    """URL-encoded text decoded, or the same object where it is not encoded."""
    if "%" not in text or len(_ESCAPE.findall(text)) < MIN_ESCAPES:
        return text
    plain = unquote(text)
    # What is no UTF-8 would not come back as it was.
    return text if "\ufffd" in plain or "\x00" in plain else plain


def escaped(text: str) -> str:
    """Text encoded again; marks stay readable."""
    return quote(text, safe=_READABLE)


def _plain(char: str) -> str:
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category == "Nd":
        return str(unicodedata.decimal(char))
    if category == "Zs":
        return " "
    if char in _DASHES:
        return "-"
    if "\uff01" <= char <= "\uff5e":
        return chr(ord(char) - 0xFEE0)
    return char


def _latin(word: re.Match[str]) -> str:
    """A word of two scripts, in Latin letters."""
    return word[0].translate(_ALIKE) if _LATIN.search(word[0]) else word[0]
