from datetime import UTC, datetime, timedelta

import pytest

from gateway.authn.id_token import Expected, check_methods, verify_id_token
from gateway.errors import Forbidden, GatewayError, Reason, Unauthenticated
from gateway.model.principal import Principal, PrincipalKind
from tests.fakes.identity import (
    ABSENT,
    AGENT,
    AUDIENCE_ID,
    FOREIGN_TENANT,
    GROUP,
    PERSON_OBJECT,
    TENANT,
    claims,
    mint,
    person_claims,
    principal,
    public_key,
    signing_key,
)
from tests.fakes.people import ACCEPTED_SIGN_IN, NONCE, SIGN_IN, id_claims
from tests.fakes.time import NOON

EXPECTED = Expected(NONCE)


def verified(token: str, expected: Expected = EXPECTED, now: datetime = NOON) -> Principal:
    return verify_id_token(token, public_key(), ACCEPTED_SIGN_IN, expected, now)


def refused(token: str, expected: Expected = EXPECTED, now: datetime = NOON) -> GatewayError:
    with pytest.raises((Unauthenticated, Forbidden)) as caught:
        verified(token, expected, now)
    return caught.value


def test_a_good_token_names_the_person() -> None:
    person = verified(mint(id_claims(acrs=["c1"])))

    assert person == Principal(
        tenant=TENANT,
        object_id=PERSON_OBJECT,
        application=SIGN_IN,
        token_id="Xu1-token_ID",
        kind=PrincipalKind.USER,
        groups=frozenset({GROUP}),
        roles=frozenset(),
        expires_at=NOON + timedelta(hours=1),
        authenticated_at=NOON - timedelta(seconds=5),
        methods=frozenset({"pwd", "mfa", "acrs:c1"}),
        name="lee@clinic.example",
    )


def test_without_a_time_of_authentication_that_of_the_token_counts() -> None:
    assert verified(mint(id_claims(auth_time=ABSENT))).authenticated_at == NOON


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": "another"},
        {"nonce": ABSENT},
        {"nonce": 7},
        {"nonce": "ä"},
        {"idtyp": "app"},
        {"sub": PERSON_OBJECT},
        {"sub": ABSENT},
        {"scp": "user_impersonation"},
        {"azp": AGENT},
        {"appid": AGENT},
        {"ver": "1.0"},
        {"ver": "1.0", "iss": f"https://sts.windows.net/{TENANT}/"},
        {"aud": AUDIENCE_ID},
        {"iss": "https://evil.example/v2.0"},
        {"tid": FOREIGN_TENANT},
        {"tid": ABSENT},
        {"exp": int(NOON.timestamp()) - 61},
        {"nbf": int(NOON.timestamp()) + 120},
        {"auth_time": int(NOON.timestamp()) + 120},
        {"auth_time": "yesterday"},
        {"acrs": "c1"},
        {"oid": "not-a-guid"},
    ],
)
def test_anything_else_signs_nobody_in(changes: dict[str, object]) -> None:
    assert isinstance(refused(mint(id_claims(NOON, **changes))), Unauthenticated)


@pytest.mark.parametrize("payload", [claims(), claims(aud=SIGN_IN), person_claims(aud=SIGN_IN)])
def test_access_tokens_of_programs_and_people_sign_nobody_in(payload: dict[str, object]) -> None:
    refused(mint(payload | {"nonce": NONCE}))
    refused(mint(payload), Expected(NONCE, renewed=True))


def test_another_key_or_a_changed_payload_is_no_signature() -> None:
    token = mint(id_claims())
    refused(mint(id_claims(), key=signing_key(1)))
    refused(mint(id_claims(), key=signing_key(1), kid=signing_key().kid))
    head, _, signature = token.split(".")
    refused(f"{head}.{mint(id_claims(oid=AGENT)).split('.')[1]}.{signature}")


def test_groups_that_are_not_all_there_are_unknown_groups() -> None:
    token = mint(id_claims(groups=ABSENT, _claim_names={"groups": "src1"}))
    assert refused(token).reason is Reason.GROUP_OVERAGE


def test_a_renewed_token_may_leave_the_nonce_out_and_not_change_it() -> None:
    renewed = Expected(NONCE, renewed=True)
    assert verified(mint(id_claims(nonce=ABSENT)), renewed).object_id == PERSON_OBJECT
    assert verified(mint(id_claims()), renewed).object_id == PERSON_OBJECT
    refused(mint(id_claims(nonce="another")), renewed)


def test_an_azp_that_is_the_application_itself_is_allowed() -> None:
    assert verified(mint(id_claims(azp=SIGN_IN))).object_id == PERSON_OBJECT


def test_the_expected_nonce_shows_in_no_repr() -> None:
    assert NONCE not in repr(EXPECTED)


@pytest.mark.parametrize(
    ("methods", "context", "enough"),
    [
        ({"pwd", "mfa"}, "", True),
        ({"pwd"}, "", False),
        (set(), "", False),
        ({"pwd", "acrs:c1"}, "", False),
        ({"acrs:c1"}, "c1", True),
        ({"pwd", "mfa"}, "c1", False),
        ({"mfa", "acrs:c2"}, "c1", False),
        ({"mfa", "c1"}, "c1", False),
    ],
)
def test_a_second_factor_must_show(methods: set[str], context: str, enough: bool) -> None:
    person = principal(
        methods=frozenset(methods), authenticated_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    if enough:
        check_methods(person, context)
    else:
        with pytest.raises(Forbidden, match="more than a password"):
            check_methods(person, context)
