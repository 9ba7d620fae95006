"""What decides how something is masked, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gateway.masking.profiles.profile import Profile, resolve
from gateway.masking.session_names import SessionNames
from gateway.masking.tokens import TokenKey

MAX_SECONDS: Final = 120.0
"""Of work on one payload."""


def _no_time() -> float:
    return 0.0


@dataclass(frozen=True, slots=True)
class Context:
    """What decides how something is masked.

    Attributes:
        profile: name of the profile, built-in or of the manifest.
        digest: of the profile's definition, "" for a built-in one.
        ephi: the place holds ePHI: free text is withheld unless accepted.
        accept_free_text: a rule accepts masked free text.
        key: of tokens; None where the profile makes none.
        scope: within which equal values have equal tokens: tenant, object id, application and
            connection, joined with "|".
        today: for ages over 89.
        rank: of the profile; a profile that is not built in masks as the strictest built-in one of
            no higher rank.
        definition: of a profile that is not built in; without it, `rank` decides.
        session_names: digests of names that earlier answers of the session have shown; None where
            no session remembers any.
        salt: a secret of the deployment that keys the middle part of `masked-…` ids (see
            `tokens.numbering_salt`), at most 64 bytes; without it, a payload's part can be computed
            by whoever guesses the payload.
        clock: seconds of work so far, such as the CPU time of the thread that masks; one that
            stands still bounds nothing.
        seconds: how many of them masking one payload may take before it is withheld.
    """

    profile: str
    digest: str
    ephi: bool
    accept_free_text: bool
    key: TokenKey | None
    scope: str
    today: date
    rank: int = -1
    definition: Profile | None = None
    session_names: SessionNames | None = None
    salt: bytes = field(default=b"", repr=False)
    clock: Callable[[], float] = field(default=_no_time, repr=False, compare=False)
    seconds: float = MAX_SECONDS

    @property
    def resolved(self) -> Profile:
        """The profile itself.

        Raises:
            Withheld: nothing is known of it.
        """
        return self.definition or resolve(self.profile, self.rank)


@dataclass(frozen=True, slots=True)
class Result:
    """A masked body, and what was done to it.

    Attributes:
        body: the masked bytes.
        counts: masked values by type of identifier, such as `name` or `ssn`.
        paths: (path, type, count), the most frequent first, at most 200; never a value.
        key_version: of the token key, "" where no token was made.
        names_seen: digests of the words of names that fields of the payload have named, for the
            session to remember; empty where none remembers any.
        patients: numbers of the patients whom fields of the payload have named, as they were.
    """

    body: bytes = field(repr=False)
    counts: Mapping[str, int]
    paths: tuple[tuple[str, str, int], ...]
    key_version: str
    names_seen: frozenset[bytes] = field(default=frozenset(), repr=False)
    patients: frozenset[str] = field(default=frozenset(), repr=False)
