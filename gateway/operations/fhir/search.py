"""Search parameters by an allow-list: what each compares, and which types it reaches.

https://hl7.org/fhir/R4/search.html. A parameter that reaches another type names the type, so that
the rules are asked about that type as well: `_include=Observation:subject:Patient`,
`subject:Patient.family=…`, `_has:Observation:patient:code=…`. One step at most.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import InvalidRequest
from gateway.model.fhir import RESOURCE_TYPES, Parameter
from gateway.operations.fhir.words import unknown

MAX_COUNT: Final = 1000
"""Largest page that the FHIR service of Azure gives."""

MODIFIERS: Final = frozenset(
    {"above", "below", "contains", "exact", "identifier", "missing", "not", "of-type"}
)
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_OF_RESOURCE: Final = frozenset({"_id", "_lastUpdated", "_tag", "_profile", "_security"})
_INCLUDES: Final = frozenset({"_include", "_revinclude", "_include:iterate", "_revinclude:iterate"})
_INCLUDE_PARTS: Final = 3
_HAS_PARTS: Final = (4, 5)
# Chains whose target every server takes to be one type.
_TARGETS: Final[Mapping[str, str]] = {"patient": "Patient"}

Check = Callable[[str], bool]


def _matches(pattern: str) -> Check:
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def is_count(value: str) -> bool:
    """Whether this is a page size that may be asked for."""
    return value.isascii() and value.isdigit() and len(value) <= 4 and int(value) <= MAX_COUNT  # noqa: PLR2004


_INSTANT: Final = r"\d{4}(?:-\d\d(?:-\d\d(?:T[0-9:.]{5,18}(?:Z|[+ -]\d\d:\d\d)?)?)?)?"
CONTROLS: Final[Mapping[str, Check]] = {
    "_count": is_count,
    "_elements": _matches(r"[A-Za-z]{1,64}(?:,[A-Za-z]{1,64}){0,49}"),
    "_summary": _matches("true|text|data|count|false"),
    "_total": _matches("none|estimate|accurate"),
}
HISTORY: Final[Mapping[str, Check]] = {"_count": is_count, "_since": _matches(_INSTANT)}
EVERYTHING: Final[Mapping[str, Check]] = {
    "_type": _matches(r"[A-Za-z]{1,64}(?:,[A-Za-z]{1,64}){0,149}"),
    "_since": _matches(_INSTANT),
    "start": _matches(_INSTANT),
    "end": _matches(_INSTANT),
}
_COMPARING_CONTROLS: Final = frozenset({"_since", "start", "end"})


@dataclass(slots=True)
class Found:
    """What the parameters of one request come to.

    Attributes:
        parameters: in order.
        reached: types beside the one that is searched.
        included: of these, those that the answer may hold.
        count: `_count`, 0 for none.
    """

    parameters: list[Parameter] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    included: set[str] = field(default_factory=set)
    count: int = 0

    @property
    def criteria(self) -> bool:
        """Whether anything is compared, and not only sorted."""
        return any(item.compares and item.name != "_sort" for item in self.parameters)


def parse(pairs: Iterable[tuple[str, str]]) -> Found:
    """The parameters of a search.

    Raises:
        InvalidRequest: a control has a value that it cannot have.
        Blocked: a parameter or modifier that the gateway does not know.
    """
    found = Found()
    for name, value in pairs:
        if name in _INCLUDES:
            _include(found, name, value)
        elif name == "_sort":
            _sort(found, value)
        elif name in CONTROLS:
            control(found, CONTROLS, name, value)
        elif name.startswith("_has:"):
            _has(found, name, value)
        else:
            found.parameters.append(_compared(found, name, value))
    return found


def controls(pairs: Iterable[tuple[str, str]], known: Mapping[str, Check]) -> Found:
    """The parameters of an interaction that has none but these.

    Raises:
        InvalidRequest: one has a value that it cannot have.
        Blocked: another parameter.
    """
    found = Found()
    for name, value in pairs:
        control(found, known, name, value)
    return found


def control(found: Found, known: Mapping[str, Check], name: str, value: str) -> None:
    """One parameter that controls the answer, once.

    Raises:
        InvalidRequest: its value cannot be, or it is repeated.
        Blocked: it is none of these.
    """
    if name not in known:
        raise unknown("The request has a query parameter that its interaction does not have.")
    if not known[name](value) or any(parameter.name == name for parameter in found.parameters):
        raise InvalidRequest(
            f"{name} is repeated or has a value that it cannot have.",
            advice=f"A page holds at most {MAX_COUNT} entries." if name == "_count" else "",
        )
    compares = "_lastUpdated" if name in _COMPARING_CONTROLS else ""
    found.parameters.append(Parameter(name, value, compares))
    if name == "_count":
        found.count = int(value)


def check_type(name: str) -> str:
    """The name, if it is a type of FHIR R4.

    Raises:
        Blocked: it is none.
    """
    if name not in RESOURCE_TYPES:
        raise unknown("The request names a resource type that FHIR R4 does not have.")
    return name


def _include(found: Found, name: str, value: str) -> None:
    """`source:parameter:target`: wildcards and open targets would reach types unseen by rules."""
    parts = value.split(":")
    if len(parts) != _INCLUDE_PARTS or not _NAME.fullmatch(parts[1]):
        raise unknown(
            f"{name} does not say which types it reaches.",
            "Write source type, parameter and target type: _include=Observation:subject:Patient.",
        )
    reached = check_type(parts[0]), check_type(parts[2])
    found.reached.update(reached)
    found.included.update(reached)
    found.parameters.append(Parameter(name, value))


def _sort(found: Found, value: str) -> None:
    """The order of an answer compares, as a search does."""
    for item in value.split(","):
        name = item.removeprefix("-")
        if name not in _OF_RESOURCE and not _NAME.fullmatch(name):
            raise InvalidRequest("_sort has a value that it cannot have.")
        found.parameters.append(Parameter("_sort", item, name, "sort"))


def _has(found: Found, name: str, value: str) -> None:
    parts = name.split(":")
    if len(parts) not in _HAS_PARTS or not _NAME.fullmatch(parts[2]):
        raise unknown("_has is followed for one step: _has:Observation:patient:code=….")
    found.reached.add(check_type(parts[1]))
    code, modifier = _split(":".join(parts[3:]))
    found.parameters.append(Parameter(name, value, code, modifier))


def _compared(found: Found, name: str, value: str) -> Parameter:
    first, dot, rest = name.partition(".")
    if not dot:
        code, modifier = _split(name)
        return Parameter(name, value, code, modifier)
    reference, _, kind = first.partition(":")
    target = kind or _TARGETS.get(reference, "")
    if not target or not _NAME.fullmatch(reference):
        raise unknown(
            "A chained parameter does not say which type it reaches.",
            "Name the type, and take one step at most: subject:Patient.family=….",
        )
    found.reached.add(check_type(target))
    code, modifier = _split(rest)
    return Parameter(f"{reference}:{target}.{rest}", value, code, modifier)


def _split(text: str) -> tuple[str, str]:
    """Code and modifier.

    Raises:
        Blocked: the parameter or its modifier is not one that the gateway reads.
    """
    code, colon, modifier = text.partition(":")
    if not _NAME.fullmatch(code) and code not in _OF_RESOURCE:
        raise unknown("The request has a search parameter that the gateway does not read.")
    if colon and modifier not in MODIFIERS and modifier not in RESOURCE_TYPES:
        raise unknown("The request has a search modifier that the gateway does not read.")
    return code, modifier
