"""Separators and escape sequences of an HL7 v2 message (chapter 2 of v2.5.1)."""

import re
from dataclasses import dataclass

# For the separators of field, component, repetition, escape and subcomponent, in MSH-1 and MSH-2.
_CODES = ("F", "S", "R", "E", "T")


@dataclass(frozen=True, slots=True)
class Separators:
    """The characters that a header names.

    Attributes:
        field, component, repetition, escape, subcomponent: one character each.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"

    @classmethod
    def of(cls, header: str) -> "Separators | None":
        """Those of an MSH, FHS or BHS segment, None where they cannot be told apart."""
        characters = header[3:8]
        wrong = any(
            char.isalnum() or char.isspace() or char in "[].:-" or not char.isprintable()
            for char in characters
        )
        if wrong or not len(characters) == len(set(characters)) == len(_CODES):
            return None
        if header[8:9] not in {characters[0], ""} and header[9:10] not in {characters[0], ""}:
            return None  # v2.7 has one character more, for truncation
        return cls(*characters)

    def plain(self, value: str) -> str:
        """Text with its escape sequences resolved."""
        if self.escape not in value:
            return value
        escape = re.escape(self.escape)
        return re.sub(rf"{escape}([^{escape}]*){escape}", self._meaning, value)

    def escaped(self, value: str) -> str:
        """Text as it may stand in a component."""
        escape = self.escape
        codes = dict(zip(self._all(), _CODES, strict=True))
        return (
            "".join(f"{escape}{codes[char]}{escape}" if char in codes else char for char in value)
            .replace("\n", f"{escape}.br{escape}")
            .replace("\r", "")
        )

    def _all(self) -> tuple[str, ...]:
        return (self.field, self.component, self.repetition, self.escape, self.subcomponent)

    def _meaning(self, match: "re.Match[str]") -> str:
        """What an escape sequence stands for; highlighting stands for nothing."""
        code = match[1]
        if code in _CODES:
            return self._all()[_CODES.index(code)]
        if code[:3] in {".br", ".sp", ".ce"}:
            return "\n"
        if code[:1] == "X":
            try:
                return bytes.fromhex(code[1:]).decode("utf-8", "replace")
            except ValueError:
                return ""
        return ""
