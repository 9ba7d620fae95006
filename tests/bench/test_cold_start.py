"""What a cold start loads: by names, since times depend on the machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench import cold_start

# Nothing is warmed up while this machine is slow.
WAIT = """
from gateway import bootstrap
bootstrap._WARM_UP_SECONDS = 3600
"""
REPORT = """
print("LOADED " + json.dumps(sorted(sys.modules)))
from gateway.serving.warming import warm_up
warm_up()
before = set(sys.modules)
from gateway.masking.context import Context
from gateway.masking.engine import mask
from gateway.masking.recognition import scan
compiled = scan._scanner.cache_info().misses
from datetime import date
for kind, body in json.loads(sys.argv[1]):
    context = Context("safe-harbor", "", True, True, None, "", date(2026, 1, 1))
    mask(body.encode(), kind, "", context)
late = [name for name in set(sys.modules) - before if name.startswith("gateway")]
print("LATE " + json.dumps([late, scan._scanner.cache_info().misses - compiled, compiled]))
"""
# Not for a request that is refused; what is loaded for others comes with the first of its kind.
LATER = (
    "gateway.adapters.projection_table",
    "gateway.adapters.queues",
    "gateway.adapters.resource_manager",
    "gateway.adapters.tickets",
    "gateway.approvals.decision",
    "gateway.approvals.ticket",
    "gateway.assembly",
    "gateway.cli",
    "gateway.evidence.log",
    "gateway.evidence.projection",
    "gateway.evidence.verify",
    "gateway.ingress.detokenize",
    "gateway.ingress.operations",
    "gateway.ingress.reviewing",
    "gateway.ingress.signin",
    "gateway.local",
    "gateway.masking.engine",
    "gateway.masking.fhir.search",
    "gateway.masking.fields.names",
    "gateway.masking.profiles.imported",
    "gateway.masking.codecs.json_codec",
    "gateway.masking.recognition.names",
    "gateway.masking.recognition.patterns",
    "gateway.masking.strictness",
    "gateway.operations.detokenize",
    "gateway.operations.fhir",
    "gateway.policy.compiler",
    "gateway.policy.document",
    "gateway.reception",
    "gateway.recording.driver",
    "gateway.recording.expiry",
    "gateway.recording.holding",
    "gateway.recording.index",
    "gateway.recording.notary",
    "gateway.recording.sequencer",
    "gateway.refresh.retention",
    "gateway.serving.fhir",
    "gateway.serving.opening",
    "azure.keyvault.keys",
    "azure.monitor",
    "azure.storage.queue",
    "opentelemetry",
    "prompt_toolkit",
    "typer",
    "uvicorn",
    "yaml",
)
BODIES = [
    ("application/fhir+json", '{"resourceType": "Patient", "name": [{"family": "Winter"}]}'),
    ("text/csv", "name,dob\nAda Winter,1961-04-02\n"),
    ("text/plain", "Ada Winter was seen on 2 April."),
]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[object]]:
    done = subprocess.run(
        [sys.executable, "-c", WAIT + cold_start.FIRST_ANSWER + REPORT, json.dumps(BODIES)],
        cwd=cold_start.ROOT,
        env=cold_start.environment(tmp_path_factory.mktemp("cold")),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert json.loads(lines[0])[2] == 401
    return {word: json.loads(rest) for word, _, rest in (line.partition(" ") for line in lines[1:])}


def test_a_refusal_loads_nothing_that_only_other_requests_need(
    told: dict[str, list[object]],
) -> None:
    loaded = {str(name) for name in told["LOADED"]}
    early = {name for name in LATER if name in loaded}
    assert not early
    assert "gateway.pipeline" in loaded


def test_the_sdks_to_compare_with_are_those_that_the_answer_needs(
    told: dict[str, list[object]],
) -> None:
    assert set(cold_start.SDKS) <= {str(name) for name in told["LOADED"]}


def test_what_can_come_later_exists(told: dict[str, list[object]]) -> None:
    for name in LATER:
        if name.startswith("gateway."):
            path = Path(cold_start.ROOT, *name.split("."))
            assert path.with_suffix(".py").exists() or path.is_dir(), name


def test_after_warming_up_a_masked_answer_loads_and_compiles_nothing_more(
    told: dict[str, list[object]],
) -> None:
    assert told["LATE"] == [[], 0, 2]
