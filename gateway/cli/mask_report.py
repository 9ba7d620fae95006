"""What `chaperone mask` says of its work: types, paths and paragraphs, never a value."""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Final

from gateway.masking.context import Result
from gateway.masking.engine import ENGINE_VERSION
from gateway.masking.kinds import LETTERS, Kind
from gateway.masking.profiles.profile import Profile

CITATION: Final = "45 CFR 164.514(b)(2)(i)"


class Report:
    """Sums up what was masked over all documents of a run."""

    def __init__(self, profile: Profile, *, wanted: bool) -> None:
        self._profile = profile
        self._wanted = wanted
        self._counts: Counter[str] = Counter()
        self._paths: Counter[tuple[str, str]] = Counter()
        self._key_version = ""
        self._documents = 0
        self._withheld = 0

    def add(self, result: Result) -> None:
        """One document that was masked."""
        if self._wanted:
            self._documents += 1
            self._counts.update(result.counts)
            self._paths.update({(path, kind): number for path, kind, number in result.paths})
            self._key_version = result.key_version or self._key_version

    def withheld(self) -> None:
        """One document that was not shown."""
        self._withheld += 1

    def write(self, where: str) -> None:
        """The report as JSON to a file, or as a table to standard error where `where` is "-"."""
        if where == "-":
            for line in self._lines():
                print(line, file=sys.stderr)
        elif where:
            Path(where).write_text(json.dumps(self._fields(), indent=2) + "\n", "utf-8")

    def _fields(self) -> dict[str, Any]:
        return {
            "profile": self._profile.name,
            "profile_digest": self._profile.digest,
            "engine_version": ENGINE_VERSION,
            "key_version": self._key_version,
            "documents": self._documents,
            "withheld": self._withheld,
            "identifiers": CITATION,
            "counts": [
                {"type": kind, "paragraph": LETTERS[Kind(kind)], "count": number}
                for kind, number in sorted(self._counts.items())
            ],
            "paths": [
                {"path": path, "type": kind, "paragraph": LETTERS[Kind(kind)], "count": number}
                for (path, kind), number in self._paths.most_common()
            ],
        }

    def _lines(self) -> list[str]:
        total = sum(self._counts.values())
        head = (
            f"{self._profile.name}: {total} values masked in {self._documents} documents, "
            f"{self._withheld} withheld (letters: {CITATION})"
        )
        rows = [
            f"{number:>8}  {LETTERS[Kind(kind)] or '-':<2} {kind:<12} {path}"
            for (path, kind), number in self._paths.most_common()
        ]
        return [head, *rows]
