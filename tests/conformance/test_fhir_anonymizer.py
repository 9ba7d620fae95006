"""The results of Microsoft's tool for its own functional tests, as far as they are at hand.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.masking.codecs.json_codec import decode, encode
from gateway.masking.fhir_anonymizer import load

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "fhir-anonymizer"
PAIRS = DATA / "pairs.json"
TODAY = date(2026, 8, 3)
CASES: list[dict[str, Any]] = json.loads(PAIRS.read_text("utf-8")) if PAIRS.exists() else []
pytestmark = pytest.mark.skipif(not CASES, reason=f"no sample data in {DATA.name} beside this")


def read(path: str) -> bytes:
    return (DATA / path).read_bytes().removeprefix(b"\xef\xbb\xbf")


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["test"]))
def test_the_result_is_that_of_the_tool(case: dict[str, Any]) -> None:
    anonymizer = load(read(case["config_path"]), key=b"stands in where the file has no key")

    masked = anonymizer.apply(decode(read(case["input_path"])), today=TODAY)

    assert json.loads(encode(masked.tree)) == json.loads(read(case["target_path"]))
