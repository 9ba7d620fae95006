"""What a deployment costs: operations counted on a running gateway, times prices that you supply.

    python -m bench.cost                              # quantities alone
    python -m bench.cost --prices prices.json         # with money
    python -m bench.cost --measure                    # count the operations anew, 20 seconds

No price is built in: they differ by region, redundancy, agreement and month. `prices.json` holds
the keys of `Prices`, see `docs/operations.md`.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

HOURS: Final = 730
"""Of a month."""

MINUTES: Final = 60 * HOURS
BATCH: Final = 10_000
"""Operations that one price of storage, tables, queues and the vault is for."""


@dataclass(frozen=True, slots=True)
class Prices:
    """Azure's prices, in one currency.

    Attributes:
        date: when they were read, for the reader of the result.
        source: where, likewise.
        evidence_write: 10,000 write operations of the evidence account, with its redundancy.
        evidence_read: 10,000 other operations there; listings count as writes.
        evidence_gb_month: one GB kept there for a month, hot.
        state_write: as for evidence, of the state account.
        state_read: likewise.
        table: 10,000 table operations.
        queue: 10,000 queue operations.
        secret: 10,000 Key Vault operations.
        gb_second: one GB of memory for a second of an on-demand instance that works.
        ready_gb_second: the same of an always-ready one, the baseline.
        million_executions: of functions.
    """

    date: str
    source: str
    evidence_write: float
    evidence_read: float
    evidence_gb_month: float
    state_write: float
    state_read: float
    table: float
    queue: float
    secret: float
    gb_second: float
    ready_gb_second: float
    million_executions: float


@dataclass(frozen=True, slots=True)
class Load:
    """What is assumed of the use.

    Attributes:
        requests: a month, without those that wait for a person.
        held: requests a month that are held, approved, carried out and collected.
        records_per_append: group commit; 1 where requests come one by one.
        busy_ms: how long an instance works for a request, the upstream's time included.
        at_once: requests that share an instance's time.
        memory_gb: of an instance.
        instances: that run on average.
        ready: of them, always ready.
        retention_months: of the evidence.
        secrets: that an instance reads again every five minutes.
    """

    requests: int = 1_000_000
    held: int = 1_000
    records_per_append: float = 1.0
    busy_ms: float = 100.0
    at_once: float = 1.0
    memory_gb: float = 2.0
    instances: float = 1.0
    ready: float = 0.0
    retention_months: int = 84
    secrets: int = 4


# Counted by `--measure`; one line per meter of `Prices`. Bytes are of records as they stand.
REQUEST_RECORDS: Final = 2
REQUEST_BYTES: Final = 2360
REQUEST_INDEX: Final = 0.04
HELD: Final[Mapping[str, float]] = {
    "evidence_write": 6,
    "state_write": 4,
    "state_read": 5,
    "table": 24,
    "queue": 6,
}
HELD_BYTES: Final = 6200
MINUTE: Final[Mapping[str, float]] = {
    "evidence_write": 20,
    "evidence_read": 4.1,
    "state_write": 5.8,
    "state_read": 6.9,
    "table": 2,
}
"""Once index and log have caught up. Both table operations are the approvals' sweep: it asks for
what is due from another place each minute, and then for what stands before that place."""
# By definition: pointer and deny list are read every ten seconds, secrets every five minutes, and a
# journal is created and closed every hour, by each instance that serves.
INSTANCE_HOUR: Final[Mapping[str, float]] = {"state_read": 360, "table": 360, "evidence_write": 2}
TIMER_EXECUTIONS_PER_HOUR: Final = 4 * 60 + 2 * 6


def quantities(load: Load) -> dict[str, dict[str, float]]:
    """Units of each meter a month, by what causes them."""
    requests, held = load.requests, load.held
    hours = load.instances * HOURS
    idle = {meter: count * MINUTES for meter, count in MINUTE.items()}
    alive = {meter: count * hours for meter, count in INSTANCE_HOUR.items()}
    seconds = requests * load.busy_ms / 1000 / load.at_once
    return {
        "requests": {
            "evidence_write": requests * REQUEST_RECORDS / load.records_per_append,
            "table": requests * REQUEST_INDEX,
            "gb_second": seconds * load.memory_gb,
            "million_executions": requests / 1e6,
        },
        "held requests": {meter: count * held for meter, count in HELD.items()},
        "timers": {**idle, "million_executions": TIMER_EXECUTIONS_PER_HOUR * HOURS / 1e6},
        "running instances": {**alive, "secret": 12 * load.secrets * hours},
        "always ready": {"ready_gb_second": load.ready * load.memory_gb * HOURS * 3600},
        "a month of records, kept to the end": {
            "evidence_gb_month": gigabytes(load) * load.retention_months
        },
    }


def gigabytes(load: Load) -> float:
    """Of records that a month adds."""
    return (load.requests * REQUEST_BYTES + load.held * HELD_BYTES) / 1e9


def cost(meters: Mapping[str, float], prices: Prices) -> float:
    """Of these quantities, in the prices' currency."""
    whole = {"evidence_gb_month", "gb_second", "ready_gb_second", "million_executions"}
    return sum(
        units * float(getattr(prices, meter)) / (1 if meter in whole else BATCH)
        for meter, units in meters.items()
    )


