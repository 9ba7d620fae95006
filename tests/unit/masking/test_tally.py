"""What is counted for shapes is summarised as what is counted one by one."""

import json
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from gateway.masking import tally
from gateway.masking.engine import mask
from gateway.masking.kinds import Kind
from gateway.masking.tally import Counted, Key, Tally, summary
from tests.unit.masking.contexts import context

PATHS = st.sampled_from(["Patient.id", "name.family", "*", "a b", "Jane Doe", "x" * 81, "value"])
KEYS = st.tuples(PATHS, st.sampled_from([Kind.NAME, Kind.ID, Kind.DATE]))
ITEMS = st.dictionaries(KEYS, st.integers(min_value=1, max_value=9), max_size=20)


def tallied(items: dict[Key, int]) -> Tally:
    return defaultdict(int, items)


@given(ITEMS, st.lists(st.tuples(ITEMS, st.integers(min_value=1, max_value=70)), max_size=4))
def test_shapes_count_what_their_resources_would(
    items: dict[Key, int], shapes: list[tuple[dict[Key, int], int]]
) -> None:
    expected = tallied(items)
    for counts, times in shapes:
        for key, number in counts.items():
            expected[key] += number * times
    shaped = {Counted(tuple(counts.items())): times for counts, times in shapes}

    for _ in range(2):  # the second time, a small one is remembered
        done = summary(tallied(items), shaped)
        assert done == summary(expected, {})
        done[0]["name"] = -1  # whoever is told may change what he has


@given(ITEMS, ITEMS)
def test_other_numbers_have_another_summary(items: dict[Key, int], counts: dict[Key, int]) -> None:
    counted = Counted(tuple(counts.items()))

    once, twice = (summary(tallied(items), {counted: times}) for times in (1, 2))

    assert (once == twice) == (not counts)
    assert twice[0] == {
        kind: 2 * once[0][kind] - summary(tallied(items), {})[0].get(kind, 0) for kind in once[0]
    }


def test_summaries_are_bounded() -> None:
    for number in range(2 * tally._MAX_SUMMARIES):
        counted = Counted(((("Patient.id", Kind.ID), number + 1),))
        summary(tallied({}), {counted: 1})
    before = len(tally._summaries)
    long = Counted(((("x" * 5_000, Kind.ID), 1),))
    summary(tallied({}), {long: 1})
    summary(tallied({}), {Counted(long.items): 65})

    assert 0 < before <= tally._MAX_SUMMARIES
    assert all(long is not counted for shaped, _ in tally._summaries for counted, _ in shaped)
    assert len(tally._summaries) == before


def test_documents_within_documents_are_counted_each_time() -> None:
    patient = json.dumps({"resourceType": "Patient", "id": "p1", "name": [{"family": "Doe"}]})
    cell = '"' + patient.replace('"', '""') + '"'
    table = ("note,code\n" + f"{cell},1\n" * 3).encode()
    once = mask(patient.encode(), "application/fhir+json", "", context(accept=True)).counts

    for _ in range(3):
        assert mask(table, "text/csv", "", context(accept=True)).counts == {
            kind: 3 * number for kind, number in once.items()
        }
