"""Journals of schema v1 that stay readable for as long as they are retained.

The vectors hold every record type. They are never rewritten: a change that makes these tests fail
needs a new schema version. The second verifier below knows the published format alone.
"""

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
import rfc8785

from gateway.errors import Forbidden, Withheld
from gateway.evidence import acts, approval_records, records, retention
from gateway.evidence.answers import answers
from gateway.evidence.approval_records import Binding, Person, Subject
from gateway.evidence.findings import Kind
from gateway.evidence.schema import Record, parse
from gateway.evidence.verify import verify
from gateway.model.canonical import Json
from gateway.model.exchange import Classified, MaskSummary, Receipt
from gateway.model.operation import Effect
from tests.builders.evidence import (
    KEYS,
    MANIFEST,
    NOON,
    OBJECT,
    Written,
    authorised,
    classified,
    forwarded,
    intended,
    intent,
    masked,
    prepared,
)

VECTORS = Path(__file__).parent / "vectors" / "evidence-v1"
SWEEPER = "fedcba9876543210"
BINDING = Binding("sha256:" + "b" * 64, "8" * 32, NOON + timedelta(hours=1))


def stored() -> dict[str, bytes]:
    return {
        path.relative_to(VECTORS).as_posix(): path.read_bytes()
        for path in sorted(VECTORS.rglob("*.ndjson"))
    }


def built() -> dict[str, bytes]:
    """The vectors as today's code writes them."""
    left = Written()
    left.add(intent("1" * 32, Effect.WRITE))
    left.close(by=SWEEPER)
    closed = parse(left.lines[-1][:-1])
    assert closed["type"] == "close"

    own = Written(writer=SWEEPER)
    own.exchange("2" * 32)
    _ends(own)
    _refusals(own)
    _approval(own)
    own.add(acts.activated(MANIFEST, "", acts.person("t", "o", "alice@example.org")))
    alice = {"tid": "t", "oid": "o", "name": "alice@example.org"}
    own.add(acts.denylist("add", "oid", OBJECT, alice, KEYS.of("reason", b"lost laptop")))
    own.add(acts.denylist("remove", "oid", OBJECT, alice))
    own.add(acts.counted("unauthenticated", NOON, NOON, {"TokenMissing": 3}))
    own.add(retention.policy("evidence", retention.Retention("locked", 2557, "append", etag='"1"')))
    own.add(acts.swept(closed, left.name, ["1" * 32]))
    own.close()
    after = Written(1, writer=SWEEPER, before=own.before)
    after.exchange("9" * 32)
    after.close()
    later = Written(2, writer=SWEEPER, before=after.before)
    later.add(acts.counted("denied", NOON, NOON, {"NoRuleAllows": 40}, ("t", OBJECT)))
    later.close()
    return {written.name: written.data for written in (left, own, after, later)}


def _ends(own: Written) -> None:
    """A withheld answer and an error after the answer."""
    seq = own.add(intent("3" * 32))
    summary = MaskSummary("safe", "sha256:" + "7" * 64, "v1", {"date": 1}, "ContentWithheld")
    receipt = Receipt(own.name, seq, 0, 0)
    own.add(records.outcome(masked(receipt, classified("3" * 32), summary), KEYS))
    seq = own.add(intent("4" * 32))
    state = forwarded(Receipt(own.name, seq, 0, 0), classified("4" * 32))
    own.add(records.failure(state, Withheld("x"), KEYS))


def _refusals(own: Written) -> None:
    own.add(records.denied(classified("5" * 32), Forbidden("x"), KEYS))
    own.add(records.denied(classified("6" * 32).authenticated.received, Forbidden("x"), KEYS))


def _approval(own: Written) -> None:
    """Three held requests: carried out and read, expired, and one whose driver died."""
    _carried_out(own, "7" * 32)
    own.add(approval_records.decided(_subject("8" * 32), "expired", reason="ApprovalExpired"))
    own.add(approval_records.decided(Subject("9" * 32, None, None), "revoked", reason="X"))
    seq = own.add(_executing("a" * 32))
    end = records.outcome(masked(Receipt(own.name, seq, 0, 0), _deletion("a" * 32)), KEYS)
    own.add(approval_records.indeterminate(_subject("a" * 32), own.name, seq, "DriverLost"))
    own.add(approval_records.executed(end, "a" * 32))


def _carried_out(own: Written, ticket: str) -> None:
    person = Person("t", "o", "u", "bob@example.org", NOON, ("mfa",))
    own.add(approval_records.held(authorised(_deletion(ticket)), BINDING, KEYS))
    own.add(
        approval_records.decided(
            _subject(ticket),
            "approved",
            person=person,
            page="sha256:" + "0" * 64,
            mac=KEYS.of("decision", b"d"),
        )
    )
    seq = own.add(_executing(ticket))
    state = intended(Receipt(own.name, seq, 0, 0), _deletion(ticket))
    own.add(approval_records.abandoned(state, ticket, KEYS))
    seq = own.add(_executing(ticket))
    end = masked(Receipt(own.name, seq, 0, 0), _deletion(ticket))
    own.add(approval_records.executed(records.outcome(end, KEYS), ticket))
    reader = _deletion("b" * 32)
    own.add(
        approval_records.collected(
            reader.authenticated, authorised(reader), ticket, end.answer, KEYS
        )
    )


def _deletion(identifier: str) -> Classified:
    return classified(identifier, effect=Effect.DELETE)


def _executing(ticket: str) -> dict[str, Json]:
    return approval_records.executing(prepared(_deletion(ticket), ticket), BINDING, KEYS)


def _subject(ticket: str) -> Subject:
    return Subject(ticket, _deletion(ticket).authenticated.session, BINDING)


def test_todays_code_writes_the_same_bytes() -> None:
    assert built() == stored()


def test_the_vectors_hold_every_record_type() -> None:
    lines = [line for data in stored().values() for line in data.splitlines()]
    declared = {kind.__annotations__["type"].__args__[0] for kind in get_args(Record)}

    assert {json.loads(line)["type"] for line in lines} == declared


def test_the_verifier_finds_only_the_intent_that_was_left_open() -> None:
    report = verify(stored().items())

    assert [(item.kind, item.line) for item in report.findings] == [(Kind.INDETERMINATE, 2)]


def test_the_answers_can_be_read_from_them() -> None:
    lines = [line for data in stored().values() for line in data.splitlines()]

    assert {row.end for row in answers(lines)} == {
        "indeterminate",
        "answered",
        "withheld",
        "denied",
    }


@pytest.mark.parametrize("name", sorted(stored()))
def test_a_verifier_written_from_the_document_agrees(name: str) -> None:
    """Needs SHA-256, RFC 8785 and docs/evidence-format.md."""
    data = stored()[name]
    assert data.endswith(b"\n")
    lines = data[:-1].split(b"\n")
    before, offset = "0" * 64, 0
    for number, line in enumerate(lines):
        record = json.loads(line)
        assert rfc8785.dumps(record) == line
        assert (record["v"], record["seq"], record["prev"]) == (1, number, before)
        assert name.endswith(f"/{record['writer']}-{json.loads(lines[0])['number']}.ndjson")
        if record["type"] == "close":
            assert (record["count"], record["bytes"], record["tip"]) == (number, offset, before)
            seal = record.pop("seal")
            assert seal == hashlib.sha256(rfc8785.dumps(record)).hexdigest()
        before, offset = hashlib.sha256(line).hexdigest(), offset + len(line) + 1
    assert json.loads(lines[0])["type"] == "open"
    assert json.loads(lines[0])["journal"] == name
    assert json.loads(lines[-1])["type"] == "close"
