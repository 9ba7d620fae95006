import pytest

from gateway.masking.profiles.profile import BUILT_IN
from gateway.masking.strictness import covering, loosens, ranks
from tests.unit.masking.own import own


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("{extends: safe-harbor, rank: 40}", (40, 99)),
        ("{extends: pseudonymous, rank: 30}", (30, 39)),
        ("{extends: limited-data-set, rank: 20}", (20, 29)),
        ("{extends: none, rank: 1}", (1, 19)),
        # A stricter operator reaches further up.
        ("{extends: limited-data-set, rank: 20, operators: {date: generalise}}", (20, 29)),
        # Tokens are no Safe Harbor.
        ("{extends: safe-harbor, rank: 30, operators: {mrn: tokenise}}", (30, 39)),
        ("{extends: safe-harbor, rank: 30, operators: {mrn: hash}}", (30, 39)),
        # What is kept decides how far down.
        ("{extends: safe-harbor, rank: 20, operators: {date: keep}}", (20, 29)),
        ("{extends: safe-harbor, rank: 20, operators: {date: date-shift}}", (20, 29)),
        ("{extends: safe-harbor, rank: 10, operators: {mrn: keep}}", (10, 19)),
        ("{extends: safe-harbor, rank: 20, fields: [{path: '**.city', do: keep}]}", (20, 29)),
        ("{extends: safe-harbor, rank: 10, fields: [{path: '**.ssn', do: keep}]}", (10, 19)),
        ("{extends: safe-harbor, rank: 1, fields: [{path: '**.note', do: keep}]}", (1, 9)),
        ("{extends: safe-harbor, rank: 1, fields: [{path: 'a.b', do: keep}]}", (1, 9)),
        ("{extends: safe-harbor, rank: 1, fields: [{path: 'OBX-5', do: keep}]}", (1, 9)),
        # The author says what it is.
        ("{extends: safe-harbor, rank: 20, fields: [{path: a, as: date, do: keep}]}", (20, 29)),
        # Words of a code system, and what removes, take nothing away.
        ("{extends: safe-harbor, rank: 40, fields: [{path: '**.status', do: keep}]}", (40, 99)),
        ("{extends: safe-harbor, rank: 40, fields: [{path: a, do: drop}]}", (40, 99)),
        ("{extends: safe-harbor, rank: 40, fields: [{path: a, as: ssn}]}", (40, 99)),
        ("{extends: safe-harbor, rank: 10, fields: [{path: ssn, as: zip}]}", (30, 39)),
    ],
)
def test_a_rank_is_what_the_profile_masks(profile: str, expected: tuple[int, int]) -> None:
    made = own(profile)
    base = BUILT_IN[profile.split(": ")[1].split(",", maxsplit=1)[0].rstrip("}")]
    if "as: zip" in profile:
        assert loosens(made, base)
        return

    assert ranks(made, base) == expected


def test_every_built_in_profile_covers_those_below() -> None:
    assert [covering(profile).name for profile in BUILT_IN.values()] == list(BUILT_IN)


def test_a_profile_that_keeps_what_its_base_drops_stays_below_it() -> None:
    base = own("{extends: limited-data-set, rank: 25, fields: [{path: '**.city', do: drop}]}")
    made = own("{extends: x, rank: 24, fields: [{path: '**.city', do: keep}]}", base)

    assert ranks(made, base) == (20, 24)
    assert ranks(own("{extends: x, rank: 25}", base), base) == (25, 29)


def test_free_text_that_was_withheld_and_is_masked_is_shown_more() -> None:
    base = own("{extends: safe-harbor, rank: 45, text: withhold}")

    assert loosens(own("{extends: x, rank: 44, text: mask}", base), base)
    assert not loosens(own("{extends: x, rank: 45, text: drop}", base), base)
