import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.kinds import Kind
from gateway.masking.recognition.known import MAX_KNOWN, Known, _places
from gateway.masking.recognition.words_in_text import WORD


def masked(known: Known, text: str) -> str:
    return known.mask(text.encode(), lambda kind, _: f"[{kind}]".encode()).decode()


@pytest.fixture
def known() -> Known:
    made = Known()
    made.learn_name("Jane Q. O'Reilly-Smith")
    made.learn_name("Al")
    made.learn_name("Will")
    made.learn_name("José")
    made.learn_phrase("12 Main Street", Kind.ADDRESS)
    made.learn_phrase("(617) 555-0100", Kind.PHONE)
    return made


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jane came", "[name] came"),
        ("JANE and jane", "[name] and [name]"),
        ("Jane O'Reilly-Smith came", "[name] came"),
        ("Smith, Jane", "[name]"),
        ("J. Smith came", "[name] came"),
        ("O\u2019Reilly-Smith\u2019s chart", "[name] chart"),
        ("Jane's chart", "[name] chart"),
        ("José JOSÉ josé", "[name]"),
        ("Al's chart, al dente", "[name] chart, al dente"),
        ("Al is al dente", "[name] is al dente"),
        ("Will will come", "[name] will come"),
        ("at 12 Main Street.", "at [address]."),
        ("at 12 main street", "at [address]"),
        ("at 12 Main Streets", "at 12 Main Streets"),
        ("call (617) 555-0100 now", "call ([phone] now"),
        ("janet and smithson", "janet and smithson"),
        ("[name] stays", "[name] stays"),
        ("", ""),
    ],
)
def test_known_values_are_found_in_text(known: Known, text: str, expected: str) -> None:
    done = masked(known, text)

    assert done == expected
    assert known.touches(text.encode()) == (text != expected) or "12" in text or "[name]" in text


def test_nothing_known_touches_nothing() -> None:
    assert not Known()
    assert not Known().touches(b"Jane")


@pytest.mark.parametrize("name", ["", "Mr.", "J", "II", "1234", "MD"])
def test_titles_initials_and_numbers_are_not_learned_as_names(name: str) -> None:
    known = Known()
    known.learn_name(name)

    assert known.size == 0


def test_words_of_organisations_are_not_learned_as_names() -> None:
    known = Known()
    known.learn_name("ZELMIRA MEDICAL CENTER LLC")

    assert (
        masked(known, "Zelmira, medical care, data center") == "[name], medical care, data center"
    )


def test_what_is_remembered_is_bounded() -> None:
    known = Known()
    for number in range(MAX_KNOWN // 2 + 10):
        known.learn_name(f"Name{number} Other{number}")
    known.learn_phrase("one more phrase", Kind.ADDRESS)

    assert known.full
    assert known.size <= MAX_KNOWN + 2


@pytest.mark.alone
def test_many_phrases_with_one_first_word_cost_little() -> None:
    known = Known()
    for number in range(20_000):
        known.learn_phrase(f"555-01{number:05}", Kind.PHONE)
    begin = time.process_time()

    masked(known, "555 " * 20_000)

    assert time.process_time() - begin < 5


def test_nothing_is_learned_before_something_is_looked_for() -> None:
    known = Known()
    done: list[str] = []

    def work() -> None:
        done.append("work")
        known.learn_phrase("12 Elm Street", Kind.ADDRESS)

    known.later(work)
    known.learn_phrase("12 Elm Street", Kind.MRN)

    assert not known.used
    assert not done
    assert known.touches(b"at 12 elm street")
    assert known.touches(b"at 12 elm street")
    assert done == ["work"]
    assert masked(known, "at 12 Elm Street") == "at [address]"


@given(
    st.lists(st.sampled_from(["jane", "an", "o'an", "an-jane", "-", "'", " ", "é", "1", "x"])),
    st.sets(st.sampled_from([b"jane", b"an", b"o'an", b"an-jane", b"1", b"x"])),
)
def test_words_looked_for_one_by_one_are_those_of_the_text(
    parts: list[str], wanted: set[bytes]
) -> None:
    text = "".join(parts).encode()

    assert _places(text, wanted) == [
        (match.start(), match[0]) for match in WORD.finditer(text) if match[0] in wanted
    ]


@given(
    st.lists(st.text("aB9 \n\t-'(é[\r\x0b\u2028,.", max_size=9), max_size=5), st.text("aB9 -'(é,.")
)
def test_values_learned_together_are_found_as_if_learned_one_by_one(
    values: list[str], text: str
) -> None:
    together, alone = Known(), Known()
    for value in values:
        together.learn_phrase(value, Kind.ADDRESS)
        alone.learn_phrase(value, Kind.ADDRESS)
        assert alone.size >= 0  # what waits is learned
    data = " ".join([*values, text]).encode()

    assert together.size == alone.size
    assert together.firsts == alone.firsts
    assert together.mask(data, lambda _, __: b"*") == alone.mask(data, lambda _, __: b"*")
