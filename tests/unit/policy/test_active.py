import json

import pytest

from gateway.errors import StoreError
from gateway.evidence import acts, schema
from gateway.evidence.chain import extend, start
from gateway.model.digest import sha256
from gateway.model.exchange import Receipt
from gateway.policy.active import (
    MAX_TRAIL,
    Activation,
    Place,
    Pointer,
    blob_name,
    confirm,
    require_digest,
)
from tests.unit.policy.build import NOON

DIGEST = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64
ACTOR = acts.person("tenant", "oid", "dr.lee@example.org")


def written(digest: str = DIGEST) -> tuple[bytes, Activation]:
    head = start("00000000000000ff", 0, NOON)
    line, _ = extend(head, acts.activated(digest, "", ACTOR), NOON)
    receipt = Receipt(str(head.name), 0, 0, len(line))
    return line, Activation(digest=digest, record=Place.of(receipt))


def test_a_record_as_the_journal_writes_it_confirms_its_activation() -> None:
    line, activation = written()

    found = confirm(activation, line)

    assert (found.act, found.actor.name, found.manifest) == (
        "activated",
        "dr.lee@example.org",
        DIGEST,
    )
    assert schema.parse(line[:-1]) is not None


def test_another_line_does_not() -> None:
    line, activation = written()
    _, other = written(OTHER)
    elsewhere = activation.model_copy(
        update={"record": activation.record.model_copy(update={"seq": 1})}
    )

    for wrong, cited in [
        (line, other),
        (line, elsewhere),
        (line[:-1], activation),
        (line[:-10] + b"\n", activation),
        (line + line, activation),
        (line.replace(b'"activated"', b'"counted"'), activation),
        (b"", activation),
        (b"[]\n", activation),
    ]:
        with pytest.raises(StoreError):
            confirm(cited, wrong)


def test_a_pointer_survives_storage_and_remembers_what_was() -> None:
    _, first = written()
    _, second = written(OTHER)

    before = Pointer.to(first, None)
    pointer = Pointer.to(second, before)

    assert Pointer.parse(pointer.model_dump_json().encode()) == pointer
    assert (before.previous, pointer.previous) == ("", DIGEST)
    assert pointer.trail == [first]
    assert pointer.activation == second


def test_the_trail_is_bounded() -> None:
    _, activation = written()
    pointer = None
    for _ in range(MAX_TRAIL + 5):
        pointer = Pointer.to(activation, pointer)

    assert pointer is not None
    assert len(pointer.trail) == MAX_TRAIL


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "sha256:x"},
        {"digest": 5},
        {"extra": 1},
        {"previous": "x"},
        {"record": {"journal": "../secrets", "seq": 0, "offset": 0, "length": 1}},
        {"record": {"journal": "journal/x.ndjson", "seq": -1, "offset": 0, "length": 1}},
        {"record": {"journal": "journal/x.ndjson", "seq": 0, "offset": 0, "length": 10**9}},
    ],
)
def test_a_pointer_that_is_odd_in_any_way_is_none(change: dict[str, object]) -> None:
    _, activation = written()
    fields = Pointer.to(activation, None).model_dump()

    with pytest.raises(StoreError):
        Pointer.parse(json.dumps({**fields, **change}).encode())


@pytest.mark.parametrize("data", [b"", b"null", b"[]", b"{", b"\xff"])
def test_what_is_no_pointer_is_refused(data: bytes) -> None:
    with pytest.raises(StoreError):
        Pointer.parse(data)


def test_a_manifest_is_stored_under_its_digest() -> None:
    assert blob_name(DIGEST) == f"manifests/{'a' * 64}.yaml"
    assert require_digest(b"x", sha256(b"x")) == b"x"
    with pytest.raises(StoreError):
        require_digest(b"y", sha256(b"x"))
