"""Questions with their identifiers (ASQ-PHI): what is fully masked, what is touched.

A value counts as fully masked if two things hold. At every place where it occurs in the text as
whole words, each of its letters and digits lies in a part of the text that was replaced, so that
one initial or half a surname that is left over is a miss. And it does not occur in the output in
any spelling of capitals, be it as a part of a longer word. What was replaced is read off by laying
the output over the input: marks (`[name]`), numbered ids, `90+` and three-digit ZIP areas stand for
some of the input; a year stands for more than itself or was never touched, since Safe Harbor leaves
the year of a date. An output that cannot be laid over its input counts as masking nothing. A
negative (a question without identifiers) is touched if one byte of it changed.
"""

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.accuracy.leaks import CONTEXT
from bench.accuracy.presidio import spans_of
from gateway.masking.engine import mask

Row = dict[str, Any]
Spans = list[tuple[int, int]]
_STANDS_FOR = re.compile(
    r"\[[a-z-]+\]|masked-[0-9a-f]{8}-[0-9]+|90\+"
    r"|(?<![0-9])(?:(?:1[89]|20)[0-9]{2}|[0-9]{3})(?![0-9])"
)


def replaced(before: str, after: str) -> Spans | None:
    """(start, end) of what masking replaced in `before`; None where `after` does not fit it."""
    pattern, last, made = [], 0, []
    for match in _STANDS_FOR.finditer(after):
        pattern.append(re.escape(after[last : match.start()]))
        last = match.end()
        text = match[0]
        plain = text.isdigit() and text != "000"
        pattern.append(rf"(.{{0,60}}?{text}.{{0,60}}?)" if plain else "(.+?)")
        made.append(text)
    whole = re.fullmatch("".join([*pattern, re.escape(after[last:])]), before, re.DOTALL)
    if whole is None:
        return None
    spans = (whole.span(group) for group in range(1, whole.re.groups + 1))
    return [span for span, text in zip(spans, made, strict=True) if before[slice(*span)] != text]


def fully_masked(text: str, spans: Spans, value: str) -> bool:
    """Whether every letter and digit of every occurrence of `value` lies in a span."""
    covered = bytearray(len(text))
    for start, end in spans:
        covered[start:end] = b"\1" * (end - start)
    whole = rf"(?<!\w){re.escape(value)}(?!\w)"
    places = [match.start() for match in re.finditer(whole, text)] or [text.find(value)]
    return all(
        covered[index] or not text[index].isalnum()
        for start in places
        for index in range(start, start + len(value))
    )


@dataclass
class Score:
    """Counts of one system on ASQ-PHI."""

    found: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    touched: int = 0
    negatives: int = 0

    def add(self, row: Row, spans: Spans | None, after: str) -> None:
        """One question, what of it was replaced, and what was made of it."""
        text = row["text"]
        if not row["phi"]:
            self.negatives += 1
            self.touched += after != text
            return
        shown = after.lower()
        for item in row["phi"]:
            value = item["value"]
            if value not in text:
                continue
            self.total[item["type"]] += 1
            covered = value.lower() not in shown and fully_masked(text, spans or [], value)
            self.found[item["type"]] += covered

    def table(self) -> dict[str, Any]:
        """Shares and counts."""
        return {
            "values": self.total.total(),
            "fully masked": self.found.total(),
            "share": round(self.found.total() / max(1, self.total.total()), 4),
            "negatives": self.negatives,
            "touched": self.touched,
            "by type": {kind: (self.found[kind], self.total[kind]) for kind in sorted(self.total)},
        }


def masked_text(text: str) -> str:
    """A text as the engine shows it."""
    return mask(text.encode(), "text/plain", "", CONTEXT).body.decode()


def _marked(text: str, spans: list[list[int]]) -> str:
    """A text with a mark in place of each span; spans may overlap."""
    pieces, last = [], 0
    for start, end in sorted(spans):
        pieces.append(text[last:start] + "[masked]" if start >= last else "")
        last = max(last, end)
    return "".join([*pieces, text[last:]])


def asq(rows: list[Row], *, presidio: bool) -> dict[str, Any]:
    """The engine, and Presidio where it can be had, on the same questions."""
    ours = Score()
    masked_text("a first text, as Presidio has one")
    begin = time.process_time()
    outputs = [masked_text(row["text"]) for row in rows]
    seconds = time.process_time() - begin
    for row, after in zip(rows, outputs, strict=True):
        ours.add(row, replaced(row["text"], after), after)
    size = sum(len(row["text"]) for row in rows)
    answer = {"chaperone": ours.table() | {"kB/s": round(size / seconds / 1e3)}}
    if presidio:
        theirs = Score()
        done = spans_of([row["text"] for row in rows])
        for row, spans in zip(rows, done["spans"], strict=True):
            theirs.add(row, [(start, end) for start, end in spans], _marked(row["text"], spans))
        answer["presidio"] = theirs.table() | {"kB/s": round(size / done["seconds"] / 1e3)}
    return answer
