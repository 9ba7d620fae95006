import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.kinds import Kind
from gateway.masking.profiles import BUILT_IN, SAFE_HARBOR, Operator, resolve
from gateway.policy import profiles as policy


def test_the_engine_and_the_policy_know_the_same_profiles_and_ranks() -> None:
    assert {name: profile.rank for name, profile in BUILT_IN.items()} == dict(policy.BUILT_IN)


@pytest.mark.parametrize(
    ("name", "rank", "base"),
    [
        ("safe-harbor", -1, "safe-harbor"),
        ("ward", 45, "safe-harbor"),
        ("ward", 35, "pseudonymous"),
        ("ward", 12, "secrets-only"),
    ],
)
def test_a_profile_of_the_manifest_masks_as_the_built_in_one_below_it(
    name: str, rank: int, base: str
) -> None:
    assert resolve(name, rank).name == base


@pytest.mark.parametrize("rank", [-1, 0, 9])
def test_an_unknown_profile_withholds(rank: int) -> None:
    with pytest.raises(Withheld) as caught:
        resolve("ward", rank)

    assert caught.value.reason is Reason.MASKING_FAILED


def test_safe_harbor_keeps_nothing_and_makes_no_tokens() -> None:
    assert not any(SAFE_HARBOR.keeps(kind) for kind in Kind)
    assert not SAFE_HARBOR.makes_tokens
    assert BUILT_IN["pseudonymous"].makes_tokens


@pytest.mark.parametrize("name", ["secrets-only", "limited-data-set", "pseudonymous"])
def test_secrets_are_redacted_in_every_profile_that_masks(name: str) -> None:
    assert BUILT_IN[name].operators[Kind.SECRET] is Operator.REDACT
