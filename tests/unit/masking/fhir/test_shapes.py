"""Resources of a known shape are masked as the walk masks them, byte for byte."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.attachments import Base64Attachments
from gateway.masking.codecs import json_codec
from gateway.masking.context import Context
from gateway.masking.engine import PayloadMasker, mask
from gateway.masking.fhir.grouped import GroupedWalk
from gateway.masking.fhir.plan import Plan, Sketch
from gateway.masking.fhir.recorder import recorded
from gateway.masking.fhir.shapes import MAX_ALIKE, Shapes
from gateway.masking.fhir.walk import FhirWalk
from gateway.masking.generalise import oldest_year
from gateway.masking.payload import Payload
from gateway.masking.text import TextMasker
from tests.unit.masking.contexts import context

Outcome = tuple[bytes, dict[str, int], tuple[tuple[str, str, int], ...]]
PATH = ""
TEXTS = [
    "", "final", "mmHg", "a", "years", "male", "Jane Doe", "Dr. Smith saw Jane Doe", "O'Brien",
    "1931-02-03", "1980-02-03", "1980", "2024-03-02T10:00:00.000Z", "2024-03-02T10:00:00+01:00",
    "not a date", "02139", "617-555-0100", "999-12-3456", "jane@example.com", "[name]", "[date]",
    "masked-5f2a9c01-3", "Patient/p1", "Observation/o1", "urn:uuid:1b4e28ba-2fa1-11d2-883f-0016d3",
    "https://example.com/fhir/Patient/p1", "Practitioner?identifier=x|9", "#p1", "http://loinc.org",
    "http://hl7.org/fhir/sid/us-ssn", 'say "hi"', "back\\slash", "line\nbreak", "tab\t", "é \u2028",
    "100 % sure", "\ue0001\ue001", "%s", "SGVsbG8gSmFuZSBEb2UsIE1STiAxMjM0NTY3OA==", "phone",
    "email", 'W/"3"', "text/plain", '{"ssn":"999-12-3456"}', "Asthma (disorder)", "m",
]  # fmt: skip
NUMBERS = [0, 7, 95, 123456789, 12345678901234567890, -3, 1.5, 1e30, 0.1]
KEYS = [
    "id", "resourceType", "reference", "display", "text", "div", "status", "code", "system", "unit",
    "value", "name", "family", "given", "identifier", "telecom", "address", "line", "city",
    "postalCode", "birthDate", "issued", "period", "start", "end", "url", "data", "contentType",
    "size", "extension", "valueQuantity", "valueInteger", "valueString", "low", "note", "photo",
    "subject", "coding", "type", "position", "longitude", "versionId", "meta", "lastUpdated",
    "etag", "method", "use", "contained", "requisition", "gender", "_given", "x-odd",
    "serialNumber", "subscriberId", "onsetAge", "date", "category", "resource",
]  # fmt: skip
TYPES = ["Patient", "Observation", "Practitioner", "Coverage", "Parameters", "DocumentReference"]
LEAVES = st.one_of(
    st.tuples(st.sampled_from(TEXTS), st.sampled_from(TEXTS)),
    st.tuples(st.sampled_from(NUMBERS), st.sampled_from(NUMBERS)),
    st.sampled_from([(True, True), (None, None), (False, True)]),
    st.tuples(st.text(max_size=12), st.text(max_size=12)),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from(KEYS), inner, max_size=5), st.lists(inner, max_size=3)
    ),
    max_leaves=16,
)
RESOURCES = st.tuples(
    st.sampled_from(TYPES), st.dictionaries(st.sampled_from(KEYS), TREES, max_size=6)
)


def filled(tree: Any, which: int) -> Any:
    """One of the two documents of a tree: leaves are pairs."""
    match tree:
        case dict():
            return {key: filled(value, which) for key, value in tree.items()}
        case list():
            return [filled(value, which) for value in tree]
        case _:
            return tree[which]


def bodies(resource: tuple[str, Any], *, ascii_only: bool) -> list[bytes]:
    kind, tree = resource
    return [
        json.dumps(
            {"resourceType": kind} | filled({**tree, "resourceType": (kind, kind)}, which),
            ensure_ascii=ascii_only,
            separators=(",", ":"),
        ).encode("utf-8", "surrogatepass")
        for which in (0, 1)
    ]


def walk_for(payload: Payload, kind: type[GroupedWalk] | type[FhirWalk]) -> Any:
    text = TextMasker(payload)
    return kind(payload, text, Base64Attachments(payload, text, PayloadMasker(payload).whole))


def walked(body: bytes, circumstances: Context) -> Outcome:
    """As the walk alone does it."""
    payload = Payload(circumstances, body)
    walk = walk_for(payload, FhirWalk)
    done = json_codec.encode(walk.root(json_codec.exact(body), PATH))
    return done, payload.counts, payload.paths


def shapes_with(like: bytes, circumstances: Context, *, often: bool = False) -> Shapes:
    """What is known when two resources like this one have been met, or more often than that."""

    def record(pieces: Any) -> Plan | None:
        payload = Payload(circumstances, b"")
        text = TextMasker(payload)
        attachments = Base64Attachments(payload, text, PayloadMasker(payload).whole)
        made = recorded(json_codec.decode(like), pieces, PATH, circumstances, (text, attachments))
        if made and often:
            made.reader.hasten()
        return made

    shapes = Shapes()
    for _ in range(2):
        shapes.meet(like, PATH, oldest_year(circumstances.today), record)
    return shapes


def planned(sketch: Sketch, body: bytes, circumstances: Context) -> Outcome:
    payload = Payload(circumstances, body)
    walk = walk_for(payload, GroupedWalk)
    sketch.mask(walk)
    walk.settle()
    return sketch.text(), payload.counts, payload.paths


@settings(max_examples=600, deadline=None)
@given(
    RESOURCES,
    st.booleans(),
    st.sampled_from(["safe-harbor", "pseudonymous", "limited-data-set", "secrets-only"]),
    st.booleans(),
    st.booleans(),
)
def test_a_plan_does_what_the_walk_does(
    resource: tuple[str, Any], ascii_only: bool, profile: str, accept: bool, often: bool
) -> None:
    circumstances = context(profile, accept=accept)
    like, body = bodies(resource, ascii_only=ascii_only)
    try:
        json_codec.decode(like)
        expected = walked(body, circumstances)
        walked(like, circumstances)
    except Withheld:
        assume(False)

    shapes = shapes_with(like, circumstances, often=often)
    for text in (like, body):
        sketch = shapes.sketch(text, PATH, oldest_year(circumstances.today))
        if sketch is not None:
            expected = walked(text, circumstances)
            assert planned(sketch, text, circumstances) == expected


OBSERVATION = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6", "display": "Systolic"}],
             "text": "Systolic"},
    "subject": {"reference": "Patient/p1", "display": "Jane Doe"},
    "performer": [{"reference": "Practitioner/9", "display": "Dr. Who"}],
    "effectiveDateTime": "2024-02-03T08:30:00Z",
    "issued": "2024-02-03T08:30:00.000+00:00",
    "valueQuantity": {"value": 120.50, "unit": "mmHg", "code": "mm[Hg]"},
    "note": [{"text": "Jane Doe feels well."}],
}  # fmt: skip


@pytest.mark.parametrize("often", [False, True])
@pytest.mark.parametrize("character", ["\n", "\t", "\x00", "\x01", "\x02", "\x1f"])
def test_control_characters_are_in_no_leaf(character: str, often: bool) -> None:
    like = json.dumps(OBSERVATION, separators=(",", ":")).encode()
    shapes = shapes_with(like, context(), often=often)

    assert shapes.sketch(like, PATH, oldest_year(context().today))
    for plain in (b'"final"', b'"Jane Doe"', b'"2024-02-03T08:30:00Z"', b'"o1"'):
        odd = like.replace(plain, plain[:-1] + character.encode() + b'"')
        assert odd != like
        assert shapes.sketch(odd, PATH, oldest_year(context().today)) is None


PERSON = {
    "resourceType": "Patient",
    "id": "p1",
    "identifier": [{"system": "http://hl7.org/fhir/sid/us-ssn", "value": "999-12-3456"}],
    "name": [{"use": "official", "family": "Doe", "given": ["Jane"]}],
    "telecom": [{"system": "phone", "value": "617-555-0100"}],
    "birthDate": "1980-02-03",
    "address": [{"line": ["1 Main St"], "city": "Boston", "postalCode": "02139"}],
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">J</div>'},
}


ENTRY = {"fullUrl": "urn:uuid:p1", "resource": PERSON, "request": {"method": "POST", "url": "x"}}
NOTE = {
    "resourceType": "DocumentReference",
    "status": "current",
    "date": "2024-02-03T08:30:00Z",
    "author": [{"reference": "Practitioner?identifier=x|9", "display": "Dr. Who"}],
    "content": [{"attachment": {"contentType": "text/plain", "data": "SmFuZSBEb2UgY2FtZS4=",
                                "url": "https://example.com/1", "size": 14}}],
    "extension": [{"url": "http://x/us-core-race", "extension": [
        {"url": "ombCategory", "valueCoding": {"code": "2106-3", "display": "White"}},
        {"url": "text", "valueString": "White"}]}],
    "context": {"period": {"start": "2024-02-03", "end": "2024-02-04"},
                "related": [{"identifier": {"system": "urn:x", "value": "77"}}]},
}  # fmt: skip


def varied(node: Any, draw: Random, key: str = "") -> Any:
    """A resource in which some of the leaves are other ones."""
    match node:
        case dict():
            return {name: varied(value, draw, name) for name, value in node.items()}
        case list():
            return [varied(value, draw, key) for value in node]
        case str() if key != "resourceType" and draw.random() < 0.3:
            return draw.choice(TEXTS)
        case int() | float() if draw.random() < 0.3:
            return draw.choice(NUMBERS)
        case _:
            return node


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([OBSERVATION, PERSON, ENTRY, NOTE]),
    st.randoms(use_true_random=False),
    st.sampled_from(["safe-harbor", "pseudonymous", "limited-data-set"]),
    st.booleans(),
    st.booleans(),
)
def test_a_plan_does_what_the_walk_does_to_ordinary_resources(
    resource: dict[str, Any], draw: Random, profile: str, accept: bool, often: bool
) -> None:
    circumstances = context(profile, accept=accept)
    made = varied(resource, draw)
    like = json.dumps(made, separators=(",", ":")).encode()
    shapes = shapes_with(like, circumstances, often=often)
    for other in (made, varied(made, draw)):
        body = json.dumps(other, separators=(",", ":")).encode()
        sketch = shapes.sketch(body, PATH, oldest_year(circumstances.today))
        if sketch is not None:
            assert planned(sketch, body, circumstances) == walked(body, circumstances)


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("resource", [OBSERVATION, PERSON, ENTRY, NOTE])
def test_ordinary_resources_have_plans(resource: dict[str, Any], accept: bool) -> None:
    circumstances = context(accept=accept)
    body = json.dumps(resource, separators=(",", ":")).encode()
    other = body.replace(b"Jane", b"Sonja").replace(b"2024", b"2019").replace(b"120.5", b"9.75")

    sketch = shapes_with(body, circumstances).sketch(other, PATH, oldest_year(circumstances.today))

    assert sketch is not None
    assert planned(sketch, other, circumstances) == walked(other, circumstances)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'"1980-02-03"', b'"1921-02-03"'),  # over 89: the element is removed
        (b'"1980-02-03"', b'""'),
        (b"us-ssn", b"us-npi"),  # an identifier of another kind
        (b'"phone"', b'"email"'),
        (b'"Patient"', b'"Practitioner"'),
    ],
)  # fmt: skip
def test_what_decides_belongs_to_the_shape(before: bytes, after: bytes) -> None:
    body = json.dumps(PERSON, separators=(",", ":")).encode()
    other = body.replace(before, after)
    assert other != body

    assert shapes_with(body, context()).sketch(other, PATH, oldest_year(context().today)) is None


@pytest.mark.parametrize(
    "change",
    [
        (b'"o1"', b'"o\n1"'),  # a control character
        (b'"o1"', b'"o\x011"'),
        (b'"o1"', b'"o\x02\\"1"'),
        (b'"o1"', b'"o\\q"'),  # no escape
        (b'"o1"', b'"\\ud800"'),  # half a character
        (b'"o1"', b'"\xff"'),  # no UTF-8
        (b"120.5,", b"0120.5,"),
        (b"120.5,", b"120.,"),
        (b'{"resourceType"', b'{"id":"o2","resourceType"'),  # a key twice
    ],
)
@pytest.mark.parametrize("times", [3, 300])
def test_what_is_no_json_is_not_taken_for_a_known_shape(
    change: tuple[bytes, bytes], times: int
) -> None:
    body = json.dumps(OBSERVATION, separators=(",", ":")).encode()
    for _ in range(times):
        mask(body, "application/fhir+json", "", context())
    broken = body.replace(*change)
    assert broken != body

    with pytest.raises(Withheld):
        mask(broken, "application/fhir+json", "", context())


def test_white_space_makes_no_difference() -> None:
    body = json.dumps(OBSERVATION, separators=(",", ":")).encode()
    spaced = json.dumps(OBSERVATION, indent=2).encode()
    shapes = shapes_with(body, context())

    sketch = shapes.sketch(spaced, PATH, oldest_year(context().today))

    assert sketch is not None
    assert planned(sketch, spaced, context()) == walked(spaced, context())


def test_plans_are_bounded() -> None:
    shapes = Shapes()
    kept = 0

    def record(pieces: Any) -> Plan | None:
        payload = Payload(context(), b"")
        text = TextMasker(payload)
        body = '"'.join(pieces).encode()
        attachments = Base64Attachments(payload, text, PayloadMasker(payload).whole)
        return recorded(json_codec.decode(body), pieces, PATH, context(), (text, attachments))

    for number in range(MAX_ALIKE * 3):
        body = json.dumps(
            {"resourceType": "Patient", "id": "1", "telecom": [{"system": str(number)}]},
            separators=(",", ":"),
        ).encode()
        for _ in range(2):
            shapes.meet(body, PATH, oldest_year(context().today), record)
    for number in range(MAX_ALIKE * 3):
        body = json.dumps(
            {"resourceType": "Patient", "id": "1", "telecom": [{"system": str(number)}]},
            separators=(",", ":"),
        ).encode()
        kept += shapes.sketch(body, PATH, oldest_year(context().today)) is not None

    assert 0 < kept <= MAX_ALIKE
