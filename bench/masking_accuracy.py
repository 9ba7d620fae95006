"""How much free-text and structured masking finds, what it spares, and what leaks, beside Presidio.

Run from the repository's root: `python -m bench.masking_accuracy [--json] [--quick]`. It reads the
samples beside the checkout (`../shared/data`, see its SOURCES.md; elsewhere with `--data`) and says
which are absent.
Everything is masked as a caller does it: `engine.mask` with `safe-harbor` and
`accept_free_text=True`.

**ASQ-PHI** (clinical questions with their identifiers). A value counts as fully masked if, at every
place where it occurs in the text as whole words, each of its letters and digits lies in a part of
the text that was replaced. What was replaced is read off by laying the output over the input: marks
(`[name]`), numbered ids, `90+` and three-digit ZIP areas stand for some of the input; a year stands
for more than itself or was never touched. An output that cannot be laid over its input counts as
masking nothing. A negative (a question without identifiers) is touched if one byte of it changed.

**Leaks**: every name, address, telecom, identifier and birth date of a patient is searched for,
verbatim and as whole words, in the masked output and in what its base64 decodes to. Values that
are shorter than four characters are not counted.

**Utility**: the share of values that identify nobody (codes, displays, quantities, units, statuses)
that are the same before and after.

Presidio runs in an environment of its own (`.venv-presidio`, made on the first run from pinned
versions): its pattern recognisers with a blank spaCy pipeline, since no model is part of this. The
figures of one run are of the same texts and are counted by the same code.
"""

import argparse
import base64
import binascii
import csv
import io
import json
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from bench.rig import presidio as rig
from gateway.errors import Withheld
from gateway.masking.engine import Context, mask

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT.parent / "shared" / "data"
CONTEXT = Context("safe-harbor", "", True, True, None, "", date(2026, 8, 3))
MIN_LENGTH = 4
QUICK = 60
Row = dict[str, Any]
Spans = list[tuple[int, int]]
_STANDS_FOR = re.compile(
    r"\[[a-z-]+\]|masked-[0-9a-f]{8}-[0-9]+|90\+"
    r"|(?<![0-9])(?:(?:1[89]|20)[0-9]{2}|[0-9]{3})(?![0-9])"
)


def replaced(before: str, after: str) -> Spans | None:
    """(start, end) of what masking replaced in `before`; None where `after` does not fit it."""
    pattern, last = [], 0
    for match in _STANDS_FOR.finditer(after):
        pattern.append(re.escape(after[last : match.start()]))
        last = match.end()
        text = match[0]
        plain = text.isdigit() and text != "000"
        pattern.append(rf"(.{{0,60}}?{text}.{{0,60}}?)" if plain else "(.+?)")
    whole = re.fullmatch("".join([*pattern, re.escape(after[last:])]), before, re.DOTALL)
    if whole is None:
        return None
    spans = (whole.span(group) for group in range(1, whole.re.groups + 1))
    return [span for span in spans if not re.fullmatch(r"[0-9]{3,4}", before[slice(*span)])]


def fully_masked(text: str, spans: Spans, value: str) -> bool:
    """Whether every letter and digit of every occurrence of `value` lies in a span."""
    covered = bytearray(len(text))
    for start, end in spans:
        covered[start:end] = b"\1" * (end - start)
    whole = rf"(?<!\w){re.escape(value)}(?!\w)"
    places = [match.start() for match in re.finditer(whole, text)] or [text.find(value)]
    return all(
        covered[index] or not text[index].isalnum()
        for start in places
        for index in range(start, start + len(value))
    )


@dataclass
class Score:
    """Counts of one system on ASQ-PHI."""

    found: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    touched: int = 0
    negatives: int = 0

    def add(self, row: Row, spans: Spans | None, *, touched: bool) -> None:
        """One question."""
        if not row["phi"]:
            self.negatives += 1
            self.touched += touched
            return
        for item in row["phi"]:
            if item["value"] not in row["text"]:
                continue
            self.total[item["type"]] += 1
            self.found[item["type"]] += fully_masked(row["text"], spans or [], item["value"])

    def table(self) -> dict[str, Any]:
        """Shares and counts."""
        return {
            "values": self.total.total(),
            "fully masked": self.found.total(),
            "share": round(self.found.total() / max(1, self.total.total()), 4),
            "negatives": self.negatives,
            "touched": self.touched,
            "by type": {kind: (self.found[kind], self.total[kind]) for kind in sorted(self.total)},
        }


