"""The three answers, joined and safe to print."""

import unicodedata
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Forbidden, UpstreamUnreachable
from gateway.evidence import approval_records, records
from gateway.evidence.answers import answers, last_session, of_session, plain
from gateway.evidence.approval_records import Person, Subject, Verdict
from gateway.model.canonical import Json
from gateway.model.exchange import Receipt
from gateway.model.message import Target
from gateway.model.operation import Effect
from tests.builders.evidence import (
    KEYS,
    MANIFEST,
    NOON,
    OBJECT,
    SESSION,
    TENANT,
    Written,
    authenticated,
    classified,
    intended,
    intent,
    outcome,
    prepared,
    request,
)


def test_an_exchange_is_one_row_of_intent_and_outcome() -> None:
    written = Written()
    written.exchange("1" * 32)
    (row,) = answers(written.lines)

    assert row.who["oid"] == OBJECT
    assert row.operation == "Get Blob"
    assert [item.resource for item in row.touched] == ["clinic/records/jane-doe.txt"]
    assert (row.decision, row.rule, row.manifest) == ("allowed", "readers", MANIFEST)
    assert (row.end, row.status) == ("answered", 200)


def test_an_outcome_in_another_journal_belongs_to_the_same_row() -> None:
    first, second = Written(), Written(writer="f" * 16)
    seq = first.add(intent("1" * 32))
    second.add(outcome(first.name, seq, "1" * 32))
    (row,) = answers([*second.lines, *first.lines])

    assert row.end == "answered"


def test_an_intent_without_outcome_is_indeterminate() -> None:
    written = Written()
    written.add(intent("1" * 32))
    (row,) = answers(written.lines)

    assert (row.end, row.status) == ("indeterminate", 0)


def test_a_call_that_never_got_out_has_no_status() -> None:
    written = Written()
    seq = written.add(intent("1" * 32))
    state = intended(Receipt(written.name, seq, 0, 0), classified("1" * 32))
    written.add(records.failure(state, UpstreamUnreachable("x"), KEYS))
    (row,) = answers(written.lines)

    assert (row.end, row.status, row.reason) == ("unreachable", 0, "UpstreamUnreachable")


def test_a_denial_is_a_row_of_its_own_even_before_the_operation_is_known() -> None:
    written = Written()
    written.add(records.denied(authenticated("1" * 32), Forbidden("x"), KEYS))
    written.add(records.denied(authenticated("2" * 32).received, Forbidden("x"), KEYS))
    first, second = answers(written.lines)

    assert (first.end, first.reason) == ("denied", "NoRuleAllows")
    assert first.operation.startswith("GET /hmac-sha256:1:")
    assert (second.session, second.who) == ("", {})


def test_rows_are_in_order_of_time_whatever_order_journals_come_in() -> None:
    first, second = Written(), Written(writer="f" * 16)
    second.now += timedelta(seconds=1)
    first.exchange("1" * 32)
    second.exchange("2" * 32)

    assert [row.id[0] for row in answers([*second.lines, *first.lines])] == ["1", "2"]


def test_lines_that_are_no_records_are_left_out() -> None:
    written = Written()
    written.exchange("1" * 32)

    assert len(answers([b"nonsense\n", b"", *written.lines])) == 1


def test_sessions_are_found_by_id_by_label_and_by_being_last() -> None:
    written = Written()
    written.exchange("1" * 32)
    rows = answers(written.lines)

    assert of_session(rows, SESSION.id) == rows
    assert of_session(rows, f" {SESSION.label} ") == rows
    assert of_session(rows, "other") == ()
    assert last_session(rows) == SESSION.id
    assert last_session(()) == ""


def test_stored_strings_cannot_drive_a_terminal() -> None:
    target = Target("/records/x\x1b]0;owned\x07\u202e")
    written = Written()
    state = classified("1" * 32, asked=request(target=target))
    fields = records.intent(prepared(state), KEYS)
    fields["rule"] = "\x1b[2J"
    written.add(fields)
    (row,) = answers(written.lines)

    assert row.rule == "\\u{1b}[2J"


