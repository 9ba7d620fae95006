"""Free text that cannot be masked: shown where its form leaves no room for a message."""

import re
from typing import Final

from gateway.model.connection import WITHHELD_MARK

_HARMLESS: Final = re.compile(
    r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|treatment|payment|operations|research"
    r"|emergency|public-health|patient-request|legal|audit|maintenance"
)


class WithheldWording:
    """`ports.Wording` without text masking: identifiers and fixed words pass."""

    def shown(self, text: str) -> str:
        """The text if it is a GUID or a known purpose, a mark in place of any other."""
        text = text.strip()
        return text if not text or _HARMLESS.fullmatch(text) else WITHHELD_MARK
