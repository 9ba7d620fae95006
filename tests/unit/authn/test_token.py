import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authn.token import verify
from gateway.errors import Denied, Forbidden, Reason, Unauthenticated
from gateway.model.principal import Principal, PrincipalKind
from tests.fakes.identity import (
    ABSENT,
    ACCEPTED,
    AGENT,
    AGENT_OBJECT,
    AUDIENCE,
    AUDIENCE_ID,
    AUTHORITY,
    FOREIGN_TENANT,
    GROUP,
    PERSON_OBJECT,
    TENANT,
    claims,
    kid_of,
    mint,
    person_claims,
    public_key,
    segment,
    sign,
    signing_key,
)
from tests.fakes.time import NOON


def check(token: str, now: datetime = NOON) -> Principal:
    return verify(token, public_key(), ACCEPTED, now)


def refused(token: str, now: datetime = NOON) -> Denied:
    with pytest.raises(Denied) as caught:
        check(token, now)
    return caught.value


def reason(token: str, now: datetime = NOON) -> Reason:
    error = refused(token, now)
    assert isinstance(error, Unauthenticated)
    return error.reason


# --- good tokens --------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_an_app_only_token_becomes_an_application(version: int) -> None:
    found = check(mint(claims(version)))
    assert found == Principal(
        tenant=TENANT,
        object_id=AGENT_OBJECT,
        application=AGENT,
        token_id="Xu1-token_ID",
        kind=PrincipalKind.APPLICATION,
        groups=frozenset({GROUP}),
        roles=frozenset({"Agent.Use"}),
        expires_at=NOON + timedelta(hours=1),
        authenticated_at=NOON,
    )


@pytest.mark.parametrize("version", [1, 2])
def test_a_delegated_token_becomes_a_user(version: int) -> None:
    signed_in = NOON - timedelta(minutes=20)
    found = check(mint(person_claims(version, auth_time=int(signed_in.timestamp()))))
    assert found.kind is PrincipalKind.USER
    assert found.object_id == PERSON_OBJECT
    assert found.name == "lee@clinic.example"
    assert found.methods == {"pwd", "mfa"}
    assert found.authenticated_at == signed_in


def test_client_credentials_without_roles_groups_or_idtyp_are_accepted() -> None:
    bare = claims(roles=ABSENT, groups=ABSENT, idtyp=ABSENT, uti=ABSENT)
    found = check(mint(bare))
    assert found.kind is PrincipalKind.APPLICATION
    assert found.groups == found.roles == frozenset()
    assert found.token_id == ""


def test_a_v1_token_may_name_the_application_by_its_id() -> None:
    assert check(mint(claims(1, aud=AUDIENCE_ID))).tenant == TENANT


def test_the_application_id_uri_is_compared_without_case() -> None:
    assert check(mint(claims(1, aud=AUDIENCE.upper()))).tenant == TENANT


def test_unfamiliar_claims_are_ignored() -> None:
    assert check(mint(claims(xms_new={"deep": [1]}))).tenant == TENANT


def test_a_display_name_that_could_disturb_a_terminal_is_left_out() -> None:
    assert check(mint(person_claims(preferred_username="lee\x1b[2J"))).name == ""
    assert check(mint(person_claims(preferred_username="l" * 257))).name == ""


# --- signature and key --------------------------------------------------------------------------


def test_a_token_signed_with_another_key_under_the_same_kid_is_refused() -> None:
    forged = mint(key=signing_key(1), kid=kid_of(signing_key()))
    assert reason(forged) is Reason.TOKEN_INVALID


def test_a_token_for_another_kid_than_the_keys_is_refused() -> None:
    assert reason(mint(kid="other")) is Reason.TOKEN_INVALID


def test_a_missing_kid_is_refused() -> None:
    assert reason(mint(kid=ABSENT)) is Reason.TOKEN_INVALID


def test_alg_none_is_refused() -> None:
    head = segment({"typ": "JWT", "alg": "none", "kid": kid_of(signing_key())})
    for signature in ("", "c2ln"):
        assert reason(f"{head}.{segment(claims())}.{signature}") is Reason.TOKEN_INVALID


