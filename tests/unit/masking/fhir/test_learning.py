"""What is learned of the leaves of a known shape is what is learned of the text."""

import io
import json
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.codecs import json_codec
from gateway.masking.fhir.learning import FHIR, may_name, that_may_name
from gateway.masking.generalise import oldest_year
from gateway.masking.kinds import Kind
from gateway.masking.learning import MAX_VALUE, learn
from tests.unit.masking.contexts import context
from tests.unit.masking.fhir import test_shapes as shapes

MARKS = ["family", "given", "birthDate", "valueHumanName", "resourceType", 'a"family']


class Learned:
    """All that is learned, in order."""

    def __init__(self) -> None:
        self.found: list[tuple[str, Kind]] = []
        self.displays: list[tuple[str, str, str]] = []

    def learn_name(self, value: str) -> None:
        self.found.append((value, Kind.NAME))

    def learn_phrase(self, value: str, kind: Kind) -> None:
        self.found.append((value, kind))

    def learn_display(self, value: str, reference: str, inside: str) -> None:
        self.displays.append((value, reference, inside))


def of_text(body: bytes, *, everything: bool = False) -> Learned:
    learned = Learned()
    if everything or may_name(body):
        learn(json_codec.decode(body), learned, fhir=FHIR in body)
    return learned


def marked(node: Any, draw: Random) -> Any:
    """The same, in which some strings are names of elements, or very long."""
    match node:
        case dict():
            return {key: marked(value, draw) for key, value in node.items()}
        case list():
            return [marked(value, draw) for value in node]
        case str() if draw.random() < 0.1:
            return draw.choice([*MARKS, "x" * (MAX_VALUE + 1), "y" * MAX_VALUE])
        case _:
            return node


def check(like: bytes, body: bytes) -> bool:
    """Whether there is a plan that has learned what the text names."""
    known = shapes.shapes_with(like, context(), often=True)
    sketch = known.sketch(body, shapes.PATH, oldest_year(context().today))
    done = []
    for everything in (True, False):
        learned = Learned()
        done.append(sketch is not None and sketch.learn(learned, everything=everything))
        if done[-1]:
            expected = of_text(body, everything=everything)
            assert learned.found == expected.found
            assert learned.displays == expected.displays
    return done[-1]


@settings(max_examples=300, deadline=None)
@given(shapes.RESOURCES, st.booleans(), st.randoms(use_true_random=False))
def test_leaves_teach_what_the_text_does(
    resource: tuple[str, Any], ascii_only: bool, draw: Random
) -> None:
    kind, tree = resource
    pairs = shapes.bodies((kind, tree), ascii_only=ascii_only)
    try:
        made = [json.loads(body) for body in pairs]
        like, body = (
            json.dumps(marked(item, draw) | {"resourceType": kind}, separators=(",", ":")).encode()
            for item in made
        )
        json_codec.decode(like)
        shapes.walked(like, context())
    except (Withheld, UnicodeError):
        return
    for text in (like, body):
        check(like, text)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([shapes.OBSERVATION, shapes.PERSON, shapes.ENTRY, shapes.NOTE]),
    st.randoms(use_true_random=False),
)
def test_leaves_of_ordinary_resources_teach_what_the_text_does(
    resource: dict[str, Any], draw: Random
) -> None:
    made = shapes.varied(resource, draw)
    like = json.dumps(made, separators=(",", ":")).encode()
    for other in (made, shapes.varied(made, draw), marked(made, draw)):
        check(like, json.dumps(other, separators=(",", ":")).encode())


def test_the_names_of_a_patient_are_learned_of_its_leaves() -> None:
    body = json.dumps(shapes.PERSON, separators=(",", ":")).encode()
    other = body.replace(b"Doe", b"Poe").replace(b"617-555", b"212-555")

    assert check(body, other)
    assert ("Poe", Kind.NAME) in of_text(other).found
    assert ("212-555-0100", Kind.PHONE) in of_text(other).found


def test_a_value_that_is_called_like_a_name_leaves_it_to_the_text() -> None:
    body = json.dumps(shapes.NOTE, separators=(",", ":")).encode()

    assert check(body, body)
    assert not check(body, body.replace(b'"White"', b'"family"'))
    assert not check(body, body.replace(b'"White"', b'"a\\"family"'))


LINES = st.lists(
    st.sampled_from(
        [b"", b" ", b"\r", b'{"resourceType":"Patient","name":[{"family":"Doe"}]}', b'{"a":1}',
         b'{"resourceType":"Observation"}', b'{"resourceType":"X","b":"given"}', b"nothing",
         b'{"resourceType":"X","birthDate":"1980","valueHumanName":{}}', b'"family',
         b'"given""given"']
    ),
    max_size=9,
)  # fmt: skip


@given(LINES, st.booleans())
def test_lines_that_may_name_somebody_are_found_in_one_search(
    lines: list[bytes], ends: bool
) -> None:
    body = b"\n".join(lines) + b"\n" * ends

    assert list(that_may_name(body)) == [line for line in io.BytesIO(body) if may_name(line)]
