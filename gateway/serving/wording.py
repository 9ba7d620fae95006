"""Words of agents and reviewers, masked before anybody else reads them or they go on record.

Short free text has little around it that tells what it is about, so more is left out than the
engine finds. A word that holds many digits may be the number of a patient; a capital letter may
begin a name, so words with capitals stay only where they are known; fields of messages (HL7 v2) are
no words at all. A name in small letters can still be missed: what is left is to be treated as PHI.
"""

import re
from typing import Final

from gateway.approvals.wording import WithheldWording
from gateway.errors import Withheld
from gateway.masking.generalise import year_end
from gateway.model.connection import WITHHELD_MARK
from gateway.ports import Clock

MAX_CHARACTERS: Final = 1000
"""Of a text; a longer one is no reason that a reviewer could weigh."""
PROFILE: Final = "safe-harbor"
"""Whichever connection it is about: the words may speak of any other."""

_NO_WORDS: Final = re.compile(r"[|^~\\{}<>\x00-\x08\x0b-\x1f\x7f]")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}[.,;:!?]?")
_WORD: Final = re.compile(r"\S+")
_LETTERS: Final = re.compile(r"[^\W\d_]+")
_MARK: Final = re.compile(r"\[[a-z-]+\]")
_MAX_DIGITS: Final = 4
"""In one word: a year, or a number of the day."""

_KNOWN_WORDS: Final = """
    A According Add After All Already An Any Approve Approved Archive As Ask Asked At Because Before
    Between Both But By Can Cannot Change Check Checked Clean Cleaning Clear Close Copied Copy
    Correct Create Daily Data Delete Deleting Do Does Done Due Duplicate During Each Empty End Every
    Expired Export Fine First Fix For From Go Got Has Have He Here How However I If In Instead Is It
    Its Keep Last Later Leave List Load Make Migrate Migration Monthly More Move Moved Must Need
    Needed Needs New Next No Not Nothing Now Obsolete Of Off Ok Old On Once Only Or Other Our Out
    Over Overwrite Per Please Postpone Proceed Quarterly Read Ready Reason Reject Rejected Remove
    Removing Repair Replace Request Requested Required Restore Retention Rotate Run Same See Send
    She Should Since So Some Still Stop Such Temporary Test That The Then There These They This
    Those To Too Tidy Try Unused Update Upload Use Verify Verified Via Wait Was We Weekly What When
    Where Which While Who Why With Without Write Wrong Yes Yesterday Yet You Your
    Dr Mr Mrs Ms Prof
    API ARM AZ CSV DNS DOB EHR FHIR GB HIPAA HTTP HTTPS ID IDs IT JSON KB MB MFA MRN OK PDF PHI QA
    SAS SDK SQL SSN TB TLS TODO URL UTC VM XML ePHI
    Azure Blob Chaperone Entra Microsoft Parquet Teams
    January February March July September October November December
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday
"""
_KNOWN: Final = frozenset(_KNOWN_WORDS.split())
"""Words with capitals that begin sentences of this kind or mean no person."""


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
        from gateway.masking import engine  # noqa: PLC0415 - large: see `terms`

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
        return _WORD.sub(_known, masked)


def _known(word: re.Match[str]) -> str:
    if _GUID.fullmatch(word[0]):
        return word[0]
    rest = _MARK.sub("", word[0])
    many = sum(char.isdigit() for char in rest) > _MAX_DIGITS
    named = any(
        letters != letters.lower() and letters not in _KNOWN for letters in _LETTERS.findall(rest)
    )
    # Scripts without capitals write names, too.
    return WITHHELD_MARK if many or named or not rest.isascii() else word[0]
