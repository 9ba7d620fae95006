"""Records of exchanges: complete, within the schema, and without what a client chose."""

from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from gateway.errors import (
    Blocked,
    Forbidden,
    GatewayError,
    InvalidRequest,
    Reason,
    ResponseTooLarge,
    UpstreamInterrupted,
    UpstreamUnreachable,
    Withheld,
)
from gateway.evidence import records
from gateway.evidence.chain import extend, start
from gateway.evidence.schema import Record, parse
from gateway.model.connection import Sensitivity
from gateway.model.decision import Refuse
from gateway.model.exchange import MaskSummary, Receipt
from gateway.model.message import Target, Timings
from gateway.model.operation import Effect
from tests.builders.evidence import (
    CLIENT,
    KEYS,
    MANIFEST,
    NOON,
    OBJECT,
    REQUEST_ID,
    SESSION,
    TENANT,
    WRITER,
    authenticated,
    authorised,
    classified,
    connection,
    forwarded,
    intended,
    masked,
    prepared,
    request,
    with_headers,
)

RECEIPT = Receipt(f"journal/2026/08/03/{WRITER}-0.ndjson", 3, 900, 1200)
SECRET = "jane-doe-1961"


def parsed(fields: records.Fields) -> Record:
    """The record as the verifier reads it back."""
    line, _ = extend(start(WRITER, 0, NOON), fields, NOON)
    return parse(line[:-1])


def test_an_intent_answers_who_what_and_by_which_rule() -> None:
    record = parsed(records.intent(prepared(), KEYS))

    assert record["type"] == "intent"
    assert record["id"] == "a" * 32
    assert record["session"] == {"id": SESSION.id, "label": SESSION.label}
    assert record["actor"] == {
        "tid": TENANT,
        "oid": OBJECT,
        "azp": CLIENT,
        "uti": "abc123",
        "kind": "application",
        "name": "",
        "sponsor": "alice@example.org",
        "agent": "triage",
        "client_address": "10.0.0.7",
        "purpose": "",
        "reason": "",
    }
    assert record["operation"]["accesses"][0]["resource"] == "clinic/records/jane-doe.txt"
    assert record["operation"]["effect"] == "read"
    assert (record["manifest"], record["rule"]) == (MANIFEST, "readers")
    assert (record["decision"], record["approval"]) == ("allowed", "")
    assert record["obligations"] == {"profile": "none", "accept_free_text": False}
    assert record["timing"] == {"received": "2026-08-03T12:00:00.000000Z"}


def test_an_approved_intent_names_its_approval() -> None:
    record = parsed(records.intent(prepared(approval="ticket-1"), KEYS))

    assert record["type"] == "intent"
    assert (record["decision"], record["approval"]) == ("approved", "ticket-1")


def test_nothing_that_a_client_chose_stands_in_an_intent_on_an_ephi_connection() -> None:
    asked = request(
        method=SECRET.upper(),
        target=Target(f"/records/{SECRET}", f"prefix={SECRET}&{SECRET}"),
        headers=[
            ("x-chaperone-purpose", SECRET),
            ("x-chaperone-reason", SECRET),
            ("x-ms-client-request-id", SECRET),
            ("user-agent", SECRET),
            ("x-ms-meta-name", SECRET),
        ],
        body=SECRET.encode(),
        address=SECRET,
    )
    state = classified(asked=asked, names=Sensitivity.EPHI)
    text = orjson.dumps(records.intent(prepared(state), KEYS)).decode().lower()

    assert SECRET not in text
    assert "jane" not in text


def test_what_a_client_chose_is_clear_where_its_form_allows() -> None:
    state = with_headers(
        classified(),
        ("x-chaperone-purpose", "Research"),
        ("x-chaperone-reason", REQUEST_ID),
        ("x-ms-client-request-id", REQUEST_ID.upper()),
    )
    record = parsed(records.intent(prepared(state), KEYS))

    assert record["type"] == "intent"
    assert record["actor"]["purpose"] == "research"
    assert record["actor"]["reason"] == REQUEST_ID
    assert record["request"]["client_request_id"] == REQUEST_ID


def test_digests_of_bodies_are_keyed() -> None:
    record = parsed(records.intent(prepared(classified(asked=request(body=b"x"))), KEYS))

    assert record["type"] == "intent"
    assert record["request"]["body"] == KEYS.of("body", b"x")
    assert record["request"]["size"] == 1


def test_an_outcome_cites_its_intent_and_says_what_came_and_what_went() -> None:
    summary = MaskSummary("safe", "sha256:" + "1" * 64, "v3", {"name": 2})
    record = parsed(records.outcome(masked(RECEIPT, summary=summary), KEYS))

    assert record["type"] == "outcome"
    assert record["intent"] == {"journal": RECEIPT.journal, "seq": 3}
    assert (record["result"], record["effect"]) == ("answered", "read")
    assert record["upstream"] == {
        "status": 200,
        "request_id": REQUEST_ID,
        "sends": 1,
        "size": 9,
        "digest": KEYS.of("body", b"raw bytes"),
    }
    assert record["response"] == {
        "status": 200,
        "size": 6,
        "digest": KEYS.of("body", b"masked"),
    }
    assert record["masking"]["counts"] == {"name": 2}
    assert record["timing"] == {
        "received": "2026-08-03T12:00:00.000000Z",
        "before_us": 250,
        "upstream_us": 4750,
    }


