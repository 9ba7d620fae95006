"""What FHIR elements are, found once for the process: a walk looks up, no more."""

from typing import Any

from gateway.masking.fhir_fields import ELEMENTS
from gateway.masking.field_names import UNKNOWN, Field, field_of
from gateway.masking.kinds import Kind

MAX_ENTRIES = 2_000
EXTENDED_WORDS = Field(vocabulary=True)
"""Of an extension whose strings are words of a code system."""
Entry = tuple[Any, Field, Field, "Table", bool]


class Table:
    """What each element below a field of one kind is.

    An entry is (what treats it apart, the field of a single value, that of what holds more, the
    table of what lies below it, whether its name could be a value).
    """

    __slots__ = ("entries", "outer")

    def __init__(self, outer: Field) -> None:
        self.outer = outer
        self.entries: dict[str, Entry] = {}

    def find(self, key: str, special: object) -> Entry:
        """The entry of an element seen for the first time, treated apart by `special`."""
        field = ELEMENTS.get(key)
        strange = field is None and not key.isalnum()
        if field is None:
            # FHIR's table does not name it: single values are judged by its name.
            field, inner = (self.outer, self.outer) if self.outer.kind else (field_of(key), UNKNOWN)
        else:
            if self.outer is not UNKNOWN and _inherits(self.outer, field, key):
                field = self.outer
            inner = field
        below = self if inner is self.outer else table_of(inner)
        made = special, field, inner, below, strange
        if len(self.entries) < MAX_ENTRIES:
            self.entries[key] = made
        return made


_tables: dict[int, Table] = {}


def table_of(outer: Field) -> Table:
    """The table of a field, by identity: fields that are equal may inherit differently."""
    found = _tables.get(id(outer))
    if found is None or found.outer is not outer:
        found = Table(outer)
        if len(_tables) < MAX_ENTRIES:
            _tables[id(outer)] = found
    return found


def _inherits(outer: Field, inner: Field, key: str) -> bool:
    """Below a name, an address or a device, text and names are of that kind; codes are not."""
    if outer is EXTENDED_WORDS:
        return inner.kind is Kind.TEXT
    if outer.kind is None or outer.kind is Kind.TEXT:
        return False
    return inner.kind in {Kind.TEXT, Kind.NAME} and key != "div"
