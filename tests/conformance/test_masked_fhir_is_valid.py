"""What was valid FHIR before is valid FHIR after, by models that others wrote from the standard."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.local.patients import documents, generate
from gateway.masking.engine import Context, mask
from gateway.masking.tokens import TokenKey

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FILES = sorted(DATA.glob("synthea-fhir-10/*.000.ndjson"))
BUNDLES = sorted(DATA.glob("synthea-fhir-bundles/*.json"))
PROFILES = ("safe-harbor", "pseudonymous", "limited-data-set", "secrets-only")
LINES = 40


def context(profile: str, *, accept: bool) -> Context:
    key = TokenKey("1", bytes(range(64)))
    return Context(profile, "", True, accept, key, "scope", date(2026, 8, 3))


def is_valid(resource: dict[str, Any]) -> bool:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError:
        return False
    return True


def invalid(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[str]:
    """Types of resources that masking has made invalid."""
    assert len(before) == len(after)
    return [
        old["resourceType"]
        for old, new in zip(before, after, strict=True)
        if is_valid(old) and not is_valid(new)
    ]


@pytest.mark.parametrize("accept", [False, True], ids=["withheld", "accepted"])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.skipif(not FILES, reason="the sample data lies not beside the checkout")
def test_lines_stay_valid(profile: str, accept: bool) -> None:
    for path in FILES:
        lines = path.read_bytes().splitlines()[:LINES]
        masked = mask(
            b"\n".join(lines), "application/fhir+ndjson", "", context(profile, accept=accept)
        ).body
        before = [json.loads(line) for line in lines]
        assert invalid(before, [json.loads(line) for line in masked.splitlines()]) == [], path.name


@pytest.mark.parametrize("path", BUNDLES[:2], ids=lambda path: path.stem[:12])
@pytest.mark.parametrize("profile", PROFILES)
def test_bundles_stay_valid(profile: str, path: Path) -> None:
    body = path.read_bytes()
    masked = mask(body, "application/fhir+json", "", context(profile, accept=False)).body
    before, after = json.loads(body), json.loads(masked)

    assert (
        invalid(
            [entry["resource"] for entry in before["entry"]],
            [entry["resource"] for entry in after["entry"]],
        )
        == []
    )
    assert {key for key in before if key != "entry"} == {key for key in after if key != "entry"}


@pytest.mark.parametrize("profile", PROFILES)
def test_synthetic_bundles_stay_valid(profile: str) -> None:
    for _, kind, body in documents(generate(seed=3, count=5)):
        if kind != "application/fhir+json":
            continue
        before = json.loads(body)
        assert is_valid(before)
        after = json.loads(mask(body, kind, "", context(profile, accept=True)).body)
        assert is_valid(after)
