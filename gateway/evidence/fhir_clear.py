"""What of a FHIR request may stand in a record in clear.

Types of resources, words of the protocol and codes of search parameters are vocabulary. Ids may be
ePHI unless the connection says that they are not, and so may every value that a search compares:
a keyed digest stands for each.
"""

import re
from typing import Final
from urllib.parse import unquote

from gateway.model.connection import Sensitivity
from gateway.model.digest import DigestKey
from gateway.model.fhir import RESOURCE_TYPES, TOKEN_PARAMETER
from gateway.model.message import Target

_WORDS: Final = frozenset(
    {"metadata", "_history", "_search", "$everything", "$validate", "$export"}
)
_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")
_MODIFIERS: Final = frozenset(
    {"above", "below", "contains", "exact", "identifier", "missing", "not", "of-type", "iterate"}
)
# Controls whose values are numbers or words of the protocol.
_SHOWN: Final = re.compile(
    r"_count=[0-9]{1,6}|_summary=(?:true|text|data|count|false)|_total=(?:none|estimate|accurate)"
    r"|hardDelete=(?:true|false)"
)
# Codes of parameters, a part of FHIR R4's: others could hold a message.
_NAMES: Final = """
    _content _count _elements _filter _format _has _id _include _lastUpdated _list _profile _query
    _revinclude _security _since _sort _source _summary _tag _text _total _type active address
    address-city address-country address-postalcode address-state address-use author authored
    authoredon based-on birthdate body-site category class clinical-status code component-code date
    death-date deceased device effective email encounter end family focus gender
    general-practitioner given hardDelete has-member identifier intent issued link location method
    name onset-date organization part-of patient performer period phone phonetic practitioner
    priority recorded-date recorder requester severity specimen start status subject target telecom
    type value-concept value-quantity value-string verification-status
"""
_CODES: Final = frozenset(_NAMES.split())


def segments(path: tuple[str, ...], names: Sensitivity, keys: DigestKey) -> list[str]:
    """Type in clear, the rest as it may be shown."""
    return [_segment(part, names, keys) for part in path]


def target(item: Target, names: Sensitivity, keys: DigestKey) -> str:
    """Path and parameters: codes in clear, values as keyed digests."""
    parts = [unquote(part) for part in item.path[1:].split("/")] if item.path != "/" else []
    path = "/" + "/".join(segments(tuple(parts), names, keys))
    query = "&".join(_parameter(pair, keys) for pair in item.query.split("&") if pair)
    return f"{path}?{query}" if query else path


def _segment(part: str, names: Sensitivity, keys: DigestKey) -> str:
    if part in RESOURCE_TYPES or part in _WORDS or not part:
        return part
    if names is Sensitivity.PLAIN and _ID.fullmatch(part):
        return part
    return keys.of("name", part.encode("utf-8", "surrogatepass"))


def _parameter(pair: str, keys: DigestKey) -> str:
    if _SHOWN.fullmatch(pair):
        return pair
    raw, _, value = pair.partition("=")
    digest = keys.of("query", value.encode("utf-8", "surrogatepass"))
    words = re.split(r"[:.]", unquote(raw))
    known = _CODES | RESOURCE_TYPES | _MODIFIERS | {TOKEN_PARAMETER}
    if all(word in known for word in words):
        return f"{unquote(raw)}={digest}"
    return keys.of("query", pair.encode("utf-8", "surrogatepass"))
