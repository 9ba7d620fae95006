"""Words as names are looked for in a text: in lower case, without the signs around them."""

import re
from typing import Final

WORD: Final = re.compile(rb"[A-Za-z0-9\x80-\xff]+(?:(?:-|'{1,3})[A-Za-z0-9\x80-\xff]+)*")
"""A word as it is looked for; a letter beyond ASCII has bytes of its own."""
PART: Final = re.compile(rb"[A-Za-z0-9\x80-\xff]+")
"""What signs join in a word."""
# What word processors write for an apostrophe, and what else looks like one: U+2018, U+2019,
# U+2032, U+02B9, U+02BB to U+02BD, U+00B4.
_APOSTROPHE = re.compile(rb"\xe2\x80[\x98\x99\xb2]|\xca[\xb9\xbb-\xbd]|\xc2\xb4")
_APOSTROPHES = re.compile(rb"'{2,3}")
# Punctuation and symbols: of Latin 1 (but for ordinals and the micro sign), U+2000 to U+2BFF,
# U+3000 to U+303F, variation selectors, the replacement character, and emoji.
_SIGN = re.compile(
    rb"\xc2[\x80-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf]|\xe2[\x80-\xaf][\x80-\xbf]"
    rb"|\xe3\x80[\x80-\xbf]|\xef(?:\xb8[\x80-\x8f]|\xbf\xbd)|\xf0\x9f[\x80-\xbf]{2}"
)


def lowered(data: bytes) -> bytes:
    """Text in lower case, as long as before: its signs are spaces, its apostrophes ASCII's.

    An apostrophe of several bytes is written as many times.
    """
    folded = data.lower()
    if folded.isascii():
        return folded
    folded = _APOSTROPHE.sub(lambda match: b"'" * len(match[0]), folded)
    return _SIGN.sub(lambda match: b" " * len(match[0]), folded)


def joined_plainly(word: bytes) -> bytes:
    """A word, or text, of `lowered` with each apostrophe written once."""
    return _APOSTROPHES.sub(b"'", word) if b"'" * 2 in word else word


def words(data: bytes) -> frozenset[bytes]:
    """The words of a text in lower case, and the parts of those that signs join."""
    folded = lowered(data)
    found = set(WORD.findall(folded))
    if b"'" in folded or b"-" in folded:
        joined = [word for word in found if b"'" in word or b"-" in word]
        found.update(part for word in joined for part in PART.findall(word))
        found.update(map(joined_plainly, joined))
    return frozenset(found)
