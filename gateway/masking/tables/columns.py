"""Columns of tables: what their names say, and what a cell's form says beside them."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from gateway.masking.fields.columns import ID, column, is_decimal
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field
from gateway.masking.fields.numbers import is_measured
from gateway.masking.json.fields import MEASURED
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark, mark
from gateway.masking.memo import Cell, Entry, Memo, Place
from gateway.masking.patients import patient_column
from gateway.masking.payload import Payload
from gateway.masking.profiles.rules import FieldRule
from gateway.masking.recognition.known import PHRASES
from gateway.masking.ruling.records import RecordRules
from gateway.masking.tables.coded_columns import Displays, display_columns

MAX_SEEN: Final = 20_000
MAX_LABELS: Final = 1_000

_UUID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?\Z")
_OID = re.compile(r"[0-2](?:\.[0-9]{1,40}){5,}\Z")
_STATE = re.compile(r"[A-Z]{2,3}\Z")
_FORMULA = re.compile(r"[=+@-][^\"&(]*[\"&(]")
_NUMBER = re.compile(r"[0-9]{1,20}\Z")
_SPECIAL = frozenset("=+@-")
# Of these a date (ISO 8601) becomes its year, where dates do.
_DATED = frozenset({UNKNOWN, VOCABULARY, Field(Kind.DATE)})
# Kinds whose values become something by themselves, and name nobody in text.
_CODED = frozenset({Kind.ID, Kind.ZIP, Kind.AGE})
# Lines of a column, joined, that hold nothing, a formula or a mark; and where a name is asked for,
# a number or a key.
_ODD = re.compile(r"^(?:\Z|[\n=+@\[-]|masked-|t[kh]-)", re.MULTILINE)
_NO_NAME = re.compile(rf"{_ODD.pattern}|^[0-9]+$|^\{{?[0-9A-Fa-f]{{8}}-", re.MULTILINE)
_DAY = (
    r"(?:1[89]|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[T ][0-9]{2}:[0-9]{2}:[0-9]{2}Z?)?"
)
_DATES = re.compile(rf"(?:(?:{_DAY})?\n)*+(?:{_DAY})?\Z")
_UUID_LENGTH = 36
# What a column may be called that holds keys for all that.
_NO_KEYS = frozenset({None, Kind.NAME, Kind.TEXT})
# Kinds that a date can be of, which moves with its patient.
_MOVED = frozenset({None, Kind.TEXT, Kind.DATE})
# A row that names its own field: LOINC's "What address do you live at?" beside the answer.
_LABELS = frozenset(
    {"description", "question", "attribute", "field", "label", "item", "key", "setting"}
    | {"parameter", "property", "variable", "option"}
)
_VALUES = frozenset({"value", "answer", "result", "response", "valuestring", "value_text"})


class Columns:
    """Masks rows by their columns.

    Args:
        names: of the columns, as the table writes them.
        walk: masks values that belong to no other format.
        payload: applies the profile.
        rules: of the profile, which go over what a name says.
    """

    def __init__(
        self, names: list[str], walk: JsonWalk, payload: Payload, rules: RecordRules
    ) -> None:
        self._rules = rules
        self._patient = rules.patient_column(names)
        self._about = patient_column(names)
        self._payload = payload
        self._memo = Memo(payload, walk)
        decided = rules.columns(names)
        self._columns = [
            _Column(name, _field(name), decided.get(index), walk, payload, rules)
            for index, name in enumerate(names)
        ]
        plain = [name.strip().lower() for name in names]
        self._label = next((i for i, name in enumerate(plain) if name in _LABELS), -1)
        value = next((i for i, name in enumerate(plain) if name in _VALUES), -1)
        self._value = value if self._label >= 0 and value not in decided else -1
        # A rule decides for itself; where text is accepted, what a cell says is looked at anyway.
        shown = display_columns(names) if payload.withholds_text else {}
        self._displays = [
            Displays(index, code, self._about)
            for index, code in shown.items()
            if self._about is not None and index not in decided and self._columns[index].is_text
        ]
        self._finds = walk.finds
        # What a label asks for, and the same column under that field.
        self._asked: dict[str, Field] = {}
        self._answers: dict[Field, _Column] = {}
        self._context = walk, payload, rules

    def learn(self, rows: Iterable[list[str]]) -> None:
        """Remember what cells name, before any text of the table is masked."""
        learned = [(index, self._columns[index]) for index in range(len(self._columns))]
        learned = [item for item in learned if item[1].learns or item[0] == self._value]
        if not learned and not self._displays:
            return
        for row in rows:
            for index, place in learned:
                value = row[index]
                if value and value not in place.seen:
                    (self._answer(row) if index == self._value else place).learn(value)
            for displays in self._displays:
                displays.add(row)
        for displays in self._displays:
            self._columns[displays.column].displays = displays.repeated(self._finds)

    def judge(self, rows: Sequence[Sequence[str]]) -> list[Sequence[Cell]]:
        """What the cells of some rows become, column by column, once `settle` has been called."""
        given = list(zip(*rows, strict=True))
        if self._about is not None:
            for patient in dict.fromkeys(given[self._about]):
                self._payload.about(patient)
        made: list[Sequence[Cell]] = []
        others: list[tuple[int, list[Cell]]] = []
        for index, (place, values) in enumerate(zip(self._columns, given, strict=True)):
            whole = place.whole(values) if index != self._value else None
            if whole is None:
                others.append((index, []))
            made.append(others[-1][1] if whole is None else whole)
        self._judge(rows, others)
        return made

    def _judge(
        self, rows: Sequence[Sequence[str]], columns: Sequence[tuple[int, list[Cell]]]
    ) -> None:
        """Judge the cells of some columns row by row, as ids are numbered."""
        memo, places = self._memo, self._columns
        for row in rows:
            if self._patient is not None:
                self._rules.patient(row[self._patient])
            for index, cells in columns:
                value = row[index]
                place = places[index] if index != self._value else self._answer(row)
                entry = place.entries.get(value)
                if entry is None:
                    cells.append(memo.judged(place, value))
                else:
                    entry.repeats += 1
                    cells.append(entry)

    def settle(self, columns: Iterable[Sequence[Cell]]) -> None:
        """Mask what waits in columns that have been judged."""
        self._memo.settle(cell for column in columns for cell in column)

    def close(self) -> None:
        """Count all that has been masked."""
        self._memo.forget()

    def _answer(self, row: Sequence[str]) -> "_Column":
        """The column of values, as the row's label has it."""
        plain = self._columns[self._value]
        label = row[self._label]
        if is_decimal(row[self._value]):
            return plain
        if label not in self._asked:
            if len(self._asked) >= MAX_LABELS:
                self._asked.clear()
            self._asked[label] = labelled(label)
        field = self._asked[label]
        if field is UNKNOWN:
            return plain
        if field not in self._answers:
            self._answers[field] = _Column(plain.name, field, None, *self._context)
        return self._answers[field]


