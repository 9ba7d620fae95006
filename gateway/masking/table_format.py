"""CSV and TSV (RFC 4180): columns by their headers, other cells by recognisers."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Protocol

from gateway.errors import Reason, Withheld
from gateway.masking.field_names import Field, field_of
from gateway.masking.formats import BOM
from gateway.masking.json_codec import Node
from gateway.masking.json_walk import JsonWalk
from gateway.masking.record_rules import RecordRules

MAX_CELL = 1024 * 1024
MAX_COLUMNS = 4096
BATCH = 500


class _Writer(Protocol):
    def writerows(self, rows: Iterable[list[Node]], /) -> None: ...


def mask_table(body: bytes, delimiter: str, walk: JsonWalk, rules: RecordRules) -> bytes:
    """A table with a header row, masked; quoting is written as needed, line ends stay.

    A column that a rule drops keeps its header, above empty cells.

    Raises:
        Withheld: not a table, rows of different lengths, or a first row that is no header.
    """
    text = body.removeprefix(BOM).decode("utf-8")
    rows = _rows(text, delimiter)
    header = next(rows, None)
    if header is None:
        return body
    fields: list[Field | None] = [*_fields(header)]
    decided = rules.columns(header)
    for index in decided:
        fields[index] = None
    patient = rules.patient_column(header)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n" if "\r\n" in text else "\n")
    writer.writerow(header)
    batch: list[list[Node]] = []
    for row in rows:
        if patient is not None:
            rules.patient(row[patient])
        cells = _masked(row, header, fields, walk)
        for index, rule in decided.items():
            cells[index] = rules.value(rule, row[index], header[index].strip(), header[index])
        batch.append(cells)
        if len(batch) >= BATCH:
            _write(writer, batch, walk)
    _write(writer, batch, walk)
    return out.getvalue().encode()


def _masked(
    row: list[str], header: list[str], fields: list[Field | None], walk: JsonWalk
) -> list[Node]:
    """The cells that the walk masks; those whose field is None are left for their rules."""
    cells: list[Node] = list(row)
    for index, value in enumerate(row):
        field = fields[index]
        if field is not None:
            cells[index] = walk.string(cells, index, value, field, header[index])
    return cells


def _write(writer: _Writer, batch: list[list[Node]], walk: JsonWalk) -> None:
    walk.settle()
    writer.writerows(batch)
    batch.clear()


def _rows(text: str, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    width = 0
    try:
        for row in reader:
            if not row:
                continue
            width = width or len(row)
            if len(row) != width or width > MAX_COLUMNS:
                raise _no_table("Rows of the table have different lengths.")
            yield row
    except csv.Error as error:
        raise _no_table("The content is not a table that can be read.") from error


def _fields(header: list[str]) -> list[Field]:
    fields = [field_of(name.strip()) for name in header]
    # Without a header the first row would be shown as it is, and no column would be known.
    if any(_looks_like_value(name) for name in header):
        raise _no_table("The table's first row is not a header.")
    return fields


def _looks_like_value(name: str) -> bool:
    text = name.strip()
    digits = sum(map(str.isdigit, text))
    return not text or "@" in text or digits > 3 or len(text) > 64 or text[0].isdigit()  # noqa: PLR2004


def _no_table(message: str) -> Withheld:
    return Withheld(message, reason=Reason.MASKING_FAILED)
