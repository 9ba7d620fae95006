"""Whether text is a table, whatever its type says: columns are masked by their names then."""

import csv
import io
from itertools import islice
from typing import Final

from gateway.masking.fields.columns import column, is_header
from gateway.masking.fields.names import UNKNOWN

MAX_HEAD: Final = 8_192
ROWS: Final = 1_000
MIN_COLUMNS: Final = 2
_DELIMITERS = (",", "\t", ";", "|")


def is_table(body: bytes) -> bool:
    """Whether a body can only be a table with a header.

    Its first line names columns, most of them known, and the rows below it are as wide; prose that
    begins with a list is not.

    Args:
        body: in UTF-8, perhaps with a byte order mark.
    """
    first = body[:MAX_HEAD].partition(b"\n")[0]
    line = first.decode("utf-8", "ignore").removeprefix("\ufeff")
    line = line.splitlines()[0] if line else ""
    delimiters = [delimiter for delimiter in _DELIMITERS if delimiter in line]
    if len(delimiters) != 1:
        return False
    names = next(csv.reader([line], delimiter=delimiters[0]), [])
    if len(names) < MIN_COLUMNS:
        return False
    text = io.StringIO(body.decode("utf-8", "ignore"), newline="")
    reader = csv.reader(text, delimiter=delimiters[0], strict=True)
    rows = (row for row in islice(reader, ROWS) if row)
    try:
        # Prose mostly ends here; what its words would be called as columns costs far more.
        head = list(islice(rows, 2))
        if len(head) < 2 or any(len(row) != len(names) for row in head):  # noqa: PLR2004
            return False
        return _are_columns(names) and all(len(row) == len(names) for row in rows)
    except csv.Error:
        return False


def _are_columns(names: list[str]) -> bool:
    """Whether at least half of the names are those of known columns, in a header."""
    known = sum(column(name) is not UNKNOWN for name in names)
    return 2 * known >= len(names) and is_header(names)
