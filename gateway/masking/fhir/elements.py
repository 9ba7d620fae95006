"""The loop over the elements of FHIR JSON: what a table says of an element is done at once."""

import re
from collections.abc import Callable
from itertools import takewhile
from typing import Any, ClassVar

from gateway.masking.attachments import Attachments
from gateway.masking.codecs.json_codec import MAX_DEPTH, Node, too_deep
from gateway.masking.fhir.absent import remove
from gateway.masking.fhir.identifiers import LABELLED, FhirIdentifiers
from gateway.masking.fhir.references import References
from gateway.masking.fhir.tables import Table, table_of
from gateway.masking.fields.displays import TYPE
from gateway.masking.fields.fhir import ELEMENTS, PERSONAL, PERSONS, PLACE, UNITS
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field
from gateway.masking.json.date_parts import ISO
from gateway.masking.json.walk import Node_
from gateway.masking.kinds import Kind
from gateway.masking.marks import FIRST, mark
from gateway.masking.payload import Payload
from gateway.masking.recognition.known import MAX_PHRASE, PHRASES
from gateway.masking.text import TextMasker
from gateway.model.fhir import RESOURCE_TYPES

_CODE = re.compile(r"(?:[a-z]+://|urn:)[A-Za-z0-9._:/#|~+-]{0,200}\Z|[A-Za-z0-9._:/#|~+-]{0,40}\Z")
_SSN = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}\Z")
_COVERAGE = Field(Kind.PLAN)
_INSTANCE = re.compile(
    r"(?:^|/)(?:Patient|Person|RelatedPerson|Practitioner|Encounter|Coverage|Account)"
    r"/[A-Za-z0-9.-]{1,64}(?:$|/_history)"
)
_LONG = re.compile(r"[0-9]{4}|/")
# What may be somebody's name: codes are mostly in small letters, in capitals, or numbers.
_WORD = re.compile(r"[A-Z][a-z]{2,}\Z")
MAX_SPACES = 4
"""In a code, a version or a number of a question; what has more is text."""
WORDED = (".display", ".text")
"""How paths of words of vocabularies end that may be sentences."""
MAX_CODES = 50_000


Special = Callable[[Any, dict[str, Node], str, Node, str], bool]
"""(walk, object, key, value, path of the object) → whether the element is done."""

IDENTIFIER = Field(Kind.ID)
"""Of the value of an Identifier that is nobody's record number; known by its identity."""
DATED = frozenset(
    {"start", "end", "event", "date", "value", "valueDate", "valueDateTime", "valueInstant"}
)
"""Elements that are dates, whatever they are in, and go with one that tells of an age over 89."""
PLAIN_DATE = re.compile(
    r"(?:1[89]|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,3})?(?:Z|[+-][0-9]{2}:[0-9]{2}))?\Z"
)
"""Dates for whose year the first four digits can be taken without looking further."""
_ID, _DATE, _NAME = Kind.ID, Kind.DATE, Kind.NAME
_NO_DATE = mark(Kind.DATE)

codes: set[str] = set(UNITS)
"""Strings that codes of any payload may be; nothing of a payload decides that."""


