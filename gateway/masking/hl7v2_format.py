"""HL7 v2 in its ER7 encoding: fields by segment, text segments as free text.

Separators and escapes are those of chapter 2 of HL7 v2.5.1. A message, a batch (BHS … BTS) and a
file of batches (FHS … FTS) are segments one after another; each header may bring separators of its
own.
"""

import re
from collections.abc import Callable

from gateway.errors import Reason, Withheld
from gateway.masking.compact_dates import is_compact_date, mask_compact_dates
from gateway.masking.field_names import UNKNOWN, VOCABULARY, Field
from gateway.masking.hl7v2_fields import (
    ADDRESS,
    ADDRESS_PARTS,
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
    is_number,
)
from gateway.masking.hl7v2_separators import Separators
from gateway.masking.json_codec import Node
from gateway.masking.json_walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark
from gateway.masking.payload import Payload
from gateway.masking.record_rules import RecordRules
from gateway.masking.rules import FieldRule

_ENDS = re.compile(rb"([\r\n]+)")
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_TRAILERS = {"BTS": "BHS", "FTS": "FHS"}
_NAME = re.compile(r"[A-Z][A-Z0-9]{2}\Z")
_LEADS = "\n\x0b\x1c"
_PLACE = re.compile(r"[A-Za-z]{0,3}\Z")
_OID = re.compile(r"[0-2](?:\.[0-9]{1,40}){5,}\Z")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
# Beside an identifier: words as in VOCABULARY, but no code, so that a date is one.
_BESIDE = Field(vocabulary=True)
_DEGREES = frozenset({"MD", "DO", "RN", "NP", "PA", "PHD", "DR", "MR", "MRS", "MS", "DDS", "PROF"})
_NUMERIC = frozenset({"NM", "SN", "SI"})
_CODES = frozenset({0, 3})
MAX_USE = 4


class Hl7v2Masker:
    """Masks messages of one payload, segment by segment."""

    def __init__(
        self,
        payload: Payload,
        walk: JsonWalk,
        attachment: Callable[[str, str, str], str],
        rules: RecordRules,
    ) -> None:
        self._payload = payload
        self._rules = rules
        self._walk = walk
        self._attachment = attachment
        self._separators: Separators | None = None
        self._opened: dict[str, Separators | None] = {}

    def learn(self, body: bytes) -> None:
        """Remember the names in a message before any of its text is masked."""
        separators = Separators()
        for line in re.split(r"[\r\n]+", body.decode("utf-8", "replace")):
            text = line.lstrip(_LEADS)
            if text[:3] in _HEADERS:
                separators = Separators.of(text) or separators
            parts = text.split(separators.field)
            kind = parts[2] if text[:3] == "OBX" and len(parts) > 2 else ""  # noqa: PLR2004
            for number, value in enumerate(parts[1:], 1):
                field = field_at(text[:3], number, kind)
                if field in LEARNED and field.kind:
                    self._learn(field, value, separators, f"{text[:3]}.{number}")

    def records(self, records: list[bytes]) -> list[bytes]:
        """Segments that follow each other.

        Raises:
            Withheld: the message does not start with a header, or a segment has no name.
        """
        return [self.record(record) for record in records]

    def record(self, record: bytes) -> bytes:
        """A segment; where other line ends than the file's hide more of them, each of those.

        Raises:
            Withheld: the message does not start with a header, or a segment has no name.
        """
        parts = _ENDS.split(record)
        parts[::2] = [self._line(part) for part in parts[::2]]
        return b"".join(parts)

    def _line(self, line: bytes) -> bytes:
        text = line.decode("utf-8")
        if not text.strip():
            return line
        lead = text[: len(text) - len(text.lstrip(_LEADS))]
        text = text[len(lead) :]
        name = text[:3]
        if name in _HEADERS:
            self._separators = self._opened[name] = Separators.of(text)
        elif name in _TRAILERS:
            # A message within may have had others.
            self._separators = self._opened.get(_TRAILERS[name])
        separators = self._separators
        if separators is None or not _NAME.match(name) or text[3:4] not in {separators.field, ""}:
            raise Withheld(
                "The content is not an HL7 v2 message that can be read.",
                reason=Reason.MASKING_FAILED,
            )
        self._follow(name, text, separators)
        segment = _Segment(self._payload, self._walk, self._attachment, separators, self._rules)
        return (lead + segment.masked(name, text)).encode()

    def _follow(self, name: str, text: str, separators: Separators) -> None:
        """Whose the dates of the next segments are: PID-3 says it, a new message ends it."""
        parts = text.split(separators.field)
        if name == "MSH":
            self._rules.patient("")
        elif name == "PID" and len(parts) > 3:  # noqa: PLR2004
            first = parts[3].split(separators.repetition)[0]
            self._rules.patient(first.split(separators.component)[0])

    def _learn(self, field: Field, value: str, separators: Separators, path: str) -> None:
        for repetition in value.split(separators.repetition):
            components = repetition.split(separators.component)
            if field in NUMBERED:
                typed = identifier(field, components)
                parts = [part for i, part in enumerate(components) if not i or is_number(part, i)]
            else:
                parts, typed = components[: 9 if field is PHONE else 3], field
            for index, part in enumerate(parts):
                # XAD-3 is the town, which a limited data set shows.
                town = field is ADDRESS and index == 2  # noqa: PLR2004
                kind = Kind.CITY if town else typed.kind
                for piece in part.split(separators.subcomponent):
                    plain = separators.plain(piece)
                    if typed is ORGANISATION:
                        self._payload.known.learn_phrase(plain, Kind.NAME)
                    elif kind and not is_mark(plain):
                        self._walk.learn(kind, plain, path)


