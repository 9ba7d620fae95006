"""The bodies that are fetched, and the field rules that both gateways apply to them."""

import random
from collections.abc import Mapping

import orjson

SIZES: Mapping[str, int] = {"2k": 2_000, "200k": 200_000, "10m": 10_000_000}
"""Size in bytes by the name that URLs and reports use."""

_FAMILIES = ("Abara", "Birnbaum", "Castellan", "Dovrak", "Ekström", "Fontaine", "Grzyb", "Hale")
_GIVEN = ("Ada", "Bruno", "Chloé", "Dmitri", "Esther", "Faisal", "Greta", "Hiro")
_STREETS = ("Elm St", "Harbor Rd", "Mill Lane", "Ridge Ave")


def document(size: int) -> bytes:
    """A FHIR R4 Bundle of about `size` bytes: half of its values name a person, half do not."""
    draw = random.Random(size)  # noqa: S311 - the same document in every run
    head, entries = b'{"resourceType":"Bundle","type":"collection","entry":[', []
    length = len(head) + 2
    number = 0
    while length < size:
        entry = orjson.dumps(
            {
                "fullUrl": f"urn:example:{number}",
                "resource": _patient(draw, number) if number % 2 == 0 else _reading(draw, number),
            }
        )
        entries.append(entry)
        length += len(entry) + 1
        number += 1
    return head + b",".join(entries) + b"]}"


def _patient(draw: random.Random, number: int) -> dict[str, object]:
    family, given = draw.choice(_FAMILIES), draw.choice(_GIVEN)
    return {
        "resourceType": "Patient",
        "id": f"p{number}",
        "identifier": [{"system": "urn:example:mrn", "value": str(draw.randrange(10**9))}],
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "telecom": [{"system": "phone", "value": f"555-{draw.randrange(10**7):07d}"}],
        "gender": draw.choice(("female", "male", "other")),
        "birthDate": f"19{draw.randrange(10, 99)}-0{draw.randrange(1, 9)}-1{draw.randrange(9)}",
        "address": [
            {
                "line": [f"{draw.randrange(1, 999)} {draw.choice(_STREETS)}"],
                "city": "Springfield",
                "postalCode": f"{draw.randrange(99999):05d}",
            }
        ],
    }


def _reading(draw: random.Random, number: int) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "id": f"o{number}",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": f"Patient/p{number - 1}"},
        "effectiveDateTime": f"2024-0{draw.randrange(1, 9)}-1{draw.randrange(9)}T08:30:00Z",
        "valueQuantity": {
            "value": round(draw.uniform(60, 180), 1),
            "unit": "mmHg",
            "system": "http://unitsofmeasure.org",
            "code": "mm[Hg]",
        },
    }
