"""What may pass: the manifest (YAML) parsed strictly, compiled, judged, explained and linted.

    bytes ──syntax──▶ tree ──document, references──▶ Manifest ──compiler──▶ Policy ──▶ Decision

Everything here is a value or a pure function; the time comes in as an argument.
"""

from gateway.policy.policy import Policy

__all__ = ["Policy"]
