"""The parser of stored lines takes what schema v1 has and nothing else."""

import json
import re

import orjson
import pytest
from pydantic import TypeAdapter

from gateway.evidence.schema import Record, RecordInvalid, parse
from tests.builders.evidence import finished

LINE = finished(1).lines[1][:-1]


def changed(**fields: object) -> bytes:
    return orjson.dumps({**orjson.loads(LINE), **fields}, option=orjson.OPT_SORT_KEYS)


def test_a_record_is_read_as_it_was_written() -> None:
    assert parse(LINE) == orjson.loads(LINE)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"", "not JSON"),
        (b"[]", "the line"),
        (b"\xff", "not JSON"),
        (b"{}", "unknown record type"),
        (changed(type="nonsense"), "unknown record type"),
        (changed(v=2), "intent.v: not a value"),
        (changed(v="1"), "intent.v: not a value"),
        (changed(seq=1.0), "intent.seq: not a value"),
        (changed(seq=-1), "intent.seq: not a value"),
        (changed(seq=2**53), "intent.seq: not a value"),
        (changed(seq=True), "intent.seq: not a value"),
        (changed(prev="A" * 64), "intent.prev: not a value"),
        (changed(ts="2026-08-03T12:00:00Z"), "intent.ts: not a value"),
        (changed(rule=None), "intent.rule: not a value"),
        (changed(decision="maybe"), "intent.decision: not a value"),
        (changed(jane_doe=1), "intent: a field that schema v1 does not have"),
        (changed(session={"id": "a" * 32}), "intent.session.label: missing"),
        (
            changed(session={"id": "a" * 32, "label": "", "jane": 1}),
            "intent.session: a field that schema v1 does not have",
        ),
    ],
)
def test_anything_else_is_refused_by_field_and_without_a_value(line: bytes, message: str) -> None:
    with pytest.raises(RecordInvalid) as caught:
        parse(line)

    assert message in str(caught.value)
    assert "jane" not in str(caught.value)


def test_keys_that_come_from_the_line_are_not_repeated() -> None:
    record = {
        "type": "counted",
        "v": 1,
        "writer": "0" * 16,
        "seq": 1,
        "ts": "2026-08-03T12:00:00.000000Z",
        "prev": "0" * 64,
        "name": "refused",
        "since": "2026-08-03T12:00:00.000000Z",
        "until": "2026-08-03T12:00:00.000000Z",
        "counts": {"Jane Doe": -1},
    }
    with pytest.raises(RecordInvalid, match=r"counted\.counts\.\*: not a value"):
        parse(orjson.dumps(record))


def test_no_field_takes_a_number_that_is_no_integer() -> None:
    """The journal encodes lines without a look at each value and relies on it."""
    schema = TypeAdapter(Record).json_schema()
    kinds = set(re.findall(r'"type": "([a-z]+)"', json.dumps(schema)))
    assert kinds == {"object", "string", "integer", "boolean", "array"}
    untyped = [
        name
        for part in schema["$defs"].values()
        for name, field in part["properties"].items()
        if not {"type", "const", "enum", "$ref", "anyOf"} & field.keys()
    ]
    assert untyped == []
