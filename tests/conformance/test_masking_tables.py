"""No patient of the sample tables is found in what is masked of any of them.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import csv
import io
from datetime import date
from pathlib import Path

import pytest

from gateway.masking.context import Context
from gateway.masking.engine import mask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea-csv"
TABLES = sorted(DATA.glob("*.csv"))
MIN_LENGTH = 4
_WORDS = """
    Id SSN DRIVERS PASSPORT FIRST LAST MAIDEN BIRTHDATE DEATHDATE ADDRESS LAT LON BIRTHPLACE ZIP
    COUNTY CITY
"""
IDENTIFYING = _WORDS.split()
_CLINICAL = """
    CODE REASONCODE VALUE UNITS BASE_COST TOTAL_CLAIM_COST PAYER_COVERAGE TOTALCOST DISPENSES
    QUANTITY TYPE CATEGORY SYSTEM ENCOUNTERCLASS GENDER RACE HEALTHCARE_EXPENSES STATE DIAGNOSIS1
    SOP_CODE REVENUE
"""
CLINICAL = _CLINICAL.split()
ANSWERS = {"[address]", "[text]"}
pytestmark = pytest.mark.skipif(not TABLES, reason=f"no sample data in {DATA.name} beside this")


def context(*, accept: bool) -> Context:
    return Context("safe-harbor", "", True, accept, None, "", date(2026, 8, 3))


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def patients() -> frozenset[str]:
    found = rows((DATA / "patients.csv").read_text("utf-8"))
    return frozenset(
        value
        for row in found
        for name in IDENTIFYING
        if len(value := row.get(name) or "") >= MIN_LENGTH
    )


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_table_shows_no_patient(path: Path, accept: bool) -> None:
    done = mask(path.read_bytes(), "text/csv", "", context(accept=accept)).body

    text = done.decode()
    assert [value for value in patients() if value in text] == []
    assert mask(done, "text/csv", "", context(accept=accept)).body == done


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_rows_codes_values_and_costs_of_a_table_stay(path: Path) -> None:
    before = rows(path.read_text("utf-8"))
    after = rows(mask(path.read_bytes(), "text/csv", "", context(accept=False)).body.decode())

    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        changed = {key for key in CLINICAL if key in one and one[key] != other[key]}
        assert {other[key] for key in changed} <= ANSWERS


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_a_person_has_one_id_in_a_table(path: Path) -> None:
    before = rows(path.read_text("utf-8"))
    after = rows(mask(path.read_bytes(), "text/csv", "", context(accept=False)).body.decode())

    pairs = {
        (one[key], other[key])
        for one, other in zip(before, after, strict=True)
        for key in ("PATIENT", "PATIENTID", "Id")
        if one.get(key)
    }
    assert len(pairs) == len({one for one, _ in pairs}) == len({other for _, other in pairs})
