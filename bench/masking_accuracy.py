"""How much free-text and structured masking finds, what it spares, and what leaks, beside Presidio.

Run from the repository's root: `python -m bench.masking_accuracy [--json] [--quick]`. It reads the
samples beside the checkout (`../shared/data`, see its SOURCES.md; elsewhere with `--data`) and says
which are absent.
Everything is masked as a caller does it: `engine.mask` with `safe-harbor` and
`accept_free_text=True`. What is counted: `bench/accuracy/questions.py` for the questions of
ASQ-PHI, `leaks.py` for identifiers that survive, `samples.py` for who is named in each set.

**Utility** is the share of values that identify nobody (codes, displays, quantities, units,
statuses) that are the same before and after.

Presidio runs in an environment of its own (`.venv-presidio`, made on the first run from pinned
versions): its pattern recognisers with a blank spaCy pipeline, since no model is part of this. The
figures of one run are of the same texts and are counted by the same code; of structured samples it
is given the documents of up to 100 kB.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from bench.accuracy.questions import asq
from bench.accuracy.samples import QUICK, SETS

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT.parent / "shared" / "data"


def measure(data: Path, *, quick: bool, presidio: bool) -> dict[str, Any]:
    """All figures.

    Args:
        data: the folder of the samples.
        quick: a part of every set.
        presidio: beside the engine.
    """
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
            answer[name] = leak.table(presidio=presidio)
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
