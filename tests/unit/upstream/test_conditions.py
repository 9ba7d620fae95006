from urllib.parse import quote

import pytest

from gateway.errors import Withheld
from gateway.model.message import Headers, Target
from gateway.upstream.conditions import refuse_probes

BY_ORDER = [
    "\"mrn\" > '1'",
    "\"mrn\" <= '1'",
    "\"a\" = 'b' AND \"c\" <> 'd'",
    '"mrn" = \'1',
    "'a\"",
]
BY_EQUALITY = ["\"mrn\" = '123'", "\"a\" = '<b>' AND \"c>\" = 'd'", ""]


@pytest.mark.parametrize("expression", BY_ORDER)
@pytest.mark.parametrize("name", ["x-ms-if-tags", "x-ms-source-if-tags"])
def test_a_condition_that_halves_the_unknown_is_refused(name: str, expression: str) -> None:
    with pytest.raises(Withheld) as caught:
        refuse_probes(Headers(((name, expression),)), Target("/"))
    assert "mrn" not in str(caught.value)


@pytest.mark.parametrize("expression", BY_ORDER)
@pytest.mark.parametrize("name", ["where", "WHERE", "%77here"])
def test_a_search_by_order_is_refused(name: str, expression: str) -> None:
    with pytest.raises(Withheld):
        refuse_probes(Headers(), Target("/", f"comp=blobs&{name}={quote(expression)}"))


@pytest.mark.parametrize("expression", BY_EQUALITY)
def test_equality_passes(expression: str) -> None:
    query = f"comp=blobs&where={quote(expression)}"

    refuse_probes(Headers((("x-ms-if-tags", expression),)), Target("/", query))
