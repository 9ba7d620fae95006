import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark, is_masked_id
from gateway.masking.tokens import Tokeniser, TokenKey

KEY = TokenKey("1", bytes(range(64)))
TOKENS = Tokeniser(KEY, "tenant|agent")
UUID = "5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11"


@given(st.sampled_from(Kind), st.text(min_size=1, max_size=60))
def test_a_token_is_a_mark_and_opens_to_its_value(kind: Kind, value: str) -> None:
    token = TOKENS.token(kind, value)

    assert is_mark(token)
    assert TOKENS.value(token) == value


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=19))
def test_an_id_token_is_a_fhir_id_and_opens_to_its_value(value: str) -> None:
    token = TOKENS.id_token(value)

    assert is_masked_id(token)
    assert len(token) <= 64
    assert TOKENS.value(token) == value


def test_a_uuid_has_a_token_that_is_a_fhir_id() -> None:
    token = TOKENS.id_token(UUID)

    assert len(token) <= 64
    assert TOKENS.value(token) == UUID


def test_a_long_id_has_a_one_way_token() -> None:
    token = TOKENS.id_token("x" * 64)

    assert token.startswith("th-1-")
    assert len(token) <= 64
    assert token == TOKENS.id_token("x" * 64)
    with pytest.raises(InvalidRequest):
        TOKENS.value(token)


def test_equal_values_have_equal_tokens_within_a_scope_and_type_only() -> None:
    token = TOKENS.token(Kind.NAME, "Jane")

    assert token == Tokeniser(KEY, "tenant|agent").token(Kind.NAME, "Jane")
    assert token != TOKENS.token(Kind.CITY, "Jane").replace("city", "name")
    assert token != Tokeniser(KEY, "tenant|other").token(Kind.NAME, "Jane")
    assert token != Tokeniser(TokenKey("2", KEY.key), "tenant|agent").token(Kind.NAME, "Jane")


@pytest.mark.parametrize(
    "token",
    [
        "Jane",
        "[name]",
        "[name:1:aaaaaaaaaaaaaaaaaaaaaaaaaaaa]",
        "tk-1-aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        Tokeniser(KEY, "tenant|other").token(Kind.NAME, "Jane"),
        TOKENS.token(Kind.NAME, "Jane").replace("name", "city"),
    ],
)
def test_what_was_not_made_here_does_not_open(token: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        TOKENS.value(token)

    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(("version", "key"), [("1", b"short"), ("a b", bytes(64)), ("", bytes(64))])
def test_a_bad_key_is_refused(version: str, key: bytes) -> None:
    with pytest.raises(ValueError, match="token key"):
        TokenKey(version, key)


def test_a_key_shows_in_no_repr() -> None:
    assert repr(bytes(range(64)))[2:20] not in repr(KEY)
