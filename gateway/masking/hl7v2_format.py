"""HL7 v2 in its ER7 encoding: fields by segment, text segments as free text.

Separators and escapes are those of chapter 2 of HL7 v2.5.1; every segment that names no rule is
masked component by component like any other value.
"""

import re
from collections.abc import Callable

from gateway.errors import Reason, Withheld
from gateway.masking.field_names import UNKNOWN, VOCABULARY, Field
from gateway.masking.json_codec import Node
from gateway.masking.json_walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.record_rules import RecordRules
from gateway.masking.rules import FieldRule

_NAME = Field(Kind.NAME)
_ADDRESS = Field(Kind.ADDRESS)
_PHONE = Field(Kind.PHONE)
_DATE = Field(Kind.DATE)
_BIRTH = Field(Kind.DATE, birth=True)
_MRN = Field(Kind.MRN)
_SSN = Field(Kind.SSN)
_ID = Field(Kind.ID)
_PLAN = Field(Kind.PLAN)
_ACCOUNT = Field(Kind.ACCOUNT)
_LICENCE = Field(Kind.LICENCE)
_TEXT = Field(Kind.TEXT)
_LEARNED = (_NAME, _ADDRESS, _SSN, _MRN, _PHONE)
# For the separators of field, component, repetition, escape and subcomponent, in MSH-1 and MSH-2.
_ESCAPES = ("F", "S", "R", "E", "T")
_ENDS = re.compile(rb"([\r\n]+)")
_HEADERS = frozenset({"MSH", "FHS", "BHS"})
_TYPED_DATES = frozenset({"DT", "TS", "DTM"})
_TYPED_WORDS = frozenset({"NM", "SN", "SI", "CE", "CWE", "CNE", "ID", "IS", "TM"})
_TYPED_NAMES = {"XPN": _NAME, "PN": _NAME, "XCN": _NAME, "XAD": _ADDRESS, "AD": _ADDRESS}
_TYPED_NAMES |= {"XTN": _PHONE, "TN": _PHONE, "CX": _MRN}


def _of(text: str, field: Field) -> dict[tuple[str, int], Field]:
    """`PID-5,9 NK1-2` to a table."""
    table: dict[tuple[str, int], Field] = {}
    for part in text.split():
        segment, _, numbers = part.partition("-")
        table |= {(segment, int(number)): field for number in numbers.split(",")}
    return table


