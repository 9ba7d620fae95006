"""Flat facts about a FHIR request, for rule conditions.

Values of search parameters are never among them: a condition's text stands in explanations.
"""

from collections.abc import Mapping
from typing import Final

from gateway.model.fhir import FhirCall, Interaction
from gateway.operations.fhir.forms import CRITERIA
from gateway.operations.fhir.search import Found

Fact = str | int | bool

DESCRIBED: Final[Mapping[str, tuple[type[Fact], str]]] = {
    "conditional": (bool, "the request searches before it changes something"),
    "entries": (int, "requests in a batch or transaction"),
    "hard_delete": (bool, "`hardDelete=true`: the history goes as well"),
    "interaction": (str, "FHIR's word: `read`, `search-type`, `create`, `$everything` …"),
    "page_size": (int, "`_count`, 0 where absent"),
    "reached_types": (
        str,
        "types that includes, chains and `_type` reach: in order, joined by commas",
    ),
    "resource_type": (str, "type that the path names"),
    "search_parameters": (
        str,
        "codes of what is compared, without values: in order, joined by commas",
    ),
}

FACTS: Final[Mapping[str, type[Fact]]] = {name: kind for name, (kind, _) in DESCRIBED.items()}
"""Every fact that occurs, with its type."""


def facts(call: FhirCall, found: Found) -> dict[str, Fact]:
    """All facts of one request."""
    codes = {item.compares for one in call.calls for item in one.parameters if item.compares}
    kind = call.path[0] if call.path and call.path[0][:1].isupper() else ""
    return {
        "conditional": any(one.interaction in CRITERIA for one in call.calls),
        "entries": len(call.entries),
        "hard_delete": any(
            parameter.name == "hardDelete" for one in call.calls for parameter in one.parameters
        ),
        "interaction": call.interaction.value,
        "page_size": found.count,
        "reached_types": ",".join(sorted(found.reached)),
        "resource_type": kind if call.interaction is not Interaction.CAPABILITIES else "",
        "search_parameters": ",".join(sorted(codes)),
    }
