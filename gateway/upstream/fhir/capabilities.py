"""The capability statement, reduced to what an agent's client looks for."""

from typing import Any, Final

import orjson

from gateway.errors import Reason, Withheld

_KEPT: Final = ("resourceType", "status", "date", "kind", "fhirVersion")
_RESOURCE: Final = (
    "type",
    "interaction",
    "versioning",
    "readHistory",
    "updateCreate",
    "conditionalCreate",
    "conditionalRead",
    "conditionalUpdate",
    "conditionalDelete",
    "searchParam",
)


def shown(body: bytes, address: str) -> bytes:
    """The statement as the gateway gives it: no security section, no address but its own.

    Raises:
        Withheld: it is no capability statement.
    """
    try:
        statement = _statement(body)
        made: dict[str, Any] = {name: statement[name] for name in _KEPT if name in statement}
        rest = [entry for entry in statement.get("rest", ()) if entry.get("mode") == "server"]
        resources = [
            {name: found[name] for name in _RESOURCE if name in found}
            for entry in rest
            for found in entry.get("resource", ())
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Withheld(
            "The upstream's capability statement cannot be read.", reason=Reason.MASKING_FAILED
        ) from None
    made["format"] = ["application/fhir+json", "json"]
    made["implementation"] = {"description": "through a gateway", "url": address}
    made["rest"] = [{"mode": "server", "resource": resources}]
    return orjson.dumps(made)


def _statement(body: bytes) -> dict[str, Any]:
    statement = orjson.loads(body)
    if statement["resourceType"] != "CapabilityStatement":
        raise ValueError("another resource")
    return dict(statement)
