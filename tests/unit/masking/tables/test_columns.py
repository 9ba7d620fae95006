import csv
import io
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.context import Result
from gateway.masking.engine import PayloadMasker, mask
from gateway.masking.memo import Entry, texts
from gateway.masking.payload import Payload
from gateway.masking.ruling.records import RecordRules
from gateway.masking.tables.columns import Columns
from gateway.masking.text import TextMasker
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import VALUES

NAMES = (
    *("Id", "SSN", "BIRTHDATE", "note", "CITY", "ZIP", "code", "x", "STATE", "provider", "START"),
    *("patient", "age", "mrn", "phone", "question", "answer", "description", "TOTAL_COST"),
)
CELLS = (
    *VALUES,
    *("2024-01-02T10:11:12Z", "2024-13-45", "=1+HYPERLINK(", "-5", "-5.25", "12345", "000", "90+"),
    *("{5c3e0a6a-0000-4a4a-9b9b-1234567890ab}", "two\nlines", "masked-x", "tk-x", "Last name"),
)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    columns = [
        draw(st.lists(st.sampled_from(CELLS), min_size=1, max_size=4)) for _ in range(len(names))
    ]
    rows = draw(st.integers(0, 8))
    cells = [[draw(st.sampled_from(pool)) for pool in columns] for _ in range(rows)]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["name", *names], *(["Zebulon Quimby", *row] for row in cells)])
    return out.getvalue().encode()


def said(result: Result) -> tuple[bytes, dict[str, int], tuple[tuple[str, str, int], ...]]:
    return result.body, dict(result.counts), result.paths


@given(tables(), st.sampled_from(PROFILES), st.booleans())
def test_cells_become_together_what_each_becomes_by_itself(
    body: bytes, profile: str, accept: bool
) -> None:
    own = context(profile, accept=accept)
    together = mask(body, "text/csv", "", own)
    plain = Columns.judge
    with pytest.MonkeyPatch.context() as patch:

        def judge(self: Columns, rows: Sequence[Sequence[str]]) -> list[Sequence[object]]:
            for column in self._columns:
                column.at_once = None
                patch.setattr(type(column), "whole", lambda _column, _values: None)
            return list(plain(self, rows))

        patch.setattr(Columns, "judge", judge)
        alone = mask(body, "text/csv", "", own)

    assert said(together) == said(alone)


def test_a_column_that_is_alike_is_judged_as_a_whole() -> None:
    payload = Payload(context(), b"x")
    names = ["ssn", "start", "zip"]
    rules = RecordRules(payload, TextMasker(payload))
    columns = Columns(names, PayloadMasker(payload).walk(), payload, rules)

    def refused(value: str) -> Entry:
        raise AssertionError(value)

    for column in columns._columns:
        column.judge = refused
    rows = [[f"999-12-{number}", "2024-01-02", "02139"] for number in range(1000, 1300)]
    judged = columns.judge(rows)
    columns.settle(judged)
    columns.close()

    assert [set(texts(cells)) for cells in judged] == [{"[ssn]"}, {"2024"}, {"021"}]
    assert payload.counts == {"date": 300, "ssn": 300, "zip": 300}
    assert all(not column.entries for column in columns._columns)


@pytest.mark.parametrize("profile", ["safe-harbor", "pseudonymous"])
def test_ids_that_stand_for_people_stay_what_they_are(profile: str) -> None:
    # A column that is called for a person, and holds their keys.
    body = b"patient,code\r\n8841207,a\r\n8841208,c\r\n"
    once = mask(body, "text/csv", "", context(profile)).body

    assert b"8841207" not in once
    assert mask(once, "text/csv", "", context(profile)).body == once
