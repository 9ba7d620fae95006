import pytest

from gateway.model.digest import DigestKey, sha256


def test_a_keyed_digest_names_its_version_and_depends_on_key_and_purpose() -> None:
    key = DigestKey("7", b"k" * 32)
    digest = key.of("body", b"data")
    assert digest.startswith("hmac-sha256:7:")
    assert digest != key.of("session", b"data")
    assert digest != DigestKey("7", b"j" * 32).of("body", b"data")


def test_purpose_and_data_cannot_be_shifted_into_each_other() -> None:
    key = DigestKey("1", b"k" * 32)
    assert key.of("a", b"b\0c") != key.of("a", b"b") != key.of("ab", b"")
    with pytest.raises(ValueError, match="plain word"):
        key.of("a\0b", b"c")


def test_a_short_key_is_refused_and_a_key_is_in_no_repr() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        DigestKey("1", b"short")
    assert "kkkk" not in repr(DigestKey("1", b"k" * 32))


def test_sha256_of_public_bytes() -> None:
    assert sha256(b"").endswith("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