@given(st.text())
def test_plain_text_holds_no_control_character(text: str) -> None:
    assert not {unicodedata.category(char) for char in plain(text)} & {"Cc", "Cf", "Zl", "Zp"}


@pytest.mark.parametrize("reverse", [False, True])
def test_a_held_request_that_was_carried_out_is_one_exchange_whatever_the_order(
    reverse: bool,
) -> None:
    one, two = Written(), Written(writer="fedcba9876543210")
    base = {**intent("7" * 32, Effect.DELETE), "approval": "7" * 32}
    binding = {"digest": "d", "nonce": "n", "expires": "2026-08-03T13:00:00.000000Z"}
    one.add({**base, "type": "held", "decision": "held", "binding": binding})
    two.add({**base, "type": "executing", "decision": "approved", "binding": binding})
    lines = [*one.lines, *two.lines]

    (row,) = answers(reversed(lines) if reverse else lines)

    assert (row.decision, row.end) == ("approved", "indeterminate")


def decided(verdict: str, reason: str, reviewer: str = "") -> dict[str, Json]:
    """A `decided` record about exchange 7."""
    subject = Subject("7" * 32, SESSION, None)
    person = Person(TENANT, OBJECT, "t", reviewer, NOON, ("mfa",)) if reviewer else None
    word = cast("Verdict", verdict)
    return approval_records.decided(subject, word, reason=reason, person=person)


def held_line(written: Written, kind: str = "held") -> int:
    base = {**intent("7" * 32, Effect.DELETE), "approval": "7" * 32, "type": kind}
    base["binding"] = {"digest": "d", "nonce": "n", "expires": "2026-08-03T13:00:00.000000Z"}
    return written.add({**base, "decision": "held" if kind == "held" else "approved"})


@pytest.mark.parametrize(
    ("verdict", "reason", "reviewer", "end"),
    [
        (
            "rejected",
            "not now",
            "lee@clinic.example",
            ("rejected", "not now", "lee@clinic.example"),
        ),
        ("expired", "ApprovalExpired", "", ("expired", "ApprovalExpired", "")),
        ("revoked", "PrincipalDenied", "", ("revoked", "PrincipalDenied", "")),
        ("approved", "fine", "lee@clinic.example", ("approved", "", "lee@clinic.example")),
    ],
)
def test_a_held_request_ends_as_it_was_decided(
    verdict: str, reason: str, reviewer: str, end: tuple[str, str, str]
) -> None:
    written = Written()
    held_line(written)
    (waiting,) = answers(written.lines)
    assert (waiting.end, waiting.verdict) == ("held", "")

    written.add(decided(verdict, reason, reviewer))
    (row,) = answers(reversed(written.lines))

    assert (row.end, row.reason, row.reviewer) == end


def test_the_last_word_on_an_approval_stands_with_the_name_of_who_gave_it() -> None:
    written = Written()
    held_line(written)
    written.add(decided("approved", "fine", "lee@clinic.example"))
    written.now += timedelta(minutes=1)
    written.add(decided("revoked", "PrincipalDenied"))
    (row,) = answers(written.lines)

    assert (row.end, row.reason) == ("revoked", "PrincipalDenied")


@pytest.mark.parametrize("reverse", [False, True])
def test_a_driver_that_sent_nothing_does_not_undo_what_another_has_done(reverse: bool) -> None:
    written = Written()
    held_line(written)
    written.add(decided("approved", "fine", "lee@clinic.example"))
    seq = held_line(written, "executing")
    ends = [outcome(written.name, seq, "7" * 32) for _ in range(2)]
    ends[1] |= {"result": "abandoned", "reason": "ClaimLost"}
    for end in reversed(ends) if reverse else ends:
        written.add({**end, "type": "executed", "approval": "7" * 32})
    (row,) = answers(written.lines)

    assert (row.end, row.reviewer) == ("answered", "lee@clinic.example")
