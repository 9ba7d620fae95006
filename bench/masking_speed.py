"""Speed of the masking engine on one core, beside orjson parsing and writing the same bytes.

Run from the repository's root: `python -m bench.masking_speed [FILE …] [--json]`. Without files it
masks synthetic patients' Bundles, and Synthea data where it lies beside the checkout. Goal: 20 MB/s
of FHIR JSON with the safe-harbor profile (10 in the first version).
"""

import argparse
import json
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson

from gateway.local.patients import documents, generate
from gateway.masking.engine import Context, mask

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
SECONDS = 1.0
CONTEXT = Context("safe-harbor", "", True, False, None, "", date(2026, 8, 3))
ACCEPTING = Context("safe-harbor", "", True, True, None, "", date(2026, 8, 3))


def rate(work: Callable[[], object], size: int) -> float:
    """MB/s of CPU time in the fastest round, after one that fills a process's caches."""
    work()
    best, until = float("inf"), time.process_time() + SECONDS
    while time.process_time() < until:
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return size / best / 1e6


def samples(paths: list[Path]) -> dict[str, tuple[str, list[bytes]]]:
    """Name → (content type, documents)."""
    if paths:
        return {
            path.name: (
                "application/fhir+ndjson" if path.suffix == ".ndjson" else "application/fhir+json",
                [path.read_bytes()],
            )
            for path in paths
        }
    bundles = [
        body for _, kind, body in documents(generate(seed=1, count=50)) if kind.endswith("+json")
    ]
    small = [line for body in bundles for line in _resources(body)]
    found = {
        "resources, 0.5 kB each": ("application/fhir+json", small),
        "bundles, 10 kB each": ("application/fhir+json", bundles),
    }
    for folder, pattern, kind in (
        ("synthea-fhir-10", "*.000.ndjson", "application/fhir+ndjson"),
        ("synthea-fhir-bundles", "*.json", "application/fhir+json"),
    ):
        files = sorted((DATA / folder).glob(pattern))
        if files:
            found[folder] = (kind, [path.read_bytes() for path in files])
    return found


def _resources(body: bytes) -> list[bytes]:
    return [orjson.dumps(entry["resource"]) for entry in orjson.loads(body)["entry"]]


def measure(kind: str, bodies: list[bytes]) -> dict[str, float]:
    """MB/s of the engine with and without free text, and of orjson."""
    size = sum(map(len, bodies))

    def engine(context: Context) -> Callable[[], object]:
        return lambda: [mask(body, kind, "", context) for body in bodies]

    def parse() -> None:
        for body in bodies:
            for line in body.splitlines() if kind.endswith("ndjson") else [body]:
                orjson.dumps(orjson.loads(line))

    return {
        "megabytes": round(size / 1e6, 2),
        "withheld text MB/s": round(rate(engine(CONTEXT), size), 1),
        "masked text MB/s": round(rate(engine(ACCEPTING), size), 1),
        "orjson MB/s": round(rate(parse, size), 1),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="FHIR JSON or NDJSON files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    table = {name: measure(*sample) for name, sample in samples(options.files).items()}
    if options.json:
        print(json.dumps(table))
        return
    for name, row in table.items():
        ratio = row["orjson MB/s"] / row["withheld text MB/s"]
        print(f"{name:28} " + "  ".join(f"{key} {value:8}" for key, value in row.items()), end="")
        print(f"  orjson/engine {ratio:.1f}")


if __name__ == "__main__":
    main()
