import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from gateway.local import directory
from gateway.local.issuer import Issuer, RefusedError
from gateway.local.sign_in import CodeFlow
from tests.fakes.time import NOON

VERIFIER = "v" * 64
CALLBACK = "https://127.0.0.1:7071/signin/callback"
RITA = directory.PERSONS["rita.reviewer"]

Form = dict[str, list[str]]


def challenge(verifier: str = VERIFIER) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def request(**changes: str) -> Form:
    fields = {
        "client_id": directory.SIGN_IN_ID,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile offline_access",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": challenge(),
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: [value] for name, value in fields.items() if value}


@pytest.fixture
def flow() -> CodeFlow:
    return CodeFlow(Issuer("https://127.0.0.1:1", directory.TENANT))


def code_of(flow: CodeFlow, **changes: str) -> str:
    form = request(dev_person="rita.reviewer", **changes)
    answer = parse_qs(urlsplit(flow.chosen(form, NOON)).query)
    assert answer["state"] == ["the-state"]
    return answer["code"][0]


def redeem(flow: CodeFlow, code: str, now: datetime = NOON, **changes: str) -> Mapping[str, Any]:
    fields = {
        "grant_type": "authorization_code",
        "client_id": directory.SIGN_IN_ID,
        "client_secret": directory.CLIENT_SECRET,
        "code": code,
        "code_verifier": VERIFIER,
        "redirect_uri": CALLBACK,
        **changes,
    }
    return flow.tokens({name: [value] for name, value in fields.items()}, now)


def renew(flow: CodeFlow, token: str) -> Mapping[str, Any]:
    fields = {
        "grant_type": "refresh_token",
        "client_id": directory.SIGN_IN_ID,
        "refresh_token": token,
    }
    return flow.tokens({name: [value] for name, value in fields.items()}, NOON)


def claims_of(flow: CodeFlow, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(flow.issuer.key_set())  # type: ignore[arg-type]
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def test_the_page_lists_everybody_and_carries_the_request(flow: CodeFlow) -> None:
    page = flow.page(request(state='"><script>'))
    for name in directory.PERSONS:
        assert f'value="{name}"' in page
    assert 'name="nonce" value="the-nonce"' in page
    assert "<script>" not in page


def test_a_code_becomes_an_id_token_about_the_person(flow: CodeFlow) -> None:
    tokens = redeem(flow, code_of(flow))
    claims = claims_of(flow, tokens["id_token"])
    assert claims["aud"] == directory.SIGN_IN_ID
    assert claims["oid"] == RITA.object_id
    assert claims["nonce"] == "the-nonce"
    assert claims["groups"] == [directory.GROUPS["reviewers"]]
    assert claims["amr"] == ["pwd", "mfa"]
    assert claims["auth_time"] == int(NOON.timestamp())
    access = claims_of(flow, tokens["access_token"])
    assert (access["aud"], access["azp"]) == (directory.AUDIENCE_ID, directory.SIGN_IN_ID)
    assert access["scp"] == directory.DELEGATED_SCOPE
    assert "nonce" not in access


def test_one_factor_and_an_authentication_context_show_in_the_token(flow: CodeFlow) -> None:
    wanted = '{"id_token": {"acrs": {"essential": true, "value": "c1"}}}'
    strong = claims_of(flow, redeem(flow, code_of(flow, claims=wanted))["id_token"])
    assert (strong["amr"], strong["acrs"]) == (["pwd", "mfa"], ["c1"])
    weak = code_of(flow, claims=wanted, dev_methods="password")
    token = claims_of(flow, redeem(flow, weak)["id_token"])
    assert (token["amr"], token["acrs"]) == (["pwd"], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/signin/callback"},
        {"redirect_uri": "http://127.0.0.1:7071/signin/callback"},
        {"redirect_uri": "https://127.0.0.1:7071/other"},
        {"response_type": "token"},
        {"scope": "profile"},
        {"state": ""},
        {"nonce": ""},
        {"code_challenge": ""},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
        {"code_challenge_method": ""},
    ],
)
def test_a_request_without_its_protections_is_refused(
    flow: CodeFlow, changes: dict[str, str]
) -> None:
    for ask in (flow.page, lambda form: flow.chosen(form, NOON)):
        with pytest.raises(RefusedError):
            ask(request(dev_person="rita.reviewer", **changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"dev_person": "nobody"},
        {"dev_methods": "magic"},
        {"claims": "{"},
        {"claims": "{}"},
        {"claims": '{"id_token": 1}'},
    ],
)
def test_a_choice_that_there_is_not_is_refused(flow: CodeFlow, changes: dict[str, str]) -> None:
    with pytest.raises(RefusedError):
        flow.chosen(request(**{"dev_person": "rita.reviewer", **changes}), NOON)


def test_a_doubled_parameter_is_refused(flow: CodeFlow) -> None:
    with pytest.raises(RefusedError, match="more than once"):
        flow.page({**request(), "state": ["a", "b"]})


def test_a_code_is_used_once_and_a_replay_ends_what_it_gave(flow: CodeFlow) -> None:
    code = code_of(flow)
    refresh = redeem(flow, code)["refresh_token"]
    assert renew(flow, refresh)
    with pytest.raises(RefusedError) as caught:
        redeem(flow, code)
    assert caught.value.code == "invalid_grant"
    with pytest.raises(RefusedError):
        renew(flow, refresh)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 64},
        {"redirect_uri": "https://127.0.0.1:1/signin/callback"},
        {"client_id": "other"},
        {"client_secret": "wrong"},
        {"code": "unknown"},
    ],
)
def test_a_code_is_bound_to_its_verifier_redirect_and_client(
    flow: CodeFlow, changes: dict[str, str]
) -> None:
    with pytest.raises(RefusedError):
        redeem(flow, changes.pop("code", "") or code_of(flow), NOON, **changes)


def test_a_code_lives_a_minute(flow: CodeFlow) -> None:
    with pytest.raises(RefusedError):
        redeem(flow, code_of(flow), NOON + timedelta(seconds=60))
    assert redeem(flow, code_of(flow), NOON + timedelta(seconds=59))


def test_a_renewal_gives_the_groups_of_that_moment_and_no_nonce(flow: CodeFlow) -> None:
    refresh = redeem(flow, code_of(flow))["refresh_token"]
    flow.change({"person": ["rita.reviewer"], "groups": ["outsiders, phi-readers"]})
    claims = claims_of(flow, renew(flow, refresh)["id_token"])
    groups = [directory.GROUPS[name] for name in ("outsiders", "phi-readers")]
    assert claims["groups"] == groups
    assert "nonce" not in claims
    flow.change({"person": ["rita.reviewer"], "groups": [""]})
    assert "groups" not in claims_of(flow, renew(flow, refresh)["id_token"])
    flow.change({"person": ["rita.reviewer"]})
    groups = claims_of(flow, renew(flow, refresh)["id_token"])["groups"]
    assert groups == [directory.GROUPS["reviewers"]]


def test_who_is_disabled_neither_signs_in_nor_stays(flow: CodeFlow) -> None:
    refresh = redeem(flow, code_of(flow))["refresh_token"]
    flow.change({"person": ["rita.reviewer"], "disabled": ["true"]})
    with pytest.raises(RefusedError, match="disabled"):
        renew(flow, refresh)
    location = flow.chosen(request(dev_person="rita.reviewer"), NOON)
    assert parse_qs(urlsplit(location).query)["error"] == ["access_denied"]
    with pytest.raises(RefusedError):
        flow.change({"person": ["nobody"]})
