"""Whether inputs are what the schema of Pulumi's providers takes: names, shapes, words of lists.

The classes of the installed packages are made from the providers' schemas; their annotations hold
what Python does not check when it runs, such as the words that a property may have.
"""

import importlib
import sys
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from pulumi._types import input_type_py_to_pulumi_names, is_input_type

# What Pulumi wraps a secret in.
_SECRET = "4dabf18193072939515e22adb298388d"
_PACKAGES = {"azure-native": "pulumi_azure_native", "azuread": "pulumi_azuread"}


def faults(token: str, inputs: Mapping[str, Any]) -> list[str]:
    """Path and fault of everything that a resource's schema does not have."""
    package, place, kind = token.split(":")
    name = _PACKAGES[package] + ("" if "/" in place else f".{place}")
    module = importlib.import_module(name)
    # `SubnetArgs` is a part of a network, and `SubnetInitArgs` a resource of its own.
    arguments = getattr(module, f"{kind}InitArgs", None) or getattr(module, f"{kind}Args")
    return list(_members(inputs, arguments, kind))


def _members(value: Mapping[str, Any], arguments: type, path: str) -> Iterator[str]:
    places = {**vars(sys.modules["pulumi.output"]), **vars(sys.modules[arguments.__module__])}
    # With names of its own nothing is taken from what was resolved for another module's `SkuName`.
    hints = typing.get_type_hints(vars(arguments)["__init__"], globalns=places, localns={})
    known = {given: hints[name] for name, given in input_type_py_to_pulumi_names(arguments).items()}
    for key, item in value.items():
        if key == _SECRET:
            continue
        if key not in known:
            yield f"{path}.{key} is unknown"
        elif item is not None:
            yield from _value(item, list(_kinds(known[key])), f"{path}.{key}")


def _value(value: Any, kinds: list[Any], path: str) -> Iterator[str]:
    shapes = [kind for kind in kinds if isinstance(kind, type) and is_input_type(kind)]
    words = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Enum)]
    if isinstance(value, Mapping) and _SECRET in value:
        yield from _value(value["value"], kinds, path)
    elif isinstance(value, Mapping) and shapes:
        yield from _members(value, shapes[0], path)
    elif isinstance(value, list):
        inner = [one for kind in kinds for part in typing.get_args(kind) for one in _kinds(part)]
        for number, item in enumerate(value):
            yield from _value(item, inner, f"{path}[{number}]")
    elif words and value not in {word.value for kind in words for word in kind}:
        yield f"{path} has no word {value!r}"
    elif shapes and not isinstance(value, Mapping):
        yield f"{path} is no object"


def _kinds(hint: Any) -> Iterator[Any]:
    """The types that an annotation lets be given, without what Pulumi wraps them in."""
    if typing.get_origin(hint) is typing.Union:
        for part in typing.get_args(hint):
            yield from _kinds(part)
    elif str(typing.get_origin(hint)).endswith("Output'>") or hint is type(None):
        return
    else:
        yield hint