def masked_text(text: str) -> str:
    """A text as the engine shows it."""
    return mask(text.encode(), "text/plain", "", CONTEXT).body.decode()


def asq(rows: list[Row], *, presidio: bool) -> dict[str, Any]:
    """The engine, and Presidio where it can be had, on the same questions."""
    ours = Score()
    masked_text("a first text, as Presidio has one")
    begin = time.process_time()
    outputs = [masked_text(row["text"]) for row in rows]
    seconds = time.process_time() - begin
    for row, after in zip(rows, outputs, strict=True):
        ours.add(row, replaced(row["text"], after), touched=after != row["text"])
    size = sum(len(row["text"]) for row in rows)
    answer = {"chaperone": ours.table() | {"kB/s": round(size / seconds / 1e3)}}
    if presidio:
        theirs = Score()
        done = of_presidio([row["text"] for row in rows])
        for row, spans in zip(rows, done["spans"], strict=True):
            theirs.add(row, [(start, end) for start, end in spans], touched=bool(spans))
        answer["presidio"] = theirs.table() | {"kB/s": round(size / done["seconds"] / 1e3)}
    return answer


def of_presidio(texts: list[str]) -> Any:
    """Spans that Presidio's pattern recognisers find, and its seconds of CPU time."""
    script = Path(__file__).with_name("presidio_spans.py")
    done = subprocess.run(
        [rig.python(), script], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


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


def identifying(values: Iterable[str]) -> frozenset[str]:
    """Those that are long enough to be searched for."""
    return frozenset(value for value in values if len(value) >= MIN_LENGTH)


def visible(body: bytes) -> str:
    """A body, and behind it what its base64 strings decode to."""
    text = body.decode("utf-8", "replace")
    decoded = []
    for match in re.finditer(r"[A-Za-z0-9+/]{24,}={0,2}", text):
        try:
            raw = base64.b64decode(match[0], validate=True)
        except (binascii.Error, ValueError):
            continue
        decoded.append(raw.decode("utf-8", "ignore"))
    return "\n".join([text, *decoded])


_TOKENS = re.compile(r"\w+")


def leaks(values: frozenset[str], shown: str) -> list[str]:
    """Those of `values` that stand in `shown` as whole words."""
    words = set(_TOKENS.findall(shown))
    likely = [value for value in values if set(_TOKENS.findall(value)) <= words]
    return [value for value in likely if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", shown)]


@dataclass
class Leak:
    """What one set of documents gave away."""

    documents: int = 0
    withheld: int = 0
    values: int = 0
    leaked: list[tuple[str, str]] = field(default_factory=list)
    kept: int = 0
    compared: int = 0

    def table(self) -> dict[str, Any]:
        """Counts; the values stay unsaid, and the documents are named."""
        found: dict[str, Any] = {
            "documents": self.documents,
            "withheld": self.withheld,
            "values": self.values,
            "leaked": len(self.leaked),
            "in": sorted({name for name, _ in self.leaked}),
        }
        if self.compared:
            found["utility"] = round(self.kept / self.compared, 4)
        return found


def check(leak: Leak, name: str, body: bytes, kind: str, values: frozenset[str]) -> bytes | None:
    """Mask one document and search it."""
    leak.documents += 1
    leak.values += len(values)
    try:
        done = mask(body, kind, "", CONTEXT).body
    except Withheld:
        leak.withheld += 1
        return None
    leak.leaked += [(name, value) for value in leaks(values, visible(done))]
    return done


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


def compare(leak: Leak, before: Iterable[str], after: Iterable[str]) -> None:
    """Count the values that are the same."""
    first, second = Counter(before), Counter(after)
    leak.compared += first.total()
    leak.kept += (first & second).total()


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
        resources = [entry["resource"] for entry in json.loads(body)["entry"]]
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
    "PID": (3, 5, 6, 7, 9, 11, 13, 14, 18, 19, 20),
    "NK1": (2, 4, 5, 6),
    "GT1": (3, 5, 6, 7, 12),
    "IN1": (16, 18, 19, 36, 49),
}
_PART = re.compile(r"[\^~&]")


def hl7(data: Path, limit: int | None) -> Leak | None:
    """HL7 v2 messages: what PID, NK1, GT1 and IN1 say, in all segments of the same message."""
    files = sorted((data / "fhir-converter" / "Hl7v2").glob("*.hl7"))
    if not files:
        return None
    leak = Leak()
    for path in files[: QUICK // 4 if limit else None]:
        body = path.read_bytes()
        values = identifying(_demographics(body.decode("utf-8", "replace")))
        check(leak, path.name, body, "application/hl7-v2", values)
    return leak


def _demographics(message: str) -> Iterator[str]:
    """Names, numbers, streets, phones and birth dates; codes and types of them are words."""
    for segment in re.split(r"[\r\n]+", message):
        fields = segment.split("|")
        for place in _DEMOGRAPHICS.get(fields[0], ()):
            text = fields[place] if place < len(fields) else ""
            parts = [part.strip() for part in _PART.split(text)]
            named = (fields[0], place) in {("PID", 5), ("NK1", 2)}
            # An assigning authority's OID is no identifier of the patient.
            yield from (
                part
                for part in parts
                if (named and len(part) > MIN_LENGTH and part.isalpha())
                or (sum(map(str.isdigit, part)) >= 5 and part.count(".") < 3)  # noqa: PLR2004
            )


def ccda(data: Path, limit: int | None) -> Leak | None:
    """C-CDA documents: the recordTarget's names, addresses, telecoms and ids."""
    files = sorted((data / "fhir-converter" / "Ccda").glob("*.ccda"))
    if not files:
        return None
    leak = Leak()
    for path in files[: 3 if limit else None]:
        body = path.read_bytes()
        check(leak, path.name, body, "application/cda+xml", identifying(_record_target(body)))
    return leak


def _record_target(body: bytes) -> Iterator[str]:
    from defusedxml.ElementTree import fromstring  # noqa: PLC0415

    hl7v3 = "{urn:hl7-org:v3}"
    for role in fromstring(body).iter(f"{hl7v3}patientRole"):
        for tag in ("given", "family", "streetAddressLine"):
            yield from ((node.text or "").strip() for node in role.iter(hl7v3 + tag))
        yield from (
            node.get("value", "").partition(":")[2] for node in role.iter(f"{hl7v3}telecom")
        )
        yield from (node.get("extension", "") for node in role.findall(f"{hl7v3}id"))


SETS: dict[str, Callable[[Path, int | None], Leak | None]] = {
    "FHIR NDJSON": fhir_ndjson,
    "FHIR Bundles": fhir_bundles,
    "CSV tables": tables,
    "HL7 v2": hl7,
    "C-CDA": ccda,
}


def measure(data: Path, *, quick: bool, presidio: bool) -> dict[str, Any]:
    """All figures."""
    limit = QUICK if quick else None
    answer: dict[str, Any] = {}
    questions = data / "asq-phi" / "dev.jsonl"
    if questions.exists():
        rows = [json.loads(line) for line in questions.read_text("utf-8").splitlines()][:limit]
        answer["ASQ-PHI"] = asq(rows, presidio=presidio)
    else:
        answer["ASQ-PHI"] = "skipped: no asq-phi/dev.jsonl beside the checkout"
    for name, run in SETS.items():
        leak = run(data, limit)
        if leak is None:
            answer[name] = "skipped: no sample data beside the checkout"
        elif leak.documents == leak.withheld:
            answer[name] = "skipped: the engine withholds every document of this format"
        else:
            answer[name] = leak.table()
    return answer


def show(answer: dict[str, Any]) -> None:
    """Print tables."""
    for name, found in answer.items():
        print(f"\n{name}")
        if isinstance(found, str):
            print(f"  {found}")
            continue
        if name != "ASQ-PHI":
            print("  " + "  ".join(f"{key} {value}" for key, value in found.items()))
            continue
        print(f"  {'':34}" + "".join(f"{system:>16}" for system in found))
        kinds = sorted({kind for table in found.values() for kind in table["by type"]})
        for kind in kinds:
            cells = (table["by type"].get(kind, (0, 0)) for table in found.values())
            print(f"  {kind:34}" + "".join(f"{one:>9} / {all_:<4}" for one, all_ in cells))
        for key in ("fully masked", "values", "share", "touched", "negatives", "kB/s"):
            print(f"  {key:34}" + "".join(f"{table[key]:>16}" for table in found.values()))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a part of every set")
    parser.add_argument("--without-presidio", action="store_true", help="the engine alone")
    parser.add_argument("--data", type=Path, default=SAMPLES, help="where the samples lie")
    options = parser.parse_args()
    answer = measure(options.data, quick=options.quick, presidio=not options.without_presidio)
    if options.json:
        print(json.dumps(answer))
    else:
        show(answer)


if __name__ == "__main__":
    main()
