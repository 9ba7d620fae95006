"""One step of the chain at a time."""

import hashlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
import rfc8785

from gateway.evidence.chain import (
    GENESIS,
    Before,
    JournalName,
    close,
    digest,
    extend,
    extend_checked,
    moment,
    opening,
    seal,
    start,
)
from gateway.evidence.schema import RecordInvalid, parse
from tests.builders.evidence import INSTANCE, NOON, WRITER, Written


def test_the_first_line_is_chained_to_zeros() -> None:
    line, head = extend(start(WRITER, 0, NOON), {"type": "x"}, NOON)

    assert orjson.loads(line)["prev"] == GENESIS == "0" * 64
    assert (head.seq, head.offset) == (1, len(line))


def test_prev_is_the_sha256_of_the_line_before_without_its_newline() -> None:
    first, head = extend(start(WRITER, 0, NOON), {"type": "x"}, NOON)
    second, _ = extend(head, {"type": "y"}, NOON)

    assert orjson.loads(second)["prev"] == hashlib.sha256(first[:-1]).hexdigest() == digest(first)


def test_a_line_is_canonical_json_and_a_newline() -> None:
    line, _ = extend(start(WRITER, 0, NOON), {"type": "x", "b": 1, "a": "\u00e9\n"}, NOON)

    assert line == rfc8785.dumps(orjson.loads(line)) + b"\n"


@pytest.mark.parametrize("field", ["v", "writer", "seq", "ts", "prev"])
def test_a_record_may_not_bring_envelope_fields(field: str) -> None:
    with pytest.raises(ValueError, match="journal's to add"):
        extend(start(WRITER, 0, NOON), {"type": "x", field: "0"}, NOON)


def test_a_checked_line_is_the_same_line() -> None:
    head = start(WRITER, 0, NOON)
    record = opening(head, INSTANCE, "", None)

    assert extend_checked(head, record, NOON) == extend(head, record, NOON)


@pytest.mark.parametrize(
    "change", [{"number": 1.0}, {"number": -1}, {"instance": 1}, {"more": ""}, {"type": "x"}]
)
def test_what_the_verifier_refuses_makes_no_checked_line(change: dict[str, Any]) -> None:
    head = start(WRITER, 0, NOON)

    with pytest.raises(RecordInvalid):
        extend_checked(head, {**opening(head, INSTANCE, "", None), **change}, NOON)


def test_nothing_can_be_written_after_close() -> None:
    written = Written()
    written.close()

    with pytest.raises(ValueError, match="nothing follows CLOSE"):
        extend(written.head, {"type": "x"}, NOON)


def test_time_in_a_journal_never_goes_back() -> None:
    first, head = extend(start(WRITER, 0, NOON), {"type": "x"}, NOON)
    second, _ = extend(head, {"type": "x"}, NOON - timedelta(hours=1))

    assert orjson.loads(first)["ts"] == orjson.loads(second)["ts"]


def test_moments_are_utc_with_six_decimals() -> None:
    cest = timezone(timedelta(hours=2))

    assert moment(datetime(2026, 8, 3, 14, 0, tzinfo=cest)) == "2026-08-03T12:00:00.000000Z"


def test_the_name_holds_the_utc_day_the_writer_and_the_number() -> None:
    late = datetime(2026, 8, 3, 23, 30, tzinfo=timezone(timedelta(hours=-3)))

    assert str(start(WRITER, 7, late).name) == f"journal/2026/08/04/{WRITER}-7.ndjson"


@pytest.mark.parametrize(
    "name",
    [
        "",
        f"journal/2026/08/04/{WRITER}-07.ndjson",
        f"journal/2026/08/04/{WRITER}-.ndjson",
        f"journal/2026/08/04/{WRITER.upper()}-0.ndjson",
        f"journal/2026/8/4/{WRITER}-0.ndjson",
        f"x/journal/2026/08/04/{WRITER}-0.ndjson",
        f"journal/2026/08/04/{WRITER}-0.ndjson\n",
        f"journal/../08/04/{WRITER}-0.ndjson",
    ],
)
def test_other_names_are_not_journals(name: str) -> None:
    assert JournalName.parse(name) is None


def test_a_name_survives_parsing() -> None:
    name = f"journal/2026/08/04/{WRITER}-12.ndjson"

    assert str(JournalName.parse(name)) == name


def test_open_cites_the_journal_before() -> None:
    head = start(WRITER, 1, NOON)
    record = opening(head, INSTANCE, "", Before("journal/x", 4, "f" * 64))
    line, _ = extend(head, record, NOON)
    parsed = parse(line[:-1])

    assert parsed["type"] == "open"
    assert parsed["before"] == {"journal": "journal/x", "seq": 4, "tip": "f" * 64}


def test_close_states_count_bytes_and_tip_of_what_stands_before_it() -> None:
    written = Written()
    line, head = close(written.head, NOON.astimezone(UTC))
    parsed = parse(line[:-1])

    assert parsed["type"] == "close"
    assert (parsed["count"], parsed["bytes"]) == (1, len(written.data))
    assert parsed["tip"] == parsed["prev"] == digest(written.lines[-1])
    assert parsed["by"] == WRITER
    assert head.closed


def test_the_seal_covers_every_other_field_of_close() -> None:
    written = Written()
    written.close()
    record = orjson.loads(written.lines[-1])
    unsealed = {key: value for key, value in record.items() if key != "seal"}

    assert record["seal"] == hashlib.sha256(rfc8785.dumps(unsealed)).hexdigest() == seal(record)
