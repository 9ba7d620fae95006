"""CSV and its kin (RFC 4180): columns by their headers, other cells by recognisers."""

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from typing import Literal

from gateway.errors import Reason, Withheld
from gateway.masking.fields.columns import column, is_header
from gateway.masking.fields.names import UNKNOWN
from gateway.masking.formats import BOM
from gateway.masking.json.walk import JsonWalk
from gateway.masking.memo import texts
from gateway.masking.payload import Payload
from gateway.masking.ruling.records import RecordRules
from gateway.masking.tables.columns import Columns
from gateway.masking.text import TextMasker

MAX_COLUMNS = 4096
BATCH = 500
MAX_PREAMBLE = 50
_DELIMITERS = ",;|\t"
_QUOTED = re.compile(r'"(?:[^"]|"")*"(?:[,;|\t]"(?:[^"]|"")*")*[\r\n]')
_ALL: Literal[1] = csv.QUOTE_ALL
_NEEDED: Literal[0] = csv.QUOTE_MINIMAL


class TableMasker:
    """Masks tables of one payload."""

    def __init__(
        self, payload: Payload, walk: JsonWalk, text: TextMasker, rules: RecordRules
    ) -> None:
        self._payload = payload
        self._rules = rules
        self._walk = walk
        self._text = text

    def mask(self, body: bytes, delimiter: str) -> bytes:
        """A table with a header row, masked.

        Args:
            body: the table in UTF-8.
            delimiter: "" where the table itself has to say which.

        A column that a rule drops keeps its header, above empty cells. Quotes stand around every
        cell where the header has them so, otherwise where they are needed; line ends stay.

        Raises:
            Withheld: not a table, rows of different lengths, or a first row that is no header.
        """
        text = body.removeprefix(BOM).decode("utf-8")
        delimiter = delimiter or _delimiter(text)
        rows = _rows(text, delimiter)
        header = next(rows, None)
        if header is None:
            return body
        self._check_header(header)
        columns = Columns(header, self._walk, self._payload, self._rules)
        if all(column(name) is UNKNOWN for name in header):
            _check_preamble(islice(_rows(text, delimiter), 1, MAX_PREAMBLE))
        columns.learn(row for row in _rows(text, delimiter) if row != header)
        out = io.StringIO(newline="")
        writer = csv.writer(
            out,
            delimiter=delimiter,
            lineterminator="\r\n" if "\r\n" in text else "\n",
            quoting=_ALL if _QUOTED.match(text) else _NEEDED,
        )
        writer.writerow(header)
        while batch := list(islice(rows, BATCH)):
            judged = columns.judge(batch)
            columns.settle(judged)
            self._payload.check()
            writer.writerows(zip(*map(texts, judged), strict=True))
        columns.close()
        return out.getvalue().encode()

    def _check_header(self, header: list[str]) -> None:
        # Without a header the first row would be shown as it is, and no column would be known.
        masked = self._text.many(header)
        changed = any(done.text != name for done, name in zip(masked, header, strict=True))
        if changed or not is_header(header):
            raise _no_table("The table's first row is not a header.")


def _delimiter(text: str) -> str:
    """The delimiter of a table, where only one can be it.

    Raises:
        Withheld: several can.
    """
    head = re.sub(r'"(?:[^"]|"")*"', "", text[:65536].splitlines()[0]) if text.strip() else ""
    found = [delimiter for delimiter in _DELIMITERS if delimiter in head]
    if len(found) > 1:
        raise _no_table("More than one character may be the table's delimiter.")
    return found[0] if found else ","


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


def _check_preamble(rows: Iterator[list[str]]) -> None:
    """Pass rows of which none names the columns, after a first row that names nothing.

    Raises:
        Withheld: one does; what stands above it has been taken for the header.
    """
    for row in rows:
        if len(row) > 1 and all(column(name) is not UNKNOWN for name in row):
            raise _no_table("The table's header is not its first row.")


def _no_table(message: str) -> Withheld:
    return Withheld(message, reason=Reason.MASKING_FAILED)
