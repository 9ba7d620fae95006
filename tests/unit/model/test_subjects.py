"""Patients in records: a number and keyed digests, bounded."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.digest import DigestKey
from gateway.model.subjects import MAX_SUBJECTS, NOBODY, Subjects, subjects_of

KEY = DigestKey("1", bytes(range(32)))


def test_a_number_is_digested_with_the_key_and_never_shown() -> None:
    found = subjects_of({"p1", "p2"}, KEY)
    assert found == Subjects(2, (KEY.of("patient", b"p1"), KEY.of("patient", b"p2")))
    assert subjects_of({"p1"}, DigestKey("1", bytes(32))).digests != found.digests[:1]


def test_a_long_list_is_counted_whole_and_digested_in_part() -> None:
    found = subjects_of({f"p{number:04}" for number in range(500)}, KEY)
    assert found.number == 500
    assert len(found.digests) == MAX_SUBJECTS
    assert found.digests[0] == KEY.of("patient", b"p0000")


def test_half_of_a_character_is_digested_too() -> None:
    assert subjects_of({"\ud800"}, KEY).number == 1


@given(st.integers(0, 5_000), st.lists(st.integers(1, 10_000), min_size=1, max_size=20))
def test_parts_of_one_answer_count_for_all_of_it(number: int, parts: list[int]) -> None:
    whole = sum(parts)
    counted = sum(Subjects(number).share(part, whole) for part in parts)
    assert number <= counted <= number + len(parts)
    assert Subjects(number).share(whole, whole) == number


def test_nobody_is_nobody_however_long_the_answer() -> None:
    assert [NOBODY.share(shown, whole) for shown, whole in ((0, 0), (1, 2), (7, 3))] == [0, 0, 0]
