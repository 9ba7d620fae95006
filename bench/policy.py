"""Cost of a decision with 10, 100 and 1,000 rules; the baseline asks CEL about every rule.

Run from the repository's root: `python -m bench.policy`. Prints microseconds per decision over 64
mixed requests, and the ratio of 1,000 rules to 10 (goal: at most 10).
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import cel

from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Access, Effect, Operation, Resource, Shape
from gateway.model.principal import Principal, PrincipalKind
from gateway.policy import Policy
from gateway.policy.compiler import compile_manifest
from gateway.policy.manifest import parse

GOAL = 10
SIZES = (10, 100, 1000)
REQUESTS = 64
SECONDS = 0.5
NOW = datetime(2026, 8, 3, 12, tzinfo=UTC)
AGENT = "5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
ACTIONS = (f"{BLOBS}/read", f"{BLOBS}/write", f"{BLOBS}/delete", f"{BLOBS}/tags/read")
GROUPS = 20


def group(number: int) -> str:
    """An object id."""
    return f"00000000-0000-0000-0000-{number % GROUPS:012d}"


def manifest(rules: int) -> bytes:
    """Rules over many containers, groups and actions; each tenth has a wildcard or a condition."""
    lines = [
        "version: 1",
        "agents: {bot: {application: "
        + AGENT
        + ", sponsor: {name: a, object_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82}}}",
        "groups: {" + ", ".join(f"g{n}: {group(n)}" for n in range(GROUPS)) + "}",
        "connections:",
        "  clinic:",
        "    kind: blob",
        "    upstream: https://clinicdata.blob.core.windows.net",
        "    credential: {kind: account-key, secret: key}",
        "    masking: {profile: none, ephi: false}",
        "rules:",
    ]
    for number in range(rules):
        action = "Microsoft.Storage/*/read" if number % 10 == 9 else ACTIONS[number % 4]  # noqa: PLR2004
        condition = ", when: \"effect == 'read' || size < 1000000\"" if number % 10 == 3 else ""  # noqa: PLR2004
        effect = "deny" if number % 10 == 7 else "allow"  # noqa: PLR2004
        lines.append(
            f"  - {{id: r{number}, effect: {effect}, groups: [g{number % GROUPS}], "
            f'actions: ["{action}"], resources: ["clinic/c{number % (rules // 5)}/**"]{condition}}}'
        )
    return "\n".join(lines).encode()


def exchanges(rules: int) -> list[tuple[Principal, Operation]]:
    """Requests that hit rules all over the manifest, and some that hit none."""
    found = []
    for index in range(REQUESTS):
        number = index * 37 % (rules + rules // 4)
        caller = Principal(
            "tenant",
            "oid",
            AGENT,
            "",
            PrincipalKind.APPLICATION,
            frozenset(group(number + more) for more in range(3)),
            frozenset(),
            NOW,
            NOW,
        )
        where = Resource("clinic", "clinicdata", (f"c{number % (rules // 5)}", f"folder/{index}"))
        access = Access(ACTIONS[number % 4], where, Effect.READ)
        found.append((caller, Operation("blob", "Get Blob", Effect.READ, (access,), Shape.CONTENT)))
    return found


REQUEST = Request("GET", "clinic", Target("/"), Headers(), b"", "", "https://gateway.example")


def indexed(policy: Policy, asked: list[tuple[Principal, Operation]]) -> Callable[[], None]:
    """The policy decision point."""

    def run() -> None:
        for caller, operation in asked:
            policy.authorise(caller, operation, REQUEST, NOW)

    return run


def linear(policy: Policy, asked: list[tuple[Principal, Operation]]) -> Callable[[], None]:
    """The baseline: one CEL expression for each rule, evaluated one after the other."""
    programs = [
        cel.compile(
            f"'{min(rule.groups)}' in groups && action.startsWith("
            f"'{rule.actions[0].parts[0]}') && resource.startsWith('{rule.resources[0].text[:-2]}')"
        )
        for rule in policy.rules
    ]

    def run() -> None:
        for caller, operation in asked:
            access = operation.accesses[0]
            names = [policy.groups[oid] for oid in caller.groups]
            facts = cel.Context(
                variables={
                    "groups": names,
                    "action": access.action.lower(),
                    "resource": str(access.resource),
                }
            )
            for program in programs:
                program.execute(facts)

    return run


def microseconds(run: Callable[[], None]) -> float:
    """The best of several rounds, per decision."""
    run()
    best, end = float("inf"), time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best / REQUESTS * 1e6


def main() -> int:
    """Print the table; 1 if the goal is missed."""
    print(f"{'rules':>6} {'indexed µs':>12} {'CEL per rule µs':>16} {'load ms':>9}")
    costs: dict[int, tuple[float, float]] = {}
    for size in SIZES:
        data = manifest(size)
        start = time.perf_counter()
        policy = compile_manifest(parse(data))
        load = (time.perf_counter() - start) * 1e3
        asked = exchanges(size)
        costs[size] = microseconds(indexed(policy, asked)), microseconds(linear(policy, asked))
        print(f"{size:>6} {costs[size][0]:>12.1f} {costs[size][1]:>16.1f} {load:>9.0f}")
    ratio = costs[SIZES[-1]][0] / costs[SIZES[0]][0]
    baseline = costs[SIZES[-1]][1] / costs[SIZES[0]][1]
    print(f"cost(1000)/cost(10): indexed {ratio:.2f} (goal <= {GOAL}), CEL per rule {baseline:.1f}")
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
