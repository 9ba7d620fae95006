import pytest

from gateway.policy.profiles import BUILT_IN, MAX_RANK, base_of, ceiling


@pytest.mark.parametrize(
    ("rank", "base"),
    [(1, "none"), (10, "secrets-only"), (39, "pseudonymous"), (99, "safe-harbor")],
)
def test_a_rank_stands_on_the_strictest_built_in_below(rank: int, base: str) -> None:
    assert base_of(rank) == base


def test_a_profile_cannot_claim_the_rank_of_the_next_built_in() -> None:
    assert ceiling(BUILT_IN["none"]) == BUILT_IN["secrets-only"]
    assert ceiling(BUILT_IN["safe-harbor"]) == MAX_RANK + 1
