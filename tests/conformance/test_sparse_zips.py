"""The ZIP areas that 000 stands for are those of 20,000 people or fewer in the 2020 census.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

from collections import Counter
from pathlib import Path

import pytest

from gateway.masking.generalise import SPARSE

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "zip-population"
MAX_PEOPLE = 20_000
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="no census data beside this checkout")


def test_the_sparse_areas_are_those_of_the_census() -> None:
    people: Counter[str] = Counter()
    for line in (DATA / "zip-code-population.csv").read_text("utf-8").splitlines():
        code, _, number = line.partition(",")
        if code[:1].isdigit():
            people[code[:3]] += int(number)

    assert {area for area, number in people.items() if number <= MAX_PEOPLE} == SPARSE
    assert len(SPARSE) == 18
