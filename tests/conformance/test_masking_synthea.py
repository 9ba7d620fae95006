"""No patient of the Synthea samples is found in what is masked of them.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import base64
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.masking.context import Context
from gateway.masking.engine import mask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
NDJSON = sorted((DATA / "synthea-fhir-10").glob("*.000.ndjson"))
BUNDLES = sorted((DATA / "synthea-fhir-bundles").glob("*.json"))
MIN_LENGTH = 6
_DATA = re.compile(r'"data": ?"([^"]+)"')
pytestmark = pytest.mark.skipif(not NDJSON, reason=f"no sample data in {DATA.name} beside this")


def context(*, accept: bool) -> Context:
    return Context("safe-harbor", "", True, accept, None, "", date(2026, 8, 3))


def visible(body: bytes) -> str:
    text = body.decode()
    return text + "".join(base64.b64decode(data).decode() for data in _DATA.findall(text))


def identifying(patient: dict[str, Any]) -> Iterator[str]:
    for name in patient.get("name", []):
        yield from (name.get("family", ""), *name.get("given", []))
    for address in patient.get("address", []):
        yield from address.get("line", [])
    for part in (*patient.get("telecom", []), *patient.get("identifier", [])):
        yield part.get("value", "")
    yield patient.get("birthDate", "")


def patients() -> frozenset[str]:
    lines = (DATA / "synthea-fhir-10" / "Patient.000.ndjson").read_text("utf-8").splitlines()
    values = (value for line in lines for value in identifying(json.loads(line)))
    return frozenset(value for value in values if len(value) >= MIN_LENGTH)


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("path", NDJSON, ids=lambda path: path.name)
def test_ndjson_shows_no_patient(path: Path, accept: bool) -> None:
    body = path.read_bytes()
    done = mask(body, "application/fhir+ndjson", "", context(accept=accept)).body

    text = visible(done)
    assert [value for value in patients() if value in text] == []
    assert done.count(b"\n") == body.count(b"\n")
    assert all(json.loads(line) for line in done.splitlines())


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name[-20:])
def test_a_bundle_shows_no_patient(path: Path, accept: bool) -> None:
    body = path.read_bytes()
    people = [
        entry["resource"]
        for entry in json.loads(body)["entry"]
        if entry["resource"]["resourceType"] == "Patient"
    ]
    done = mask(body, "application/fhir+json", "", context(accept=accept)).body

    text = visible(done)
    values = [value for person in people for value in identifying(person) if len(value) > 3]
    assert [value for value in values if value in text] == []
    assert mask(done, "application/fhir+json", "", context(accept=accept)).body == done


@pytest.mark.parametrize("path", BUNDLES, ids=lambda path: path.name[-20:])
def test_codes_values_and_units_of_a_bundle_survive(path: Path) -> None:
    body = path.read_bytes()
    done = mask(body, "application/fhir+json", "", context(accept=False)).body

    before, after = json.loads(body), json.loads(done)
    assert clinical(before) == clinical(after)
    assert len(before["entry"]) == len(after["entry"])


def clinical(node: object) -> list[object]:
    """Codes, quantities and their units, in order."""
    match node:
        case {"code": str() as code, **rest}:
            return [code, *clinical(list(rest.values()))]
        case {"value": int() | float() as value, "unit": unit, **rest}:
            return [value, unit, *clinical(list(rest.values()))]
        case dict():
            return clinical(list(node.values()))
        case list():
            return [item for inner in node for item in clinical(inner)]
        case _:
            return []
