"""Columns of tables: what their names say, and what a cell's form says beside them."""

import re

from gateway.masking.column_names import ID, column, is_decimal
from gateway.masking.field_names import BIRTH, Field
from gateway.masking.json_codec import Node
from gateway.masking.json_walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.record_rules import RecordRules

_UUID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?\Z")
_OID = re.compile(r"[0-2](?:\.[0-9]{1,40}){5,}\Z")
_STATE = re.compile(r"[A-Z]{2,3}\Z")
_FORMULA = re.compile(r"[=+@-][^\"&(]*[\"&(]")
_NUMBER = re.compile(r"[0-9]{1,20}\Z")
# A row that names its own field: LOINC's "What address do you live at?" beside the answer.
_LABELS = frozenset({"description", "question", "attribute", "field", "label", "item", "key"})
_VALUES = frozenset({"value", "answer", "result", "response", "valuestring", "value_text"})
_ABOUT: tuple[tuple[Field, str], ...] = (
    (BIRTH, r"birth ?date|date of birth|birthday|born"),
    (Field(Kind.SSN), r"ssn|social security"),
    (Field(Kind.PHONE), r"(?:tele)?phone|mobile|fax"),
    (Field(Kind.EMAIL), r"e-?mail"),
    (Field(Kind.ADDRESS), r"(?:street |mailing )?address|street|zip|postal"),
    (Field(Kind.MRN), r"mrn|medical record"),
    (Field(Kind.NAME), r"(?:first |last |full |maiden )?names?|surname|next of kin|contact"),
)
_SUBJECT = r"(?:what(?:'s| is| are)? )?(?:your |the |my )?(?:[a-z']+ ){0,2}?(?:%s)\b"
_QUESTIONS = tuple((field, re.compile(_SUBJECT % words, re.IGNORECASE)) for field, words in _ABOUT)


class Columns:
    """Masks cells by their column.

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
        self._decided = rules.columns(names)
        self._patient = rules.patient_column(names)
        self._names = names
        self._walk = walk
        self._payload = payload
        self.fields = [column(name) for name in names]
        plain = [name.strip().lower() for name in names]
        self._label = next((i for i, name in enumerate(plain) if name in _LABELS), None)
        self._value = next((i for i, name in enumerate(plain) if name in _VALUES), None)

    def learn(self, row: list[str]) -> None:
        """Remember what the cells of a row name, before any text of the table is masked."""
        for index, value in enumerate(row):
            if index in self._decided:
                continue
            kind = self._field(row, index, value).kind
            if kind and value:
                self._walk.learn(kind, value, self._names[index])

    def mask(self, row: list[str]) -> list[Node]:
        """The cells of a row; `walk.settle` finishes them."""
        if self._patient is not None:
            self._rules.patient(row[self._patient])
        cells: list[Node] = list(row)
        for index, value in enumerate(row):
            rule = self._decided.get(index)
            if rule is not None:
                name = self._names[index]
                cells[index] = self._rules.value(rule, value, name.strip(), name)
                continue
            cells[index] = self._cell(cells, row, index, value)
        return cells

    def _cell(self, cells: list[Node], row: list[str], index: int, value: str) -> str:
        name, field = self._names[index], self._field(row, index, value)
        if not value or (field.kind is None and is_decimal(value)):
            return value
        if _FORMULA.match(value) and not is_decimal(value):
            # What a formula shows is not what it is written as.
            return self._payload.apply(Kind.TEXT, value, name)
        if field.vocabulary and (_STATE.match(value) or _OID.match(value)):
            return value
        return self._walk.string(cells, index, value, field, name)

    def _field(self, row: list[str], index: int, value: str) -> Field:
        field = self.fields[index]
        if index == self._value and self._label is not None and not is_decimal(value):
            about = row[self._label].strip()
            field = next((kind for kind, words in _QUESTIONS if words.match(about)), field)
        if field.kind in {None, Kind.NAME, Kind.TEXT} and _UUID.match(value):
            return ID
        if field.kind is Kind.NAME and _NUMBER.match(value):
            return ID  # a column that is called for a person, and holds their key
        return field