@pytest.mark.parametrize("encoding", ["PEM", "DER", "modulus"])
def test_hmac_with_the_public_key_as_secret_is_refused(encoding: str) -> None:
    secret = {
        "PEM": public_key().as_pem(),
        "DER": public_key().as_der(),
        "modulus": str(public_key().as_dict()["n"]).encode(),
    }[encoding]
    head = {"typ": "JWT", "alg": "HS256", "kid": kid_of(signing_key())}
    text = f"{segment(head)}.{segment(claims())}"
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    assert reason(f"{text}.{segment(mac)}") is Reason.TOKEN_INVALID


def test_a_key_embedded_in_the_header_is_refused() -> None:
    attacker = signing_key(1)
    forged = mint(key=attacker, kid=kid_of(signing_key()), jwk=attacker.as_dict(private=False))
    assert reason(forged) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_a_key_by_address_in_the_header_is_refused(name: str) -> None:
    forged = mint(None, key=None, **{name: "https://evil.example/keys"})
    assert reason(forged) is Reason.TOKEN_INVALID


def test_a_tampered_payload_is_refused() -> None:
    head, _, signature = mint().split(".")
    altered = segment(claims(groups=[FOREIGN_TENANT]))
    assert reason(f"{head}.{altered}.{signature}") is Reason.TOKEN_INVALID


def test_a_tampered_header_is_refused() -> None:
    _, payload, signature = mint().split(".")
    altered = segment({"typ": "JWT", "alg": "RS256", "kid": kid_of(signing_key()), "x": 1})
    assert reason(f"{altered}.{payload}.{signature}") is Reason.TOKEN_INVALID


@given(st.integers(min_value=0), st.integers(min_value=0, max_value=5))
def test_one_flipped_bit_anywhere_is_refused(position: int, bit: int) -> None:
    token = mint()
    place = position % len(token)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    if token[place] == ".":
        return
    flipped = alphabet[alphabet.index(token[place]) ^ (1 << bit)]
    with pytest.raises(Unauthenticated):
        check(token[:place] + flipped + token[place + 1 :])


def test_an_oversized_token_is_refused() -> None:
    assert reason(mint(claims(padding="p" * 16_384))) is Reason.TOKEN_INVALID


def test_a_nested_token_is_refused() -> None:
    head = {"typ": "JWT", "alg": "RS256", "kid": kid_of(signing_key())}
    inner = segment(mint().encode())
    assert reason(f"{segment(head)}.{inner}.c2ln") is Reason.TOKEN_INVALID


@pytest.mark.parametrize("payload", [b"", b"[]", b"7", b"{", b"\xff\xfe", b"[" * 3000])
def test_a_signed_payload_that_is_no_json_object_is_refused(payload: bytes) -> None:
    key = signing_key()
    head = segment({"typ": "JWT", "alg": "RS256", "kid": kid_of(key)})
    assert reason(sign(f"{head}.{segment(payload)}")) is Reason.TOKEN_INVALID


@given(st.text(max_size=200))
def test_arbitrary_strings_only_ever_are_unauthenticated(token: str) -> None:
    with pytest.raises(Unauthenticated):
        check(token)


# --- tenant, issuer, audience -------------------------------------------------------------------


def test_a_foreign_tenant_is_refused() -> None:
    foreign = claims(tid=FOREIGN_TENANT, iss=f"{AUTHORITY}/{FOREIGN_TENANT}/v2.0")
    assert reason(mint(foreign)) is Reason.TENANT_NOT_ACCEPTED


@pytest.mark.parametrize(
    ("version", "issuer"),
    [
        (2, f"https://sts.windows.net/{TENANT}/"),
        (1, f"{AUTHORITY}/{TENANT}/v2.0"),
        (2, f"{AUTHORITY}/{FOREIGN_TENANT}/v2.0"),
        (2, f"{AUTHORITY}/{TENANT}/v2.0/"),
        (2, f"https://evil.example/{TENANT}/v2.0"),
        (1, f"https://sts.windows.net/{TENANT}"),
        (2, f"{AUTHORITY}/{{tenantid}}/v2.0"),
    ],
)
def test_an_issuer_that_does_not_fit_tenant_and_version_is_refused(
    version: int, issuer: str
) -> None:
    assert reason(mint(claims(version, iss=issuer))) is Reason.ISSUER_NOT_ACCEPTED