class FhirElements(FhirIdentifiers):
    """The elements of resources of one payload, masked in place.

    Attributes:
        special: what treats elements apart, by name.
    """

    special: ClassVar[dict[str, Special]] = {}

    def __init__(self, payload: Payload, text: TextMasker, attachments: Attachments) -> None:
        super().__init__(payload, text, attachments)
        self._resource = ""
        self._references = References(payload, self.kept_id)
        self._targets: dict[str, str] = {}
        self._gone: list[tuple[dict[str, Node], str]] = []
        self._identifiers_met: dict[str, None] = {}
        # (holder, key, base64, content type, path)
        self._attached: list[tuple[Node_, str | int, str, str, str]] = []
        self._outer = UNKNOWN
        # What the hot loop does without a call: constant marks by kind, numbers, and years.
        self._constants = payload.constants
        self._numbers = not payload.keeps_ids
        self._years = payload.gives_years
        self._oldest = payload.oldest
        self._counts = payload.tally
        self._names = payload.known.waiting_names
        self._phrases = payload.known.waiting_phrases

    def object(self, node: dict[str, Node], outer: Field, path: str) -> None:
        """Mask the elements of an object; a resource within starts its own paths."""
        kind = node.get("resourceType")
        before = self._resource
        if isinstance(kind, str) and TYPE.match(kind):
            self._resource = path = kind
            outer = UNKNOWN
            if kind == "Patient" and isinstance(identity := node.get("id"), str):
                self._payload.about(identity)
        self._elements(node, table_of(outer, path), self._value_field())
        self._resource = before
        if not self._depth:
            gone, self._gone = self._gone, []
            for holder, key in gone:
                remove(holder, key)

    def _value_field(self) -> Field | None:
        return _COVERAGE if self._resource == "Coverage" else None

    def _elements(  # noqa: C901, PLR0912, PLR0915  (the hot loop: a call less for each element)
        self, node: dict[str, Node], table: Table, value_field: Field | None = None
    ) -> None:
        """Mask the elements of one object; `value_field` says what its `value` is."""
        self.keys += len(node)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep()
        entries, odd = table.entries, False
        labelled = self._labelled(node, table.path) if self._resource in LABELLED else ()
        for key, value in node.items():
            if key in labelled:
                continue
            special, path, field, kind, inner, below, strange = entries.get(key) or table.find(
                key, self._special_of(key)
            )
            if special is not None:
                self._outer = table.outer
                if special(self, node, key, value, table.path):
                    continue
            if strange:
                odd = True
            if value_field is not None and key == "value":
                field = inner = value_field
                kind = field.kind
                below = table_of(inner, key)
            if type(value) is str:
                if field is VOCABULARY:
                    if value in codes:
                        continue
                elif kind and value and not strange and value[0] not in FIRST:
                    if kind in self._constants:
                        node[key] = self._constant(kind, value, path, key)
                        continue
                    if kind is _DATE and self._years and PLAIN_DATE.match(value):
                        if not field.birth:
                            self._counts[path, kind] += 1
                            if value[:4] < self._oldest:
                                self._gone.append((node, key))
                            else:
                                node[key] = value[:4]
                            continue
                    elif kind is _ID and self._numbers:
                        if field is IDENTIFIER:
                            self._identifiers_met[value] = None
                        node[key] = self._payload.identifier(value, path)
                        continue
                done = self.string(node, key, value, field, path)
                if done is not value:
                    node[key] = done
                    dated = done == _NO_DATE and (kind is _DATE or key in DATED)
                    if dated and self._payload.tells_of_age(value):  # no mark is a date
                        self._gone.append((node, key))
            elif type(value) is dict:
                if "resourceType" in value:
                    self.object(value, inner, key)
                else:
                    self._elements(value, below)
                    if self._gone and self._gone[-1][0] is value and self._is_emptied(value):
                        self._gone.append((node, key))
            elif type(value) is list:
                self._list(value, inner, below, path, key)
                if (kind is _DATE or key in DATED) and _NO_DATE in value:
                    self._gone.append((node, key))
            elif value is not None and kind:
                self._item(node, key, value, field, path)
        self._depth -= 1
        if odd:
            self._renamed.append(node)

    def _is_emptied(self, node: dict[str, Node]) -> bool:
        """Whether all of an object goes, as a period of old dates: FHIR has no empty ones."""
        going = {key for _, key in takewhile(lambda gone: gone[0] is node, reversed(self._gone))}
        return len(going) == len(node) > 0

    def _settle_texts(self) -> None:
        """Look into attachments only now that all are known whom the resources name."""
        if self._identifiers_met and (self._attached or self._pending):
            for value in self._identifiers_met:
                if not value.isalpha():  # a word says nothing of one person
                    self._payload.known.learn_phrase(value, Kind.MRN)
            self._identifiers_met.clear()
        attached, self._attached = self._attached, []
        for holder, key, data, kind, path in attached:
            holder[key] = self._attachments.masked(data, kind, path)  # type: ignore[index]
        super()._settle_texts()

    def _special_of(self, key: str) -> Special | None:
        """What treats an element apart: by its name, or an Identifier by the end of its name."""
        return self.special.get(special_name(key))

    def _list(self, items: list[Node], field: Field, below: Table, path: str, key: str) -> None:
        """Mask the items of a repeated element."""
        self._enter()
        kind, value_field = field.kind, self._value_field()
        constant = kind in self._constants and "." not in key
        for index, item in enumerate(items):
            if type(item) is dict and "resourceType" not in item:
                self._elements(item, below, value_field)
            elif constant and kind and type(item) is str and item and item[0] not in FIRST:
                items[index] = self._constant(kind, item, path, key)
            else:
                self._item(items, index, item, field, path)
        self._depth -= 1

    def _constant(self, kind: Kind, value: str, path: str, key: str) -> str:
        """The mark for a value that is no mark, which is learned and counted."""
        if kind is _NAME:
            if key in PERSONAL or self._resource in PERSONS:
                self._names[value] = None
        elif kind in PHRASES and len(value) <= MAX_PHRASE and value not in self._phrases:
            self._phrases[value] = kind
        self._counts[path, kind] += 1
        return self._constants[kind]

    def learn(self, kind: Kind, value: str, path: str) -> None:
        """Only names of people are looked for in text, and no word of an organisation's."""
        element = path.rpartition(".")[2]
        if kind is not Kind.NAME or element in PERSONAL or self._resource in PERSONS:
            super().learn(kind, value, path)

    def string(
        self,
        holder: dict[str, Node] | list[Node],
        key: str | int,
        value: str,
        field: Field,
        path: str,
    ) -> str:
        """Codes stay as they are; everything else as in any JSON."""
        if field is PLACE and _LONG.search(value):
            return self._payload.apply(Kind.ADDRESS, value, path)
        if field.vocabulary:
            return self._word(holder, key, value, path)
        return super().string(holder, key, value, field, path)

    def _word(
        self, holder: dict[str, Node] | list[Node], key: str | int, value: str, path: str
    ) -> str:
        """A word of a vocabulary: a code stays, unless it is an instance or may be a name."""
        if _CODE.match(value) and not ISO.match(value) and not _SSN.match(value):
            if _INSTANCE.search(value):
                return self._references.target(value, path)
            if _WORD.match(value) and value not in RESOURCE_TYPES:
                return self.scanned(holder, key, value, path, coded=True)
            if len(codes) < MAX_CODES:
                codes.add(value)
            return value
        if value.count(" ") > MAX_SPACES and not path.endswith(WORDED):
            return self.free_text(holder, key, value, path)
        return self.scanned(holder, key, value, path, coded=True)


def special_name(key: str) -> str:
    """The name that an element is looked up by in what treats elements apart."""
    return "identifier" if key.endswith("Identifier") and key not in ELEMENTS else key
