"""What a FHIR search compares, held against what a masking profile shows.

Whether a search finds something tells whether a guess is right. So a search may compare only what
its answer shows; codes and addresses of resources are shown by every profile, and a resource can be
read by its id anyhow. A parameter that is not named here could compare anything, and counts as
text. https://hl7.org/fhir/R4/searchparameter-registry.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.errors import Blocked, InvalidRequest, Reason
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark, is_masked_id, marks
from gateway.masking.profiles.profile import Operator, Profile
from gateway.masking.tokens import Tokeniser
from gateway.model.fhir import FhirCall, Parameter

MAX_TOKENS: Final = 20
"""Tokens that one request may hold."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ADDRESSES: Final = _words(
    """
    _id account actor addresses appointment asserter author based-on basedon care-team
    claim composition condition context coverage custodian derived-from device destination
    encounter endpoint entity episode-of-care evaluation focus general-practitioner has-member
    insurer issue link location managing-organization manufacturer medication member organization
    owner participant part-of patient payee performer performing-organization policy-holder
    practitioner practitionerrole procedure recorder report request requester requestor response
    result role schedule sender service service-provider slot source specimen subject supplier
    supporting-info target
    """
)
"""Parameters that compare references and ids."""

WORDS: Final = _words(
    """
    _profile _security _tag action active activity-code animal-breed animal-species
    appointment-type availability bodysite body-site category class clinical-status code
    code-value-concept combo-code combo-code-value-concept combo-value-concept component-code
    component-code-value-concept component-data-absent-reason component-value-concept criticality
    data-absent-reason deceased discharge-disposition evidence evidence-detail form format gender
    goal group-identifier-type intent intended-performertype language lifecycle-status
    manifestation medication-code method modality mode onset-info outcome payment-status
    performer-type priority quantity reason reason-code relationship risk route
    series service-category service-type setting severity sex special-arrangement specialty stage
    status status-reason substance type use vaccine-code value-concept value-quantity
    verification-status
    """
)
"""Parameters that compare codes, truth values and measurements."""

_DATES: Final = _words(
    """
    _lastUpdated abatement-date asserted-date authored authored-on authoredon birthdate created
    date death-date effective effective-time end event-date expiration-date issued last-date
    occurrence onset onset-date performed period planned-date recorded recorded-date series-date
    start start-date target-date validity value-date when-handed-over when-prepared whenhandedover
    whenprepared
    """
)
_NAMES: Final = _words("family given name phonetic")
_COMPARED: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(_NAMES, Kind.NAME),
    **dict.fromkeys(_DATES, Kind.DATE),
    **dict.fromkeys(("address", "address-line", "near", "position"), Kind.ADDRESS),
    "address-city": Kind.CITY,
    "address-postalcode": Kind.ZIP,
    **dict.fromkeys(("phone", "telecom"), Kind.PHONE),
    "email": Kind.EMAIL,
    "identifier": Kind.MRN,
    "serial-number": Kind.DEVICE,
    "udi-carrier": Kind.DEVICE,
    "udi-di": Kind.DEVICE,
    "age": Kind.AGE,
}
_SHOWN_PLACES: Final = _words("address-country address-state address-use")
_NUMBERS: Final = frozenset(
    {
        Kind.MRN,
        Kind.SSN,
        Kind.PLAN,
        Kind.ACCOUNT,
        Kind.LICENCE,
        Kind.DEVICE,
        Kind.ID,
        Kind.VEHICLE,
    }
)
_CONTACTS: Final = frozenset({Kind.PHONE, Kind.FAX, Kind.EMAIL})
_YEAR: Final = re.compile(r"(?:eq|ne|gt|lt|ge|le)?[0-9]{4}")
_TOKEN: Final = re.compile(r"\[([a-z-]+):")
_ITEM: Final = re.compile(r"(?:[^,\\]|\\.)+")
_RESOURCE_ID: Final = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Held:
    """A token in a request, and the kinds that may be turned back where it stands."""

    text: str
    accepts: frozenset[Kind]


def refuse_guesses(call: FhirCall, profile: Profile) -> None:
    """Pass a search that compares only what its answer shows, or tokens.

    Raises:
        Blocked: it compares values that the profile masks.
    """
    for parameter in (item for one in call.calls for item in one.parameters):
        if _passes(parameter, profile):
            continue
        if all(map(is_mark, map(_core, _items(parameter.value)))):
            continue
        raise Blocked(
            "The search compares values that are masked in its answer: what it finds would tell "
            "whether a guess is right.",
            reason=Reason.SEARCH_BY_MASKED_VALUE,
            advice="Search by codes, by references, or by a token of an earlier answer; a rule "
            "with `searches: any` lets others pass.",
            details=(("parameter", parameter.compares if parameter.compares in _COMPARED else ""),),
        )


def compared(parameter: Parameter) -> Kind | None:
    """The kind of value that a parameter compares, None where every profile shows it."""
    code = parameter.compares
    if parameter.modifier == "identifier":
        return Kind.MRN
    if not code or code in ADDRESSES or code in WORDS or code in _SHOWN_PLACES:
        return None
    return _COMPARED.get(code, Kind.TEXT)


