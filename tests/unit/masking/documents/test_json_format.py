"""A key that is written twice is found, whatever stands around it."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.codecs import json_codec
from gateway.masking.engine import mask
from gateway.masking.fhir.walk import FhirWalk
from tests.unit.masking.contexts import context
from tests.unit.masking.own import masked, own

RULED = (
    own("{extends: safe-harbor, rank: 41, fields: [{path: '**.identifier', do: drop}]}"),
    own("{extends: safe-harbor, rank: 41, fields: [{path: 'Patient.*', do: drop}]}"),
    own("{extends: pseudonymous, rank: 41, fields: [{path: '**.name', do: keep}]}"),
)
# What the walks treat apart, and what looks like a key without being one.
NAMES = sorted(
    {*FhirWalk.special, "name", "value", "columns", "rows", "answer", "item", "resource"}
    | {"resourceType", "entry", "code", "system", "div", "_birthDate", 'a":', 'b\\": 1'}
)
TEXTS = ('":', '{"a":1,"a":2}', '\\":', '"', "\\", "years", "Patient", "Parameters", "ssn", "x")
LEAVES = st.none() | st.booleans() | st.sampled_from([1, 95, 123456789012]) | st.sampled_from(TEXTS)
NODES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=4)
    ),
    max_leaves=25,
)
RESOURCES = st.dictionaries(st.sampled_from(NAMES), NODES, min_size=1, max_size=5).map(
    lambda node: {"resourceType": "Patient", **node}
)


class Pairs(dict[str, Any]):
    """An object that is written with the members given, a key twice included."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self._pairs = pairs

    def items(self) -> Any:  # what `json` asks of an object
        return list(self._pairs)


def with_a_key_twice(node: Any, place: int) -> tuple[Any, int]:
    """The tree with the first key of its object number `place` written twice; objects left."""
    if isinstance(node, list):
        items = []
        for item in node:
            made, place = with_a_key_twice(item, place)
            items.append(made)
        return items, place
    if not isinstance(node, dict):
        return node, place
    pairs: list[tuple[str, Any]] = []
    own_place, place = place, place - 1
    for key, value in node.items():
        made, place = with_a_key_twice(value, place)
        pairs.append((key, made))
    if own_place == 0:
        pairs.insert(0, (pairs[0][0], "Zyxqvort"))
    return Pairs(pairs), place


def twice(data: Any, node: Any) -> bytes:
    """The JSON text with one key somewhere twice."""
    objects = -with_a_key_twice(node, -1)[1] - 1
    place = data.draw(st.integers(0, objects - 1))
    # Where keys and colons are apart, they are counted otherwise.
    separators = data.draw(st.sampled_from([(",", ":"), (", ", " : ")]))
    return json.dumps(with_a_key_twice(node, place)[0], separators=separators).encode()


@settings(deadline=None, max_examples=150)
@given(st.data(), RESOURCES, st.sampled_from(["safe-harbor", "pseudonymous", "secrets-only"]))
def test_a_key_that_stands_twice_is_withheld(data: Any, node: Any, profile: str) -> None:
    with pytest.raises(Withheld):
        mask(twice(data, node), "application/json", "", context(profile, accept=True))


@settings(deadline=None, max_examples=100)
@given(st.data(), RESOURCES, st.sampled_from(RULED))
def test_a_key_that_stands_twice_is_withheld_where_rules_decide(
    data: Any, node: Any, profile: Any
) -> None:
    with pytest.raises(Withheld):
        masked(profile, twice(data, node))


@settings(deadline=None, max_examples=100)
@given(st.data(), st.lists(RESOURCES, min_size=1, max_size=4))
def test_no_line_hides_a_key_that_stands_twice_in_another(data: Any, nodes: list[Any]) -> None:
    lines = [json.dumps(node).encode() for node in nodes]
    place = data.draw(st.integers(0, len(nodes) - 1))
    lines[place] = twice(data, nodes[place])
    with pytest.raises(Withheld):
        mask(b"\n".join(lines), "application/fhir+ndjson", "", context())


