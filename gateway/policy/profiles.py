"""Masking profiles as policies see them: a name and how strict it is."""

from collections.abc import Mapping
from types import MappingProxyType

BUILT_IN: Mapping[str, int] = MappingProxyType(
    {"none": 0, "secrets-only": 10, "limited-data-set": 20, "pseudonymous": 30, "safe-harbor": 40}
)
"""Rank of each built-in profile; 0 masks nothing, higher is stricter."""

MAX_RANK = 99


def base_of(rank: int) -> str:
    """The strictest built-in profile that is not stricter than `rank`."""
    return max((name for name, own in BUILT_IN.items() if own <= rank), key=BUILT_IN.__getitem__)


def ceiling(base: int) -> int:
    """The first rank that a profile built on rank `base` may not claim.

    A profile adds to the one it extends, so it is at least as strict; to claim the rank of the next
    built-in one would let it stand in for masking that it does not do.
    """
    return min((own for own in BUILT_IN.values() if own > base), default=MAX_RANK + 1)
