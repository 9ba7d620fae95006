import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authn.sealed import MAX_SEALED_CHARS, form_token, seal, unseal
from gateway.errors import Unauthenticated
from gateway.model.digest import DigestKey

KEY = DigestKey("7", bytes(range(32)))
NONCE = bytes(12)


@given(data=st.binary(max_size=300), nonce=st.binary(min_size=12, max_size=12))
def test_what_is_sealed_comes_back(data: bytes, nonce: bytes) -> None:
    assert unseal("session", seal("session", data, KEY, nonce), KEY) == data


@given(data=st.data())
def test_one_changed_character_anywhere_breaks_it(data: st.DataObject) -> None:
    sealed = seal("session", b'{"oid": "x"}', KEY, NONCE)
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda char: char != sealed[at]))
    changed = sealed[:at] + other + sealed[at + 1 :]
    with pytest.raises(Unauthenticated):
        unseal("session", changed, KEY)


@pytest.mark.parametrize(
    ("purpose", "key"),
    [
        ("attempt", KEY),
        ("session", DigestKey("8", KEY.key)),
        ("session", DigestKey("7", bytes(32))),
    ],
)
def test_another_purpose_version_or_key_opens_nothing(purpose: str, key: DigestKey) -> None:
    with pytest.raises(Unauthenticated):
        unseal(purpose, seal("session", b"data", KEY, NONCE), key)


def test_a_version_that_is_only_claimed_opens_nothing() -> None:
    sealed = seal("session", b"data", DigestKey("8", KEY.key), NONCE)
    with pytest.raises(Unauthenticated):
        unseal("session", sealed.replace("v1.8.", "v1.7."), KEY)


@pytest.mark.parametrize(
    "text", ["", "v1.7.", "v2.7." + "A" * 60, "v1.7." + "A" * 37, "v1.7." + "A" * MAX_SEALED_CHARS]
)
def test_what_is_no_sealed_value_is_refused(text: str) -> None:
    with pytest.raises(Unauthenticated):
        unseal("session", text, KEY)


@pytest.mark.parametrize(
    ("nonce", "version"), [(bytes(11), "7"), (bytes(13), "7"), (NONCE, ""), (NONCE, "a;b")]
)
def test_a_wrong_nonce_or_version_seals_nothing(nonce: bytes, version: str) -> None:
    with pytest.raises(ValueError, match="nonce"):
        seal("session", b"data", DigestKey(version, KEY.key), nonce)


def test_a_form_belongs_to_one_session_one_ticket_and_one_key() -> None:
    tokens = {
        form_token(KEY, "s", "t"),
        form_token(KEY, "s", "u"),
        form_token(KEY, "r", "t"),
        form_token(KEY, "st", ""),
        form_token(DigestKey("7", bytes(32)), "s", "t"),
    }
    assert len(tokens) == 5
    assert all(len(token) == 64 for token in tokens)
