"""The configuration keys as a table for people, made from the definition itself.

python -m infra.reference
"""

import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from enum import Enum
from pathlib import Path
from typing import Any, Final

import yaml

from infra.configuration import Configuration, FederatedAgent, key_of
from infra.preview import STACKS

_ATTRIBUTE: Final = re.compile(r"^    (\w+): (.+?)(?=^    \w+: |\Z)", re.MULTILINE | re.DOTALL)


def table() -> str:
    """One row for each key: value without it, value in the stack files, meaning."""
    meanings = _meanings(Configuration)
    given = {stack: _given(stack) for stack in STACKS}
    rows = [
        "| key | without it | `Pulumi.development.yaml` | `Pulumi.production.yaml` | meaning |",
        "|---|---|---|---|---|",
    ]
    for field in fields(Configuration):
        key = key_of(field.name)
        shown = [given[stack].get(key, "") for stack in ("development", "production")]
        cells = [f"`{key}`", _default(field), *shown, meanings[field.name]]
        rows.append("| " + " | ".join(cells) + " |")
    agent = "; ".join(f"`{name}`: {text}" for name, text in _meanings(FederatedAgent).items())
    return "\n".join([*rows, "", f"Each of `chaperone:federatedAgents` is an object. {agent}"])


def _meanings(described: type) -> Mapping[str, str]:
    """By field, as its class's docstring says.

    Raises:
        ValueError: a field is not described, or what is described is no field.
    """
    _, _, text = (inspect.getdoc(described) or "").partition("Attributes:\n")
    found = {name: " ".join(words.split()) for name, words in _ATTRIBUTE.findall(text)}
    names = [field.name for field in fields(described)]
    if list(found) != names:
        raise ValueError(f"{described.__name__} has {names}, its docstring {list(found)}")
    return {name: words.rstrip(".") for name, words in found.items()}


def _default(field: Field[Any]) -> str:
    if field.default is MISSING:
        return "none" if field.name == "tags" else "required"
    value = field.default.value if isinstance(field.default, Enum) else field.default
    if value in {"", ()}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _given(stack: str) -> Mapping[str, str]:
    text = Path(__file__).with_name(f"Pulumi.{stack}.yaml").read_text("utf-8")
    values = yaml.safe_load(text)["config"]
    return {
        key: f"`{str(value).lower() if isinstance(value, bool) else value}`"
        for key, value in values.items()
    }


if __name__ == "__main__":
    sys.stdout.write(table() + "\n")
