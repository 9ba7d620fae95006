"""Whose data an answer holds, as records may say it: a number, and keyed digests."""

from collections.abc import Collection
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from gateway.model.digest import DigestKey

MAX_SUBJECTS: Final = 100
"""Digests in one record: its line stays short, however long a list of patients was read."""
PURPOSE: Final = "patient"


@dataclass(frozen=True, slots=True)
class Subjects:
    """The patients that an answer is about, as far as its fields name them.

    Attributes:
        number: how many.
        digests: of at most `MAX_SUBJECTS` of them, `hmac-sha256:{version}:{hex}`.
    """

    number: int = 0
    digests: tuple[str, ...] = ()

    def share(self, shown: int, whole: int) -> int:
        """How many of them a part of an answer counts for, at least one where there are any.

        Parts of one download count for all of them together, whoever reads them and in whatever
        order.

        Args:
            shown: bytes of the part.
            whole: bytes of all of it.
        """
        return -(-self.number * min(shown, whole) // whole) if whole else self.number


NOBODY: Final = Subjects()


def subjects_of(patients: Collection[str], key: DigestKey) -> Subjects:
    """What a record says of patients.

    Args:
        patients: their numbers in the content, such as the id of a FHIR Patient.
        key: of the digests, without which a number could be guessed.
    """
    shown = nsmallest(MAX_SUBJECTS, patients)
    digests = (key.of(PURPOSE, patient.encode("utf-8", "surrogatepass")) for patient in shown)
    return Subjects(len(patients), tuple(digests))
