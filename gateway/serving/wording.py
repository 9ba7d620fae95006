"""Words of agents and reviewers, masked before anybody else reads them or they go on record.

Short free text has little around it that tells what it is about, so more is left out than the
engine finds: words that hold many digits may be numbers of patients, and fields of messages (HL7
v2) are no words at all. What is left is to be treated as PHI all the same.
"""

import re
from typing import Final

from gateway.approvals.wording import WithheldWording
from gateway.errors import Withheld
from gateway.masking import engine
from gateway.model.connection import WITHHELD_MARK
from gateway.ports import Clock
from gateway.serving.terms import year_end

MAX_CHARACTERS: Final = 1000
"""Of a text; a longer one is no reason that a reviewer could weigh."""
PROFILE: Final = "safe-harbor"
"""Whichever connection it is about: the words may speak of any other."""

_NO_WORDS: Final = re.compile(r"[|^~\\{}<>\x00-\x08\x0b-\x1f\x7f]")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[.,;:!?]?")
_WORD: Final = re.compile(r"\S+")
_MAX_DIGITS: Final = 4
"""In one word: a year, or a number of the day."""


class MaskedWording:
    """`ports.Wording` by the masking engine; what cannot be masked is withheld whole."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._harmless = WithheldWording()

    def shown(self, text: str) -> str:
        """The text as others may read it."""
        text = text.strip()
        as_it_is = self._harmless.shown(text)
        if as_it_is == text:
            return text
        if len(text) > MAX_CHARACTERS or _NO_WORDS.search(text):
            return WITHHELD_MARK
        context = engine.Context(
            profile=PROFILE,
            digest="",
            ephi=True,
            accept_free_text=True,
            key=None,
            scope="",
            today=year_end(self._clock.now().date()),
        )
        try:
            masked = engine.mask_text_value("", text, context)
        except (Withheld, ValueError, RecursionError):
            return WITHHELD_MARK
        return _WORD.sub(_without_numbers, masked)


def _without_numbers(word: re.Match[str]) -> str:
    digits = sum(char.isdigit() for char in word[0])
    return word[0] if digits <= _MAX_DIGITS or _GUID.fullmatch(word[0]) else WITHHELD_MARK