def held(call: FhirCall) -> tuple[Held, ...]:
    """The tokens of a request, with what may be turned back at each place.

    Raises:
        InvalidRequest: a mark that stands for no one value, a token within other text, or too many.
    """
    found = [item for one in call.calls for item in (*_in_path(one), *_in_parameters(one))]
    if len(found) > MAX_TOKENS:
        raise InvalidRequest(f"A request holds at most {MAX_TOKENS} tokens.")
    return tuple(found)


def opened(item: Held, tokeniser: Tokeniser) -> tuple[Kind, str]:
    """Kind and value of a token.

    Raises:
        InvalidRequest: made in another scope or with another key, or it does not belong there.
    """
    match = _TOKEN.match(item.text)
    kind = Kind(match[1]) if match else Kind.ID
    if kind not in item.accepts:
        raise InvalidRequest(
            "A token stands where values of its kind are not compared for equality.",
            reason=Reason.TOKEN_NOT_RESOLVED,
            advice="Names go with :exact, numbers with identifier, ids with _id and references.",
        )
    value = tokeniser.value(item.text)
    if is_masked_id(item.text) and not _RESOURCE_ID.fullmatch(value):
        raise InvalidRequest("The token stands for no id of a resource.")
    return kind, value


def refuse_tokens(call: FhirCall, *, stores: bool) -> None:
    """Pass a request without tokens, where none is turned back.

    Raises:
        Blocked: it holds one; as it stands it would name nothing.
    """
    if not held(call):
        return
    if stores:
        raise Blocked(
            "A change names its resource by a token; what is changed is named by its own id.",
            reason=Reason.TOKEN_NOT_RESOLVED,
            advice="Let the system that knows the id make the change.",
        )
    raise Blocked(
        "The request holds a token of a masked value, and no rule turns tokens back.",
        reason=Reason.TOKEN_NOT_RESOLVED,
        advice="Ask for a rule with `tokens: resolve`, or follow a link of an answer.",
    )


def _passes(parameter: Parameter, profile: Profile) -> bool:
    """Whether the answer shows what the parameter compares.

    Field rules and imported configurations mask elements by path, which no table of parameters
    knows: beside them only references and ids are taken to be shown.
    """
    kind = compared(parameter)
    if profile.rules.all or profile.imported is not None:
        return not parameter.compares or (kind is None and parameter.compares in ADDRESSES)
    return kind is None or profile.keeps(kind) or _is_shown(parameter, kind, profile)


def _is_shown(parameter: Parameter, kind: Kind, profile: Profile) -> bool:
    """Years are shown where dates are reduced to them, but not those that tell an age over 89."""
    return (
        kind is Kind.DATE
        and profile.operators[kind] is Operator.GENERALISE
        and parameter.compares != "birthdate"
        and parameter.modifier == ""
        and all(map(_YEAR.fullmatch, _items(parameter.value)))
    )


def _in_path(call: FhirCall) -> Iterator[Held]:
    for part in call.path[1:]:
        if is_masked_id(part):
            yield Held(_openable(part), frozenset({Kind.ID}))


def _in_parameters(call: FhirCall) -> Iterator[Held]:
    for parameter in call.parameters:
        for item in _items(parameter.value):
            core = _core(item)
            if is_mark(core):
                yield Held(_openable(core), _accepted(parameter))
            elif marks(item.encode()):
                raise InvalidRequest(
                    "A token stands within other text.", advice="Send it as the whole value."
                )


def _openable(text: str) -> str:
    if text.startswith(("masked-", "th-")) or (text[0] == "[" and not _TOKEN.match(text)):
        raise InvalidRequest(
            "A mark of a masked value stands for no value that could be found again.",
            reason=Reason.TOKEN_NOT_RESOLVED,
            advice="Only tokens, tk-… and [kind:version:…], are turned back.",
        )
    return text


def _accepted(parameter: Parameter) -> frozenset[Kind]:
    """Kinds that a parameter compares for equality, as it stands with its modifier."""
    code, modifier = parameter.compares, parameter.modifier
    if code in ADDRESSES and (not modifier or modifier[0].isupper()):
        return frozenset({Kind.ID})
    if modifier == "identifier" or (code == "identifier" and not modifier):
        return _NUMBERS
    if code in _NAMES - {"phonetic"} and modifier == "exact":
        return frozenset({Kind.NAME})
    if code in {"phone", "email", "telecom"} and not modifier:
        return _CONTACTS
    return frozenset()


def _items(value: str) -> list[str]:
    """The alternatives of a value; a comma behind a backslash is part of one.

    What is not alternatives through and through is one: nothing of it may pass unseen.
    """
    found: list[str] = _ITEM.findall(value)
    return found if ",".join(found) == value else [value]


def _core(item: str) -> str:
    """The value itself, without the system or the type that stands before it."""
    before, bar, core = item.rpartition("|")
    if bar and not before.endswith("\\"):
        return core
    kind, slash, core = item.partition("/")
    return core if slash and kind.isalpha() and kind[:1].isupper() else item
