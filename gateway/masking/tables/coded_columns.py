"""Displays of codes in tables: the column beside a column of codes, where its cells repeat.

A cell of several words is free text, and withheld where text is. `DESCRIPTION` beside `CODE` may be
a note as well as a display; a display is what several rows, of several patients, have word by word
beside the same code, and what no recogniser finds anybody in. Where no column says whose a row is,
nothing tells a display from a note that was copied.
"""

import re
from collections.abc import Callable, Sequence

from gateway.masking.marks import is_mark

MIN_ROWS = 3
"""Rows that must have the same words beside the same code."""
MAX_PAIRS = 20_000
MAX_DISPLAY = 200
_DISPLAY = re.compile(r"(.{0,40}?)_?(?:description|display|desc)\Z", re.IGNORECASE)
_CODE = re.compile(r"(?=[A-Za-z.:/-]{0,31}[0-9])[A-Za-z0-9][A-Za-z0-9.:/-]{0,31}\Z")


def display_columns(names: Sequence[str]) -> dict[int, int]:
    """The columns of displays and, for each, that of the codes: `REASONCODE REASONDESCRIPTION`."""
    plain = [name.strip().lower() for name in names]
    found = {}
    for index, name in enumerate(plain):
        match = _DISPLAY.match(name)
        code = next((item for item in _codes(match[1]) if item in plain), "") if match else ""
        if code:
            found[index] = plain.index(code)
    return found


def _codes(prefix: str) -> tuple[str, str]:
    return f"{prefix}code", f"{prefix}_code"


class Displays:
    """Counts the rows in which a text stands beside a code.

    Args:
        column: of the text.
        code: the column of the codes.
        patient: the column that says whose a row is.
    """

    def __init__(self, column: int, code: int, patient: int) -> None:
        self.column = column
        self._code = code
        self._patient = patient
        self._rows: dict[tuple[str, str], int] = {}
        self._patients: dict[tuple[str, str], str] = {}
        self._shared: set[tuple[str, str]] = set()

    def add(self, row: Sequence[str]) -> None:
        """Count one row."""
        code, text = row[self._code], row[self.column]
        if not text or len(text) > MAX_DISPLAY or not _CODE.match(code):
            return
        pair = code, text
        if pair not in self._rows and len(self._rows) >= MAX_PAIRS:
            return
        self._rows[pair] = self._rows.get(pair, 0) + 1
        patient = row[self._patient]
        # What has been masked before says no more whose it is, and its notes are gone.
        if self._patients.setdefault(pair, patient) != patient or is_mark(patient):
            self._shared.add(pair)

    def repeated(self, finds: Callable[[str], bool]) -> frozenset[str]:
        """Texts that are displays.

        Args:
            finds: whether something in a text may identify somebody.
        """
        often = {text for (code, text) in self._shared if self._rows[code, text] >= MIN_ROWS}
        return frozenset(text for text in often if not finds(text))
