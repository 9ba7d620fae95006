"""Presidio on the same texts: pattern recognisers with a blank spaCy pipeline, no model."""

import json
import subprocess
from pathlib import Path
from typing import Any

from bench.rig import presidio as rig

MARK = "<masked>"


def spans_of(texts: list[str]) -> Any:
    """`{"spans": [[[start, end], …], …], "seconds": CPU time}` of what it finds."""
    script = Path(__file__).with_name("presidio_spans.py")
    done = subprocess.run(
        [rig.python(), script], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def masked(texts: list[str]) -> list[str]:
    """Texts with a mark in place of everything that it finds."""
    return [
        _replaced(text, spans) for text, spans in zip(texts, spans_of(texts)["spans"], strict=True)
    ]


def _replaced(text: str, spans: list[list[int]]) -> str:
    out, end = [], 0
    for start, stop in sorted(spans):
        if stop > end:
            out += [text[end : max(start, end)], MARK]
            end = stop
    return "".join([*out, text[end:]])
