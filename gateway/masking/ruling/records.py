"""Field rules and patients in formats of records: columns of tables, segments of HL7 v2."""

from collections.abc import Sequence

from gateway.masking.fields.names import Field
from gateway.masking.patients import is_patient_number
from gateway.masking.payload import DROPPED, Payload
from gateway.masking.profiles.rules import FieldRule
from gateway.masking.ruling.value import Ruling
from gateway.masking.text import TextMasker


class RecordRules:
    """The field rules of one payload's profile, for formats that have no tree."""

    def __init__(self, payload: Payload, text: TextMasker) -> None:
        self._payload = payload
        self._rules = payload.profile.rules
        self._ruling = Ruling(payload, text)

    def columns(self, header: Sequence[str]) -> dict[int, FieldRule]:
        """The rules for columns of a table, by the column's index."""
        found = ((index, self._rules.column(name)) for index, name in enumerate(header))
        return {index: rule for index, rule in found if rule is not None}

    def segment(self, name: str, number: int) -> FieldRule | None:
        """The rule for a field of an HL7 v2 segment."""
        return self._rules.segment(name, number)

    def value(
        self, rule: FieldRule, value: str, name: str, path: str, field: Field | None = None
    ) -> str:
        """What a rule makes of one value; see `Ruling.value`."""
        made = self._ruling.value(rule, value, name, path, field)
        return "" if made == DROPPED else made

    def patient_column(self, header: Sequence[str]) -> int | None:
        """The column that says whose a row is, where dates move with their patient."""
        if not self._payload.shifts:
            return None
        named = (index for index, name in enumerate(header) if is_patient_number(name))
        return next(named, None)

    def patient(self, number: str) -> None:
        """Whose the records are that come next; "" where that is not known."""
        if self._payload.shifts:
            self._payload.patient = number