def read_prices(path: Path) -> Prices:
    """The prices of a file.

    Raises:
        ValueError: a key is missing, unknown or no number; says which.
    """
    given = json.loads(path.read_text("utf-8"))
    known = {field.name for field in fields(Prices)}
    if not isinstance(given, dict) or set(given) != known:
        found = set(given) if isinstance(given, dict) else set()
        wrong = ", ".join(sorted(found ^ known)) or "no object"
        raise ValueError(f"{path}: missing or unknown: {wrong}")
    for name in known - {"date", "source"}:
        value = given[name]
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise ValueError(f"{path}: {name} must be a number, not negative")
    return Prices(**given)


def lines(load: Load, prices: Prices | None) -> Iterator[str]:
    """The table, and the sum."""
    total = 0.0
    for cause, meters in quantities(load).items():
        for meter, units in meters.items():
            yield f"{cause:38}{meter:20}{units:>18,.2f}"
        if prices is not None:
            part = cost(meters, prices)
            total += part
            yield f"{cause:38}{'= money':20}{part:>18,.2f}"
    if prices is not None:
        yield f"{'sum of a month':58}{total:>18,.2f}"
        yield f"prices of {prices.date}, {prices.source}"


_LINE: Final = re.compile(r'^\S+ - - \[[^\]]*\] "([A-Z]+) (\S+)', re.MULTILINE)


def counted(log: str, evidence: str, state: str) -> Counter[str]:
    """Requests in the emulator's access log by meter; those for other accounts are left out."""
    found: Counter[str] = Counter()
    for method, target in _LINE.findall(log):
        account, _, rest = target.lstrip("/").partition("/")
        if account == evidence:
            listing = method == "GET" and "comp=list" in rest
            found["evidence_write" if method == "PUT" or listing else "evidence_read"] += 1
        elif account == state:
            found[_of_state(method, rest)] += 1
    return found


def _of_state(method: str, rest: str) -> str:
    name = re.split(r"[/(?]", rest, maxsplit=1)[0]
    if name in {"$batch", "Tables", "chaperonedeny", "chaperoneindex", "chaperonetickets"}:
        return "table"
    if name.startswith(("chaperone-execute", "chaperone-notify")):
        return "queue" if method != "GET" else "queue polls"
    return "state_read" if method in {"GET", "HEAD"} else "state_write"


def main() -> int:
    """Print quantities, and money where prices are given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--prices", type=Path, help="JSON file with the keys of Prices")
    parser.add_argument("--measure", action="store_true", help="count on a running gateway")
    for field in fields(Load):
        name = "--" + field.name.replace("_", "-")
        parser.add_argument(name, type=type(field.default), default=field.default)
    given = parser.parse_args()
    if given.measure:
        from bench.rig.operations import measure  # noqa: PLC0415 - loads the whole gateway

        print("\n".join(measure()))
        return 0
    load = Load(**{field.name: getattr(given, field.name) for field in fields(Load)})
    try:
        prices = read_prices(given.prices) if given.prices else None
    except (OSError, ValueError) as error:
        print(f"bench.cost: {error}", file=sys.stderr)
        return 2
    print("\n".join(lines(load, prices)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
