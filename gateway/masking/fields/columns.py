"""Names of columns: what they say, and whether a row is one of names."""

import re

from gateway.masking.codecs.json_codec import Node
from gateway.masking.fields.names import UNKNOWN, Field, field_of, named
from gateway.masking.kinds import Kind

ID = Field(Kind.ID)
# Names in capitals run together, such as PRIMARYPATIENTINSURANCEID, have no words to split.
_IDS = re.compile(
    r"\w*(?:patient|provider|member|person|subject|encounter|visit|claim|order|appointment|insurance"
    r"|transaction|invoice|study|series|instance|case|record|account|user|employee|specimen|sample"
    r"|practitioner|location|organi[sz]ation|payer|plan|policy|episode|referral|document|report"
    r"|image|physician|doctor|client|customer|guarantor)_?(?:u|uu|gu)?id[0-9]?\Z"
    # OMOP's columns for what a source system calls somebody or something.
    r"|(?:person|provider|visit|care_site|location|device_exposure|specimen)_source_(?:value|id)\Z",
    re.IGNORECASE,
)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}\.[0-9]{1,20}(?:[eE][+-]?[0-9]{1,3})?\Z")
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_ .()%/-]{0,63}\Z")
_DIGITS = re.compile(r"[0-9]{4}")
_COLUMNS = ("columns", "fields", "columnNames", "column_names", "Columns", "Fields")
ROWS = ("rows", "data", "values", "records", "Rows", "Data")
_NAMES = ("name", "columnName", "Name", "ColumnName", "column_name", "field")


def result_columns(node: dict[str, Node]) -> tuple[str, list[str], str] | None:
    """(key of the columns, their names, key of the rows) of a query's result as JSON.

    Databases and query services answer `{"columns": [...], "rows": [[...], ...]}`, a column being
    a name or an object with one. None where an object is something else.
    """
    for key in _COLUMNS:
        columns = node.get(key)
        rows = next((name for name in ROWS if isinstance(node.get(name), list)), "")
        if isinstance(columns, list) and columns and rows and rows != key:
            names = [_name(item) for item in columns]
            if all(names):
                return key, names, rows
    return None


def is_plain(name: str) -> bool:
    """Whether a column's name can be shown: it names a field, or is written like one."""
    if named(name.strip()) is not UNKNOWN or _IDS.match(name.strip()):
        return True
    return _PLAIN.match(name) is not None and not _DIGITS.search(name) and not _may_be_name(name)


def _name(item: Node) -> str:
    if isinstance(item, dict):
        item = next((item[key] for key in _NAMES if key in item), "")
    return item if isinstance(item, str) else ""


def is_decimal(value: str) -> bool:
    """Whether a value is a plain number with a fraction, which no identifier is."""
    return _DECIMAL.match(value) is not None


def column(name: str) -> Field:
    """What the values under a column's name are."""
    field = field_of(name.strip())
    return ID if field is UNKNOWN and _IDS.match(name.strip()) else field


def is_header(names: list[str]) -> bool:
    """Whether a first row can only be the names of columns, and no record."""
    if not names or any(_looks_like_value(name) for name in names):
        return False
    if any(named(name.strip()) is not UNKNOWN or _IDS.match(name.strip()) for name in names):
        return True
    # Nothing is known: `a,b` and `height_cm` are names, `Jane,Doe` may be people.
    return not any(_may_be_name(name) for name in names)


def _may_be_name(name: str) -> bool:
    text = name.strip()
    return " " in text or not text.isascii() or (text[:1].isupper() and text[1:].islower())


def _looks_like_value(name: str) -> bool:
    text = name.strip()
    digits = sum(map(str.isdigit, text))
    return not text or "@" in text or digits > 3 or len(text) > 64 or text[0].isdigit()  # noqa: PLR2004
