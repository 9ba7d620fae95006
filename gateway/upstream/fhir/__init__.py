"""What goes up to a FHIR service and what comes back: URLs, headers, pages, outcomes."""

from gateway.upstream.fhir.request import build

__all__ = ["build"]
