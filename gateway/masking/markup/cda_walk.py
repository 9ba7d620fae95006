"""A walk over CDA R2 documents (C-CDA among them): headers by element, narrative as free text."""

import re

from gateway.masking.attachments import Attachments
from gateway.masking.codecs.xml_codec import Element, local
from gateway.masking.fields.compact_dates import is_compact_date
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field
from gateway.masking.generalise import MAX_AGE
from gateway.masking.json.date_parts import ISO
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.marks import unmarked
from gateway.masking.markup.cda_fields import (
    CODES,
    FREE_TEXT,
    NAMESPACE,
    PARTS,
    PERSONAL_TYPES,
    PERSONS,
    PRODUCTS,
    TEMPLATES,
    THINGS,
    TIME_TYPES,
    TIMES,
    TYPED,
    WORDS,
    kind_of,
)
from gateway.masking.markup.walk import MarkupWalk
from gateway.masking.payload import Payload
from gateway.masking.text import TextMasker

_CODE = re.compile(r"[A-Za-z0-9._:/#+*%\[\]{}^'()-]{0,60}\Z")
# Numbers of people and telephones: codes of LOINC, SNOMED CT, RxNorm and NDC have other parts.
_SSN = re.compile(r"[0-9]{3}-[0-9]{2,3}-[0-9]{4}\Z")
_OID = re.compile(r"[0-2](?:\.[0-9]{1,40}){2,}\Z")
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,3})?\Z|true\Z|false\Z")
_DISPLAY = re.compile(r"(?:[^\W\d_]|[ ,.;()/+%'\[\]-]|[0-9]{1,3}(?![0-9])){1,200}\Z")
_PLACE = re.compile(r"(?:[A-Za-z .'-]{1,41})?\Z")
_SCHEMES: dict[str, Kind] = {
    "tel": Kind.PHONE,
    "sms": Kind.PHONE,
    "fax": Kind.FAX,
    "x-text-fax": Kind.FAX,
    "mailto": Kind.EMAIL,
    "http": Kind.URL,
    "https": Kind.URL,
}
_YEARS = frozenset({"a", "year", "years", "yr", "yrs"})
_BASE64 = "B64"
_IS_CODE = "#code"


def is_cda(root: Element) -> bool:
    """Whether a document is a CDA document."""
    prefix = root.name.rpartition(":")[0]
    declared = root.attributes.get(f"xmlns:{prefix}" if prefix else "xmlns", "")
    return root.local == "ClinicalDocument" and declared in {NAMESPACE, ""}


