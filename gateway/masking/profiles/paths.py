"""Where a field rule points: a path in JSON, FHIR or XML, a column, or a segment's field.

Patient.identifier.value    FHIR: the resource's type, then elements; lists count for nothing
patient.ssn                 other JSON: members from the root
Observation.value[x]        a choice of types: valueString, valueQuantity, …
*.identifier, **.note       any one member; any number of them
column:ssn                  CSV and TSV: the column of this header, in any case
PID-5, OBX-5                HL7 v2: a field of a segment
"""

import re
from dataclasses import dataclass

MAX_LENGTH = 200
MAX_SEGMENTS = 12
MAX_ANY = 2
ANY = "**"
ONE = "*"
CHOICE = "[x]"
_SEGMENT = re.compile(r"[A-Za-z_$@][A-Za-z0-9_$@-]{0,79}(?:\[x\])?\Z")
_HL7 = re.compile(r"([A-Z][A-Z0-9]{2})-([1-9][0-9]{0,2})\Z")
_LIKE_HL7 = re.compile(r"[A-Z][A-Z0-9]{2}-[0-9]*\Z")
_COLUMN = "column:"


@dataclass(frozen=True, slots=True)
class FieldPath:
    """A parsed path: exactly one of the three forms is filled.

    Attributes:
        text: as it is written.
        segments: of a path in a tree.
        column: a header, in lower case.
        field: an HL7 v2 segment's name and the number of its field.
    """

    text: str
    segments: tuple[str, ...] = ()
    column: str = ""
    field: tuple[str, int] | None = None

    @property
    def last(self) -> str:
        """The name of the field itself, "" where it can be any."""
        name = self.column or (self.segments[-1] if self.segments else "")
        return "" if name == ONE else name


def parse(text: str) -> FieldPath:
    """The path that `text` writes.

    Raises:
        ValueError: not a path; says why.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a path has at most {MAX_LENGTH} characters")
    if text.startswith(_COLUMN):
        name = text.removeprefix(_COLUMN).strip().lower()
        if not name or not name.isprintable():
            raise ValueError("a column is written column:HEADER")
        return FieldPath(text, column=name)
    if match := _HL7.match(text):
        return FieldPath(text, field=(match[1], int(match[2])))
    if _LIKE_HL7.match(text):
        raise ValueError("a field of a segment has a path such as PID-5, counted from 1")
    segments = tuple(text.split("."))
    _check(segments)
    return FieldPath(text, segments=segments)


def _check(segments: tuple[str, ...]) -> None:
    for segment in segments:
        if segment not in {ANY, ONE} and not _SEGMENT.match(segment):
            raise ValueError(
                "a path is Patient.identifier.value, **.note, column:HEADER or PID-5: names "
                'between full stops, "*" for one of them, "**" for any number'
            )
    if len(segments) > MAX_SEGMENTS:
        raise ValueError(f"a path has at most {MAX_SEGMENTS} names")
    if segments.count(ANY) > MAX_ANY:
        raise ValueError(f'a path has "{ANY}" at most {MAX_ANY} times')
    if segments[-1] == ANY:
        raise ValueError(f'a path does not end in "{ANY}": a rule holds for all below its field')
    if segments[-1] == "resourceType":
        raise ValueError("resourceType says what a resource is, and is never masked")
