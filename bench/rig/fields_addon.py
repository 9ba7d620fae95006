"""mitmproxy add-on: the same field rules over JSON, by a tree walk; runs in mitmproxy's own Python.

It masks and does nothing else: no caller is identified, no rule asked, nothing recorded.
"""

import json
import os

NAMES = frozenset(
    {"identifier", "name", "telecom", "address", "birthDate", "photo", "contact", "text"}
)
MASKS = os.environ.get("BENCH_MASKS") == "1"


def mask(node):
    """Redact the values below the named fields, in place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in NAMES:
                node[key] = redacted(value)
            else:
                mask(value)
    elif isinstance(node, list):
        for item in node:
            mask(item)


def redacted(node):
    """The same shape with every leaf redacted."""
    if isinstance(node, dict):
        return {key: redacted(value) for key, value in node.items()}
    if isinstance(node, list):
        return [redacted(item) for item in node]
    return "[redacted]"


def response(flow):
    """See mitmproxy's event hooks."""
    if not MASKS or "json" not in flow.response.headers.get("content-type", ""):
        return
    document = json.loads(flow.response.content)
    mask(document)
    flow.response.content = json.dumps(document, separators=(",", ":")).encode()
