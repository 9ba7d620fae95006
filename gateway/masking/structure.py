"""Free text reduced to its structure: lines, list marks and the headings that every note has."""

import re

from gateway.masking.kinds import Kind
from gateway.masking.marks import mark

HEADINGS = frozenset(
    {
        "addendum",
        "allergies",
        "assessment",
        "assessment and plan",
        "chief complaint",
        "diagnosis",
        "discharge instructions",
        "discharge medications",
        "family history",
        "findings",
        "history",
        "history of present illness",
        "hospital course",
        "hpi",
        "impression",
        "indication",
        "laboratory data",
        "labs",
        "medications",
        "objective",
        "past medical history",
        "past surgical history",
        "physical exam",
        "physical examination",
        "plan",
        "procedure",
        "reason for visit",
        "recommendations",
        "review of systems",
        "social history",
        "subjective",
        "vital signs",
    }
)
"""Section headings of clinical notes: a list of our own, so that no heading can be a value."""
_ITEM = re.compile(r"[ \t]*(?:[-*\u2022]|[0-9]{1,2}[.)])[ \t]+")
_INDENT = re.compile(r"[ \t]*")
_HEADING = re.compile(r"[ \t]*(?:#{1,6} )?([A-Za-z ]{1,40}):?")


def structure(text: str) -> str:
    """The same lines: each with its list mark or its known heading, and a mark for the rest."""
    return "\n".join(_line(line.rstrip("\r")) for line in text.split("\n"))


def _line(line: str) -> str:
    if not line.strip():
        return ""
    heading = _HEADING.match(line)
    if heading and heading[1].strip().lower() in HEADINGS:
        rest = line[heading.end() :].strip()
        return heading[0] + (f" {mark(Kind.TEXT)}" if rest else "")
    lead = _ITEM.match(line) or _INDENT.match(line)
    return (lead[0] if lead else "") + mark(Kind.TEXT)
