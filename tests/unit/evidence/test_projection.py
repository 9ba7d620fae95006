"""Rows are functions of a line and its place, and hold nothing that the line does not hold."""

from dataclasses import replace
from itertools import pairwise

import orjson
import pytest

from gateway.errors import GatewayError
from gateway.evidence import records
from gateway.evidence.chain import JournalName
from gateway.evidence.following import Cursor, Placed, follow
from gateway.evidence.projection import (
    MAX_TEXT,
    Row,
    key_part,
    name_partition,
    place_key,
    resource_partition,
    rows,
    session_of,
    session_partition,
    shown,
)
from gateway.model.connection import Sensitivity
from gateway.model.exchange import Receipt, Received
from gateway.model.message import Timings
from gateway.model.operation import Access, Effect, Resource
from tests.builders.evidence import (
    KEYS,
    NOON,
    OBJECT,
    READ,
    SESSION,
    Written,
    classified,
    finished,
    intended,
    intent,
    prepared,
    request,
)


def placed(written: Written) -> tuple[Placed, ...]:
    return follow(written.head.name, Cursor(), written.data).lines


def made(written: Written) -> list[Row]:
    return [row for line in placed(written) for row in rows(line)]


def test_an_exchange_becomes_records_links_and_accesses() -> None:
    written = Written()
    written.exchange("1" * 32)
    partitions = [row.partition for row in made(written)]
    digest = KEYS.of("resource", b"clinic/records/jane-doe.txt")

    assert partitions == [
        session_partition(SESSION.id),
        "day.2026-08-03",
        f"principal.{OBJECT}",
        resource_partition(digest),
        name_partition("clinic/records/jane-doe.txt"),
        session_partition(SESSION.id),
        "day.2026-08-03",
    ]


def test_the_row_of_a_record_says_what_was_asked_and_how_it_ended() -> None:
    written = Written()
    written.exchange("1" * 32)
    asked, ended = (row for row in made(written) if row.key.startswith("r."))

    assert asked.columns == {
        "journal": written.name,
        "offset": len(written.lines[0]),
        "length": len(written.lines[1]) - 1,
        "seq": 1,
        "ts": "2026-08-03T12:00:00.001000Z",
        "type": "intent",
        "session": SESSION.id,
        "id": "1" * 32,
        "decision": "allowed",
        "reason": "",
        "rule": "readers",
        "manifest": "sha256:" + "6" * 64,
        "approval": "",
        "oid": OBJECT,
        "azp": "33333333-3333-3333-3333-333333333333",
        "agent": "triage",
        "sponsor": "alice@example.org",
        "connection": "clinic",
        "operation": "Get Blob",
        "effect": "read",
        "resource": "clinic/records/jane-doe.txt",
        "accesses": 1,
        "method": "GET",
        "target": "/records/jane-doe.txt",
    }
    assert {name: ended.columns[name] for name in ("result", "status", "intent_seq")} == {
        "result": "answered",
        "status": 200,
        "intent_seq": 1,
    }
    assert ended.columns["intent_journal"] == written.name


def test_what_is_masked_in_the_record_is_masked_in_every_row() -> None:
    written = Written()
    written.add(records.intent(prepared(classified(names=Sensitivity.EPHI)), KEYS))
    found = made(written)

    assert b"jane-doe" not in written.data
    assert "jane-doe" not in repr(found)
    (access,) = (row for row in found if row.partition.startswith("resource."))
    assert str(access.columns["resource"]).startswith("clinic/records/hmac-sha256:1:")


def test_every_access_of_a_record_has_a_row_of_its_own() -> None:
    state = classified()
    accesses = tuple(
        Access(READ, Resource("clinic", "clinic", ("records", name)), Effect.READ)
        for name in ("a", "b", "a")
    )
    state = replace(state, operation=replace(state.operation, accesses=accesses))
    written = Written()
    written.add(records.intent(prepared(state), KEYS))
    found = [row for row in made(written) if row.partition.startswith("resource.")]

    assert len({(row.partition, row.key) for row in found}) == 3
    assert [row.columns["resource"] for row in found] == [
        "clinic/records/a",
        "clinic/records/b",
        "clinic/records/a",
    ]
    (first,) = (row for row in made(written) if row.key.startswith("r."))
    assert first.columns["accesses"] == 3


def test_a_refusal_before_anything_was_known_is_in_no_session() -> None:
    state = Received("1" * 32, request(), Timings(NOON))
    written = Written()
    written.add(records.denied(state, GatewayError("no"), KEYS))

    assert [session_of(line) for line in placed(written)] == ["", ""]
    assert made(written) == []


def test_records_of_the_journal_itself_make_no_rows() -> None:
    written = Written()
    written.close()

    assert len(placed(written)) == 2
    assert made(written) == []


def test_an_outcome_without_an_answer_has_what_is_known() -> None:
    written = Written()
    seq = written.add(intent("1" * 32))
    state = intended(Receipt(written.name, seq, 0, 0), classified("1" * 32))
    written.add(records.failure(state, GatewayError("lost"), KEYS))
    row = [row for row in made(written) if row.key.startswith("r.")][-1]

    assert (row.columns["result"], row.columns["status"]) == ("interrupted", 0)


def test_keys_of_records_sort_by_writer_journal_and_seq() -> None:
    places = [
        place_key(line.place._replace(journal=JournalName("2026/08/03", writer, number)), seq)
        for writer in ("a" * 16, "b" * 16)
        for number in (0, 9, 10, 100)
        for line in placed(finished(1))[:1]
        for seq in (0, 9, 10, 40_000)
    ]

    assert all(one < two for one, two in pairwise(places))


def test_the_same_line_gives_the_same_rows() -> None:
    written = finished(2)

    assert made(written) == made(written)


def test_what_could_drive_a_terminal_or_fill_a_table_is_neutralised() -> None:
    assert shown("a\x1b[2Jb\u202e") == "a\\u{1b}[2Jb\\u{202e}"
    assert shown("ü" * MAX_TEXT) == "ü" * MAX_TEXT
    assert shown("ü" * (MAX_TEXT + 1)) == "ü" * (MAX_TEXT - 1) + "…"


@pytest.mark.parametrize("text", ["", "a/b", "a.b", "a#b", "é", "x" * 201, "a\nb", "a b"])
def test_what_cannot_stand_in_a_key_is_hashed(text: str) -> None:
    assert key_part(text).startswith("sha256_")
    assert key_part(text) != key_part(text + "x")


def test_what_can_stand_in_a_key_stays_readable() -> None:
    assert key_part("hmac-sha256:1:" + "0" * 64) == "hmac-sha256:1:" + "0" * 64


def test_columns_are_texts_and_whole_numbers_only() -> None:
    for row in made(finished(3)):
        assert orjson.loads(orjson.dumps(dict(row.columns))) == row.columns
        assert {type(value) for value in row.columns.values()} <= {str, int}