FIELDS: dict[tuple[str, int], Field] = {
    **_of(
        "PID-5,6,9 NK1-2,30 GT1-3,4,16,45,51 IN1-6,9,11,16,30,39,48 IN2-1,3,7,11,17,22"
        " PV1-7,8,9,17,52 PV2-13"
        " PD1-3,4 ORC-10,11,12,19,21,24 OBR-16,28,32,33,34,35 OBX-16,23,25 TXA-5,9,10,11,22,23"
        " DG1-16"
        " PR1-8,11,12 AL1-7 EVN-5 MRG-7 SCH-12,16,20 AIP-3 ROL-4 CTD-2 PRD-2 STF-3 RXE-13 RXA-10"
        " RXO-14 ACC-5"
        " OM1-17 SPM-5 RXD-10 RXG-10 FT1-20,21 NK1-13 CON-24 QRD-8",
        _NAME,
    ),
    **_of(
        "PID-11,12,23 NK1-4,32 GT1-5,17 IN1-5,19,44 IN2-26 ORC-22,24 OBX-24 STF-11 PRD-3,4"
        " PV1-3,6,11,42 CTD-3"
        " RXE-41 ACC-2 AIL-3 OBR-49 PV1-40 PD1-11",
        _ADDRESS,
    ),
    **_of(
        "PID-13,14,40 NK1-5,6,7,31 GT1-6,7,18 IN1-7 IN2-58,63,64 ORC-14,23 OBR-17 STF-10 PRD-5"
        " SCH-13,17",
        _PHONE,
    ),
    **_of("PID-7 NK1-16 GT1-8 IN1-18 STF-6", _BIRTH),
    **_of(
        "PID-29 PID-33 MSH-7 EVN-2,3,6 PV1-44,45 PV2-8,9 OBR-6,7,8,14,22 OBX-12,14 ORC-9,15"
        " DG1-5 PR1-5 AL1-6 IN1-12,13,24,29,38,51 TXA-4,6,7,8",
        _DATE,
    ),
    **_of("PID-2,3,4,21,38 MRG-1,2,4 NK1-12,33 PD1-14", _MRN),
    **_of("PID-19 GT1-12 NK1-37 IN2-2 IN1-49", _SSN),
    **_of("PID-18 MRG-3 GT1-2,10,19 PV1-19,50 IN1-8 MRG-5,6 FT1-2 PV1-5", _ACCOUNT),
    **_of("PID-20 STF-22 PRA-6", _LICENCE),
    **_of("IN1-2,3,10,36 IN2-6,8,9,10,61 IN1-14,28 IN3-2", _PLAN),
    **_of("MSH-8 EVN-7", Field(Kind.SECRET)),
    **_of(
        "MSH-10 MSA-2 ORC-2,3,4,8 OBR-2,3,18,19,20,21,29 TXA-12,13,14,16 SCH-1,2,3,4 SPM-2,3"
        " ARV-3 OBX-21 RXE-15 RXA-15 OBX-18 AL1-1",
        _ID,
    ),
    **_of(
        "NTE-3 PV2-3 OBR-13,31 TXA-17 SCH-7 DG1-4 PR1-4 AL1-5 ORC-16 RXE-7,21 PV2-12 RXO-6,7"
        " ACC-3 RXA-9",
        _TEXT,
    ),
    **_of(
        "MSH-3,4,5,6,9,11,12,15,16,17,18,19,20 OBX-2,3,6,7,8,11 OBR-4,24,25"
        " PID-8,10,15,16,17,22,24 DG1-3,6 PV1-2,4,10,14,18,36,41 AL1-2,3,4 RXE-2 RXA-5 NTE-2"
        " ORC-1,5 EVN-1 MSA-1 TXA-2,3 PR1-3 NK1-3",
        VOCABULARY,
    ),
}


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
        self._separators = "|^~\\&"
        self._started = False

    def learn(self, body: bytes) -> None:
        """Remember the names in a message before any of its text is masked."""
        for line in body.replace(b"\r", b"\n").decode("utf-8", "replace").split("\n"):
            separator = line[3:4]
            parts = line.split(separator) if separator else []
            name = line[:3]
            for number, value in enumerate(parts):
                field = FIELDS.get((name, number))
                if field in _LEARNED and field is not None:
                    for repetition in value.split("~"):
                        self._learn(field.kind, repetition, f"{name}.{number}")

    def record(self, record: bytes) -> bytes:
        """A segment; where other line ends than the file's hide more of them, each of those.

        Raises:
            Withheld: the message does not start with a header, or a segment has no name.
        """
        parts = _ENDS.split(record)
        parts[::2] = [self._segment(part) for part in parts[::2]]
        return b"".join(parts)

    def _segment(self, line: bytes) -> bytes:
        text = line.decode("utf-8")
        if not text.strip():
            return line
        lead = text[: len(text) - len(text.lstrip("\n\x0b\x1c"))]
        text = text[len(lead) :]
        name = text[:3]
        if name in _HEADERS:
            self._start(text)
        separator = self._separators[0]
        if (
            not self._started
            or len(name) != 3  # noqa: PLR2004
            or not name.isalnum()
            or text[3:4] not in {separator, ""}
        ):
            raise Withheld(
                "The content is not an HL7 v2 message that can be read.",
                reason=Reason.MASKING_FAILED,
            )
        parts = text.split(separator)
        self._follow(name, parts)
        offset = 1 if name in _HEADERS else 0
        cells: list[Node] = list(parts)
        kind = parts[2] if name == "OBX" and len(parts) > 2 else ""  # noqa: PLR2004
        for place in range(1 + offset, len(parts)):
            number = place + offset
            field = self._field(name, number, kind)
            path = f"{name}.{number}"
            rule = self._rules.segment(name, number)
            if rule is not None and rule.operator is not None:
                cells[place] = self._ruled(rule, parts[place], path, field)
                continue
            if rule is not None and rule.kind is not None:
                field = Field(rule.kind, birth=field.birth and rule.kind is Kind.DATE)
            cells[place] = self._masked(parts[place], field, path, kind)
        return (lead + separator.join(str(cell) for cell in cells)).encode()

    def _ruled(self, rule: FieldRule, value: str, path: str, field: Field) -> str:
        """A field that a rule decides on, repetition by repetition."""
        repeats = self._separators[2]
        done: list[str] = []
        for item in value.split(repeats):
            plain = self._unescaped(item)
            made = self._rules.value(rule, plain, "", path, field)
            done.append(item if made == plain else self._escaped(made))
        return repeats.join(done)

    def _follow(self, name: str, parts: list[str]) -> None:
        """Whose the dates of the next segments are: PID-3 says it, a new message ends it."""
        if name == "MSH":
            self._rules.patient("")
        elif name == "PID" and len(parts) > 3:  # noqa: PLR2004
            first = parts[3].split(self._separators[2])[0]
            self._rules.patient(first.split(self._separators[1])[0])

    def _start(self, text: str) -> None:
        separators = text[3:8]
        self._started = (
            len(separators) == len(set(separators)) == len(_ESCAPES)
            and not any(map(str.isalnum, separators))
            and not separators.isspace()
        )
        if self._started:
            self._separators = separators

    def _field(self, name: str, number: int, kind: str) -> Field:
        if name == "OBX" and number == 5:  # noqa: PLR2004
            if kind in _TYPED_DATES:
                return _DATE
            return VOCABULARY if kind in _TYPED_WORDS else _TYPED_NAMES.get(kind, _TEXT)
        return FIELDS.get((name, number), _UNNAMED if name.startswith("Z") else UNKNOWN)

    def _masked(self, value: str, field: Field, path: str, kind: str) -> str:
        if not value or value == '""':
            return value
        if kind in {"ED", "RP"} and path == "OBX.5":
            parts = value.split(self._separators[1])
            return self._attachment(parts[-1], "", path)
        repeats = self._separators[2]
        done = [self._repetition(item, field, path) for item in value.split(repeats)]
        return repeats.join(done)

    def _repetition(self, value: str, field: Field, path: str) -> str:
        component = self._separators[1]
        parts = value.split(component)
        if field.kind in {Kind.MRN, Kind.ACCOUNT, Kind.ID, Kind.PLAN, Kind.SSN} and len(parts) > 1:
            first = self._value(parts[0], _typed(field, parts), path)
            return component.join(
                [first, *(self._value(part, VOCABULARY, path) for part in parts[1:])]
            )
        if field is _ADDRESS and len(parts) > 4:  # noqa: PLR2004
            kinds = [_ADDRESS, _ADDRESS, Field(Kind.CITY), VOCABULARY, Field(Kind.ZIP), VOCABULARY]
            kinds += [_ADDRESS] * max(0, len(parts) - len(kinds))
            return component.join(
                self._value(part, kind if part.isalpha() or kind.kind else _ADDRESS, path)
                for part, kind in zip(parts, kinds, strict=False)
            )
        self._learn(field.kind, value, path)
        return component.join(self._value(part, field, path) for part in parts)

    def _value(self, value: str, field: Field, path: str) -> str:
        inner = self._separators[4]
        if inner in value and field.kind is not Kind.TEXT:
            return inner.join(self._value(part, field, path) for part in value.split(inner))
        if not value or (field is _PHONE and value.isalpha() and len(value) <= 4):  # noqa: PLR2004
            return value
        if field.kind is None and _COMPACT_DATE.match(value):
            field = _DATE
        plain = self._unescaped(value)
        holder: list[Node] = [plain]
        holder[0] = self._walk.string(holder, 0, plain, field, path)
        self._walk.settle()
        done = str(holder[0])
        return value if done == plain else self._escaped(done)

    def _learn(self, kind: Kind | None, value: str, path: str) -> None:
        if kind in {Kind.NAME, Kind.ADDRESS, Kind.SSN, Kind.MRN, Kind.PHONE} and kind:
            parts = value.split(self._separators[1])[: 3 if kind is not Kind.PHONE else 9]
            for index, part in enumerate(parts):
                # XAD-3 is the town, which a limited data set shows.
                town = kind is Kind.ADDRESS and index == 2  # noqa: PLR2004
                self._walk.learn(Kind.CITY if town else kind, self._unescaped(part), path)

    def _unescaped(self, value: str) -> str:
        escape = self._separators[3]
        if escape not in value:
            return value
        return re.sub(
            rf"{re.escape(escape)}([^{re.escape(escape)}]*){re.escape(escape)}",
            self._meaning,
            value,
        )

    def _meaning(self, match: "re.Match[str]") -> str:
        """What an escape sequence stands for; highlighting and layout stand for nothing."""
        code = match[1]
        if code in _ESCAPES:
            return self._separators[_ESCAPES.index(code)]
        if code == ".br":
            return "\n"
        if code[:1] == "X":
            try:
                return bytes.fromhex(code[1:]).decode("utf-8", "replace")
            except ValueError:
                return ""
        return ""

    def _escaped(self, value: str) -> str:
        escape = self._separators[3]
        codes = dict(zip(self._separators, _ESCAPES, strict=True))
        return (
            "".join(f"{escape}{codes[char]}{escape}" if char in codes else char for char in value)
            .replace("\n", f"{escape}.br{escape}")
            .replace("\r", "")
        )


# A date without separators, which nothing but its field says to be one outside HL7.
_COMPACT_DATE = re.compile(
    r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:(?:[01][0-9]|2[0-3])[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{1,4})?)?)?(?:[+-][0-9]{4})?\Z"
)
_UNNAMED = Field(Kind.TEXT)


def _typed(field: Field, parts: list[str]) -> Field:
    """An identifier's type stands in its fifth component (CX.5, HL7 table 0203)."""
    kind = parts[4] if len(parts) > 4 else ""  # noqa: PLR2004
    return {"SS": _SSN, "DL": _LICENCE, "AN": _ACCOUNT, "MC": _PLAN, "MA": _PLAN}.get(kind, field)
