"""From an empty process to the first answer, beside the SDKs that the answer needs.

Run from the repository's root: `python -m bench.cold_start [--json] [--runs N]`. Each run is a new
process with compiled modules (PYTHONDONTWRITEBYTECODE would have every one compiled again, so it
is taken away). Prints CPU milliseconds, the least of the runs, which alternate, since other work on
the machine can only add: importing the function app, the first answer after that (settings read,
every adapter constructed, a request without a token refused), the SDKs alone, and the ratio of both
to them (goal: at most 1.3). An SDK that the first answer did not load does not count. Then what is
made ready after that answer in a thread, what the first masked answer takes after and without it,
and a table of what was imported by distribution, each held against its budget.

Exits with 1 where a budget or the goal is not kept.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
GOAL: Final = 1.3
SHOWN: Final = 0.005
SDKS: Final = (
    "azure.functions",
    "aiohttp",
    "azure.identity.aio",
    "azure.storage.blob.aio",
    "azure.data.tables.aio",
    "azure.keyvault.secrets.aio",
    "pydantic_settings",
    "joserfc.jws",
    "joserfc.jwk",
    "cryptography.hazmat.primitives.ciphers.aead",
    "cel.cel",
    "orjson",
    "re2",
)
"""What the first answer has loaded, as the gateway imports it."""

BUDGET: Final = {
    "aiohttp": 0.15,
    "azure": 0.45,
    "cryptography": 0.1,
    "gateway": 0.3,
    "joserfc": 0.1,
    "pydantic": 0.15,
    "cel": 0.05,
    "msgspec": 0.0,
    "yaml": 0.0,
    "opentelemetry": 0.0,
    "typer": 0.0,
    "prompt_toolkit": 0.0,
}
"""Shares of the whole import time that a top-level package may take."""

FIRST_ANSWER = """
import asyncio, json, sys, time
began = time.process_time()
import function_app
imported = time.process_time()
import azure.functions as func
async def first():
    request = func.HttpRequest("GET", "https://gateway.example/c/clinic/box", headers={}, body=b"")
    proxy = function_app.proxy._function._func
    return (await proxy(request)).status_code
status = asyncio.run(first())
ended = time.process_time()
missing = len(set(sys.argv[1:]) - set(sys.modules))
print(json.dumps([imported - began, ended - imported, status, missing]))
"""
_FIRST_MASKED = """
import json, sys, time
from datetime import date
import function_app
from gateway.serving.warming import warm_up
began = time.process_time()
if "warm" in sys.argv:
    warm_up()
warmed = time.process_time()
from gateway.masking.context import Context
from gateway.masking.engine import mask
body = json.dumps({
    "resourceType": "Patient",
    "name": [{"family": "Winter", "given": ["Ada"]}],
    "birthDate": "1961-04-02",
    "text": {"status": "generated", "div": "<div>Seen on 2 April, call 202-555-0143.</div>"},
}).encode()
context = Context("safe-harbor", "", True, True, None, "", date(2026, 12, 31))
masked = mask(body, "application/fhir+json", "", context).body
assert b"Winter" not in masked
print(json.dumps([warmed - began, time.process_time() - warmed]))
"""
_SDKS_ALONE = """
import json, sys, time
from types import ModuleType
sys.modules["cel.cli"] = ModuleType("cel.cli")
began = time.process_time()
for name in sys.argv[1:]:
    __import__(name)
print(json.dumps([time.process_time() - began]))
"""
_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def environment(folder: Path) -> dict[str, str]:
    """Development settings, so that a gateway can be built; nothing is contacted."""
    example = json.loads((ROOT / "local.settings.example.json").read_text("utf-8"))["Values"]
    secrets = folder / "secrets.json"
    secrets.write_text("{}", "utf-8")
    secrets.chmod(0o600)
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH") if name in os.environ}
    example.pop("CHAPERONE_DEV_CA_FILE", None)
    return {**kept, **example, "CHAPERONE_DEV_SECRETS_FILE": str(secrets)}


def run(code: str, settings: dict[str, str], *arguments: str) -> list[float]:
    """What one process printed."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=settings,
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[float] = json.loads(done.stdout)
    return found


def shares(settings: dict[str, str], runs: int) -> dict[str, float]:
    """Share of the import time by top-level package; of each module the least of the runs."""
    least: dict[str, int] = {}
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", "import function_app"],
            cwd=ROOT,
            env=settings,
            capture_output=True,
            text=True,
            check=True,
        )
        for microseconds, name in _LINE.findall(done.stderr):
            least[name] = min(int(microseconds), least.get(name, int(microseconds)))
    spent = Counter[str]()
    for name, microseconds in least.items():
        spent[name.partition(".")[0]] += microseconds
    whole = sum(spent.values())
    return {name: time / whole for name, time in spent.most_common()}


def measure(runs: int) -> dict[str, object]:
    """All figures; times in CPU milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        settings = environment(Path(folder))
        answers, sdks, warm, cold = [], [], [], []
        # In turns, since the machine's other work comes and goes; the first of all compiles.
        for _ in range(runs + 1):
            answers.append(run(FIRST_ANSWER, settings, *SDKS))
            sdks.append(run(_SDKS_ALONE, settings, *SDKS)[0])
            warm.append(run(_FIRST_MASKED, settings, "warm"))
            cold.append(run(_FIRST_MASKED, settings)[1])
        parts = shares(settings, runs)
    imported = min(times[0] for times in answers)
    answered = min(times[1] for times in answers)
    if answers[0][3]:
        raise RuntimeError("an SDK in the list is not what the first answer needs")
    whole = min(times[0] + times[1] for times in answers)
    return {
        "status": answers[0][2],
        "import_ms": round(imported * 1000, 1),
        "first_answer_ms": round(answered * 1000, 1),
        "sdks_ms": round(min(sdks) * 1000, 1),
        "ratio": round(whole / min(sdks), 2),
        "warm_up_ms": round(min(times[0] for times in warm) * 1000, 1),
        "first_masked_ms": round(min(times[1] for times in warm) * 1000, 1),
        "first_masked_cold_ms": round(min(cold) * 1000, 1),
        "shares": {name: round(share, 3) for name, share in parts.items() if share >= SHOWN},
        "over_budget": [name for name, most in BUDGET.items() if parts.get(name, 0) > most],
    }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--runs", type=int, default=7, help="processes of each kind")
    options = parser.parse_args()
    found = measure(options.runs)
    if options.json:
        print(json.dumps(found))
    else:
        print(f"import of the app       {found['import_ms']:>8} ms CPU")
        print(f"first answer after that {found['first_answer_ms']:>8} ms CPU ({found['status']})")
        print(f"the SDKs alone          {found['sdks_ms']:>8} ms CPU")
        print(f"ratio                   {found['ratio']:>8} (goal: at most {GOAL})")
        print(f"made ready after that   {found['warm_up_ms']:>8} ms CPU, in a thread")
        print(f"masking the first body  {found['first_masked_ms']:>8} ms CPU")
        print(f"  with nothing ready    {found['first_masked_cold_ms']:>8} ms CPU\n")
        table = found["shares"]
        for name, share in table.items() if isinstance(table, dict) else ():
            budget = f"  budget {BUDGET[name]:.0%}" if name in BUDGET else ""
            print(f"{name:<24}{share:>7.1%}{budget}")
        for name in found["over_budget"] if isinstance(found["over_budget"], list) else ():
            print(f"over budget: {name}")
    good = not found["over_budget"] and float(str(found["ratio"])) <= GOAL
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
