"""Public keys as JSON Web Keys, and signatures against them."""

import base64
import hashlib

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.signing_keys import KeyInvalid, PublicKey, read_keys
from tests.builders.log import public

PRIVATE = ec.generate_private_key(ec.SECP256R1())
KEY = public(PRIVATE)


def test_a_published_key_is_read_again() -> None:
    (found,) = read_keys(KEY.published)
    assert (found, found.kid, found.source) == (KEY, KEY.kid, "test")


def test_the_kid_is_the_thumbprint_of_rfc_7638() -> None:
    entry = orjson.loads(KEY.published)["keys"][0]
    members = f'{{"crv":"P-256","kty":"EC","x":"{entry["x"]}","y":"{entry["y"]}"}}'
    digest = hashlib.sha256(members.encode()).digest()
    assert base64.urlsafe_b64decode(KEY.kid + "=") == digest


def test_the_id_in_signature_lines_is_that_of_the_encoded_key() -> None:
    encoded = PRIVATE.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert KEY.key_id == hashlib.sha256(encoded).digest()[:4]


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_only_the_signed_text_verifies(text: bytes, other: bytes) -> None:
    signature = PRIVATE.sign(text, ec.ECDSA(hashes.SHA256()))
    assert KEY.verifies(text, signature)
    assert KEY.verifies(other, signature) is (other == text)
    assert not KEY.verifies(text, other)
    assert not public(ec.generate_private_key(ec.SECP256R1())).verifies(text, signature)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"keys":7}',
        b'{"keys":[]}',
        b'{"keys":[{"kty":"RSA"}]}',
        b'{"keys":[{"kty":"EC","crv":"P-256","x":"!","y":"AA"}]}',
        b'{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}',
        b'{"keys":[{"kty":"EC","crv":"P-256","x":1,"y":"AA"}]}',
        b" " * 300_000,
    ],
)
def test_what_is_no_key_set_is_refused(data: bytes) -> None:
    with pytest.raises(KeyInvalid):
        read_keys(data)


def test_a_point_off_the_curve_is_refused() -> None:
    with pytest.raises(KeyInvalid, match="P-256"):
        PublicKey(b"\x01" * 32, b"\x01" * 32)
