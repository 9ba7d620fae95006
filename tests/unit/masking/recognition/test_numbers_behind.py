"""The rest of a number, and further numbers of a list, go with what has been found."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.engine import mask
from gateway.masking.kinds import Kind
from gateway.masking.recognition.numbers_behind import with_rest
from tests.unit.masking.contexts import context


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tel 555-123-4567 555-987-6543", "tel [phone]"),
        ("phone: 555.123.4567 / 555.987.6543 (home)", "phone: [phone] (home)"),
        ("tel 555-123-4567 12345678901234567890", "tel [phone]"),
        ("from 2019-02-03 2019-02-04 on", "from 2019 on"),
        ("DOB 20190203 2019-02-03", "DOB 2019"),
        ("seen Jan 5 2019-02-03", "seen 2019"),
        ("MRN: 123456, 789012 and 34567.", "MRN: [mrn], [mrn] and [mrn]."),
        ("MRN 123456, or 789012; 34567", "MRN [mrn], or [mrn]; [mrn]"),
        # Two values, each found by itself.
        ("1/2/2019-3/4/2020", "2019-2020"),
        # No numbers of anybody.
        ("MRN 123456, 50000 units", "MRN [mrn], 50000 units"),
        ("MRN 123456 and 1200 mL", "MRN [mrn] and 1200 mL"),
        ("MRN 123456 and 10,000 steps", "MRN [mrn] and 10,000 steps"),
        ("seen 2019-02-03, 120/80", "seen 2019, 120/80"),
    ],
)
def test_what_follows_a_number(text: str, expected: str) -> None:
    assert mask(text.encode(), "text/plain", "", context(accept=True)).body.decode() == expected


@given(
    st.binary(max_size=40),
    st.lists(st.integers(0, 39), max_size=6, unique=True),
    st.sampled_from([Kind.DATE, Kind.MRN, Kind.NAME]),
)
def test_spans_stay_in_order_and_cover_what_they_did(
    data: bytes, ends: list[int], kind: Kind
) -> None:
    places = sorted(end for end in ends if end < len(data))
    spans = [(start, end, kind) for start, end in zip(places[::2], places[1::2], strict=False)]

    grown = list(with_rest(data, spans))

    assert all(end <= start for (_, end, _), (start, _, _) in pairwise(grown))
    for start, end, _ in spans:
        assert any(first == start and last >= end for first, last, _ in grown)