@settings(deadline=None, max_examples=100)
@given(st.data(), RESOURCES)
def test_what_is_shown_as_it_was_written_has_no_key_twice(data: Any, node: Any) -> None:
    inner = twice(data, node).decode()
    assume("Zyxqvort" in inner)
    body = json.dumps({"x": inner}).encode()
    assert b"Zyxqvort" not in mask(body, "application/json", "", context(accept=True)).body


WRITTEN = st.sampled_from([(",", ":"), (", ", " : "), (",", "\n:")])


@settings(deadline=None, max_examples=200)
@given(st.data(), RESOURCES, st.booleans())
def test_a_tree_that_was_read_is_held_against_its_text(data: Any, node: Any, escaped: bool) -> None:
    def text(tree: Any) -> bytes:
        made = json.dumps(tree, separators=data.draw(WRITTEN))
        # What looks like a key, written so that no search for one finds it.
        return re.sub(
            r"\\(.)", lambda found: r"\u0022" if escaped and found[1] == '"' else found[0], made
        ).encode()

    plain = text(node)
    json_codec.check_read(plain, json_codec.decode(plain))
    doubled = text(json.loads(twice(data, node), object_pairs_hook=Pairs))
    with pytest.raises(Withheld, match="twice"):
        json_codec.check_read(doubled, json_codec.decode(doubled))


def test_an_escape_in_a_text_makes_up_for_no_key() -> None:
    """Written again, the text has one more of what looks like a key: as many as there were."""
    body = b'{"a":1,"a":2,"b":"x\\u0022:y"}'
    with pytest.raises(Withheld, match="twice"):
        json_codec.check_read(body, json_codec.decode(body))
    body = b'{"a":1,"a" :2,"b":"x\\":y"}'
    with pytest.raises(Withheld, match="twice"):
        json_codec.check_read(body, json_codec.decode(body))


@pytest.mark.parametrize("element", ["identifier", "telecom", "valueIdentifier", "requisition"])
@pytest.mark.parametrize("beside", [None, "x", 1, ["y"]])
def test_an_odd_item_of_a_list_hides_no_key_that_stands_twice(element: str, beside: Any) -> None:
    items = json.dumps([{"use": "official"}, beside])
    body = f'{{"resourceType":"Patient","{element}":{items},"a":"517-64-9982","a":"b"}}'
    with pytest.raises(Withheld, match="twice"):
        mask(body.encode(), "application/json", "", context())
    shown = mask(json.dumps({"x": body}).encode(), "application/json", "", context(accept=True))
    assert b"517-64-9982" not in shown.body


@pytest.mark.parametrize("element", ["identifier", "telecom"])
def test_every_item_of_a_list_is_masked_whatever_stands_beside_it(element: str) -> None:
    body = {
        "resourceType": "Patient",
        element: [{"value": "A-4711"}, None, "B-4712", ["C-4713"], {"value": "D-4714"}],
    }
    done = mask(json.dumps(body).encode(), "application/json", "", context()).body
    for value in ("A-4711", "B-4712", "C-4713", "D-4714"):
        assert value.encode() not in done


@pytest.mark.parametrize(
    ("unit", "shown"),
    [
        ({"unit": "a"}, [90, ">="]),
        ({"unit": ["a"]}, [90, ">="]),
        ({"code": {"a": 1}}, [90, ">="]),
        ({"unit": "kg"}, [95, None]),
    ],
)
def test_an_age_whose_unit_is_no_text_is_taken_for_years(unit: Any, shown: list[Any]) -> None:
    body = {"resourceType": "Observation", "valueQuantity": {"value": 95, **unit}}
    done = json.loads(mask(json.dumps(body).encode(), "application/json", "", context()).body)
    quantity = done["valueQuantity"]
    assert [quantity["value"], quantity.get("comparator")] == shown
