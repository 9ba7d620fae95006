from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.upstream.validators import NEVER, derive, original, tag
from tests.unit.upstream.build import STRICT

TAG = tag(STRICT, "phi")
OPAQUE = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=30)


def test_the_tag_changes_with_everything_that_changes_the_masked_bytes() -> None:
    tags = {
        TAG,
        tag(STRICT, "lab"),
        tag(replace(STRICT, profile="pseudonymous"), "phi"),
        tag(replace(STRICT, digest="sha256:00"), "phi"),
        tag(replace(STRICT, ephi=not STRICT.ephi), "phi"),
        tag(STRICT, "phi", "2"),
        tag(STRICT, "phi", "", "2"),
    }
    assert len(tags) == 7
    assert tag(replace(STRICT, rank=39), "phi") == TAG


@pytest.mark.parametrize(
    ("etag", "derived"),
    [('"0x1"', f'"0x1~{TAG}"'), ("0x1", f"0x1~{TAG}"), ('W/"0x1"', f'W/"0x1~{TAG}"')],
)
def test_a_derived_entity_tag_holds_the_original(etag: str, derived: str) -> None:
    assert derive(etag, TAG) == derived


@given(OPAQUE, st.sampled_from(['"{}"', "{}", 'W/"{}"']))
def test_a_derived_entity_tag_translates_back(opaque: str, form: str) -> None:
    etag = form.format(opaque)

    assert original(derive(etag, TAG), TAG) == etag


@pytest.mark.parametrize(
    "condition",
    [
        '"0x1"',
        "0x1",
        '"0x1~0000000000000000"',
        f'"0x1~{TAG}',
        f'"0x1~{TAG}", "0x2~{TAG}"',
        f'"~{TAG}"',
        "",
        "garbage \x00",
    ],
)
def test_a_tag_of_another_representation_matches_nothing(condition: str) -> None:
    assert original(condition, TAG) == NEVER


def test_any_representation_is_any_representation() -> None:
    assert original("*", TAG) == "*"
