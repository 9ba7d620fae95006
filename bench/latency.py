"""What the gateway costs beside nginx and mitmproxy, in interleaved rounds of one run.

`python -m bench.latency [--quick] [--json | --markdown | --write]` from the repository's root.
Prints medians and ratios; exit status 1 where a goal is missed. Everything is on loopback. Bounded
in time: under twelve minutes, under three with `--quick`; mitmproxy's environment is installed
before, on first use. docs/performance.md says how to read the figures.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.rig import deployment, documents, load, mitmproxy, report, rounds
from bench.rig.deployment import Rig

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_SECONDS = 520
_QUICK_SECONDS = 120
_LIBRARIES = ("aiohttp", "uvicorn", "uvloop", "orjson", "msgspec")


def conditions(rig: Rig, plan: rounds.Plan) -> dict[str, object]:
    """What the figures were measured under."""
    versions = {**{name: version(name) for name in _LIBRARIES}, **rig.versions}
    alike = rig.unlike or "the gateway's, byte for byte, ids within a payload aside"
    return {
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "Python": platform.python_version(),
        "load average at the start": round(os.getloadavg()[0], 2),
        "masking": "safe-harbor, on" if rig.masks else "OFF: content passed as it is",
        "mitmproxy's answer": alike if deployment.MITMPROXY in rig.contenders else "none",
        "records are appended to": "a stand-in (201 at once, bench/rig/store.py)",
        "load": load.generator(),
        "pinned to cores": "yes" if deployment.pinned(0) else "no",
        "rounds": f"{plan.rounds} of {plan.seconds} s, of 10m one",
        "versions": ", ".join(f"{name} {text}" for name, text in versions.items()),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    options = _options(arguments)
    try:
        mitmproxy.executable()
    except mitmproxy.Unavailable as error:
        print(f"without mitmproxy: {error}", file=sys.stderr)
    quick: bool = options.quick
    sizes = tuple(options.size or (("2k", "200k") if quick else documents.SIZES))
    run = rounds.Run()
    with deployment.running(azurite=not quick) as rig:
        plan = rounds.Plan(
            sizes=sizes,
            connections=(1, 32),
            rounds=options.rounds or (1 if quick else 3),
            seconds=1 if quick else 2,
            deadline=time.monotonic() + (_QUICK_SECONDS if quick else _SECONDS),
        )
        found = conditions(rig, plan)
        try:
            rounds.measure(rig, plan, run)
        except load.LoadFailed:
            rig.supervisor.check()  # says which contender has ended, and its last words
            raise
        found["measured for"] = f"{run.seconds:.0f} s"
        missing = rounds.skipped(rig, run)
    if options.json:
        print(report.as_json(run, found, missing))
    elif options.markdown:
        print("\n".join(report.as_markdown(run, found, missing)))
    else:
        print("\n".join(report.as_text(run, found, missing)))
    if options.write:
        write("\n".join(report.as_markdown(run, found, missing)))
    return 1 if any(item.met is False for item in report.ratios(run)) else 0


def write(figures: str) -> None:
    """Put the figures into the page, in place of those that stand there."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}", "utf-8")


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="print JSON and nothing else")
    shape.add_argument("--markdown", action="store_true", help="print the page's tables")
    parser.add_argument("--write", action="store_true", help="renew the tables of the page, too")
    parser.add_argument("--quick", action="store_true", help="one round, no 10 MB cells")
    parser.add_argument("--size", action="append", choices=sorted(documents.SIZES))
    parser.add_argument("--rounds", type=int, help="of each cell")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
