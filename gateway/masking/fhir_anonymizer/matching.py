"""From the path of a rule to a function that finds its elements.

Plain paths and lookups by type or name, which are nearly all of a configuration, need no
evaluation of FHIRPath; everything else is parsed and evaluated.
"""

import re

from gateway.masking.fhir_anonymizer.nodes import Element
from gateway.masking.fhir_anonymizer.path_evaluation import check
from gateway.masking.fhir_anonymizer.path_syntax import Expression, parse
from gateway.masking.fhir_anonymizer.rules import Lookup, Matcher, ProcessingFailed, Run

_BY_TYPE = re.compile(r"nodesByType\(['|\"]([A-Za-z0-9]+)['|\"]\)(?:\.([A-Za-z0-9]+))?\Z")
_BY_NAME = re.compile(r"nodesByName\(['|\"]([A-Za-z0-9]+)['|\"]\)(?:\.([A-Za-z0-9]+))?\Z")
_ROOT = re.compile(r"([A-Z][a-zA-Z]*)?\.?(.*)\Z", re.DOTALL)
_PLAIN = re.compile(r"[a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)*\Z")


def matcher(path: str) -> tuple[str, Matcher]:
    """The resource type that a path begins with, "" for none, and what finds its elements.

    Raises:
        PathError: it is not FHIRPath, or uses what is not supported.
    """
    if match := _BY_TYPE.match(path):
        return "", _looked_up(match[1], match[2], by_name=False)
    if match := _BY_NAME.match(path):
        return "", _looked_up(match[1], match[2], by_name=True)
    match = _ROOT.match(path)
    resource_type = (match and match[1]) or ""
    if path and path == resource_type:
        return resource_type, lambda lookup, _: [lookup.resource]
    expression = (match and match[2]) or path
    check(parse(path))
    if _PLAIN.match(expression):
        return resource_type, _plain(expression.split("."))
    parsed = parse(expression)
    check(parsed)
    return resource_type, _evaluated(parsed)


def _looked_up(key: str, name: str | None, *, by_name: bool) -> Matcher:
    def find(lookup: Lookup, _: Run) -> list[Element]:
        found = (lookup.by_name if by_name else lookup.by_type).get(key, [])
        if not name:
            return found
        if name[0].isupper():
            return [node for node in found if name in {node.type, "Resource", "DomainResource"}]
        return [child for node in found for child in node.named(name)]

    return find


def _plain(names: list[str]) -> Matcher:
    def find(lookup: Lookup, _: Run) -> list[Element]:
        found = [lookup.resource]
        for name in names:
            found = [child for node in found for child in node.named(name)]
        return found

    return find


def _evaluated(expression: Expression) -> Matcher:
    def find(lookup: Lookup, run: Run) -> list[Element]:
        try:
            items = run.evaluation.of(expression, [lookup.resource])
        except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
            raise ProcessingFailed from error
        return [item for item in items if isinstance(item, Element)]

    return find