@pytest.mark.parametrize(
    "audience",
    [
        "https://management.azure.com",
        "https://management.core.windows.net/",
        "https://storage.azure.com",
        "https://storage.azure.com/",
        "https://graph.microsoft.com",
        f"{AUDIENCE}/",
        AUDIENCE.removeprefix("api://"),
        AGENT,
    ],
)
def test_a_token_for_another_resource_is_refused(audience: str) -> None:
    error = refused(mint(claims(1, aud=audience)))
    assert error.reason is Reason.AUDIENCE_NOT_ACCEPTED
    assert audience not in f"{error} {error.advice} {error.details}"


def test_an_audience_that_only_looks_like_the_gateways_in_lower_case_is_refused() -> None:
    accepted = replace(ACCEPTED, audiences=frozenset({"api://keeper"}))
    token = mint(claims(1, aud="api://\N{KELVIN SIGN}eeper"))
    with pytest.raises(Unauthenticated) as caught:
        verify(token, public_key(), accepted, NOON)
    assert caught.value.reason is Reason.AUDIENCE_NOT_ACCEPTED


def test_a_list_of_audiences_is_refused() -> None:
    assert reason(mint(claims(aud=[AUDIENCE_ID]))) is Reason.TOKEN_INVALID


def test_the_audience_of_an_unverified_token_is_not_reported() -> None:
    forged = mint(claims(aud="https://storage.azure.com"), key=signing_key(1))
    forged_here = mint(
        claims(aud="https://storage.azure.com"), key=signing_key(1), kid=kid_of(signing_key())
    )
    assert reason(forged) is Reason.TOKEN_INVALID
    assert reason(forged_here) is Reason.TOKEN_INVALID


# --- times --------------------------------------------------------------------------------------


def test_an_expired_token_is_refused_from_expiry_plus_leeway_on() -> None:
    token = mint(claims())
    end = NOON + timedelta(seconds=3600 + ACCEPTED.leeway)
    assert check(token, end - timedelta(milliseconds=1)).tenant == TENANT
    assert reason(token, end) is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_from_the_future_is_refused_beyond_the_leeway(claim: str) -> None:
    moment = NOON + timedelta(seconds=100)
    future: Any = int(moment.timestamp())
    token = mint(claims(**{claim: future}))
    start = moment - timedelta(seconds=ACCEPTED.leeway)
    assert check(token, start).tenant == TENANT
    assert reason(token, start - timedelta(milliseconds=1)) is Reason.TOKEN_NOT_YET_VALID


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", [ABSENT, "1785758400", 1.5, True, -1, 10**30, None])
def test_a_time_that_is_no_sensible_integer_is_refused(claim: str, value: Any) -> None:
    error = refused(mint(claims(**{claim: value})))
    assert error.reason is Reason.TOKEN_INVALID
    assert error.details == (("claims", claim),)


# --- required claims ----------------------------------------------------------------------------


@pytest.mark.parametrize("claim", ["oid", "tid", "iss", "aud", "ver"])
def test_a_missing_required_claim_is_refused_by_name(claim: str) -> None:
    error = refused(mint(claims(**dict[str, Any]({claim: ABSENT}))))
    assert error.reason is Reason.TOKEN_INVALID
    assert error.details == (("claims", claim),)


@pytest.mark.parametrize("claim", ["oid", "tid", "azp"])
@pytest.mark.parametrize("value", ["", "me", f"{TENANT}\n", f"{{{TENANT}}}", 7])
def test_an_identifier_that_is_no_guid_is_refused(claim: str, value: Any) -> None:
    assert reason(mint(claims(**{claim: value}))) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("version", ["", "3.0", "2", 2.0])
def test_an_unknown_version_is_refused(version: object) -> None:
    assert reason(mint(claims(ver=version))) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("version", [1, 2])
