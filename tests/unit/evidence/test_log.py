"""Names and batches of the log."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.chain import JournalName
from gateway.evidence.following import Cursor
from gateway.evidence.log import (
    BatchInvalid,
    Span,
    SpanLeaves,
    batch_first,
    batch_name,
    checkpoint_name,
    checkpoint_size,
    checkpoint_time,
    is_log_name,
    key_kid,
    key_name,
    make_batch,
    parse_batch,
)
from gateway.evidence.merkle import Edge, leaf
from tests.fakes.time import NOON

JOURNAL = JournalName("2026/08/03", "a" * 16, 0)
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(moments, st.integers(0, 10**15))
def test_names_say_what_they_were_made_of(at: datetime, size: int) -> None:
    name = checkpoint_name(at, size)
    assert (checkpoint_size(name), checkpoint_time(name)) == (size, at.replace(microsecond=0))
    assert batch_first(batch_name(size)) == size
    assert key_kid(key_name("k" * 43)) == "k" * 43
    assert all(is_log_name(one) for one in (name, batch_name(size), key_name("k" * 43)))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "log/",
        "journal/2026/08/03/aaaaaaaaaaaaaaaa-0.ndjson",
        "log/batches/../x",
        "log/batches/1.json",
        "log/keys/a.json",
        "log/checkpoints/2026/08/03/120000-1.note",
        "log/batches/0000000000000000000\N{ARABIC-INDIC DIGIT ONE}.json",
    ],
)
def test_other_names_are_not_the_logs(name: str) -> None:
    assert not is_log_name(name)


def test_a_name_with_an_impossible_time_has_none() -> None:
    assert checkpoint_time(f"log/checkpoints/2026/13/40/996199-{1:020d}.note") is None


@given(st.integers(0, 10**9), st.lists(st.integers(1, 5), min_size=1, max_size=5))
def test_a_batch_is_read_as_it_was_written(first: int, counts: list[int]) -> None:
    before = Edge(first, tuple([b"h" * 32] * first.bit_count()))
    spans, seq = [], 0
    for count in counts:
        spans.append(
            Span(JOURNAL, seq, count, seq, Cursor(seq + count, seq + count, "0" * 64, "t"))
        )
        seq += count
    batch = make_batch(first, spans, before.extended([leaf(b"x")] * seq), NOON)
    assert parse_batch(batch.name, batch.encoded) == batch
    with pytest.raises(BatchInvalid):
        parse_batch(batch_name(first + 1), batch.encoded)
    with pytest.raises(BatchInvalid):
        parse_batch(batch.name, batch.encoded.replace(b'"v":1', b'"v":2'))


@given(st.binary(max_size=200))
def test_bytes_that_are_no_batch_are_refused(data: bytes) -> None:
    with pytest.raises(BatchInvalid):
        parse_batch(batch_name(0), data)


def leaves(span: Span, *pieces: bytes) -> list[bytes]:
    """Of a span whose bytes come in these pieces."""
    reading = SpanLeaves(span)
    found = [one for piece in pieces for one in reading.feed(piece)]
    return [*found, *reading.end()]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_a_cut_line_before_close_is_no_leaf_and_other_counts_are_refused(size: int) -> None:
    def cut(data: bytes) -> list[bytes]:
        return [data[start : start + size] for start in range(0, len(data), size)]

    closed = Span(JOURNAL, 0, 2, 0, Cursor(9, 2, "0" * 64, "t", closed=True))
    assert leaves(closed, *cut(b"a\nb\n")) == [leaf(b"a"), leaf(b"b")]
    assert leaves(closed, *cut(b"a\ncut\nb\n")) == [leaf(b"a"), leaf(b"b")]
    alone = Span(JOURNAL, 1, 1, 0, Cursor(9, 2, "0" * 64, "t", closed=True))
    assert leaves(alone, *cut(b"cut\nb\n")) == [leaf(b"b")]
    open_ = Span(JOURNAL, 0, 2, 0, Cursor(9, 2, "0" * 64, "t"))
    for data in (b"a\n", b"a\nb", b"a\nb\nc", b"a\ncut\nb\n", b""):
        with pytest.raises(BatchInvalid):
            leaves(open_, *cut(data))
