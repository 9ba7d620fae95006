"""Parameters of a query string or form: decoded once, in order, repeats kept.

Repeats mean AND in FHIR (https://hl7.org/fhir/R4/search.html#combining), so they are no error. The
upstream is sent an encoding made anew from these pairs, so that nothing is read in two ways.
"""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

from gateway.operations.fhir.words import malformed

MAX_LENGTH: Final = 16 * 1024
MAX_PARAMETERS: Final = 64

_RAW: Final = re.compile(r"(?:[!\x24-\x7e]|%[0-9A-Fa-f]{2})*", re.ASCII)
_BROKEN: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")

Pairs = tuple[tuple[str, str], ...]


def parse(raw: str) -> Pairs:
    """Names and values of `raw`; a plus sign is a space, as in forms (WHATWG URL §5.1).

    Raises:
        InvalidRequest: too long, too many, a character that must be encoded, not UTF-8, control
            characters, or a parameter without a name or a value.
    """
    if len(raw) > MAX_LENGTH or not _RAW.fullmatch(raw) or _BROKEN.search(raw):
        raise malformed("The parameters are too long, or hold characters that must be encoded.")
    parts = [part for part in raw.split("&") if part]
    if len(parts) > MAX_PARAMETERS:
        raise malformed("The request has too many parameters.")
    return tuple(map(_pair, parts))


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    if ";" in part:
        # A separator of parameters to some servers.
        raise malformed("A semicolon in a parameter is ambiguous.", "Encode it as %3B.")
    name, value = _decoded(name), _decoded(value)
    if not name or not value:
        raise malformed("A parameter has no name or no value.", "Leave empty parameters out.")
    return name, value


def _decoded(text: str) -> str:
    try:
        plain = unquote_to_bytes(text.replace("+", " ")).decode()
    except UnicodeDecodeError:
        raise malformed("A parameter is not UTF-8.") from None
    if _CONTROL.search(plain):
        raise malformed("A parameter holds a control character.")
    return plain
