"""What is known of FHIR R4, and that content survives being read and written."""

import json
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.codecs.json_codec import Node, decode, encode
from gateway.masking.fhir_anonymizer import load
from gateway.masking.fhir_anonymizer.definitions import (
    is_known,
    is_primitive,
    is_resource,
    members,
    resource_types,
)


@pytest.mark.parametrize(
    ("structure", "member", "kind", "many"),
    [
        ("Patient", "name", "HumanName", True),
        ("Patient", "deceasedDateTime", "dateTime", False),
        ("Patient", "contact", "BackboneElement", True),
        ("Patient.contact", "telecom", "ContactPoint", True),
        ("Patient", "id", "id", False),
        ("HumanName", "id", "string", False),
        ("Timing", "repeat", "Element", False),
        ("Observation", "valueQuantity", "Quantity", False),
        ("Age", "value", "decimal", False),
        ("Bundle", "entry", "BackboneElement", True),
        ("Bundle.entry", "resource", "", False),
        ("Questionnaire.item", "item", "BackboneElement", True),
        ("Narrative", "div", "xhtml", False),
        ("MedicinalProduct", "marketingStatus", "MarketingStatus", True),
        ("OrganizationAffiliation", "telecom", "ContactPoint", True),
        ("Account", "servicePeriod", "Period", False),
        ("Extension", "valueMeta", "Meta", False),
        ("Meta", "lastUpdated", "instant", False),
    ],
)
def test_members(structure: str, member: str, kind: str, many: bool) -> None:
    definition = members(structure)[member]

    assert (definition.type, definition.many) == (kind, many)


def test_the_table_is_that_of_r4() -> None:
    assert len(resource_types()) == 146
    assert is_resource("MedicinalProduct")
    assert not is_resource("DomainResource")
    assert not is_resource("Citation")
    assert is_primitive("positiveInt")
    assert "project" not in members("Meta")


def test_every_element_is_of_a_type_that_is_known() -> None:
    waiting = set(resource_types())
    seen: set[str] = set()
    while waiting:
        structure = waiting.pop()
        seen.add(structure)
        for definition in members(structure).values():
            if definition.type:
                assert is_known(definition.type), (structure, definition)
                waiting |= {definition.structure} - seen
    assert len(seen) > 600


_TEXT = st.text(max_size=8)
_PRIMITIVE = st.fixed_dictionaries({"id": _TEXT})
_NAMES = st.lists(
    st.fixed_dictionaries(
        {"family": _TEXT},
        optional={"given": st.lists(_TEXT, min_size=1, max_size=3), "_family": _PRIMITIVE},
    ),
    min_size=1,
    max_size=3,
)
_PATIENTS = st.recursive(
    st.fixed_dictionaries(
        {"resourceType": st.just("Patient")},
        optional={
            "id": _TEXT,
            "active": st.booleans(),
            "name": _NAMES,
            "multipleBirthInteger": st.integers(-(2**70), 2**70),
        },
    ),
    lambda inner: st.fixed_dictionaries(
        {
            "resourceType": st.just("Bundle"),
            "entry": st.lists(inner.map(lambda it: {"resource": it}), min_size=1, max_size=3),
        }
    ),
    max_leaves=4,
)


@given(_PATIENTS)
def test_what_is_kept_keeps_its_values(resource: Node) -> None:
    body = json.dumps(resource).encode()
    kept = load({"fhirPathRules": [{"path": "Resource", "method": "keep"}]})

    written = encode(kept.apply(decode(body), today=date(2026, 8, 3)).tree)

    assert json.loads(written) == resource
