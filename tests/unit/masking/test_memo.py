from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.masking import memo
from gateway.masking.engine import PayloadMasker, mask
from gateway.masking.fields.names import Field
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.memo import Entry, Memo, Place
from gateway.masking.payload import Payload
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import HEADER, HL7, VALUES, er7

TEXT = Field(Kind.TEXT)
ENCODED = "WmVidWxvbiBRdWltYnkgaXMgaGVyZQ=="
DOCUMENT = '{"name":"Zebulon"}'
assert {ENCODED, DOCUMENT} <= set(VALUES)


class Judge:
    """What a place makes of its values, and how often it was asked."""

    def __init__(self, walk: JsonWalk, field: Field) -> None:
        self.walk = walk
        self.field = field
        self.asked: list[str] = []

    def __call__(self, value: str) -> Entry:
        self.asked.append(value)
        entry = Entry([value])
        done = entry.parts[0] = self.walk.string(entry.parts, 0, value, self.field, "p")
        if done is value:
            entry.waiting.append((0, value, value))
        return entry


@pytest.fixture
def make() -> Callable[[Field], tuple[Payload, Memo, Judge, Place]]:
    def made(field: Field) -> tuple[Payload, Memo, Judge, Place]:
        payload = Payload(context(accept=True), b"x")
        walk = PayloadMasker(payload).walk()
        judge = Judge(walk, field)
        return payload, Memo(payload, walk), judge, Place(judge)

    return made


Make = Callable[[Field], tuple[Payload, Memo, Judge, Place]]


def meet(found: Memo, place: Place, *values: str) -> list[Entry]:
    entries: list[Entry] = []
    for value in values:
        entry = found.met(place, value)
        assert isinstance(entry, Entry)
        entries.append(entry)
    return entries


def test_a_value_is_judged_once_and_counted_each_time(make: Make) -> None:
    payload, found, judge, place = make(Field(Kind.SSN))
    entries = meet(found, place, *["999-12-3456"] * 5)
    found.settle(entries)
    found.forget()

    assert {entry.text for entry in entries} == {"[ssn]"}
    assert judge.asked == ["999-12-3456"]
    assert payload.counts == {"ssn": 5}


def test_text_that_comes_again_is_counted_each_time(make: Make) -> None:
    payload, found, _, place = make(TEXT)
    for _ in range(2):
        entries = meet(found, place, *["call 617-555-0199 now"] * 3)
        found.settle(entries)
        assert {entry.text for entry in entries} == {"call [phone] now"}
    found.forget()

    assert payload.counts == {"phone": 6}


def test_what_was_shown_is_looked_at_again_when_more_names_are_known(make: Make) -> None:
    payload, found, _, place = make(TEXT)
    for _ in range(2):
        (shown,) = meet(found, place, "seen by Zebulon")
        found.settle([shown])
        assert shown.text == "seen by Zebulon"
    before = meet(found, place, "seen by Zebulon", "seen by Zebulon")
    payload.known.learn_name("Zebulon")
    entries = [*before, *meet(found, place, "Zebulon left")]
    found.settle(entries)
    entries += meet(found, place, "seen by Zebulon")
    found.settle(entries[-1:])
    found.forget()

    assert [entry.text for entry in entries] == [
        *["seen by [name]"] * 2,
        "[name] left",
        "seen by [name]",
    ]
    assert payload.counts == {"name": 4}


def test_what_is_remembered_is_bounded(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memo, "MAX_ENTRIES", 3)
    payload, found, _, place = make(Field(Kind.SSN))
    found.settle(meet(found, place, *(f"s{number // 2}" for number in range(10))))

    assert place.entries == {}
    assert payload.counts == {"ssn": 10}
    meet(found, place, "x" * (memo.MAX_LENGTH + 1))
    assert place.entries == {}


@given(
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=6),
    st.sampled_from(PROFILES),
    st.booleans(),
)
def test_repeated_segments_count_what_single_ones_do(
    values: list[str], profile: str, accept: bool
) -> None:
    # A name that a document within a value introduces is looked for in the base64 that follows.
    assume(not (ENCODED in values and DOCUMENT in values))
    rows = [f"NTE|1||{er7(value)}\rZZZ|{er7(value)}\rAL1|1|{er7(value)}" for value in values]
    one, three = (
        mask(
            "\r".join([HEADER, *rows * times, ""]).encode(),
            HL7,
            "",
            context(profile, accept=accept),
        )
        for times in (1, 3)
    )

    for kind, number in one.counts.items():
        own = sum(count for path, found, count in one.paths if path[:3] == "MSH" and found == kind)
        assert three.counts[kind] == 3 * (number - own) + own
