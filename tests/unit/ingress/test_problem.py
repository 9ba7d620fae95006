from collections.abc import Iterator

import orjson
import pytest
from defusedxml import ElementTree
from hypothesis import given
from hypothesis import strategies as st

from gateway import errors
from gateway.errors import GatewayError, Reason
from gateway.ingress import problem
from gateway.model.connection import Dialect

CHALLENGE = "Bearer authorization_uri=https://login.example resource_id=api://gw"


def tree(root: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    yield root
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


ALL = sorted(set(tree()), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("cls", ALL)
@pytest.mark.parametrize("reason", list(Reason))
def test_every_error_and_reason_has_a_status_that_says_no(
    cls: type[GatewayError], reason: Reason
) -> None:
    status = problem.status(cls("text", reason=reason))
    assert status in {400, 401, 403, 404, 411, 413, 500, 502, 503}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.Unauthenticated("x", reason=Reason.TOKEN_MISSING), 401),
        (errors.Unauthenticated("x", reason=Reason.TOKEN_EXPIRED), 401),
        (errors.Unauthenticated("x", reason=Reason.AUDIENCE_NOT_ACCEPTED), 401),
        (errors.Unauthenticated("x", reason=Reason.GROUP_OVERAGE), 403),
        (errors.Forbidden("x"), 403),
        (errors.Blocked("x", reason=Reason.PUBLIC_ACCESS), 403),
        (errors.ApprovalRequired("x"), 403),
        (errors.Withheld("x"), 403),
        (errors.InvalidRequest("x"), 400),
        (errors.InvalidRequest("x", reason=Reason.CONNECTION_NOT_FOUND), 400),
        (errors.InvalidRequest("x", reason=Reason.LENGTH_REQUIRED), 411),
        (errors.InvalidRequest("x", reason=Reason.REQUEST_TOO_LARGE), 413),
        (errors.UpstreamUnreachable("x"), 502),
        (errors.UpstreamInterrupted("x"), 502),
        (errors.ResponseTooLarge("x"), 413),
        (errors.EvidenceUnavailable("x"), 503),
        (errors.OutcomeUnrecorded("x"), 403),
        (errors.StoreUnavailable("x"), 500),
        (errors.ConfigurationError("x"), 503),
        (errors.GatewayError("x"), 500),
    ],
)
def test_an_error_has_its_status(error: GatewayError, status: int) -> None:
    assert problem.status(error) == status


def test_a_subclass_of_another_module_takes_its_parents_status() -> None:
    class Special(errors.Forbidden):
        pass

    assert problem.status(Special("x")) == 403


def test_json_has_azures_shape_with_message_advice_and_details() -> None:
    error = errors.Forbidden(
        "no rule allows this", advice="ask for a rule", details=(("rule", "r1"),)
    )
    shown = problem.answer(error, Dialect.JSON)
    assert shown.status == 403
    assert orjson.loads(shown.body) == {
        "error": {
            "code": "NoRuleAllows",
            "message": "no rule allows this. Ask for a rule",
            "details": [{"code": "rule", "message": "r1"}],
        }
    }
    assert shown.headers.get("content-type") == "application/json"
    assert shown.headers.get("x-ms-error-code") == "NoRuleAllows"


def test_xml_has_the_storage_services_shape() -> None:
    error = errors.Blocked("a < b & c", details=(("rule-id", "r<1>"), ("1", "x"), ("", "y")))
    shown = problem.answer(error, Dialect.XML)
    assert shown.body.startswith(b'<?xml version="1.0" encoding="utf-8"?><Error><Code>')
    root = ElementTree.fromstring(shown.body)
    assert [(child.tag, child.text) for child in root] == [
        ("Code", "NoRuleAllows"),
        ("Message", "a < b & c"),
        ("RuleId", "r<1>"),
        ("Detail1", "x"),
        ("Detail", "y"),
    ]
    assert shown.headers.get("content-type") == "application/xml"
    assert shown.headers.get("x-ms-error-code") == "NoRuleAllows"


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("cls", ALL)
def test_no_error_invites_a_retry_or_a_cache(cls: type[GatewayError], dialect: Dialect) -> None:
    headers = problem.answer(cls("x"), dialect, challenge=CHALLENGE).headers
    assert "retry-after" not in headers
    assert headers.get("cache-control") == "no-store"


def test_only_401_carries_the_challenge() -> None:
    token = errors.Unauthenticated("x", reason=Reason.TOKEN_MISSING)
    assert problem.answer(token, Dialect.XML, challenge=CHALLENGE).headers.get(
        "www-authenticate"
    ) == (CHALLENGE)
    assert "www-authenticate" not in problem.answer(token, Dialect.XML).headers
    denied = errors.Forbidden("x")
    assert (
        "www-authenticate" not in problem.answer(denied, Dialect.XML, challenge=CHALLENGE).headers
    )


def test_the_exchange_id_is_shown_where_it_is_known() -> None:
    error = errors.Forbidden("x", details=((problem.EXCHANGE, "ab" * 16),))
    headers = problem.answer(error, Dialect.JSON).headers
    assert headers.get("x-ms-request-id") == headers.get("x-chaperone-exchange") == "ab" * 16
    assert "x-ms-request-id" not in problem.answer(errors.Forbidden("x"), Dialect.JSON).headers


@pytest.mark.parametrize("cls", [errors.StoreUnavailable, errors.ConfigurationError])
def test_errors_for_operators_say_nothing_to_agents(cls: type[GatewayError]) -> None:
    error = cls("CHAPERONE_TENANTS: missing", advice="set it", details=(("container", "c"),))
    shown = problem.answer(error, Dialect.JSON).body
    assert b"CHAPERONE" not in shown
    assert orjson.loads(shown)["error"]["details"] == []


def test_an_internal_error_says_nothing() -> None:
    assert problem.internal().status == 500
    assert orjson.loads(problem.internal().body)["error"]["code"] == "InternalError"


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_detail_makes_xml_that_parses(key: str, value: str) -> None:
    shown = problem.answer(errors.Forbidden("x", details=((key, value),)), Dialect.XML)
    code, _, detail = ElementTree.fromstring(shown.body)
    assert code.text == "NoRuleAllows"
    assert "code" not in detail.tag.lower() or "code" in key.lower()


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.NotFound("row of table x"), 404, "There is no such request"),
        (errors.Forbidden("it ended", reason=Reason.APPROVAL_CLOSED), 409, "it ended"),
        (errors.Forbidden("it changed", reason=Reason.PAGE_CHANGED), 409, "it changed"),
        (errors.Forbidden("not you", advice="ask her"), 403, "not you. Ask her"),
        (errors.Unauthenticated("who?"), 401, "who?"),
        (errors.Unavailable("later"), 503, "later"),
        (errors.StoreUnavailable("table x"), 500, "its operator"),
        (errors.ConfigurationError("CHAPERONE_X"), 503, "its operator"),
    ],
)
def test_people_see_404_and_409_and_no_more_of_the_inside_than_agents(
    error: GatewayError, status: int, words: str
) -> None:
    found, sentences = problem.for_people(error)
    assert found == status
    assert words in sentences
    assert "table x" not in sentences
    assert "CHAPERONE_X" not in sentences
