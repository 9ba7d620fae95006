"""Golden vectors: Blob service requests and the accesses that Azure's documentation gives them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import GatewayError
from gateway.operations.blob.reference import page
from gateway.operations.blob.table import OPERATIONS
from tests.unit.operations.build import Url, classify_url

ROOT = Path(__file__).parents[2]
VECTORS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parent / "vectors" / "blob-operations.ndjson")
    .read_text("utf-8")
    .splitlines()
]
GOOD = [vector for vector in VECTORS if "expect" in vector]
BAD = [vector for vector in VECTORS if "error" in vector]


def _url(vector: Mapping[str, Any]) -> Url:
    headers = tuple(
        (name, item)
        for name, value in vector["headers"].items()
        for item in (value if isinstance(value, list) else [value])
    )
    return Url(vector["method"], vector["url"], headers, vector.get("body", "").encode())


@pytest.mark.parametrize("vector", GOOD, ids=lambda vector: vector["name"])
def test_a_request_has_the_accesses_that_azure_documents(vector: Mapping[str, Any]) -> None:
    expected = vector["expect"]
    found = classify_url(_url(vector))
    assert found.name == expected["operation"]
    assert found.effect.value == expected["effect"]
    assert found.shape.value == expected["shape"]
    assert found.reads_content is expected["readsContent"]
    assert bool(found.refused) is expected["refused"]
    assert [
        {
            "action": access.action,
            "dataAction": access.data_action,
            "resource": str(access.resource),
            "effect": access.effect.value,
            **({"version": access.resource.version} if access.resource.version else {}),
        }
        for access in found.accesses
    ] == expected["accesses"]
    assert {name: found.facts[name] for name in expected["facts"]} == expected["facts"]


@pytest.mark.parametrize("vector", BAD, ids=lambda vector: vector["name"])
def test_a_request_that_is_odd_is_refused_with_its_reason(vector: Mapping[str, Any]) -> None:
    with pytest.raises(GatewayError) as caught:
        classify_url(_url(vector))
    assert caught.value.reason.value == vector["error"]


def test_every_operation_of_the_table_has_a_vector() -> None:
    assert {vector["expect"]["operation"] for vector in GOOD} == {spec.name for spec in OPERATIONS}


def test_the_page_of_operations_is_made_from_the_table() -> None:
    written = (ROOT / "docs" / "operations-blob.md").read_text("utf-8")
    assert written == page(), "run: python -m gateway.operations.blob.reference"
