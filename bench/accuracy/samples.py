"""The sets of structured samples, and who is named in them."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from defusedxml.ElementTree import fromstring

from bench.accuracy.leaks import MIN_LENGTH, Leak, check, compare, identifying

QUICK = 60
Row = dict[str, Any]


def values_of(patient: Row) -> Iterator[str]:
    """What identifies a FHIR patient."""
    for name in patient.get("name", []):
        yield from (name.get("family", ""), *name.get("given", []))
    for address in patient.get("address", []):
        yield from address.get("line", [])
        yield address.get("city", "")
    for part in (*patient.get("telecom", []), *patient.get("identifier", [])):
        yield part.get("value", "")
    yield patient.get("birthDate", "")


_CLINICAL = frozenset({"code", "system", "unit", "value", "display", "status", "resourceType"})


def clinical(node: object, key: str = "", outer: str = "") -> Iterator[str]:
    """Values that identify nobody, in order: codes, displays of codes, quantities, statuses."""
    match node:
        case dict():
            coded = "code" in node
            for name, value in node.items():
                if name == "display" and not coded:
                    continue
                if name in {"identifier", "telecom", "text", "url", "meta"}:
                    continue
                yield from clinical(value, name, key)
        case list():
            for item in node:
                yield from clinical(item, key, outer)
        case str() | int() | float() if key in _CLINICAL:
            yield f"{key}={node}"
        case _:
            return


def fhir_ndjson(data: Path, limit: int | None) -> Leak | None:
    """Every NDJSON file of ten patients: all patients' values, whatever the file."""
    files = sorted((data / "synthea-fhir-10").glob("*.000.ndjson"))
    if not files:
        return None
    leak = Leak()
    people = (data / "synthea-fhir-10" / "Patient.000.ndjson").read_text("utf-8").splitlines()
    values = identifying(value for line in people for value in values_of(json.loads(line)))
    for path in files:
        lines = path.read_bytes().splitlines()[:limit]
        done = check(leak, path.name, b"\n".join(lines), "application/fhir+ndjson", values)
        if done is not None:
            for before, after in zip(lines, done.splitlines(), strict=True):
                compare(leak, clinical(json.loads(before)), clinical(json.loads(after)))
    return leak


def fhir_bundles(data: Path, limit: int | None) -> Leak | None:
    """Bundles of one patient each."""
    files = sorted((data / "synthea-fhir-bundles").glob("*.json"))
    if not files:
        return None
    leak = Leak()
    for path in files[: 2 if limit else None]:
        body = path.read_bytes()
        entries = json.loads(body).get("entry", [])
        resources = [entry["resource"] for entry in entries if "resource" in entry]
        people = [item for item in resources if item["resourceType"] == "Patient"]
        values = identifying(value for person in people for value in values_of(person))
        done = check(leak, path.name[-20:], body, "application/fhir+json", values)
        if done is not None:
            compare(leak, clinical(json.loads(body)), clinical(json.loads(done)))
    return leak


_OF_PATIENTS = ("SSN", "DRIVERS", "PASSPORT", "FIRST", "LAST", "MAIDEN", "ADDRESS", "BIRTHDATE")
_CODED = ("CODE", "DESCRIPTION", "VALUE", "UNITS", "REASONCODE", "REASONDESCRIPTION")


def tables(data: Path, limit: int | None) -> Leak | None:
    """Synthea's CSV tables: patients' values in any of them."""
    folder = data / "synthea-csv"
    files = sorted(folder.glob("*.csv"))
    if not files:
        return None
    leak = Leak()
    people = list(csv.DictReader(io.StringIO((folder / "patients.csv").read_text("utf-8"))))
    values = identifying(row.get(name, "") for row in people for name in _OF_PATIENTS)
    for path in files:
        body = b"\n".join(path.read_bytes().splitlines()[:limit]) + b"\n"
        done = check(leak, path.name, body, "text/csv", values)
        if done is not None:
            compare(leak, _cells(body), _cells(done))
    return leak


def _cells(body: bytes) -> Iterator[str]:
    for row in csv.DictReader(io.StringIO(body.decode())):
        yield from (f"{name}={row[name]}" for name in _CODED if row.get(name))


_DEMOGRAPHICS = {
    "PID": (2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20, 21),
    "NK1": (2, 4, 5, 6, 30, 31, 32, 33, 37),
    "GT1": (2, 3, 4, 5, 6, 7, 8, 12),
    "IN1": (2, 16, 18, 19, 36, 49),
    "MRG": (1, 2, 3, 4, 7),
}
_NAMED = frozenset(
    {
        *(("PID", 5), ("PID", 6), ("PID", 9), ("NK1", 2), ("NK1", 30), ("GT1", 3), ("GT1", 4)),
        *(("IN1", 16), ("MRG", 7)),
    }
)
_STREETS = frozenset({("PID", 11), ("NK1", 4), ("GT1", 5), ("IN1", 19), ("NK1", 32)})
_PARTS = re.compile(r"[\^~&]")


