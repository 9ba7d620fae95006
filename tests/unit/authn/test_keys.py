import warnings
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc.util import int_to_base64

from gateway.authn.issuers import issuers
from gateway.authn.keys import MAX_KEYS, signing_keys
from gateway.errors import Reason, Unavailable
from tests.fakes.identity import AUTHORITY, TENANT, key_set, kid_of, signing_key

ISSUERS = issuers(AUTHORITY, TENANT)


def jwk(**changes: object) -> dict[str, object]:
    return {**signing_key().as_dict(private=False), **changes}


def read(*entries: object) -> set[str]:
    return set(signing_keys({"keys": list(entries)}, TENANT, ISSUERS))


def refused(document: dict[str, object]) -> None:
    with pytest.raises(Unavailable) as caught:
        signing_keys(document, TENANT, ISSUERS)
    assert caught.value.reason is Reason.KEYS_UNAVAILABLE


def weak(bits: int = 1024, exponent: int = 65537) -> dict[str, object]:
    numbers = rsa.generate_private_key(65537, bits).public_key().public_numbers()
    return jwk(n=int_to_base64(numbers.n), e=int_to_base64(exponent), kid="weak")


def test_every_signing_key_of_the_set_is_read() -> None:
    keys = signing_keys(key_set(signing_key(0), signing_key(1)), TENANT, ISSUERS)
    assert set(keys) == {kid_of(signing_key(0)), kid_of(signing_key(1))}
    assert not any(key.is_private for key in keys.values())


def test_a_weak_rsa_key_is_passed_over() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(weak(), jwk()) == {kid_of(signing_key())}


@pytest.mark.parametrize("exponent", [1, 3, 17, 2**33 + 1])
def test_a_key_with_an_unusual_exponent_is_passed_over(exponent: int) -> None:
    assert read(jwk(e=int_to_base64(exponent), kid="odd"), jwk()) == {kid_of(signing_key())}


@pytest.mark.parametrize(
    "changes",
    [
        {"kty": "EC"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"use": "enc"},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"kid": ""},
        {"kid": 7},
        {"n": "not+base64url"},
        {"n": "A"},
        {"n": "AQ"},
        {"e": "====="},
        {"d": "AQ"},
        {"key_ops": ["sign"]},
        {"issuer": "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"},
    ],
)
def test_a_key_that_may_not_verify_access_tokens_is_passed_over(changes: dict[str, object]) -> None:
    other = signing_key(1).as_dict(private=False)
    assert read(jwk(**changes), other) == {kid_of(signing_key(1))}


def test_an_even_exponent_is_passed_over() -> None:
    assert read(jwk(e=int_to_base64(65538), kid="even"), jwk()) == {kid_of(signing_key())}


@pytest.mark.parametrize(
    "issuer", [ISSUERS.v1, ISSUERS.v2, f"{AUTHORITY}/{{tenantid}}/v2.0"], ids=["v1", "v2", "any"]
)
def test_a_key_for_this_tenant_or_any_tenant_is_read(issuer: str) -> None:
    assert read(jwk(issuer=issuer)) == {kid_of(signing_key())}


def test_a_key_id_that_stands_for_two_keys_stands_for_none() -> None:
    twin = {**signing_key(1).as_dict(private=False), "kid": kid_of(signing_key())}
    third = signing_key(2).as_dict(private=False)
    assert read(jwk(), twin, third) == {kid_of(signing_key(2))}


def test_entries_that_are_no_objects_are_passed_over() -> None:
    assert read(None, 7, "key", [], jwk()) == {kid_of(signing_key())}


@pytest.mark.parametrize("keys", [None, {}, "keys", [], [jwk(use="enc")]])
def test_a_set_without_a_usable_key_is_unavailable(keys: object) -> None:
    refused({"keys": keys})


def test_a_document_without_keys_is_unavailable() -> None:
    refused({})


def test_an_oversized_set_is_unavailable() -> None:
    refused({"keys": [jwk()] * (MAX_KEYS + 1)})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["kty", "use", "kid", "n", "e", "alg", "key_ops"]), _JSON))
def test_arbitrary_keys_are_read_or_unavailable(entry: dict[str, object]) -> None:
    with suppress(Unavailable):
        keys = signing_keys({"keys": [{**jwk(), **entry}]}, TENANT, ISSUERS)
        assert all(key.public_key.key_size >= 2048 for key in keys.values())
