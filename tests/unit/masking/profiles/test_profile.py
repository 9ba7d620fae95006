import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.kinds import LETTERS, Kind
from gateway.masking.profiles.profile import BUILT_IN, SAFE_HARBOR, Operator, resolve
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


def test_a_limited_data_set_removes_the_sixteen_identifiers_and_nothing_else() -> None:
    """45 CFR 164.514(e)(2)(i) to (xvi); town, state, ZIP code, dates and other codes stay."""
    named = {
        Kind.NAME,
        Kind.ADDRESS,
        Kind.PHONE,
        Kind.FAX,
        Kind.EMAIL,
        Kind.SSN,
        Kind.MRN,
        Kind.PLAN,
        Kind.ACCOUNT,
        Kind.LICENCE,
        Kind.VEHICLE,
        Kind.DEVICE,
        Kind.URL,
        Kind.IP,
        Kind.BIOMETRIC,
        Kind.PHOTO,
    }
    profile = BUILT_IN["limited-data-set"]

    assert len(named) == 16
    assert {kind for kind in Kind if not profile.keeps(kind)} == named | {Kind.TEXT, Kind.SECRET}


def test_every_paragraph_of_safe_harbor_has_a_kind() -> None:
    """45 CFR 164.514(b)(2)(i)(A) to (R)."""
    assert {letter for letter in LETTERS.values() if letter} == set("ABCDEFGHIJKLMNOPQR")
    assert set(LETTERS) == set(Kind)