def hl7(data: Path, limit: int | None) -> Leak | None:
    """HL7 v2 messages: what PID, NK1, GT1, IN1 and MRG say, in all segments of the message."""
    files = sorted((data / "fhir-converter" / "Hl7v2").glob("*.hl7"))
    if not files:
        return None
    leak = Leak()
    for path in files[: QUICK // 4 if limit else None]:
        body = path.read_bytes()
        values = identifying(_demographics(body.decode("utf-8", "replace")))
        done = check(leak, path.name, body, "application/hl7-v2", values)
        if done is not None:
            compare(leak, _observed(body.decode()), _observed(done.decode()))
    return leak


def _demographics(message: str) -> Iterator[str]:
    """Names, streets, numbers, phones and birth dates; codes and types of them are words."""
    for segment in re.split(r"[\r\n]+", message):
        fields = segment.split("|")
        for place in _DEMOGRAPHICS.get(fields[0], ()):
            for repetition in (fields[place] if place < len(fields) else "").split("~"):
                yield from _parts((fields[0], place), repetition)


def _parts(place: tuple[str, int], repetition: str) -> Iterator[str]:
    if place in _STREETS:
        yield repetition.partition("^")[0].strip()
    for part in map(str.strip, _PARTS.split(repetition)):
        # An assigning authority's OID is no identifier of the patient.
        if (place in _NAMED and len(part) > MIN_LENGTH and part.isalpha()) or (
            sum(map(str.isdigit, part)) >= 5 and part.count(".") < 3  # noqa: PLR2004
        ):
            yield part


_CODED_FIELDS = {"OBX": (2, 3, 6, 8, 11), "AL1": (2, 3, 4), "DG1": (3, 6), "PV1": (2, 4, 10)}


def _observed(message: str) -> Iterator[str]:
    """Codes of observations, allergies and diagnoses, and the numbers that were measured."""
    for segment in re.split(r"[\r\n]+", message):
        fields = segment.split("|")
        measured = fields[0] == "OBX" and len(fields) > 5 and fields[2] in {"NM", "SN"}  # noqa: PLR2004
        for place in (*_CODED_FIELDS.get(fields[0], ()), *((5,) if measured else ())):
            if place < len(fields) and fields[place]:
                yield f"{fields[0]}-{place}={fields[place]}"


_V3 = "{urn:hl7-org:v3}"


def ccda(data: Path, limit: int | None) -> Leak | None:
    """C-CDA documents: the recordTarget's names, addresses, telecoms, ids and birth date."""
    files = sorted((data / "fhir-converter" / "Ccda").glob("*.ccda"))
    if not files:
        return None
    leak = Leak()
    for path in files[: 3 if limit else None]:
        body = path.read_bytes()
        values = identifying(_record_target(body))
        done = check(leak, path.name, body, "application/cda+xml", values)
        if done is not None:
            compare(leak, _statements(body), _statements(done))
    return leak


def _record_target(body: bytes) -> Iterator[str]:
    """The patient, the guardian and whoever else a document's header names."""
    root = fromstring(body)
    for role in root.iter(f"{_V3}patientRole"):
        for tag in ("given", "family", "streetAddressLine", "city"):
            yield from ((node.text or "").strip() for node in role.iter(_V3 + tag))
        yield from (node.get("value", "").partition(":")[2] for node in role.iter(f"{_V3}telecom"))
        yield from (node.get("extension", "") for node in role.findall(f"{_V3}id"))
        yield from (node.get("value", "") for node in role.iter(f"{_V3}birthTime"))
    for name in root.iter(f"{_V3}name"):
        yield from ((node.text or "").strip() for node in name.findall(f"{_V3}family"))


def _statements(body: bytes) -> Iterator[str]:
    """Codes, their displays, and quantities."""
    for node in fromstring(body).iter():
        yield from (
            f"{name}={node.get(name)}"
            for name in ("code", "codeSystem", "displayName", "unit")
            if node.get(name)
        )
        if node.get("unit") and node.get("value"):
            yield f"value={node.get('value')}"


SETS: dict[str, Callable[[Path, int | None], Leak | None]] = {
    "FHIR NDJSON": fhir_ndjson,
    "FHIR Bundles": fhir_bundles,
    "CSV tables": tables,
    "HL7 v2": hl7,
    "C-CDA": ccda,
}
