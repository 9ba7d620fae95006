"""Whatever is done to a journal is found and located."""

import itertools
from collections.abc import Sequence
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import ResponseTooLarge, UpstreamInterrupted
from gateway.evidence import acts, records
from gateway.evidence.chain import Before, close, digest, seal, start
from gateway.evidence.findings import Finding, Kind, Report, Verdict
from gateway.evidence.schema import parse
from gateway.evidence.verify import Verification, verify
from gateway.model.canonical import canonical
from gateway.model.exchange import Receipt
from gateway.model.operation import Effect
from tests.builders.evidence import (
    KEYS,
    NOON,
    WRITER,
    Written,
    classified,
    finished,
    intended,
    intent,
    outcome,
)

OTHER = "fedcba9876543210"
JOURNAL = finished(4)
LINES = JOURNAL.lines
DATA = JOURNAL.data


def check(data: bytes) -> Report:
    return verify([(JOURNAL.name, data)])


def offset_of(line: int) -> int:
    return sum(map(len, LINES[:line]))


def first_fault(report: Report) -> Finding:
    """The first that is more than an intent left without its outcome by another fault."""
    return next(item for item in report.findings if item.kind is not Kind.INDETERMINATE)


def kinds(report: Report) -> list[Kind]:
    return [finding.kind for finding in report.findings]


def test_an_untouched_journal_is_consistent() -> None:
    report = check(DATA)

    assert report == Report((), 1, len(LINES), len(DATA))
    assert report.verdict is Verdict.CONSISTENT
    assert int(report.verdict) == 0
    assert report.verdict.word == "consistent"


def test_the_order_in_which_journals_are_given_does_not_matter() -> None:
    journals = several()

    for order in itertools.permutations(journals):
        assert verify(order).verdict is Verdict.CONSISTENT


def several() -> list[tuple[str, bytes]]:
    """Two journals of one writer, one of another that settles an intent of the first."""
    first = Written()
    seq = first.add(intent("e" * 32, Effect.WRITE))
    first.exchange("1" * 32)
    first.close()
    second = Written(1, before=first.before)
    second.exchange("2" * 32)
    second.close()
    third = Written(writer=OTHER)
    third.add(outcome(first.name, seq, "e" * 32, Effect.WRITE))
    third.close()
    return [first.entry(), second.entry(), third.entry()]


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
@settings(max_examples=400, deadline=None)
def test_a_flipped_byte_is_found_in_the_line_that_holds_it(position: int, mask: int) -> None:
    changed = bytearray(DATA)
    changed[position] ^= mask
    report = check(bytes(changed))
    line = DATA[:position].count(b"\n")

    first = first_fault(report)
    assert report.verdict is Verdict.INVALID
    assert (first.line, first.offset) == (line + 1, offset_of(line))


def test_the_lowest_bit_of_every_byte_is_guarded() -> None:
    """Digits stay digits and letters letters, so that most lines still parse."""
    for position in range(len(DATA)):
        changed = bytearray(DATA)
        changed[position] ^= 1
        report = check(bytes(changed))
        line = DATA[:position].count(b"\n")

        assert report.verdict is Verdict.INVALID, position
        assert first_fault(report).line == line + 1, position


