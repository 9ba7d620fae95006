"""What FHIR elements are, found once for the process: a walk looks up, no more."""

from functools import lru_cache
from typing import Any

from gateway.masking.fields.fhir import ELEMENTS, SYSTEM_KINDS
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field, field_of
from gateway.masking.kinds import Kind

MAX_ENTRIES = 20_000
MAX_TABLES = 2_000
MAX_NAME = 64
_DEFINING = frozenset({"searchParam", "operation", "software", "parameter", "part"})
"""Elements whose `name` is that of a parameter, an operation or a product, and nobody's."""
EXTENDED_WORDS = Field(vocabulary=True)
"""Of an extension whose strings are words of a code system."""
Entry = tuple[Any, str, Field, Kind | None, Field, "Table", bool]


class Table:
    """What each element below a field of one kind is.

    An entry is (what treats it apart, its path, the field of a single value and the kind of that,
    the field of what holds more, the table of what lies below it, whether its name could be a
    value).

    Attributes:
        outer: the field of the object.
        path: of the object: the name it has, or its type where it is a resource.
    """

    __slots__ = ("entries", "outer", "path")

    def __init__(self, outer: Field, path: str) -> None:
        self.outer = outer
        self.path = path
        self.entries: dict[str, Entry] = {}

    def find(self, key: str, special: object) -> Entry:
        """The entry of an element seen for the first time, treated apart by `special`."""
        field = VOCABULARY if key == "name" and self.path in _DEFINING else ELEMENTS.get(key)
        strange = field is None and not key.isalnum()
        if field is None:
            # FHIR's table does not name it: single values are judged by its name.
            field, inner = (self.outer, self.outer) if self.outer.kind else (field_of(key), UNKNOWN)
        else:
            if self.outer is not UNKNOWN and _inherits(self.outer, field, key):
                field = self.outer
            inner = field
        path = f"{self.path}.{key}"
        made = special, path, field, field.kind, inner, table_of(inner, key), strange
        if len(key) <= MAX_NAME and len(_entries) < MAX_ENTRIES:
            self.entries[key] = made
            _entries.append(made)
        return made


# All entries of all tables, so that names that somebody invents cannot fill the memory.
_entries: list[Entry] = []
_tables: dict[tuple[int, str], Table] = {}


def table_of(outer: Field, path: str) -> Table:
    """The table of a field, by identity: fields that are equal may inherit differently."""
    if len(path) > MAX_NAME:
        path = "*"  # it would be repeated in the paths of all that lies below it
    found = _tables.get((id(outer), path))
    if found is None or found.outer is not outer:
        found = Table(outer, path)
        if len(_tables) < MAX_TABLES:
            _tables[id(outer), path] = found
    return found


@lru_cache(maxsize=1_000)
def kind_of_system(system: str) -> Kind | None:
    """What an identifier of this system is."""
    folded = system.lower()
    return next((kind for part, kind in SYSTEM_KINDS if part in folded), None)


def _inherits(outer: Field, inner: Field, key: str) -> bool:
    """Below a name, an address or a device, text and names are of that kind; codes are not."""
    if outer is EXTENDED_WORDS:
        return inner.kind is Kind.TEXT
    if outer.kind is None or outer.kind is Kind.TEXT:
        return False
    if key == "valueCode":  # of an extension that says what it is: `nickname`
        return True
    return inner.kind in {Kind.TEXT, Kind.NAME} and key != "div"