class _Segment:
    """One segment while it is masked: its text in tokens, those of them that are values pending."""

    def __init__(
        self,
        payload: Payload,
        walk: JsonWalk,
        attachment: Callable[[str, str, str], str],
        separators: Separators,
        rules: RecordRules,
    ) -> None:
        self._payload = payload
        self._rules = rules
        self._walk = walk
        self._attachment = attachment
        self._separators = separators
        self._tokens: list[Node] = []
        self._pending: list[tuple[int, str, str]] = []
        self._typed = ""

    def masked(self, name: str, text: str) -> str:
        parts = text.split(self._separators.field)
        first = 2 if name in _HEADERS else 1
        self._typed = parts[2] if name == "OBX" and len(parts) > 2 else ""  # noqa: PLR2004
        self._tokens.append(self._separators.field.join(parts[:first]))
        for place in range(first, len(parts)):
            self._tokens.append(self._separators.field)
            # MSH-1 is the separator itself, which splitting has eaten.
            self._field(name, place + first - 1, parts[place])
        self._walk.settle()
        for index, value, plain in self._pending:
            done = str(self._tokens[index])
            self._tokens[index] = value if done == plain else self._separators.escaped(done)
        return "".join(map(str, self._tokens))

    def _field(self, name: str, number: int, value: str) -> None:
        path = f"{name}.{number}"
        if not value or value == '""':
            self._tokens.append(value)
            return
        field = field_at(name, number, self._typed)
        rule = self._rules.segment(name, number)
        if rule is not None and rule.operator is not None:
            self._tokens.append(self._ruled(rule, value, path, field))
            return
        if path == "OBX.5" and self._typed in {"ED", "RP"}:
            self._tokens.append(self._encapsulated(value, path))
            return
        if rule is not None and rule.kind is not None:
            field = Field(rule.kind, birth=field.birth and rule.kind is Kind.DATE)
        if field.kind is Kind.TEXT:
            # Whatever its text holds, a component or a repetition would cut names in two.
            self._repetition(value, field, path)
            return
        for index, repetition in enumerate(value.split(self._separators.repetition)):
            if index:
                self._tokens.append(self._separators.repetition)
            self._repetition(repetition, field, path, paired=(name, number) in PAIRED)

    def _ruled(self, rule: FieldRule, value: str, path: str, field: Field) -> str:
        """A field that a rule decides on, repetition by repetition."""
        done: list[str] = []
        for item in value.split(self._separators.repetition):
            plain = self._separators.plain(item)
            made = self._rules.value(rule, plain, "", path, field)
            done.append(item if made == plain else self._separators.escaped(made))
        return self._separators.repetition.join(done)

    def _repetition(self, value: str, field: Field, path: str, *, paired: bool = False) -> None:
        component = self._separators.component
        parts = value.split(component)
        if field is UNKNOWN and any(part.strip(". ").upper() in _DEGREES for part in parts[2:]):
            field = NAME  # a person with a title, where the standard has none
        for index, part in enumerate(parts):
            if index:
                self._tokens.append(component)
            self._component(
                part, _part(field, parts, index), path, (index, len(parts)), paired=paired
            )

    def _component(
        self, value: str, field: Field, path: str, place: tuple[int, int], *, paired: bool
    ) -> None:
        inner = self._separators.subcomponent
        if inner not in value or field.kind is Kind.TEXT:
            self._value(value, field, path, place)
            return
        for index, part in enumerate(value.split(inner)):
            if index:
                self._tokens.append(inner)
            own = (VOCABULARY if index else Field(Kind.ID)) if paired else field
            self._value(part, own, path, place)

    def _value(self, value: str, field: Field, path: str, place: tuple[int, int]) -> None:
        use = field is PHONE and value.isalpha() and len(value) <= MAX_USE
        if not value or use or (field.kind is None and _OID.match(value)):
            self._tokens.append(value)
            return
        plain = self._separators.plain(value)
        index = len(self._tokens)
        self._tokens.append(value)
        text = plain
        if self._is_date(plain, field, place, path):
            field = DATE
        elif field.kind is None and _UUID.match(plain):
            field = ID
        elif field.kind is Kind.TEXT and not self._payload.withholds_text:
            text = mask_compact_dates(plain, self._payload, path)
        if field is ORGANISATION:
            self._tokens[index] = self._payload.apply(Kind.NAME, plain, path)
        else:
            self._tokens[index] = self._walk.string(self._tokens, index, text, field, path)
        self._pending.append((index, value, plain))

    def _is_date(self, plain: str, field: Field, place: tuple[int, int], path: str) -> bool:
        """A date by its form: not a number, and not a code before its code system."""
        if field.kind not in {None, Kind.TEXT} or not is_compact_date(plain):
            return False
        if path == "OBX.5" and self._typed in _NUMERIC:
            return False
        index, count = place
        return not (field is VOCABULARY and count > 1 and index in _CODES)

    def _encapsulated(self, value: str, path: str) -> str:
        """ED: application, type, subtype, encoding, data. RP: pointer, application, type, subtype.

        What is not base64 of a type that can be masked is replaced.
        """
        separators = self._separators
        parts = value.split(separators.component)
        if self._typed == "RP":
            parts[0] = separators.escaped(self._payload.apply(Kind.URL, parts[0], path))
            return separators.component.join([parts[0], *parts[1:4]])
        data = separators.plain(parts[-1])
        kind = "/".join(part.lower() for part in parts[1:3]) if len(parts) > 4 else ""  # noqa: PLR2004
        head = [part for part in parts[:-1] if len(part) <= 40 and " " not in part]  # noqa: PLR2004
        done = self._attachment(data, _media_type(kind), path)
        if len(head) != len(parts) - 1:
            head = [""] * (len(parts) - 1)
        return separators.component.join([*head, separators.escaped(done)])


def _part(field: Field, parts: list[str], index: int) -> Field:
    """What stands in one component of a field."""
    if field in NUMBERED and len(parts) > 1:
        number = not index or is_number(parts[index], index)
        return identifier(field, parts) if number else _BESIDE
    if field is ADDRESS and len(parts) > 4:  # noqa: PLR2004
        part = ADDRESS_PARTS[index] if index < len(ADDRESS_PARTS) else ADDRESS
        # Where addresses are written shifted by one, a ZIP code stands for the country.
        return part if part is not VOCABULARY or _PLACE.match(parts[index]) else ADDRESS
    return field


def _media_type(kind: str) -> str:
    """`text/plain` for what HL7 v2 writes as TX, TEXT^… or FT; otherwise as it is written."""
    return "text/plain" if kind.partition("/")[0] in {"tx", "ft"} or kind == "text/" else kind