@given(st.integers(0, len(LINES) - 2), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_dropped_lines_are_a_gap_where_they_were(first: int, count: int) -> None:
    count = min(count, len(LINES) - 1 - first)
    report = check(b"".join(LINES[:first] + LINES[first + count :]))

    assert report.verdict is Verdict.INVALID
    assert (
        Finding(
            JOURNAL.name,
            first + 1,
            offset_of(first),
            Kind.GAP,
            f"{count} record(s) are left out before this one",
        )
        in report.findings
    )


@given(st.permutations(range(len(LINES))))
@settings(max_examples=100, deadline=None)
def test_reordered_lines_are_found_at_the_first_that_is_out_of_place(order: Sequence[int]) -> None:
    report = check(b"".join(LINES[index] for index in order))
    moved = next((place for place, index in enumerate(order) if place != index), None)

    if moved is None:
        assert report.verdict is Verdict.CONSISTENT
    else:
        assert report.verdict is Verdict.INVALID
        assert first_fault(report).line == moved + 1


@given(st.integers(0, len(LINES) - 1), st.data())
@settings(max_examples=100, deadline=None)
def test_a_line_written_twice_is_found_at_the_copy(line: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(line + 1, len(LINES)))
    changed = [*LINES[:place], LINES[line], *LINES[place:]]
    report = check(b"".join(changed))

    assert report.verdict is Verdict.INVALID
    fault = first_fault(report)
    assert (fault.line, fault.offset) == (place + 1, offset_of(place))


@given(st.integers(0, len(DATA) - 1))
@settings(max_examples=200, deadline=None)
def test_a_cut_anywhere_before_the_end_is_found_where_it_is(size: int) -> None:
    report = check(DATA[:size])
    line = DATA[:size].count(b"\n")

    assert int(report.verdict) == 3
    finding = next(item for item in report.findings if item.kind is Kind.INCOMPLETE)
    assert (finding.line, finding.offset) == (line + 1, offset_of(line))


@given(st.binary(min_size=1, max_size=200))
@settings(max_examples=100, deadline=None)
def test_bytes_after_close_are_found_where_they_begin(extra: bytes) -> None:
    report = check(DATA + extra)

    assert report.findings == (
        Finding(
            JOURNAL.name,
            len(LINES) + 1,
            len(DATA),
            Kind.INVALID,
            f"{len(extra)} byte(s) after CLOSE",
        ),
    )


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_at_all_give_a_report_and_never_an_error(data: bytes) -> None:
    assert check(data).verdict is not Verdict.CONSISTENT


@given(st.lists(st.sampled_from([*LINES, b"{}\n", b"\n", b'{"type":"close"}\n']), max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_other_sequence_of_lines_is_consistent(lines: list[bytes]) -> None:
    assert (check(b"".join(lines)).verdict is Verdict.CONSISTENT) == (lines == LINES)


def test_reading_goes_on_after_a_fault_and_finds_the_next() -> None:
    changed = list(LINES)
    changed[1] = changed[1].replace(b"readers", b"writers")
    changed[6] = changed[6][:-2] + b"\n"
    report = check(b"".join(changed))

    assert [item.line for item in report.findings if item.kind is Kind.INVALID] == [2, 7]


def test_a_line_that_says_the_same_in_another_spelling_is_invalid() -> None:
    changed = [LINES[0].replace(b'{"', b'{ "', 1), *LINES[1:]]

    assert check(b"".join(changed)).findings[0].message == "not in canonical form"


def test_a_rewritten_journal_is_caught_only_by_what_cites_it() -> None:
    first, second = finished(1), None
    second = Written(1, before=first.before)
    second.close()
    forged = finished(2)

    assert verify([forged.entry()]).verdict is Verdict.CONSISTENT
    report = verify([forged.entry(), second.entry()])
    assert [(item.journal, item.kind) for item in report.findings] == [(second.name, Kind.INVALID)]


def test_a_journal_under_another_name_is_invalid() -> None:
    other = JOURNAL.name.replace("-0.", "-1.")
    report = verify([(other, DATA)])

    assert report.verdict is Verdict.INVALID
    assert {item.message for item in report.findings} >= {
        "journal: not the name that this journal has"
    }


def test_a_journal_of_another_writer_under_this_name_is_invalid() -> None:
    report = verify([(JOURNAL.name, finished(0, writer=OTHER).data)])

    assert "writer: not the one in the journal's name" in {item.message for item in report.findings}


def test_a_name_that_is_no_journals_is_a_finding_about_the_whole() -> None:
    report = verify([("journal/2026/08/03/notes.ndjson", DATA)])

    assert report.findings[0].line == 0
    assert report.verdict is Verdict.INVALID


def test_a_number_left_out_between_others_is_missing() -> None:
    first = finished(1)
    second = Written(1, before=first.before)
    second.close()
    third = Written(2, before=second.before)
    third.close()

    whole = [first.entry(), second.entry(), third.entry()]
    assert verify(whole).verdict is Verdict.CONSISTENT
    report = verify([first.entry(), third.entry()])
    assert [(item.journal, item.kind) for item in report.findings] == [(third.name, Kind.MISSING)]
    assert report.verdict is Verdict.INVALID
    assert verify([first.entry(), third.entry()], partial=True).verdict is Verdict.INVALID


def test_what_was_left_out_on_purpose_is_incomplete() -> None:
    first = finished(1)
    second = Written(1, before=first.before)
    second.close()

    assert kinds(verify([second.entry()])) == [Kind.MISSING]
    assert kinds(verify([second.entry()], partial=True)) == [Kind.INCOMPLETE]


def test_a_journal_that_cites_nothing_before_it_is_invalid_if_there_is_something() -> None:
    first, second = finished(1), Written(1)
    second.close()

    assert [item.message for item in verify([first.entry(), second.entry()]).findings] == [
        "before: the journal before is not cited"
    ]


@pytest.mark.parametrize(
    "before",
    [
        Before("nonsense", 0, "0" * 64),
        Before(f"journal/2026/08/03/{OTHER}-0.ndjson", 0, "0" * 64),
        Before(f"journal/2026/08/03/{WRITER}-1.ndjson", 0, "0" * 64),
    ],
)
def test_a_citation_of_something_else_than_an_earlier_journal_is_invalid(before: Before) -> None:
    second = Written(1, before=before)
    second.close()

    report = verify([finished(1).entry(), second.entry()])

    assert [item.message for item in report.findings] == [
        "before: not an earlier journal of this writer"
    ]


def test_an_empty_journal_that_was_fenced_need_not_be_cited() -> None:
    fenced = Written()
    fenced.lines.clear()
    fenced.close(by=OTHER, head=replace(fenced.head, seq=0, offset=0, tip="0" * 64, ts=""))
    second = Written(1)
    second.exchange("1" * 32)
    second.close()

    assert verify([fenced.entry(), second.entry()]).findings == ()


def test_a_writer_does_not_close_a_journal_that_it_never_opened() -> None:
    closed = Written()
    closed.lines.clear()
    closed.close(head=replace(closed.head, seq=0, offset=0, tip="0" * 64, ts=""))

    assert [item.message for item in verify([closed.entry()]).findings] == [
        "the first record is not OPEN"
    ]


def test_a_first_record_other_than_open_is_invalid() -> None:
    written = Written()
    head = replace(written.head, seq=0, offset=0, tip="0" * 64)
    written.lines, written.head = [], head
    written.exchange("1" * 32)
    written.close()

    assert [item.message for item in verify([written.entry()]).findings] == [
        "the first record is not OPEN"
    ]


def test_open_in_the_middle_is_invalid() -> None:
    written = Written()
    record = parse(written.lines[0][:-1])
    fields = {key: value for key, value in record.items() if key not in ENVELOPE}
    written.add(fields)  # type: ignore[arg-type]
    written.close()

    assert [(item.line, item.message) for item in verify([written.entry()]).findings] == [
        (2, "OPEN stands only on the first line")
    ]


ENVELOPE = {"v", "writer", "seq", "ts", "prev"}


def test_time_that_goes_back_is_invalid() -> None:
    written = Written()
    written.head = replace(written.head, ts="")
    written.now = NOON.replace(year=2025)
    written.exchange("1" * 32)
    written.close()

    assert [(item.line, item.message) for item in verify([written.entry()]).findings] == [
        (2, "ts: earlier than in the record before")
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seq": 2}, "1 record(s) are left out before this one"),
        ({"offset": 9}, "bytes: not the size of what stands before CLOSE"),
        ({"tip": "1" * 64}, "changed: the next line is chained to others"),
    ],
)
def test_a_close_that_states_other_sums_is_invalid(change: dict[str, object], message: str) -> None:
    written = Written()
    written.close(head=replace(written.head, **change))  # type: ignore[arg-type]

    assert message in {item.message for item in verify([written.entry()]).findings}


@pytest.mark.parametrize("field", ["count", "tip"])
def test_a_close_whose_sums_contradict_its_place_is_invalid(field: str) -> None:
    written = Written()
    written.close()
    record = orjson.loads(written.lines[-1])
    record[field] = 7 if field == "count" else "7" * 64
    record["seal"] = seal(record)
    written.lines[-1] = canonical(record) + b"\n"

    assert [item.message for item in verify([written.entry()]).findings] == [
        "count or tip: not those of the line before"
    ]


def test_a_first_record_that_is_close_by_the_writer_of_the_name_is_invalid() -> None:
    line, _ = close(start(WRITER, 0, NOON), NOON)
    report = verify([(JOURNAL.name, line)])

    assert [item.message for item in report.findings] == ["the first record is not OPEN"]


def test_an_intent_without_outcome_is_indeterminate_where_it_stands() -> None:
    written = Written()
    seq = written.add(intent("1" * 32, Effect.WRITE))
    written.close()
    report = verify([written.entry()])

    assert [(item.line, item.kind) for item in report.findings] == [(seq + 1, Kind.INDETERMINATE)]
    assert report.findings[0].offset == len(written.lines[0])
    assert report.verdict is Verdict.INDETERMINATE


def test_a_late_outcome_in_another_journal_resolves_it() -> None:
    journals = several()

    assert kinds(verify(journals[:2])) == [Kind.INDETERMINATE]
    assert verify(journals).findings == ()


def test_an_outcome_that_cites_no_intent_is_invalid() -> None:
    written = Written()
    written.add(outcome(written.name, 0))
    written.close()

    assert [item.message for item in verify([written.entry()]).findings] == [
        "the outcome cites a record that is not its intent"
    ]


@pytest.mark.parametrize("seq", [2, 9, 2**40])
def test_an_outcome_that_cites_another_exchange_or_nothing_is_invalid(seq: int) -> None:
    written = Written()
    written.add(intent("1" * 32))
    written.add(intent("2" * 32))
    written.add(outcome(written.name, seq, "1" * 32))
    written.close()

    report = verify([written.entry()])

    assert kinds(report).count(Kind.INVALID) == 1
    assert kinds(report).count(Kind.INDETERMINATE) == 2


def test_a_second_outcome_is_invalid() -> None:
    written = Written()
    written.exchange("1" * 32)
    written.add(outcome(written.name, 1, "1" * 32))
    written.close()

    assert [item.message for item in verify([written.entry()]).findings] == [
        "a second outcome for an intent that has one"
    ]


def test_a_second_outcome_in_another_journal_is_invalid() -> None:
    first = finished(1)
    other = Written(writer=OTHER)
    other.add(outcome(first.name, 1, f"{0:032x}"))
    other.close()

    assert kinds(verify([first.entry(), other.entry()])) == [Kind.INVALID]


def test_an_outcome_after_a_gap_still_finds_its_intent() -> None:
    report = check(b"".join(LINES[:1] + LINES[2:]))

    assert [item.kind for item in report.findings].count(Kind.GAP) == 1
    # The intent that was left out took its outcome's support with it; the others stand.
    assert len(report.findings) == 2


def test_an_outcome_that_cites_an_absent_journal_is_missing_or_incomplete() -> None:
    other = several()[2]

    assert kinds(verify([other])) == [Kind.MISSING]
    assert kinds(verify([other], partial=True)) == [Kind.INCOMPLETE]


@pytest.mark.parametrize(
    ("effect", "found"), [(Effect.WRITE, [Kind.INDETERMINATE]), (Effect.READ, [])]
)
def test_an_interrupted_change_is_indeterminate_and_an_interrupted_read_is_not(
    effect: Effect, found: list[Kind]
) -> None:
    written = Written()
    seq = written.add(intent("1" * 32, effect))
    state = intended(Receipt(written.name, seq, 0, 0), classified("1" * 32, effect=effect))
    written.add(records.failure(state, UpstreamInterrupted("gone"), KEYS))
    written.close()

    assert kinds(verify([written.entry()])) == found


def test_an_answer_over_the_bound_is_an_end_like_another() -> None:
    written = Written()
    seq = written.add(intent("1" * 32, Effect.WRITE))
    state = intended(Receipt(written.name, seq, 0, 0), classified("1" * 32, effect=Effect.WRITE))
    written.add(records.failure(state, ResponseTooLarge("too large"), KEYS))
    written.close()

    assert verify([written.entry()]).findings == ()


def fenced(torn: bytes = b"") -> tuple[Written, Written]:
    """An abandoned journal with the sweeper's CLOSE, and the sweeper's own journal."""
    left = Written()
    left.add(intent("1" * 32))
    head = left.head
    if torn:
        left.lines.append(torn + b"\n")
        head = replace(head, offset=head.offset + len(torn) + 1)
    left.close(by=OTHER, torn=len(torn), head=head)
    closed = parse(left.lines[-1][:-1])
    assert closed["type"] == "close"
    sweeper = Written(writer=OTHER)
    sweeper.add(acts.swept(closed, left.name, ["1" * 32]))
    sweeper.close()
    return left, sweeper


def test_a_swept_journal_is_closed_and_its_intent_indeterminate() -> None:
    left, sweeper = fenced()

    assert kinds(verify([left.entry(), sweeper.entry()])) == [Kind.INDETERMINATE]


def test_a_cut_record_that_a_sweeper_fenced_is_incomplete() -> None:
    left, sweeper = fenced(torn=b'{"type":"inte')
    report = verify([left.entry(), sweeper.entry()])

    assert [(item.line, item.kind) for item in report.findings] == [
        (2, Kind.INDETERMINATE),
        (3, Kind.INCOMPLETE),
    ]


def test_a_swept_journal_that_is_gone_is_missing() -> None:
    _, sweeper = fenced()

    assert kinds(verify([sweeper.entry()])) == [Kind.MISSING]


def test_a_swept_journal_without_the_fence_is_invalid() -> None:
    left, sweeper = fenced()
    del left.lines[-1]

    report = verify([left.entry(), sweeper.entry()])

    assert "the swept journal lacks the sweeper's CLOSE" in {
        item.message for item in report.findings
    }


def test_a_swept_journal_with_another_fence_is_invalid() -> None:
    left, sweeper = fenced()
    other = Written()
    other.exchange("1" * 32)
    other.close(by=OTHER)

    report = verify([(left.name, other.data), sweeper.entry()])

    assert [item.message for item in report.findings] == [
        "the swept journal's CLOSE says otherwise"
    ]


def test_a_journal_that_cannot_be_read_is_unreadable_and_not_missing() -> None:
    first = finished(1)
    second = Written(1, before=first.before)
    second.add(outcome(first.name, 1, "0" * 32))
    second.close()

    report = verify([(first.name, None), second.entry()])

    assert kinds(report) == [Kind.UNREADABLE]
    assert report.verdict is Verdict.INDETERMINATE


def test_two_journals_of_one_name_are_invalid() -> None:
    assert kinds(verify([JOURNAL.entry(), JOURNAL.entry()])) == [Kind.INVALID]


def test_a_huge_seq_costs_nothing() -> None:
    line = LINES[1].replace(b'"seq":1,', b'"seq":9007199254740991,')
    report = check(LINES[0] + line)

    assert Kind.GAP in kinds(report)


def test_no_journal_at_all_is_for_the_caller_to_judge() -> None:
    verification = Verification()

    assert verification.journals == 0
    assert verification.report().verdict is Verdict.CONSISTENT


def test_deeply_nested_bytes_are_a_finding_and_no_crash() -> None:
    assert check(b"[" * 100_000).verdict is Verdict.INVALID
    assert check(b'{"a":' * 100_000).verdict is not Verdict.CONSISTENT
    assert check(b"[" * 100_000 + b"\n").verdict is Verdict.INVALID


def test_a_record_without_its_newline_is_a_cut_and_one_with_more_is_not() -> None:
    whole = b"".join(LINES[:2])

    assert kinds(check(whole[:-1]))[0] is Kind.INCOMPLETE
    assert Kind.INVALID in kinds(check(whole[:-1] + b" "))


def test_hashes_are_those_of_anybodys_sha256() -> None:
    assert digest(b"abc\n") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
