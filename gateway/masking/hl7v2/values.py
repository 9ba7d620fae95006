"""What the value of an HL7 v2 field becomes: repetitions, components and subcomponents by type."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gateway.masking.fields.compact_dates import is_compact_date, mask_compact_dates
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field
from gateway.masking.hl7v2.fields import (
    ADDRESS,
    ADDRESS_PARTS,
    BIRTH,
    DATE,
    ID,
    LEARNED,
    NAME,
    NUMBERED,
    ORGANISATION,
    PAIRED,
    PHONE,
    field_at,
    identifier,
    is_custom_number,
    is_mixed_number,
    is_number,
    is_person,
)
from gateway.masking.hl7v2.forms import NULL, AtOnce, Forms, of_address
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark, unmarked
from gateway.masking.memo import Entry, Memo, Place
from gateway.masking.payload import Payload
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.rules import FieldRule
from gateway.masking.ruling.records import RecordRules

_OID = re.compile(r"[0-2](?:\.[0-9]{1,40}){5,}\Z")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
# Beside an identifier: words as in VOCABULARY, but no code, so that a date is one.
_BESIDE = Field(vocabulary=True)
_NUMERIC = frozenset({"NM", "SN", "SI"})
_ENCODED = re.compile(r"[A-Za-z0-9+/]{24,}={0,2}\Z")
ENCAPSULATED = frozenset({"ED", "RP"})
_CODES = frozenset({0, 3})
MAX_USE = 4
MAX_HEAD = 40
_ASKED = re.compile(r"@([A-Z][A-Z0-9]{2})\.([0-9]{1,3})(?:\.[0-9.]{1,9})?\Z")
# Fields whose values have been learned from the parts that hold them, by identity: another field
# that is equal comes from a rule.
_LEARNED_BEFORE = {id(item) for item in (*LEARNED, ADDRESS_PARTS[2])}
_CENTURIES = ("18", "19", "20")
_UUID_LENGTH = 36


@dataclass(frozen=True, slots=True)
class Masking:
    """What masks the values of one payload.

    Attributes:
        payload: applies the profile.
        walk: masks values that belong to no other format.
        attachment: masks base64 by its own type: data, content type, path.
        rules: of the profile.
    """

    payload: Payload
    walk: JsonWalk
    attachment: Callable[[str, str, str], str]
    rules: RecordRules


class FieldValues:
    """Judges the values of one field of one segment.

    Args:
        masking: what masks them.
        memo: remembers them.
        segment, number: which field.
        typed: for OBX-5, the type that OBX-2 gives it.
        separators: of the message.
        asked: for OBX-5, what OBX-3 asks for; UNKNOWN where for nothing that identifies.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - a field, and what its segment says of it
        self,
        masking: Masking,
        memo: Memo,
        segment: str,
        number: int,
        typed: str,
        separators: Separators,
        asked: Field = UNKNOWN,
    ) -> None:
        self._payload = masking.payload
        self._walk = masking.walk
        self._attachment = masking.attachment
        self._rules = masking.rules
        self._memo = memo
        self._separators = separators
        self._path = f"{segment}.{number}"
        self._typed = typed if self._path == "OBX.5" else ""
        self._queries = segment == "QPD"
        self._paired = (segment, number) in PAIRED
        field = field_at(segment, number, typed)
        if self._path == "OBX.5" and asked is not UNKNOWN:
            field = asked
        self._custom = segment.startswith("Z") and field.kind is Kind.TEXT
        rule = masking.rules.segment(segment, number)
        self._ruled = rule if rule is not None and rule.operator is not None else None
        self._ruled_field = field
        if rule is not None and rule.kind is not None and self._typed not in ENCAPSULATED:
            field = Field(rule.kind, birth=field.birth and rule.kind is Kind.DATE)
        self._field = field
        self._numbered = field in NUMBERED
        alike = field in {NAME, PHONE, ORGANISATION} and rule is None
        self._mark = masking.payload.constants.get(field.kind, "") if alike and field.kind else ""

    def place(self) -> Place:
        """The field, with what is remembered of it."""
        return Place(self.judge, self._separators.escaped, self._at_once())

    def _at_once(self) -> AtOnce | None:
        """What masks the values whose form alone decides what they become."""
        payload, field, separators = self._payload, self._field, self._separators
        if field.kind is None or self._ruled is not None:
            return None
        if self._queries or self._typed in ENCAPSULATED:
            return None
        forms = Forms(payload, self._memo, separators, self._path, field)
        redacts = payload.profile.operators[Kind.TEXT] is Operator.REDACT
        found: AtOnce | None = None
        if field.kind is Kind.TEXT and payload.withholds_text and redacts:
            found = forms.text()
        elif self._mark and field.kind:
            found = forms.marked(self._mark, field.kind)
        elif field is DATE or field is BIRTH:
            found = forms.dates()
        elif field is ADDRESS:
            found = forms.addresses(Place(self._word, separators.escaped))
        elif not self._paired and (
            field is ID or (self._numbered and id(field) in _LEARNED_BEFORE)
        ):
            found = forms.numbers(Place(self._beside, separators.escaped))
        return found

    def _beside(self, value: str) -> Entry:
        """What stands behind a number, its own component left empty."""
        entry = Entry()
        self._repetition(entry, value)
        return entry

    def _word(self, value: str) -> Entry:
        """A state or a country."""
        entry = Entry()
        self._value(entry, value, VOCABULARY, 0, 1)
        return entry

    def judge(self, value: str) -> Entry:
        """What the field becomes; what waits in it is masked when the walk settles."""
        entry = Entry()
        if value == NULL:
            entry.parts.append(value)
        elif self._ruled is not None:
            entry.parts.append(self._by_rule(self._ruled, value))
        elif self._typed in ENCAPSULATED:
            self._encapsulated(entry, value)
            entry.lasting = False
        elif self._queries and "@" in value:
            self._asked(entry, value)
            entry.lasting = False
        elif self._mark:
            entry.parts.append(self._marked(value))
        elif self._custom and self._holds_people(value):
            entry.parts.append(self._people(value))
        elif self._field.kind is Kind.TEXT:
            # Whatever its text holds, a component or a repetition would cut names in two.
            self._repetition(entry, value)
        else:
            self._repetitions(entry, value)
        return entry

    def _holds_people(self, value: str) -> bool:
        """Whether a field of a site's own segment is made of people, repetition by repetition."""
        people = value.split(self._separators.repetition)
        component = self._separators.component
        return all(is_person(part.split(component), custom=True) for part in people)

    def _people(self, value: str) -> str:
        """Such a field: the words of names are masked, each by itself."""
        separators, pieces = self._separators, self._separators.split(value)
        for index in range(0, len(pieces), 2):
            plain = separators.plain(pieces[index])
            if plain:
                self._walk.learn(Kind.NAME, plain, self._path)
                done = self._payload.apply(Kind.NAME, plain, self._path)
                pieces[index] = self._written(pieces[index], plain, done)
        return "".join(pieces)

    def _repetitions(self, entry: Entry, value: str) -> None:
        for index, repetition in enumerate(value.split(self._separators.repetition)):
            if index:
                entry.parts.append(self._separators.repetition)
            self._repetition(entry, repetition)

    def _marked(self, value: str) -> str:
        """A field of which every part becomes the same mark."""
        separators, pieces, count = self._separators, self._separators.split(value), 0
        for index in range(0, len(pieces), 2):
            piece = pieces[index]
            use = self._field is PHONE and _is_use(piece)
            if piece and not use and not is_mark(separators.plain(piece)):
                pieces[index] = self._mark
                count += 1
        if count and self._field.kind:
            self._payload.count(self._field.kind, self._path, count)
        return "".join(pieces)

    def _by_rule(self, rule: FieldRule, value: str) -> str:
        """A field that a rule decides on, repetition by repetition."""
        separators = self._separators
        done: list[str] = []
        for item in value.split(separators.repetition):
            plain = separators.plain(item)
            made = self._rules.value(rule, plain, "", self._path, self._ruled_field)
            done.append(item if made == plain else separators.escaped(made))
        return separators.repetition.join(done)

    def _repetition(self, entry: Entry, value: str) -> None:
        component = self._separators.component
        field = self._field
        if component not in value:
            if (field is UNKNOWN and is_mixed_number(value)) or (
                self._custom and is_custom_number(value)
            ):
                field = ID
            self._component(entry, value, field, 0, 1)
            return
        parts = value.split(component)
        field = self._person(parts) if field is UNKNOWN else field
        typed = identifier(field, parts) if self._numbered else field
        for index, part in enumerate(parts):
            if index:
                entry.parts.append(component)
            if part:
                own = field
                if self._numbered:
                    own = typed if not index or is_number(part, index) else _BESIDE
                elif field is ADDRESS and len(parts) > 4:  # noqa: PLR2004
                    own = of_address(part, index)
                self._component(entry, part, own, index, len(parts))

    def _person(self, parts: list[str]) -> Field:
        """The field of a person with a title or a given name, where the standard has none."""
        if not is_person(parts):
            return self._field
        for part in parts[:4]:
            self._walk.learn(Kind.NAME, self._separators.plain(part), self._path)
        return NAME

    def _component(self, entry: Entry, value: str, field: Field, index: int, count: int) -> None:
        inner = self._separators.subcomponent
        if inner not in value or field.kind is Kind.TEXT:
            self._value(entry, value, field, index, count)
            return
        for place, part in enumerate(value.split(inner)):
            if place:
                entry.parts.append(inner)
            own = (VOCABULARY if place else Field(Kind.ID)) if self._paired else field
            self._value(entry, part, own, index, count)

    def _value(self, entry: Entry, value: str, field: Field, index: int, count: int) -> None:
        parts = entry.parts
        if not value or (field is PHONE and _is_use(value)):
            parts.append(value)
            return
        text = plain = self._separators.plain(value)
        if field.kind and id(field) in _LEARNED_BEFORE and not self._payload.keeps(field.kind):
            done = self._payload.apply(field.kind, plain, self._path)
            parts.append(self._written(value, plain, done))
            return
        if field.kind is None and value[0] in "012" and _OID.match(value):
            parts.append(value)
            return
        if self._is_date(plain, field, index, count):
            field = DATE
        elif field.kind is None and len(plain) == _UUID_LENGTH and _UUID.match(plain):
            field = ID
        elif " " in plain and (field.kind is None or self._reads(field)):
            text = mask_compact_dates(plain, self._payload.apply, self._path)
        self._looked_into(entry, text, field, plain, value)

    def _reads(self, field: Field) -> bool:
        """Whether a field is text that is not withheld as a whole."""
        return field.kind is Kind.TEXT and not self._payload.withholds_text

    def _looked_into(self, entry: Entry, text: str, field: Field, plain: str, value: str) -> None:
        """What the walk makes of a value, now or when it settles."""
        parts = entry.parts
        index = len(parts)
        parts.append(text)
        done = self._walk.string(parts, index, text, field, self._path)
        if done is text:
            entry.waiting.append((index, plain, self._written(value, plain, plain)))
            return
        parts[index] = self._written(value, plain, done)
        # What a document within becomes depends on the names that are known.
        text_like = field.kind is None or field.kind is Kind.TEXT
        if text_like and not (is_mark(done) or done.isdigit()):
            entry.lasting = False

    def _written(self, value: str, plain: str, done: str) -> str:
        separators = self._separators
        return separators.unmasked(value, plain) if done == plain else separators.escaped(done)

    def _is_date(self, plain: str, field: Field, index: int, count: int) -> bool:
        """A date by its form: not a number, and not a code before its code system."""
        if field.kind is not None and field.kind is not Kind.TEXT:
            return False
        if plain[:2] not in _CENTURIES or not is_compact_date(plain):
            return False
        if self._typed in _NUMERIC:
            return False
        return not (field is VOCABULARY and count > 1 and index in _CODES)

    def _encapsulated(self, entry: Entry, value: str) -> None:
        """ED: application, type, subtype, encoding, data. RP: pointer, application, type, subtype.

        What is not base64 of a type that can be masked is replaced.
        """
        separators = self._separators
        parts = value.split(separators.component)
        if self._typed == "RP":
            pointer = separators.plain(parts[0])
            done = self._payload.apply(Kind.URL, pointer, self._path)
            entry.parts.append(self._written(parts[0], pointer, done))
            self._heads(entry, parts[1:4], 1)
            return
        data = separators.plain(parts[-1])
        kind = "/".join(part.lower() for part in parts[1:3]) if len(parts) > 4 else ""  # noqa: PLR2004
        done = self._attachment(data, _media_type(kind), self._path)
        plain = all(
            len(unmarked(part)) <= MAX_HEAD and " " not in part and not _ENCODED.match(part)
            for part in parts[:-1]
        )
        self._heads(entry, parts[:-1] if plain else [""] * (len(parts) - 1), 0)
        entry.parts += [separators.component] if len(parts) > 1 else []
        entry.parts.append(separators.escaped(done))

    def _heads(self, entry: Entry, parts: list[str], first: int) -> None:
        """What stands beside encapsulated data: words, in which a name is masked all the same."""
        for index, part in enumerate(parts, first):
            if index:
                entry.parts.append(self._separators.component)
            self._value(entry, part, VOCABULARY, index, len(parts))

    def _asked(self, entry: Entry, value: str) -> None:
        """Parameters of a query: `@PID.5.1^Smith` is judged as what stands in that field."""
        separators = self._separators
        for index, repetition in enumerate(value.split(separators.repetition)):
            if index:
                entry.parts.append(separators.repetition)
            name, component, asked = repetition.partition(separators.component)
            match = _ASKED.match(name)
            if match is None:
                self._repetition(entry, repetition)
                continue
            entry.parts += [name, component]
            inner = field_at(match[1], int(match[2]), "")
            for place, part in enumerate(asked.split(separators.component)):
                entry.parts += [separators.component] if place else []
                self._component(entry, part, inner, place, 1)


def _is_use(value: str) -> bool:
    """Whether a part of XTN says what the number is for: PRN, WPN, CP."""
    return len(value) <= MAX_USE and value.isalpha()


def _media_type(kind: str) -> str:
    """`text/plain` for what HL7 v2 writes as TX, TEXT^… or FT; otherwise as it is written."""
    return "text/plain" if kind.partition("/")[0] in {"tx", "ft"} or kind == "text/" else kind
