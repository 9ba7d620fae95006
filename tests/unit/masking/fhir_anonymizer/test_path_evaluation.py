"""What expressions select."""

import json
from datetime import date
from typing import Any

import pytest

from gateway.masking.codecs.json_codec import decode
from gateway.masking.fhir_anonymizer.nodes import Element, parse, text
from gateway.masking.fhir_anonymizer.path_evaluation import Evaluation, check
from gateway.masking.fhir_anonymizer.path_syntax import parse as parse_path
from gateway.masking.fhir_anonymizer.path_values import written

PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "name": [
        {"use": "official", "family": "Marsh", "given": ["Ada", "May"]},
        {"use": "usual", "family": "Moss", "given": ["Adi"]},
    ],
    "telecom": [{"system": "phone", "value": "555"}, {"system": "email", "value": "a@b.c"}],
    "birthDate": "1980-02-03",
    "multipleBirthInteger": 2,
    "extension": [{"url": "http://x", "valueDecimal": 1.25}],
    "contained": [{"resourceType": "Organization", "name": "Ward", "address": [{"city": "Y"}]}],
    "contact": [{"address": {"city": "Troy"}}],
}


def select(path: str) -> list[Any]:
    root = parse(decode(json.dumps(PATIENT).encode()))
    expression = parse_path(path)
    check(expression)
    items = Evaluation(date(2026, 8, 3), 100_000).of(expression, [root])
    return [
        (text(item.value) or item.type) if isinstance(item, Element) else written(item)
        for item in items
    ]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("name.family", ["Marsh", "Moss"]),
        ("Patient.name.family", ["Marsh", "Moss"]),
        ("Resource.id", ["p1"]),
        ("DomainResource.id", ["p1"]),
        ("Observation.id", []),
        ("name[1].given", ["Adi"]),
        ("name.given[1]", ["May"]),
        ("name.where(use = 'official').given", ["Ada", "May"]),
        ("name.where(given.count() > 1).family", ["Marsh"]),
        ("name.where(use != 'official' and family.exists()).family", ["Moss"]),
        ("name.select(given.first())", ["Ada", "Adi"]),
        ("name.given.last() | name.given.last()", ["Adi"]),
        ("name.first().family | name.last().family", ["Marsh", "Moss"]),
        ("(name | telecom).value", ["555", "a@b.c"]),
        ("multipleBirth", ["2"]),
        ("multipleBirth as integer", ["2"]),
        ("multipleBirth as boolean", []),
        ("(multipleBirth as integer) + 1", ["3"]),
        ("multipleBirth.ofType(integer)", ["2"]),
        ("multipleBirth is integer", ["true"]),
        ("multipleBirth.is(boolean)", ["false"]),
        ("multipleBirth.as(FHIR.integer)", ["2"]),
        ("birthDate < @1990-01-01", ["true"]),
        ("birthDate <= today()", ["true"]),
        ("birthDate > @1980-02", []),
        ("nodesByType('ContactPoint').value", ["555", "a@b.c"]),
        ("nodesByType('Address').city", ["Troy"]),
        ("nodesByName('city')", ["Troy"]),
        ("nodesByType('Patient').id", ["p1"]),
        ("contained.nodesByType('Address').city", ["Y"]),
        ("contained.Organization.name", ["Ward"]),
        ("descendants().where($this is Address).city", ["Y", "Troy"]),
        ("repeat(contact | address).city", ["Troy"]),
        ("children().where($this is ContactPoint).system", ["phone", "email"]),
        ("extension('http://x').value", ["1.25"]),
        ("telecom.where(value.matches('^[0-9]+$')).value", ["555"]),
        ("telecom.value.exclude('555')", ["a@b.c"]),
        ("telecom.skip(1).value", ["a@b.c"]),
        ("telecom.take(1).value", ["555"]),
        ("telecom.tail().value", ["a@b.c"]),
        ("telecom.exists(system = 'fax')", ["false"]),
        ("telecom.all(value.exists())", ["true"]),
        ("telecom.empty().not()", ["true"]),
        ("active and {}", []),
        ("active or {}", ["true"]),
        ("active xor true", ["false"]),
        ("active implies false", ["false"]),
        ("{} = 1", []),
        ("1 + 2 * 3 - 4 / 2", ["5"]),
        ("7 div 2 | 7 mod 2 | -7 div 2", ["3", "1", "-3"]),
        ("1 / 0", []),
        (
            "1.25.round(1) | (-1.5).floor() | 1.5.ceiling() | 1.5.truncate()",
            ["1.3", "-2", "2", "1"],
        ),
        ("'a' & {} & 'b'", ["ab"]),
        ("'Ab' ~ 'aB'", ["true"]),
        ("'a b'.split(' ').join('-')", ["a-b"]),
        ("'abc'.indexOf('c')", ["2"]),
        ("'a\\'b\\u0041'", ["a'bA"]),
        ("'12'.toInteger() + 1", ["13"]),
        ("iif(active, 'yes', 'no')", ["yes"]),
        ("name.family.first() in ('Marsh' | 'Moss')", ["true"]),
        ("name.`family`", ["Marsh", "Moss"]),
        ("name /* all of them */ .family // names", ["Marsh", "Moss"]),
    ],
)
def test_select(path: str, found: list[str]) -> None:
    assert select(path) == found


@pytest.mark.parametrize(
    "path",
    ["name.single()", "name.family + 1", "1 < 'a'", "@2010 < @T10:00", "true > 1", "name + name"],
)
def test_what_cannot_be_computed(path: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        select(path)
