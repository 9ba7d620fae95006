from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authn.oidc import (
    SCOPES,
    Attempt,
    Demand,
    authorization_code,
    authorization_url,
    code_challenge,
)
from gateway.errors import InvalidRequest, Unauthenticated

ATTEMPT = Attempt(state="s" * 64, nonce="n" * 64, verifier="v" * 64, ticket="t", expires=1000)
DEMAND = Demand("client", "https://gw.example/signin/callback", max_age=3600)


def asked(demand: Demand) -> dict[str, list[str]]:
    return parse_qs(
        urlsplit(authorization_url("https://idp.example/authorize", demand, ATTEMPT)).query
    )


def test_the_challenge_is_that_of_the_standard() -> None:
    # RFC 7636, appendix B.
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert code_challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize("verifier", ["", "a" * 42, "a" * 129, "ä" * 43, "a" * 42 + " "])
def test_a_short_or_odd_verifier_is_none(verifier: str) -> None:
    with pytest.raises(ValueError, match="43 to 128"):
        code_challenge(verifier)


def test_the_request_asks_for_a_code_with_everything_that_protects_it() -> None:
    assert asked(DEMAND) == {
        "client_id": ["client"],
        "response_type": ["code"],
        "response_mode": ["query"],
        "redirect_uri": ["https://gw.example/signin/callback"],
        "scope": [SCOPES],
        "state": ["s" * 64],
        "nonce": ["n" * 64],
        "code_challenge": [code_challenge("v" * 64)],
        "code_challenge_method": ["S256"],
        "max_age": ["3600"],
    }


def test_an_authentication_context_is_asked_for_as_essential() -> None:
    fields = asked(Demand("client", "https://gw.example/", 60, auth_context="c3", prompt="login"))
    assert fields["prompt"] == ["login"]
    wanted = {"id_token": {"acrs": {"essential": True, "value": "c3"}}}
    assert orjson.loads(fields["claims"][0]) == wanted


def test_the_code_of_this_attempt_is_taken() -> None:
    fields = {"state": ["s" * 64], "code": ["0.AXYZ-_~"], "session_state": ["x"]}
    assert authorization_code(fields, ATTEMPT, 999) == "0.AXYZ-_~"


@pytest.mark.parametrize(
    ("fields", "now"),
    [
        ({"state": ["other"], "code": ["c"]}, 0),
        ({"state": ["ä"], "code": ["c"]}, 0),
        ({"state": ["s" * 64], "code": ["c"]}, 1000),
        ({"state": ["s" * 64], "error": ["access_denied"]}, 0),
        ({"state": ["s" * 64], "error": ["<b>"], "code": ["c"]}, 0),
    ],
)
def test_another_late_or_refused_answer_signs_nobody_in(
    fields: dict[str, list[str]], now: int
) -> None:
    with pytest.raises(Unauthenticated) as caught:
        authorization_code(fields, ATTEMPT, now)
    assert "<b>" not in str(caught.value.details)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"code": ["c"]},
        {"state": ["s" * 64]},
        {"state": ["s" * 64, "s" * 64], "code": ["c"]},
        {"state": ["s" * 64], "code": ["c", "d"]},
        {"state": ["s" * 64], "code": [""]},
        {"state": ["s" * 64], "code": ["c" * 8193]},
        {"state": ["s" * 64], "code": ["a\nb"]},
    ],
)
def test_a_malformed_answer_is_refused(fields: dict[str, list[str]]) -> None:
    with pytest.raises(InvalidRequest):
        authorization_code(fields, ATTEMPT, 0)


@given(state=st.text(max_size=80))
def test_no_other_state_is_accepted(state: str) -> None:
    with pytest.raises(Unauthenticated):
        authorization_code({"state": [state], "code": ["c"]}, ATTEMPT, 0)


def test_an_attempt_shows_no_secret() -> None:
    assert not {"s" * 64, "n" * 64, "v" * 64} & set(repr(ATTEMPT).split("'"))
