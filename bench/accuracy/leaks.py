"""What of given values can be read in masked documents, and what of other values is lost.

Values are searched for verbatim and as whole words, in the masked output and in what its base64,
percent encoding and character references stand for. Values that are shorter than four characters
are not counted. A value is counted once for each document that shows it before masking.
"""

import base64
import binascii
import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote

from bench.accuracy.presidio import masked
from gateway.errors import Withheld
from gateway.masking.engine import Context, mask

CONTEXT = Context("safe-harbor", "", True, True, None, "", date(2026, 8, 3))
MIN_LENGTH = 4
SMALL = 100_000
"""Bytes of a document that Presidio reads in some seconds; it slows down with length."""


def identifying(values: Iterable[str]) -> frozenset[str]:
    """Those that are long enough to be searched for."""
    return frozenset(value for value in values if len(value) >= MIN_LENGTH)


def visible(body: bytes) -> str:
    """A body, and behind it what its base64, percent encoding and references stand for."""
    text = body.decode("utf-8", "replace")
    decoded = [unquote(text)] if "%" in text else []
    decoded += [html.unescape(text)] if "&" in text else []
    for match in re.finditer(r"[A-Za-z0-9+/]{24,}={0,2}", text):
        try:
            raw = base64.b64decode(match[0], validate=True)
        except (binascii.Error, ValueError):
            continue
        decoded.append(raw.decode("utf-8", "ignore"))
    return "\n".join([text, *decoded])


_TOKENS = re.compile(r"\w+")


def leaks(values: frozenset[str], shown: str) -> list[str]:
    """Those of `values` that stand in `shown` as whole words."""
    words = set(_TOKENS.findall(shown))
    likely = [value for value in values if set(_TOKENS.findall(value)) <= words]
    return [value for value in likely if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", shown)]


@dataclass
class Leak:
    """What one set of documents gave away.

    Attributes:
        documents, withheld: how many.
        values: how many could be read in the documents before.
        leaked: (document, value) of those that can be read afterwards.
        kept, compared: values that identify nobody, the same afterwards and in all.
        small: (body, values) of documents that Presidio reads in reasonable time.
        small_leaked: of `leaked`, those in small documents.
    """

    documents: int = 0
    withheld: int = 0
    values: int = 0
    leaked: list[tuple[str, str]] = field(default_factory=list)
    kept: int = 0
    compared: int = 0
    small: list[tuple[str, frozenset[str]]] = field(default_factory=list)
    small_leaked: int = 0

    def table(self, *, presidio: bool) -> dict[str, Any]:
        """Counts; the values stay unsaid, and the documents are named."""
        found: dict[str, Any] = {
            "documents": self.documents,
            "withheld": self.withheld,
            "values": self.values,
            "leaked": len(self.leaked),
            "in": sorted({name for name, _ in self.leaked}),
        }
        if self.compared:
            found["utility"] = round(self.kept / self.compared, 4)
        if presidio and self.small:
            found["side by side"] = self._beside()
        return found

    def _beside(self) -> dict[str, int]:
        """Presidio on the small documents, counted in the same way."""
        shown = masked([text for text, _ in self.small])
        return {
            "documents": len(self.small),
            "values": sum(len(values) for _, values in self.small),
            "chaperone leaked": self.small_leaked,
            "presidio leaked": sum(
                len(leaks(values, visible(text.encode())))
                for text, (_, values) in zip(shown, self.small, strict=True)
            ),
        }


def check(leak: Leak, name: str, body: bytes, kind: str, values: frozenset[str]) -> bytes | None:
    """Mask one document and search it for those of `values` that it shows."""
    leak.documents += 1
    values = frozenset(leaks(values, visible(body)))
    leak.values += len(values)
    try:
        done = mask(body, kind, "", CONTEXT).body
    except Withheld:
        leak.withheld += 1
        return None
    found = leaks(values, visible(done))
    leak.leaked += [(name, value) for value in found]
    if len(body) <= SMALL and values:
        leak.small.append((body.decode("utf-8", "replace"), values))
        leak.small_leaked += len(found)
    return done


def compare(leak: Leak, before: Iterable[str], after: Iterable[str]) -> None:
    """Count the values that are the same."""
    first, second = Counter(before), Counter(after)
    leak.compared += first.total()
    leak.kept += (first & second).total()
