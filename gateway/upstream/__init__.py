"""What goes up and what comes back, as text: URLs, headers, listings, validators, errors."""

from gateway.upstream.representation import present
from gateway.upstream.request import build
from gateway.upstream.sources import Sources

__all__ = ["Sources", "build", "present"]
