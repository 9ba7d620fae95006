"""mitmproxy add-on: the field rules of `safe-harbor` for the benchmark's documents, by a tree walk.

It yields what the gateway yields for these documents (`bench.rig.likeness` compares the two), and
does nothing else: no caller is identified, no rule asked, nothing recorded, no string searched for
what its field does not say, and a document of another form would pass unmasked. It runs in
mitmproxy's own Python.
"""

import hashlib
import json
import os
from datetime import UTC, datetime

MASKS = os.environ.get("BENCH_MASKS") == "1"
OLDEST = 89
SPARSE = frozenset(
    f"{number:03}"
    for number in (
        36,
        59,
        102,
        202,
        203,
        204,
        205,
        369,
        556,
        692,
        753,
        772,
        821,
        823,
        878,
        879,
        884,
        893,
    )
)
"""Three-digit ZIP codes of fewer than 20,000 people (45 CFR 164.514(b)(2)(i)(B))."""

MARKS = {
    "identifier": {"value": "[mrn]"},
    "name": {"family": "[name]", "given": "[name]"},
    "telecom": {"value": "[phone]"},
    "address": {"line": "[address]", "city": "[city]"},
}


class Numbers:
    """Ids as numbers within one payload, references alike."""

    def __init__(self, payload):
        self.stem = f"masked-{hashlib.sha256(payload).hexdigest()[:8]}"
        self.found = {}

    def of(self, value):
        """What stands for an id, the same for the same id."""
        return f"{self.stem}-{self.found.setdefault(value, len(self.found) + 1)}"


def resource(node, numbers, key=""):
    """Mask in place."""
    marks = MARKS.get(key, {})
    for name, value in list(node.items()):
        if name in marks:
            mark = marks[name]
            node[name] = [mark] * len(value) if isinstance(value, list) else mark
        elif name == "postalCode":
            node[name] = "000" if value[:3] in SPARSE else value[:3]
        elif name == "birthDate":
            if datetime.now(UTC).year - int(value[:4]) > OLDEST:
                del node[name]
            else:
                node[name] = value[:4]
        elif name == "effectiveDateTime":
            node[name] = value[:4]
        elif name == "id":
            node[name] = numbers.of(value)
        elif name == "fullUrl":
            stem, _, rest = value.rpartition(":")
            node[name] = f"{stem}:{numbers.of(rest)}"
        elif name == "reference":
            kind, _, rest = value.partition("/")
            node[name] = f"{kind}/{numbers.of(rest)}"
        else:
            walk(value, numbers, name)


def walk(node, numbers, key=""):
    """Every object below."""
    if isinstance(node, dict):
        resource(node, numbers, key)
    elif isinstance(node, list):
        for item in node:
            walk(item, numbers, key)


def response(flow):
    """See mitmproxy's event hooks."""
    if not MASKS or "json" not in flow.response.headers.get("content-type", ""):
        return
    content = flow.response.content
    document = json.loads(content)
    walk(document, Numbers(content))
    flow.response.content = json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