class CdaWalk(MarkupWalk):
    """Masks one document in place."""

    def __init__(
        self, payload: Payload, walk: JsonWalk, text: TextMasker, attachments: Attachments
    ) -> None:
        super().__init__(payload, walk, text)
        self._attachments = attachments
        self._above: list[Element] = []
        self._encoded: list[Element] = []
        self._displays: list[tuple[Element, str]] = []
        self._attributes: dict[str, str] = {}
        self._codes: set[str] = set()

    def element(self, element: Element, outer: Field) -> None:
        """Mask an element by its name and by what it stands in."""
        self.note(element.name)
        self._above.append(element)
        kind = TYPED.get(_type(element), local(element.name))
        if element.attributes.get("representation") == _BASE64:
            self.attributes(element, UNKNOWN)
            self._encoded.append(element)
        elif kind in {"id", "setId"}:
            self._identifier(element)
        elif kind == "telecom":
            self._telecom(element)
        elif kind == "name":
            self._name(element)
        elif kind == "addr":
            self._address(element)
        elif kind == "birthTime":
            self._born(element)
        elif kind in FREE_TEXT or (kind == "value" and element.text and element.elements):
            self._free_text(element)
        elif kind == "value" and (asked := self._asked()) is not UNKNOWN:
            self._answer(element, asked)
        else:
            self._other(element, outer)
        self._above.pop()

    def finish(self) -> None:
        """Attachments last, when all names of the document are known."""
        for element in self._encoded:
            self._attachment(element)
        for element, name in self._displays:
            value = element.attributes[name]
            # What a code system calls something is no text, unless it names somebody.
            if self.payload.known.touches(value.encode()) or not _DISPLAY.match(value):
                self.value(element, name, value, VOCABULARY, name)
        super().finish()

    def narrative_field(self, element: Element) -> Field:  # noqa: ARG002
        """Nothing: what is known of its elements is how they look."""
        return UNKNOWN

    def path(self, name: str) -> str:
        """CDA's own names are shown in records."""
        known = name in PARTS or name in FREE_TEXT or name in TIMES or name in _NAMES
        return name if known else super().path(name)

    def attributes(self, element: Element, field: Field) -> None:
        """Codes stay; `value` is of the field; everything else is looked into."""
        known, codes = self._attributes, self._codes
        for name, value in element.attributes.items():
            plain = known.get(name) or self._attribute(name)
            if plain == _IS_CODE:
                if value not in codes:
                    self._code(element, name, value)
            elif plain == "value":
                self._value(element, name, value, field)
            elif plain == "root" or (plain == "extension" and element.local in TEMPLATES):
                self._root(element, name, value)
            elif plain == "extension":
                self.value(element, name, value, Field(Kind.ID), "id")
            elif plain == "displayName" and "code" in element.attributes:
                self._displays.append((element, name))
            elif plain in {"href", "src"}:
                self.value(element, name, value, Field(Kind.URL), plain)
            else:
                self.value(element, name, value, VOCABULARY, "*")

    def _attribute(self, name: str) -> str:
        """What an attribute is, remembered: its name without a prefix, or that it holds a code."""
        self.note(name)
        plain = local(name)
        is_code = plain in CODES or name.startswith(("xmlns", "xsi:", "xml:"))
        found = _IS_CODE if is_code and plain != "value" else plain
        self._attributes[name] = found
        return found

    def _code(self, element: Element, name: str, value: str) -> None:
        if _CODE.match(value) and not ISO.match(value) and not _SSN.match(value):
            self._codes.add(value)
        else:
            self.value(element, name, value, VOCABULARY, "code")

    def _root(self, element: Element, name: str, value: str) -> None:
        if element.local not in TEMPLATES and not _OID.match(value):
            self.value(element, name, value, Field(Kind.ID), "id")

    def _value(self, element: Element, name: str, value: str, field: Field) -> None:
        """`value` is a time below one, a quantity, or what its type says."""
        unit = element.attributes.get("unit")
        if unit in _YEARS and _over(value) and not self.payload.keeps(Kind.AGE):
            self.payload.count(Kind.AGE, "value")
            self.replace(element, name, str(MAX_AGE + 1))
        elif unit is None and (self._in_time() or is_compact_date(value)):
            self.value(element, name, value, Field(Kind.DATE), "time")
        elif field.kind is None and _NUMBER.match(value):
            return
        elif local(element.name) == "reference":
            inside = value.startswith("#")
            self.value(element, name, value, VOCABULARY if inside else Field(Kind.URL), "reference")
        else:
            self.value(element, name, value, field if field.kind else Field(Kind.TEXT), "value")

    def _in_time(self) -> bool:
        for element in reversed(self._above):
            kind = _type(element)
            if local(element.name) in TIMES or kind in TIME_TYPES:
                return True
            if kind or local(element.name) == "value":
                return False
        return False

    def _identifier(self, element: Element) -> None:
        root = element.attributes.get("root", "")
        patient = len(self._above) > 1 and local(self._above[-2].name) == "patientRole"
        for name, value in element.attributes.items():
            plain = local(name)
            if plain == "extension":
                kind = kind_of(root, patient=patient)
                self.value(element, name, value, Field(kind), "id")
                if kind is not Kind.ID:
                    self.walk.learn(kind, value, "id")
                if patient and element is _first_id(self._above[-2]):
                    self.payload.about(value)  # the others are of the same patient
            elif plain == "root" and (
                "extension" not in element.attributes or not _OID.match(root)
            ):
                self.value(element, name, value, Field(Kind.ID), "id")
            elif plain not in CODES and plain != "root" and not name.startswith("xmlns"):
                self.value(element, name, value, VOCABULARY, "*")
        self._children(element, UNKNOWN)

    def _telecom(self, element: Element) -> None:
        for name, value in element.attributes.items():
            if local(name) != "value":
                self._code(element, name, value)
                continue
            plain = value.strip()
            scheme, colon, rest = plain.partition(":")
            kind = _SCHEMES.get(scheme.lower()) if colon else None
            if kind is None:
                kind, rest = (Kind.EMAIL if "@" in plain else Kind.PHONE), plain
            if kind is not Kind.URL:
                self.walk.learn(kind, rest, "telecom")
            done = self.payload.apply(kind, rest, "telecom")
            self.replace(element, name, done if rest == plain else f"{scheme}:{done}")
        self._children(element, UNKNOWN)

    def _name(self, element: Element) -> None:
        """A person's name is learned; an organisation's is masked; a product's is a word."""
        above = self._above[-2] if len(self._above) > 1 else element
        kind, code = local(above.name), above.attributes.get("classCode", "")
        over = self._above[-3].attributes.get("classCode", "") if len(self._above) > 2 else ""  # noqa: PLR2004
        self.attributes(element, UNKNOWN)
        if kind in PRODUCTS or code in THINGS or (kind == "playingEntity" and over in THINGS):
            self._parts(element, VOCABULARY)
            return
        person = kind in PERSONS or code == "PSN" or bool(element.elements)
        person = person or _type(element) in PERSONAL_TYPES
        for place, index, value in _texts(element):
            if person and local(place.name) not in {"prefix", "suffix", "delimiter"}:
                self.payload.known.learn_name(value)
            self.replace(place, index, self.payload.apply(Kind.NAME, value, local(place.name)))
        self._inner_attributes(element)

    def _address(self, element: Element) -> None:
        self.attributes(element, UNKNOWN)
        for place, index, value in _texts(element):
            field = PARTS.get(local(place.name), Field(Kind.ADDRESS))
            if field is VOCABULARY and not _PLACE.match(unmarked(value)):
                field = Field(Kind.ADDRESS)
            self.value(place, index, value, field, local(place.name))
        self._inner_attributes(element)

    def _inner_attributes(self, element: Element) -> None:
        for child in element.elements:
            self._above.append(child)
            self.note(child.name)
            self.attributes(child, UNKNOWN)
            self._inner_attributes(child)
            self._above.pop()

    def _born(self, element: Element) -> None:
        for name, value in element.attributes.items():
            if local(name) == "value":
                self.replace(element, name, self.payload.born(value, "birthTime") or "[date]")
            else:
                self._code(element, name, value)
        self._children(element, Field(Kind.DATE))

    def _asked(self) -> Field:
        """What the code beside a value asks for: LOINC 45394-4, `Last name`."""
        siblings = self._above[-2].elements if len(self._above) > 1 else ()
        code = next((node for node in siblings if local(node.name) == "code"), None)
        return labelled(code.attributes.get("displayName", "")) if code else UNKNOWN

    def _answer(self, element: Element, field: Field) -> None:
        for name, value in element.attributes.items():
            if local(name) in {"value", "extension", "displayName"}:
                self.value(element, name, value, field, "value")
            else:
                self._code(element, name, value)
        self._parts(element, field)

    def _free_text(self, element: Element) -> None:
        self.attributes(element, UNKNOWN)
        if element.text or any(child.local != "reference" for child in element.elements):
            self.narrative(element)
        else:
            self._children(element, UNKNOWN)

    def _other(self, element: Element, outer: Field) -> None:
        kind = local(element.name)
        if kind == "lotNumberText":
            self._parts(element, Field(Kind.DEVICE))
            return
        self.attributes(element, outer)
        if kind in WORDS:
            self._parts(element, VOCABULARY)
        else:
            self._children(element, outer)

    def _children(self, element: Element, outer: Field) -> None:
        for index, child in enumerate(element.children):
            if isinstance(child, Element):
                self.element(child, outer)
            elif child.strip():
                self.value(element, index, child, _FREE, self.path(local(element.name)))

    def _parts(self, element: Element, field: Field) -> None:
        for place, index, value in _texts(element):
            self.value(place, index, value, field, local(element.name))
        self._inner_attributes(element)

    def _attachment(self, element: Element) -> None:
        data = "".join(text for _, _, text in _texts(element))
        kind = element.attributes.get("mediaType", "")
        element.children = [self._attachments.masked(data, kind, "text")] if data else []


_FREE = Field(Kind.TEXT)
_NAMES = frozenset({"given", "family", "name", "prefix", "suffix", "telecom", "id", "extension"})


def _type(element: Element) -> str:
    """The data type that an element says it is of, without a prefix; "" where it says none."""
    found = (value for name, value in element.attributes.items() if name.endswith(":type"))
    return next(found, "").rpartition(":")[2]


def _texts(element: Element) -> list[tuple[Element, int, str]]:
    """Text below an element, each with its place."""
    found: list[tuple[Element, int, str]] = []
    for index, child in enumerate(element.children):
        if isinstance(child, Element):
            found += _texts(child)
        elif child.strip():
            found.append((element, index, child.strip()))
    return found


def _first_id(role: Element) -> Element | None:
    return next((child for child in role.elements if local(child.name) == "id"), None)


def _over(value: str) -> bool:
    try:
        return float(value) > MAX_AGE
    except ValueError:
        return False
