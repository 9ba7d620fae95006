"""No patient of the sample C-CDA documents is found in what is masked of them.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.masking.codecs.xml_codec import Element, decode
from gateway.masking.context import Context
from gateway.masking.engine import mask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "fhir-converter" / "Ccda"
DOCUMENTS = sorted(DATA.glob("*.ccda"))
MIN_LENGTH = 3
KEPT = {"state", "country"}
TYPE = "application/cda+xml"
pytestmark = pytest.mark.skipif(not DOCUMENTS, reason=f"no sample data in {DATA.name} beside this")


def context(*, accept: bool) -> Context:
    return Context("safe-harbor", "", True, accept, None, "", date(2026, 8, 3))


def below(element: Element, name: str) -> Iterator[Element]:
    for child in element.elements:
        if child.local == name:
            yield child
        yield from below(child, name)


def texts(element: Element) -> Iterator[str]:
    if element.local not in KEPT:
        yield element.text
        for child in element.elements:
            yield from texts(child)


def identifying(root: Element) -> Iterator[str]:
    for role in below(root, "patientRole"):
        yield from (child.attributes.get("extension", "") for child in role.elements)
        for telecom in below(role, "telecom"):
            yield telecom.attributes.get("value", "").rpartition(":")[2]
        for time in below(role, "birthTime"):
            yield time.attributes.get("value", "")
        for patient in below(role, "patient"):
            for kind in ("name", "addr"):
                for part in below(patient, kind):
                    yield from texts(part)
        for child in role.elements:
            if child.local == "addr":
                yield from texts(child)


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name[:24])
def test_a_document_shows_no_patient(path: Path, accept: bool) -> None:
    body = path.read_bytes()
    done = mask(body, TYPE, "", context(accept=accept)).body

    text = done.decode()
    values = {value for value in identifying(decode(body)) if len(value) >= MIN_LENGTH}
    found = [
        value
        for value in values
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text, re.IGNORECASE)
    ]
    assert values
    assert found == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name[:24])
def test_structure_codes_values_and_units_stay(path: Path) -> None:
    body = path.read_bytes()
    done = mask(body, TYPE, "", context(accept=True)).body

    before, after = decode(body), decode(done)
    assert names(before) == names(after)
    assert clinical(before) == clinical(after)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name[:24])
def test_masking_twice_is_masking_once(path: Path) -> None:
    once = mask(path.read_bytes(), TYPE, "", context(accept=False)).body

    assert mask(once, TYPE, "", context(accept=False)).body == once


def names(element: Element) -> list[str]:
    return [element.name, *(name for child in element.elements for name in names(child))]


def clinical(element: Element) -> list[tuple[str, ...]]:
    """Codes and quantities, in order; years of age are capped."""
    keys = ("code", "codeSystem", "unit") + (("value",) if "unit" in element.attributes else ())
    own = tuple(element.attributes.get(key, "") for key in keys)
    inner = [item for child in element.elements for item in clinical(child)]
    return [own, *inner] if any(own) and element.attributes.get("unit") != "a" else inner