def test_an_unchanged_body_has_the_same_digest_on_both_sides() -> None:
    state = masked(RECEIPT)
    state = replace(state, answer=replace(state.answer, body=state.forwarded.response.body))
    record = parsed(records.outcome(state, KEYS))

    assert record["type"] == "outcome"
    assert record["upstream"]["digest"] == record["response"]["digest"]


def test_withheld_content_is_an_outcome_with_its_reason() -> None:
    summary = MaskSummary("safe", withheld="ContentWithheld")
    record = parsed(records.outcome(masked(RECEIPT, summary=summary), KEYS))

    assert record["type"] == "outcome"
    assert (record["result"], record["reason"]) == ("withheld", "ContentWithheld")


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (UpstreamUnreachable("x"), "unreachable"),
        (UpstreamInterrupted("x"), "interrupted"),
        (ResponseTooLarge("x"), "failed"),
        (GatewayError("x"), "interrupted"),
    ],
)
def test_an_error_while_sending_is_an_outcome(error: GatewayError, result: str) -> None:
    record = parsed(records.failure(intended(RECEIPT), error, KEYS))

    assert record["type"] == "outcome"
    assert (record["result"], record["reason"]) == (result, error.reason)
    assert "upstream" not in record


@pytest.mark.parametrize(
    ("error", "result"), [(Withheld("x"), "withheld"), (GatewayError("x"), "failed")]
)
def test_an_error_after_the_answer_says_what_the_upstream_did(
    error: GatewayError, result: str
) -> None:
    record = parsed(records.failure(forwarded(RECEIPT), error, KEYS))

    assert record["type"] == "outcome"
    assert record["result"] == result
    assert record["upstream"]["status"] == 200
    assert "response" not in record


def test_a_failure_may_bring_its_own_timings() -> None:
    timings = Timings(NOON, NOON + timedelta(seconds=1))
    record = parsed(records.failure(intended(RECEIPT), GatewayError("x"), KEYS, timings))

    assert record["type"] == "outcome"
    assert record["timing"]["before_us"] == 1_000_000


def test_a_clock_that_was_set_back_gives_zero_and_no_error() -> None:
    timings = Timings(NOON, NOON - timedelta(seconds=1))
    record = parsed(records.failure(intended(RECEIPT), GatewayError("x"), KEYS, timings))

    assert record["type"] == "outcome"
    assert record["timing"]["before_us"] == 0


def test_a_denial_holds_what_was_known_by_then() -> None:
    error = Forbidden("no", reason=Reason.RULE_DENIES, details=(("rule", "no-writes"),))
    early = parsed(records.denied(authenticated(), error, KEYS))
    late = parsed(records.denied(classified(), error, KEYS))

    assert early["type"] == late["type"] == "denied"
    assert "operation" not in early
    assert early["manifest"] == ""
    assert early["request"]["connection"] == KEYS.of("connection", b"clinic")
    assert late["operation"]["name"] == "Get Blob"
    assert (late["manifest"], late["rule"]) == (MANIFEST, "no-writes")
    assert (late["decision"], late["reason"]) == ("denied", "RuleDenies")
    assert late["details"] == {"rule": "no-writes"}
    assert late["actor"]["sponsor"] == ""


def test_a_denial_before_the_caller_is_known_has_no_actor() -> None:
    record = parsed(records.denied(authenticated().received, InvalidRequest("x"), KEYS))

    assert record["type"] == "denied"
    assert "actor" not in record
    assert "session" not in record


def test_a_denial_by_policy_names_rule_sponsor_and_agent() -> None:
    refuse = Refuse("RuleDenies", "no", "no-writes", "bob@example.org", (), agent="triage")
    record = parsed(records.denied(classified(), Forbidden("no"), KEYS, refuse=refuse))

    assert record["type"] == "denied"
    assert record["rule"] == "no-writes"
    assert (record["actor"]["sponsor"], record["actor"]["agent"]) == ("bob@example.org", "triage")


@pytest.mark.parametrize("state", ["authorised", "screened", "approved", "prepared"])
def test_a_denial_after_policy_names_the_rule_that_allowed(state: str) -> None:
    last = prepared(approval="ticket-1")
    states = {
        "authorised": authorised(),
        "screened": last.approved.screened,
        "approved": last.approved,
        "prepared": last,
    }
    record = parsed(records.denied(states[state], Blocked("no"), KEYS))  # type: ignore[arg-type]

    assert record["type"] == "denied"
    assert record["rule"] == "readers"
    assert record["actor"]["sponsor"] == "alice@example.org"
    assert record["approval"] == ("ticket-1" if state in {"approved", "prepared"} else "")


def test_a_denial_on_a_known_connection_shows_the_target_as_that_allows() -> None:
    record = parsed(
        records.denied(authenticated(), InvalidRequest("x"), KEYS, connection=connection())
    )

    assert record["type"] == "denied"
    assert record["request"]["connection"] == "clinic"
    assert record["request"]["target"] == "/records/jane-doe.txt"


def test_details_that_cannot_be_keys_are_left_out() -> None:
    error = Blocked("no", details=(("r\u00e9gle", "x"), ("host", "\ud800")))
    record = parsed(records.denied(classified(), error, KEYS))

    assert record["type"] == "denied"
    assert record["details"] == {"host": "\\ud800"}


def test_effects_are_recorded_on_both_sides() -> None:
    state = classified(effect=Effect.DELETE)
    record = parsed(records.outcome(masked(RECEIPT, state), KEYS))

    assert record["type"] == "outcome"
    assert record["effect"] == "delete"