def test_a_token_without_a_client_is_refused(version: int) -> None:
    token = mint(claims(version, appid=ABSENT, azp=ABSENT))
    assert reason(token) is Reason.TOKEN_INVALID


# --- kinds of token -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 2])
def test_an_id_token_for_the_gateway_is_refused(version: int) -> None:
    """The gateway signs reviewers in, so id tokens with its own audience exist."""
    token = person_claims(
        version, aud=AUDIENCE_ID, appid=ABSENT, azp=ABSENT, scp=ABSENT, nonce="n", amr=ABSENT
    )
    assert reason(mint(token)) is Reason.TOKEN_INVALID


def test_an_id_token_is_refused_even_with_a_client_and_groups() -> None:
    token = person_claims(scp=ABSENT, nonce=ABSENT, roles=["Admin"])
    assert reason(mint(token)) is Reason.TOKEN_INVALID


@pytest.mark.parametrize("claim", ["nonce", "c_hash", "at_hash"])
@pytest.mark.parametrize("make", [claims, person_claims])
def test_a_claim_that_only_id_tokens_have_is_refused(claim: str, make: object) -> None:
    assert callable(make)
    assert reason(mint(make(**{claim: "x"}))) is Reason.TOKEN_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        {"idtyp": "device"},
        {"idtyp": "user"},
        {"idtyp": "app", "scp": "user_impersonation"},
        {"idtyp": ABSENT, "sub": "someone-else"},
        {"idtyp": ABSENT, "sub": ABSENT},
        {"idtyp": "user", "scp": "  "},
    ],
)
def test_a_token_that_is_neither_delegated_nor_app_only_is_refused(
    changes: dict[str, Any],
) -> None:
    assert reason(mint(claims(**changes))) is Reason.TOKEN_INVALID


# --- groups and roles ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"groups": ABSENT, "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {}}},
        {"groups": ABSENT, "hasgroups": True},
        {"groups": ABSENT, "hasgroups": "true"},
        {"groups": ABSENT, "groups:src1": {"endpoint": "https://graph.microsoft.com"}},
        {"groups": "src1", "_claim_sources": {"src1": {}}},
        {"_claim_names": {"groups": "src1"}},
    ],
    ids=["claim-names", "hasgroups", "hasgroups-text", "groups-src1", "groups-string", "partial"],
)
def test_group_overage_is_forbidden_and_says_what_to_configure(changes: dict[str, Any]) -> None:
    error = refused(mint(claims(**changes)))
    assert isinstance(error, Forbidden)
    assert error.reason is Reason.GROUP_OVERAGE
    assert "groupMembershipClaims" in error.advice
    assert "app roles" in error.advice


def test_claim_names_of_other_claims_are_no_overage() -> None:
    assert check(mint(claims(_claim_names={"photo": "src1"}))).groups == {GROUP}


def test_groups_by_name_are_refused_with_advice() -> None:
    error = refused(mint(claims(groups=["CLINIC\\readers"])))
    assert error.reason is Reason.TOKEN_INVALID
    assert "object ids" in error.advice


@pytest.mark.parametrize(
    "changes",
    [{"groups": [GROUP] * 401}, {"roles": ["r"] * 257}, {"roles": "Admin"}, {"roles": [""]}],
)
def test_unbounded_or_malformed_lists_are_refused(changes: dict[str, Any]) -> None:
    small = {name: value for name, value in claims().items() if name not in changes}
    assert reason(mint(small | changes)) is Reason.TOKEN_INVALID


@given(st.dictionaries(st.sampled_from(sorted(claims())), st.none() | st.integers() | st.text()))
def test_no_message_holds_a_value_from_the_token(changes: dict[str, Any]) -> None:
    payload = json.loads(json.dumps(claims() | changes))
    try:
        check(mint(payload))
    except Denied as error:
        said = f"{error} {error.advice} {error.details}"
        values = [v for v in payload.values() if isinstance(v, str) and len(v) > 8]
        assert not [value for value in values if value in said]


def test_expiry_is_reported_as_an_aware_time() -> None:
    assert check(mint()).expires_at.tzinfo is UTC
