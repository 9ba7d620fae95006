from dataclasses import replace
from urllib.parse import quote

import pytest

from gateway.errors import Withheld
from gateway.model.connection import Area, Masking
from gateway.model.message import Headers, Target
from gateway.upstream.conditions import masks_within, refuse_tag_conditions, refuse_tag_search
from tests.unit.upstream.build import NONE, STRICT, connection, resource

COMPARISONS = [
    "\"mrn\" > '1'",
    "\"mrn\" = '123'",
    "@container = 'intake' AND \"mrn\" = '123'",
    "\"@container\" = 'intake'",
    "@container > 'a'",
    "'a\"",
]


@pytest.mark.parametrize("expression", [*COMPARISONS, "@container = 'intake'", ""])
@pytest.mark.parametrize("name", ["x-ms-if-tags", "x-ms-source-if-tags"])
def test_a_condition_on_tags_is_a_guess_at_them(name: str, expression: str) -> None:
    with pytest.raises(Withheld, match="Tag values are withheld") as caught:
        refuse_tag_conditions(Headers(((name, expression),)))

    assert "Leave the tag condition out" in caught.value.advice
    assert "mrn" not in str(caught.value)


def test_other_conditions_pass() -> None:
    refuse_tag_conditions(Headers.of([("if-match", '"1"'), ("x-ms-tags", "a=b")]))


@pytest.mark.parametrize("expression", COMPARISONS)
@pytest.mark.parametrize("name", ["where", "WHERE", "%77here"])
def test_a_search_that_compares_tags_is_refused(name: str, expression: str) -> None:
    with pytest.raises(Withheld, match="Tag values are withheld") as caught:
        refuse_tag_search(Target("/", f"comp=blobs&{name}={quote(expression)}"))

    assert "@container" in caught.value.advice


@pytest.mark.parametrize("expression", ["@container = 'intake'", "@container='$web'"])
def test_a_search_by_container_alone_passes(expression: str) -> None:
    refuse_tag_search(Target("/", f"comp=blobs&where={quote(expression)}"))


def test_every_search_of_a_request_counts() -> None:
    allowed = quote("@container='a'")
    query = f"where={allowed}&where={quote(COMPARISONS[1])}"

    with pytest.raises(Withheld):
        refuse_tag_search(Target("/", query))


@pytest.mark.parametrize(
    ("own", "areas", "container", "masks"),
    [
        (NONE, (), "", False),
        (STRICT, (), "", True),
        (STRICT, (("public/**", NONE),), "", True),
        (STRICT, (("public/**", NONE),), "public", False),
        # The container itself, or a part of it, is not all that lies in it.
        (STRICT, (("public", NONE),), "public", True),
        (STRICT, (("public/open/**", NONE),), "public", True),
        (NONE, (("intake/secret/**", STRICT),), "intake", True),
        (NONE, (("intake/secret/**", STRICT),), "public", False),
        (NONE, (("*/secret/**", STRICT),), "public", True),
        (NONE, (("public/**", NONE), ("*/secret/**", STRICT)), "public", False),
        (STRICT, (("**", NONE),), "", False),
    ],
)
def test_where_blobs_may_be_masked(
    own: Masking, areas: tuple[tuple[str, Masking], ...], container: str, masks: bool
) -> None:
    via = replace(
        connection(),
        masking=own,
        areas=tuple(Area(pattern, masking) for pattern, masking in areas),
    )
    place = resource(container) if container else resource()

    assert masks_within(via, place) is masks