def _field(name: str) -> Field:
    """What the values under a column's name are, or that they count something."""
    field = column(name)
    return MEASURED if field is UNKNOWN and is_measured(name) else field


class _Column(Place):
    """One column: its cells that are alike become the same."""

    __slots__ = (
        *("_dated", "_field", "_kind", "_mark", "_may_be_id", "_path", "_payload", "_rule"),
        *("_rules", "_walk", "displays", "is_text", "learns", "name", "seen"),
    )

    def __init__(  # noqa: PLR0913, PLR0917 - a column, and what masks it
        self,
        name: str,
        field: Field,
        rule: FieldRule | None,
        walk: JsonWalk,
        payload: Payload,
        rules: RecordRules,
    ) -> None:
        super().__init__(self._judged)
        self._path = name, field.kind or Kind.TEXT
        self.name = name
        self.learns = rule is None and (field.kind is Kind.NAME or field.kind in PHRASES)
        self.seen: set[str] = set()
        self.displays: frozenset[str] = frozenset()
        self.is_text = field.kind in {None, Kind.TEXT}
        self._field = field
        self._kind = field.kind or Kind.TEXT
        self._may_be_id = field.kind in _NO_KEYS
        self._mark = payload.constants.get(field.kind, "") if field.kind and self.learns else ""
        self._rule = rule
        self._walk = walk
        self._payload = payload
        self._rules = rules
        self._dated = rule is None and field in _DATED and payload.gives_years
        if rule is None:
            self.at_once = self._decided()

    def _decided(self) -> Callable[[str], str | None] | None:
        """What masks the cells whose form alone decides what they become."""
        kind = self._field.kind
        if self._mark:
            return self._marked
        if kind is None or self._dated:
            return self._formed
        if self._field.birth:
            return self._born
        if kind in _CODED and not self._payload.keeps(kind):
            return self._numbered if kind is Kind.ID else self._applied
        return None

    def whole(self, values: Sequence[str]) -> Sequence[Cell] | None:
        """What the cells of a column become at once; None where each has to be judged."""
        odd = _NO_NAME if self._may_be_id else _ODD
        if self._mark and not odd.search("\n".join(values)):
            self._payload.tally[self._path] += len(values)
            return [self._mark] * len(values)
        oldest = self._payload.oldest
        if (
            self._dated
            and _DATES.match("\n".join(values))
            and all(value >= oldest for value in values if value)
        ):
            filled = len(values) - values.count("")
            if filled:
                self._payload.tally[self.name, Kind.DATE] += filled
            return [value[:4] for value in values]
        entries, times = self.entries, Counter(values)
        if not times.keys() <= entries.keys():
            return None
        for value, count in times.items():
            entries[value].repeats += count
        return [entries[value] for value in values]

    def _marked(self, value: str) -> str | None:
        """The mark of a column whose values all become the same."""
        if not value or value[0] in _SPECIAL or is_mark(value):
            return None
        if self._may_be_id and self._field_of(value) is not self._field:
            return None
        self._payload.tally[self._path] += 1
        return self._mark

    def _formed(self, value: str) -> str | None:
        """A date or a measurement, where the column's name does not say more."""
        if self._dated and value >= self._payload.oldest and _DATES.match(value):
            self._payload.tally[self.name, Kind.DATE] += 1
            return value[:4]
        return value if self._field.kind is None and is_decimal(value) else None

    def _born(self, value: str) -> str | None:
        if not value or value[0] in _SPECIAL:
            return None
        return self._payload.born(value, self.name) or mark(Kind.DATE)

    def _numbered(self, value: str) -> str | None:
        if not value or value[0] in _SPECIAL:
            return None
        return self._payload.identifier(value, self.name)

    def _applied(self, value: str) -> str | None:
        if not value or value[0] in _SPECIAL:
            return None
        return self._payload.apply(self._kind, value, self.name)

    def learn(self, value: str) -> None:
        """Remember what a cell names."""
        kind = self._field_of(value).kind if self._may_be_id else self._field.kind
        if kind:
            self._walk.learn(kind, value, self.name)
        if len(self.seen) < MAX_SEEN:
            self.seen.add(value)

    def _judged(self, value: str) -> Entry:
        if self._rule is not None:
            return self._by_rule(self._rule, value)
        field = self._field_of(value)
        if not value or self._shown(value, field):
            return Entry([value])
        if value[0] in _SPECIAL and _FORMULA.match(value) and not is_decimal(value):
            # What a formula shows is not what it is written as.
            return Entry([self._payload.apply(Kind.TEXT, value, self.name)])
        if self._mark and field is self._field and is_mark(value):
            return Entry([value])
        entry = Entry([value])
        done = entry.parts[0] = self._walk.string(entry.parts, 0, value, field, self.name)
        if done is value:
            entry.waiting.append((0, value, value))
        elif field.kind is None or field.kind is Kind.TEXT:
            # What a document within becomes depends on the names that are known.
            entry.lasting = is_mark(done) or done.isdigit()
        if self._payload.shifts and field.kind in _MOVED:
            entry.lasting = False
        return entry

    @staticmethod
    def _shown(value: str, field: Field) -> bool:
        """Whether a value identifies nobody by its form: measurements, states, OIDs of classes."""
        if field.kind is not None:
            return False
        if is_decimal(value):
            return True
        return field.vocabulary and bool(_STATE.match(value) or _OID.match(value))

    def _by_rule(self, rule: FieldRule, value: str) -> Entry:
        entry = Entry([self._rules.value(rule, value, self.name.strip(), self.name)])
        text = rule.operator is None and rule.kind in {None, Kind.TEXT}
        entry.lasting = not text and not self._payload.shifts
        return entry

    def _field_of(self, value: str) -> Field:
        if self._may_be_id and len(value) >= _UUID_LENGTH and _UUID.match(value):
            return ID
        if self._kind is Kind.NAME and _NUMBER.match(value):
            return ID  # a column that is called for a person, and holds their key
        if value in self.displays:
            return VOCABULARY
        return self._field
