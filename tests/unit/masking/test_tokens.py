import base64
import hmac

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
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


def test_a_keyed_hash_is_equal_for_equal_values_and_opened_by_nobody() -> None:
    maker = Tokeniser(KEY, "ward")
    done = maker.keyed_hash(Kind.MRN, "4711")

    assert done.startswith("[mrn#1:")
    assert is_mark(done)
    assert done == maker.keyed_hash(Kind.MRN, "4711")
    others = {
        maker.keyed_hash(Kind.SSN, "4711"),
        maker.keyed_hash(Kind.MRN, "4712"),
        Tokeniser(KEY, "other").keyed_hash(Kind.MRN, "4711"),
        Tokeniser(TokenKey("2", KEY.key), "ward").keyed_hash(Kind.MRN, "4711"),
    }
    assert len({done, *others}) == 5
    with pytest.raises(InvalidRequest):
        maker.value(done)


def test_the_hash_key_is_derived_by_hkdf_and_is_not_the_token_key() -> None:
    derived = HKDF(SHA256(), 32, None, b"chaperone-keyed-hash-1").derive(KEY.key)
    text = b"\0".join([b"chaperone-token-1", b"ward", b"mrn", b"1", b"4711"])
    expected = base64.b32encode(hmac.digest(derived, text, "sha256")).decode().rstrip("=").lower()

    assert Tokeniser(KEY, "ward").keyed_hash(Kind.MRN, "4711") == f"[mrn#1:{expected}]"


@given(st.text(min_size=1, max_size=20))
def test_a_patients_dates_move_by_1_to_50_days(patient: str) -> None:
    days = Tokeniser(KEY, "ward").shift(patient)

    assert 1 <= abs(days) <= 50
    assert days == Tokeniser(KEY, "ward").shift(patient)


def test_all_shifts_occur() -> None:
    maker = Tokeniser(KEY, "ward")

    assert {maker.shift(str(number)) for number in range(3_000)} == {
        *range(-50, 0),
        *range(1, 51),
    }
