import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.authn.header import MAX_TOKEN_CHARS, claimed_tenant, header
from gateway.errors import Reason, Unauthenticated
from tests.fakes.identity import (
    ABSENT,
    FOREIGN_TENANT,
    TENANT,
    claims,
    kid_of,
    mint,
    segment,
    signing_key,
)


def refused(token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as caught:
        header(token)
    assert caught.value.reason is Reason.TOKEN_INVALID
    return caught.value


def test_header_names_the_key_of_a_well_formed_token() -> None:
    assert header(mint()).kid == kid_of(signing_key())
    assert header(mint()).alg == "RS256"


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
def test_types_of_access_tokens_pass(typ: str) -> None:
    assert header(mint(typ=typ)).kid


@pytest.mark.parametrize("typ", [ABSENT, "JWS", "dpop+jwt", "logout+jwt", ""])
def test_another_type_is_refused(typ: object) -> None:
    assert "type" in str(refused(mint(typ=typ)))


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "RS384", "PS256", "ES256", "rs256"])
def test_another_algorithm_than_rs256_is_refused(alg: str) -> None:
    assert "RS256" in str(refused(mint(alg=alg)))


def test_a_token_without_signature_is_refused() -> None:
    refused(f"{segment({'alg': 'none', 'typ': 'JWT', 'kid': 'k'})}.{segment(claims())}.")


@pytest.mark.parametrize("kid", [ABSENT, "", "a\x00b", "k" * 257, 7, None])
def test_a_missing_or_malformed_key_id_is_refused(kid: object) -> None:
    refused(mint(kid=kid))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("crit", ["exp"]),
        ("b64", False),
        ("jwk", {"kty": "RSA"}),
        ("jku", "https://evil.example/keys"),
        ("x5u", "https://evil.example/cert"),
        ("x5c", ["MIIB"]),
        ("cty", "JWT"),
        ("enc", "A128GCM"),
        ("zip", "DEF"),
    ],
)
def test_a_header_that_brings_a_key_a_nested_token_or_an_extension_is_refused(
    name: str, value: object
) -> None:
    assert "none is accepted" in str(refused(mint(None, key=None, **{name: value})))


def test_an_unfamiliar_harmless_header_parameter_is_ignored() -> None:
    assert header(mint(x5t="thumbprint", xms="1")).kid


def test_an_oversized_token_is_refused() -> None:
    refused("a" * (MAX_TOKEN_CHARS + 1))


def test_an_oversized_header_is_refused() -> None:
    assert "too long" in str(refused(mint(note="n" * 600)))


@pytest.mark.parametrize(
    "token", ["", "a", "a.b", "a.b.c.d.e", "a..c", "ä.b.c", "a.b.c\n", " a.b.c"]
)
def test_what_is_no_compact_jws_is_refused(token: str) -> None:
    refused(token)


@pytest.mark.parametrize("head", [b"[]", b"null", b"{", b"\xff", b"[" * 300, b'{"alg":["RS256"]}'])
def test_a_header_that_is_no_json_object_is_refused(head: bytes) -> None:
    refused(f"{segment(head)}.{segment(claims())}.c2ln")


def test_the_claimed_tenant_is_one_of_the_allow_list() -> None:
    assert claimed_tenant(mint(claims(tid=TENANT.upper())), {TENANT}) == TENANT


def test_a_foreign_tenant_is_refused_before_its_keys_are_asked_for() -> None:
    with pytest.raises(Unauthenticated) as caught:
        claimed_tenant(mint(claims(tid=FOREIGN_TENANT)), {TENANT})
    assert caught.value.reason is Reason.TENANT_NOT_ACCEPTED
    assert FOREIGN_TENANT not in str(caught.value)


@pytest.mark.parametrize("tid", [ABSENT, 7, None, "t" * 65])
def test_a_token_that_names_no_tenant_is_refused(tid: object) -> None:
    with pytest.raises(Unauthenticated) as caught:
        claimed_tenant(mint(claims(tid=tid)), {TENANT})
    assert caught.value.reason is Reason.TOKEN_INVALID


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
@example("\ud800.a.a")
def test_arbitrary_strings_only_ever_are_unauthenticated(token: str) -> None:
    with pytest.raises(Unauthenticated):
        header(token)


@given(st.binary(max_size=300))
def test_arbitrary_payloads_name_no_tenant(payload: bytes) -> None:
    with pytest.raises(Unauthenticated):
        claimed_tenant(f"{segment({})}.{segment(payload)}.c2ln", {TENANT})
