"""Encodings in which a header, a URL or a file name carries other text (RFC 3986, 2047, 8187)."""

import base64
import binascii
import quopri
import re
from urllib.parse import unquote

_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_WORD = re.compile(r"=\?([A-Za-z0-9-]{1,20})(?:\*[A-Za-z-]{1,20})?\?([BbQq])\?([^?\s]{0,200})\?=")
_EXTENDED = re.compile(r"[A-Za-z0-9-]{1,20}'[A-Za-z-]{0,20}'")
MAX_ROUNDS = 3


def decoded(value: str) -> str:
    """The text that a value stands for, encodings within encodings included.

    Detection only: what is not encoded comes back as it is.
    """
    for _ in range(MAX_ROUNDS):
        plain = _WORD.sub(_word, value)
        if _PERCENT.search(plain):
            plain = unquote(_EXTENDED.sub("", plain, count=1), errors="replace")
        if plain == value:
            return value
        value = plain
    return value


def _word(match: "re.Match[str]") -> str:
    charset, coding, text = match.groups()
    try:
        if coding in "Bb":
            data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
        else:
            data = quopri.decodestring(text.replace("_", " ").encode())
        return data.decode(charset, "replace")
    except (binascii.Error, LookupError, ValueError):
        return match[0]
