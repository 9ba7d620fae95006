"""The OpenAPI document and the app's routes say the same."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import function_app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = yaml.safe_load((ROOT / "docs" / "openapi.yaml").read_text("utf-8"))
METHODS = frozenset({"get", "head", "options", "put", "post", "patch", "delete", "trace"})
# What a route without methods takes, as far as OpenAPI has words for it and HTTP a use.
ANY = METHODS - {"trace"}


def routes() -> dict[str, frozenset[str]]:
    """Path to methods, as `function_app.py` registers them."""
    found = {}
    for function in function_app.app._function_builders:
        binding = function._function.get_trigger()
        trigger = binding.get_dict_repr() if binding else {}
        if trigger.get("type") != "httpTrigger":
            continue
        path = "/" + re.sub(r"\{\*+(\w+)\}", r"{\1}", trigger["route"])
        methods = frozenset(str(method).lower() for method in trigger.get("methods") or ())
        found[path] = methods or ANY
    return found


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DOCUMENT["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def references(node: object) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)
        case _:
            return


def test_every_route_is_documented_and_every_documented_route_is_there() -> None:
    documented: dict[str, set[str]] = {path: set() for path in DOCUMENT["paths"]}
    for path, method, _ in operations():
        documented[path].add(method)

    assert documented == routes()


@pytest.mark.parametrize("reference", sorted(set(references(DOCUMENT))))
def test_a_reference_leads_to_something(reference: str) -> None:
    found = DOCUMENT
    for name in reference.removeprefix("#/").split("/"):
        found = found[name]
    assert found


def test_nothing_is_defined_that_is_not_used() -> None:
    used = set(references(DOCUMENT))
    used |= {
        f"#/components/securitySchemes/{name}"
        for _, _, operation in operations()
        for requirement in operation["security"]
        for name in requirement
    }
    defined = {
        f"#/components/{kind}/{name}"
        for kind, definitions in DOCUMENT["components"].items()
        for name in definitions
    }
    assert defined == used


def test_every_parameter_of_a_path_is_described() -> None:
    for path, item in DOCUMENT["paths"].items():
        given = [
            DOCUMENT["components"]["parameters"][entry["$ref"].rpartition("/")[2]]
            if "$ref" in entry
            else entry
            for entry in item.get("parameters", ())
        ]
        described = {entry["name"] for entry in given if entry["in"] == "path"}
        assert described == set(re.findall(r"\{(\w+)\}", path)), path
