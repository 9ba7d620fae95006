"""Where RE2 is not installed, sample documents of every format are masked to the same bytes.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context
from tests.unit.masking.without_re2 import WithoutRe2

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MAX_BYTES = 40_000
TYPES = {
    "fhir-converter/Hl7v2/*-01.hl7": "x-application/hl7-v2+er7",
    "fhir-converter/Ccda/[CP]*.ccda": "application/cda+xml",
    "synthea-csv/[cdop]*.csv": "text/csv",
    "synthea-fhir-10/*.000.ndjson": "application/fhir+ndjson",
}
pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"no sample data in {DATA.name}")


@pytest.fixture(scope="module")
def without() -> Iterator[WithoutRe2]:
    process = WithoutRe2()
    yield process
    process.close()


@pytest.mark.parametrize("profile", ["safe-harbor", "secrets-only"])
@pytest.mark.parametrize("pattern", TYPES)
def test_documents(without: WithoutRe2, pattern: str, profile: str) -> None:
    kind = TYPES[pattern]
    paths = [path for path in sorted(DATA.glob(pattern)) if path.suffix != ""][:6]

    assert paths
    for path in paths:
        body = path.read_bytes()
        if kind in {"text/csv", "application/fhir+ndjson"} and len(body) > MAX_BYTES:
            body = body[:MAX_BYTES].rpartition(b"\n")[0] + b"\n"
        mine = mask(body, kind, "", context(profile, accept=True)).body
        assert mine == without.mask(body, kind, profile)


def test_text(without: WithoutRe2) -> None:
    lines = (DATA / "asq-phi" / "dev.jsonl").read_text("utf-8").splitlines()
    body = "\n\n".join(json.loads(line)["text"] for line in lines).encode()

    assert mask(body, "text/plain", "", context(accept=True)).body == without.mask(
        body, "text/plain", "safe-harbor"
    )
