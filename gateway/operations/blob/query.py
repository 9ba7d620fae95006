"""Query strings: decoded once, names in lower case, each at most once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import InvalidRequest
from gateway.model.sas import SAS_PARAMETERS
from gateway.operations.blob.names import decode, invalid

MAX_LENGTH: Final = 8192
MAX_PARAMETERS: Final = 64

# RFC 3986 query characters without ";", which some parsers take for a separator.
_RAW: Final = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,:@/?=]|%[0-9A-Fa-f]{2})*")
_NAME: Final = re.compile(r"[a-z0-9-]+")
_ID: Final = re.compile(r"[0-9A-Za-z:.\-]{1,64}")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")

# Clients send these empty to say "none"; an empty value elsewhere has no meaning.
_MAY_BE_EMPTY: Final = frozenset({"prefix", "delimiter", "marker", "include"})
_IDS: Final = frozenset({"snapshot", "versionid", "prevsnapshot"})
_NUMBERS: Final = frozenset({"timeout", "maxresults"})
_WORDS: Final = {
    "deletetype": frozenset({"permanent"}),
    "blocklisttype": frozenset({"committed", "uncommitted", "all"}),
    "showonly": frozenset({"deleted", "files", "directories"}),
}
# Compared without regard to case, so stored in lower case.
_CASELESS: Final = frozenset({"comp", "restype", "include", *_WORDS})


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of one request.

    Attributes:
        values: decoded values by lower-case name, SAS parameters left out.
        sas: the query carries parts of a SAS token.
    """

    values: Mapping[str, str]
    sas: bool

    def get(self, name: str) -> str:
        """The value, "" where absent."""
        return self.values.get(name, "")

    @property
    def version(self) -> str:
        """The snapshot or version id, "" for the current blob."""
        return self.get("snapshot") or self.get("versionid")


def parse(raw: str) -> Query:
    """Parse a raw query string (without "?").

    Azure reads parameter names without regard to case; so does this, and it refuses repeats,
    since which of them counts is nobody's promise.

    Raises:
        InvalidRequest: broken encoding, repeats, empty or malformed values.
    """
    if len(raw) > MAX_LENGTH or not _RAW.fullmatch(raw):
        raise invalid("The query string is too long or holds characters that must be encoded.")
    pairs = raw.split("&") if raw else []
    if len(pairs) > MAX_PARAMETERS:
        raise invalid("The query string has too many parameters.")
    values: dict[str, str] = {}
    for pair in pairs:
        name, value = _parse_pair(pair)
        if name in values:
            raise invalid("A query parameter is repeated.", "Send each parameter once.")
        values[name] = value
    if "snapshot" in values and "versionid" in values:
        raise invalid("A request names a snapshot or a version, not both.")
    kept = {name: value for name, value in values.items() if name not in SAS_PARAMETERS}
    return Query(kept, sas=len(kept) < len(values))


def _parse_pair(pair: str) -> tuple[str, str]:
    raw_name, equals, raw_value = pair.partition("=")
    name = decode(raw_name).lower()
    if not equals or not _NAME.fullmatch(name):
        raise invalid("A query parameter has no name or no value.")
    if name == "prefix" and "+" in raw_value:
        raise invalid("A plus sign in a prefix is ambiguous.", "Encode it as %2B, a space as %20.")
    value = decode(raw_value)
    if name in _CASELESS:
        value = value.lower()
    _check_value(name, value)
    return name, value


def _check_value(name: str, value: str) -> None:
    good = bool(value) or name in _MAY_BE_EMPTY
    if name in _IDS:
        good = bool(_ID.fullmatch(value))
    elif name in _NUMBERS:
        good = bool(_NUMBER.fullmatch(value))
    elif name in _WORDS:
        good = value in _WORDS[name]
    if not good:
        raise InvalidRequest("A query parameter is empty or has a value that it cannot have.")
