import pytest

from gateway.errors import InvalidRequest
from gateway.model.denial import FORMS, identifier

OID = "44444444-4444-4444-8444-4444444444aa"


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("oid", f" {OID.upper()}\n", OID),
        ("azp", OID, OID),
        ("uti", "Token_1-x", "token_1-x"),
        ("session", "A" * 32, "a" * 32),
    ],
)
def test_identifiers_are_compared_in_lower_case(kind: str, value: str, expected: str) -> None:
    assert identifier(kind, value) == (kind, expected)


@pytest.mark.parametrize("kind", [*FORMS, "upn"])
@pytest.mark.parametrize("value", ["", "a/b", "a#b", "\u0661" * 32, "x" * 129])
def test_anything_else_is_a_mistake(kind: str, value: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        identifier(kind, value)

    assert not value or value not in f"{caught.value}{caught.value.advice}"
