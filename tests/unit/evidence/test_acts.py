"""Records of acts fit the schema."""

from gateway.evidence import acts
from gateway.evidence.chain import extend, start
from gateway.evidence.schema import Record, parse
from gateway.model.canonical import Json
from tests.builders.evidence import NOON, WRITER, Written


def parsed(fields: dict[str, Json]) -> Record:
    line, _ = extend(start(WRITER, 0, NOON), fields, NOON)
    return parse(line[:-1])


def test_an_activation_names_the_person_and_both_manifests() -> None:
    actor = acts.person("t", "o", "alice@example.org")
    record = parsed(acts.activated("sha256:new", "sha256:old", actor, "rolled-back"))

    assert record["type"] == "activated"
    assert record["actor"]["name"] == "alice@example.org"
    assert (record["manifest"], record["replaced"]) == ("sha256:new", "sha256:old")
    assert record["act"] == "rolled-back"


def test_a_swept_record_repeats_the_fence_and_lists_a_bounded_number_of_intents() -> None:
    left = Written()
    left.close(by="f" * 16)
    closed = parse(left.lines[-1][:-1])
    assert closed["type"] == "close"
    intents = [f"{number:032x}" for number in range(1500)]
    record = parsed(acts.swept(closed, left.name, intents))

    assert record["type"] == "swept"
    assert (record["count"], record["tip"]) == (closed["count"], closed["tip"])
    assert (record["indeterminate"], len(record["intents"])) == (1500, 1000)
