"""Separators and escape sequences of an HL7 v2 message (chapter 2 of v2.5.1)."""

import re
from dataclasses import dataclass
from dataclasses import field as member
from functools import lru_cache

# For the separators of field, component, repetition, escape and subcomponent, in MSH-1 and MSH-2.
_CODES = ("F", "S", "R", "E", "T")
_HEX = re.compile(r"X(?:[0-9A-Fa-f]{2})+\Z")
# Highlighting, formatting of text, character sets; and what sites define for themselves (2.7.7).
_FORMAT = re.compile(r"(?:[HN]|\.[a-z]{2}[+-]?[0-9]{0,3}|[CM][0-9A-Fa-f]{4,6})\Z")
_OWN = re.compile(r"(?:Z[0-9A-Za-z]{0,3})?\Z")


@dataclass(frozen=True, slots=True)
class Separators:
    """The characters that a header names.

    Attributes:
        field, component, repetition, escape, subcomponent: one character each.
        codes: how characters are written that may not stand in a component.
        between: what parts a field, as a group.
    """

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    codes: dict[int, str] = member(init=False, repr=False, compare=False)
    between: re.Pattern[str] = member(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        codes = zip(map(ord, self.characters), _CODES, strict=True)
        made = {char: f"{self.escape}{code}{self.escape}" for char, code in codes}
        made |= {ord("\n"): f"{self.escape}.br{self.escape}", ord("\r"): ""}
        object.__setattr__(self, "codes", made)
        parts = re.escape(self.component + self.repetition + self.subcomponent)
        object.__setattr__(self, "between", re.compile(f"([{parts}])"))

    @classmethod
    def of(cls, header: str) -> "Separators | None":
        """Those of an MSH, FHS or BHS segment, None where they cannot be told apart."""
        return _read(header[3:10])

    def split(self, value: str) -> list[str]:
        """The parts of a field, whichever way they are parted, with what stands between them."""
        return self.between.split(value)

    def plain(self, value: str) -> str:
        """Text with its escape sequences resolved."""
        if self.escape not in value:
            return value
        escape = re.escape(self.escape)
        return re.sub(rf"{escape}([^{escape}]*){escape}", self._meaning, value)

    def escaped(self, value: str) -> str:
        """Text as it may stand in a component."""
        return value.translate(self.codes)

    @property
    def characters(self) -> tuple[str, ...]:
        """All five."""
        return (self.field, self.component, self.repetition, self.escape, self.subcomponent)

    def unmasked(self, value: str, plain: str) -> str:
        """A value of which nothing was masked, as it was written.

        Sequences that a site defines for itself are left out: nobody has looked into them.
        """
        return self.escaped(plain) if self.escape in value and self._is_own(value) else value

    def _is_own(self, value: str) -> bool:
        escape = re.escape(self.escape)
        codes = re.findall(rf"{escape}([^{escape}]*){escape}", value)
        return any(_OWN.match(code) for code in codes)

    def _meaning(self, match: "re.Match[str]") -> str:
        """What an escape sequence stands for; what is none stands for itself."""
        code = match[1]
        if code in _CODES:
            return self.characters[_CODES.index(code)]
        if code[:3] in {".br", ".sp", ".ce"} and _FORMAT.match(code):
            return "\n"
        if _HEX.match(code):
            return bytes.fromhex(code[1:]).decode("utf-8", "replace")
        if _FORMAT.match(code) or _OWN.match(code):
            return ""
        return match[0]


@lru_cache(maxsize=256)
def _read(head: str) -> Separators | None:
    """The separators of a header, whose name is left out."""
    characters = head[:5]
    wrong = any(
        char.isalnum() or char.isspace() or char in "[].:-" or not char.isprintable()
        for char in characters
    )
    if wrong or not len(characters) == len(set(characters)) == len(_CODES):
        return None
    if head[5:6] not in {characters[0], ""} and head[6:7] not in {characters[0], ""}:
        return None  # v2.7 has one character more, for truncation
    return Separators(*characters)
