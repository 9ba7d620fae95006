"""What tokens stand for: asked, approved by a person, opened once, collected by who asked."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from gateway.approvals.ticket import DISCLOSED_TIME, TicketState
from gateway.errors import (
    Denied,
    Forbidden,
    GatewayError,
    InvalidRequest,
    NotFound,
    Reason,
    Withheld,
)
from gateway.masking.kinds import Kind
from gateway.masking.tokens import Tokeniser, TokenKey
from gateway.model.detokenize import ACTION, DETOKENIZE, KINDS
from gateway.model.message import Answer, Headers, Request
from gateway.model.principal import PrincipalKind
from gateway.operations import detokenize
from gateway.serving.detokenising import TokenDesk
from tests.fakes import identity
from tests.fakes.asking import MANIFEST, Scene, reviewer
from tests.fakes.masking import FakeTokenKeys
from tests.pipeline import world

BENCH = "77777777-7777-4777-8777-777777777777"
NURSE = "88888888-8888-4888-8888-888888888888"
NAME, NUMBER = "Quillfeather", "MRN-0042"
KEY = FakeTokenKeys().key
AGENTS = f"""  clinical-workbench:
    application: {BENCH}
    sponsor: {{name: dr.ng@example.org, object_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d83}}
groups:"""
RULE = f"""
  - id: values-ask
    effect: approve
    groups: [readers]
    actions: [{ACTION}]
    resources: ["clinic/**"]
    obligations: {{workflow: review}}
"""
ASKING = (
    MANIFEST.replace(b"profile: safe-harbor", b"profile: pseudonymous").replace(
        b"groups:", AGENTS.encode(), 1
    )
    + RULE.encode()
)
PERSON = identity.principal(
    object_id=NURSE,
    application=BENCH,
    kind=PrincipalKind.USER,
    name="nurse@clinic.example",
)


class Desk(Scene):
    """A scene whose upstream opens tokens, and in which a person asks by a client."""

    def ports(self) -> dict[str, object]:
        found = super().ports()
        return {**found, "upstream": TokenDesk(self.upstream, self.token_keys)}


def scene(manifest: bytes = ASKING) -> Desk:
    made = Desk(manifest=manifest)
    made.verifier = identity.FakeVerifier({"good": identity.principal(), "nurse": PERSON})
    return made


def token(
    kind: Kind = Kind.NAME,
    value: str = NAME,
    scope: str = f"{identity.TENANT}|{identity.AGENT_OBJECT}|{identity.AGENT}|clinic",
    key: TokenKey = KEY,
) -> str:
    return Tokeniser(key, scope).token(kind, value)


def asking(*tokens: str, token: str = "nurse", request_id: str = "", **changes: Any) -> Request:  # noqa: S107
    body = {
        "connection": "clinic",
        "principal": {"objectId": identity.AGENT_OBJECT, "application": identity.AGENT},
        "tokens": tokens,
        "reason": "call the patient back",
        **changes,
    }
    asked = detokenize.parse(json.dumps(body).encode())
    fields = [("authorization", f"Bearer {token}"), ("x-chaperone-reason", asked.reason)]
    if request_id:
        fields.append(("x-ms-client-request-id", request_id))
    return Request(
        "POST", asked.connection, DETOKENIZE, Headers(tuple(fields)), asked.body, "", world.BASE
    )


def results(answer: object) -> list[Mapping[str, Any]]:
    assert isinstance(answer, Answer), answer
    found: list[Mapping[str, Any]] = json.loads(answer.body)["results"]
    return found


async def carried_out(desk: Desk, request: Request) -> str:
    ticket_id = await desk.approved(request)
    await desk.driver().drive(ticket_id)
    return ticket_id


async def test_values_come_after_an_approval_and_to_who_asked() -> None:
    desk = scene()
    identifier = Tokeniser(
        KEY, f"{identity.TENANT}|{identity.AGENT_OBJECT}|{identity.AGENT}|clinic"
    ).id_token("p-17")
    request = asking(token(), token(Kind.MRN, NUMBER), identifier, request_id="one")
    ticket_id = await carried_out(desk, request)
    assert desk.ticket(ticket_id).state is TicketState.DONE
    found = results(await desk.ask(request))
    assert [(item["type"], item["value"]) for item in found] == [
        ("name", NAME),
        ("mrn", NUMBER),
        ("id", "p-17"),
    ]
    # No service was asked.
    assert desk.upstream.sent == []


async def test_each_step_is_on_record_with_counts_and_without_values_or_tokens() -> None:
    desk = scene()
    first = token()
    request = asking(first, token(Kind.MRN, NUMBER), "[ssn]", request_id="one")
    await carried_out(desk, request)
    await desk.ask(request)
    assert desk.journal.types() == ["held", "decided", "executing", "executed", "collected"]
    records: list[Any] = list(desk.journal.records)
    held, _, executing, executed, _ = records
    for record in (held, executing):
        assert record["obligations"]["tokens"] == {"mrn": 1, "name": 1, "other": 1}
        assert desk.keys.key.of("token", first.encode()) in record["subjects"]
    assert executed["masking"]["counts"] == {"mrn": 1, "name": 1, "not-opened": 1}
    text = json.dumps(desk.journal.records)
    assert not any(secret in text for secret in (NAME, NUMBER, first, "call the patient"))


async def test_a_reviewer_reads_whose_tokens_and_how_many_of_which_kind() -> None:
    desk = scene()
    ticket_id = await desk.held(asking(token(), token(Kind.MRN, NUMBER)))
    view = await desk.reviews().view(ticket_id, reviewer())
    assert view.asks == (
        f"2 tokens of agent triage-bot (object id {identity.AGENT_OBJECT}) on connection clinic: "
        "mrn 1, name 1"
    )
    assert (view.operation, view.accesses[0].action) == ("Detokenize", ACTION)
    assert NAME not in str(view)


async def test_nothing_of_it_is_stored_in_clear_and_results_do_not_live_long() -> None:
    desk = scene()
    first = token()
    request = asking(first, request_id="one")
    held = await desk.held(request)
    assert first.encode() not in desk.requests.blobs[held].data
    await desk.decide(held)
    await desk.driver().drive(held)
    assert NAME.encode() not in desk.results.blobs[held].data
    assert desk.ticket(held).result_seconds == DISCLOSED_TIME.total_seconds()
    desk.clock.advance(DISCLOSED_TIME + timedelta(minutes=1))
    # Not even where somebody has the row say that it lives on.
    desk.tamper(held, result_seconds=10**6)
    end = await desk.ask(request)
    assert isinstance(end, Withheld)
    desk.tamper(held, result_seconds=3600)
    await desk.expiry().sweep()
    await desk.expiry().sweep()
    assert held not in desk.results.blobs


async def test_tokens_fail_one_by_one_with_a_reason() -> None:
    desk = scene()
    mine = f"{identity.TENANT}|{identity.AGENT_OBJECT}|{identity.AGENT}"
    elsewhere = f"{identity.FOREIGN_TENANT}|{identity.AGENT_OBJECT}|{identity.AGENT}|clinic"
    tokens = [
        token(),
        token(scope=f"{mine}|other"),
        token(scope=elsewhere),
        token(key=TokenKey("7", KEY.key)),
        token().replace("[name:", "[mrn:"),
        Tokeniser(KEY, f"{mine}|clinic").keyed_hash(Kind.NAME, NAME),
        "[name]",
    ]
    request = asking(*tokens, request_id="one")
    await carried_out(desk, request)
    found = results(await desk.ask(request))
    codes = [item["error"]["code"] if "error" in item else item["value"] for item in found]
    assert codes == [
        NAME,
        "NotOfThisScope",
        "NotOfThisScope",
        "OtherKeyVersion",
        "NotOfThisScope",
        "NotAToken",
        "NotAToken",
    ]


async def test_the_callers_own_tokens_need_no_principal() -> None:
    desk = scene()
    own = token(scope=f"{identity.TENANT}|{NURSE}|{BENCH}|clinic")
    request = asking(own, token(), principal=None, request_id="one")
    ticket_id = await carried_out(desk, request)
    first, other = results(await desk.ask(request))
    assert first["value"] == NAME
    assert other["error"]["code"] == "NotOfThisScope"
    view = await desk.reviews().view(ticket_id, reviewer())
    assert view.asks.startswith("2 tokens of its own on connection clinic")


async def test_tokens_of_a_fhir_connection_open_as_those_of_another() -> None:
    connection = """  ehr:
    kind: fhir
    upstream: https://ws-ehr.fhir.azurehealthcareapis.com
    credential:
      kind: managed-identity
      client_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82
      scope: https://ws-ehr.fhir.azurehealthcareapis.com/.default
    masking: {profile: pseudonymous, ephi: true}
workflows:"""
    both = ASKING.replace(b"workflows:", connection.encode()).replace(
        RULE.encode(), RULE.replace("clinic/**", "*/**").encode()
    )
    desk = scene(both)
    scope = f"{identity.TENANT}|{identity.AGENT_OBJECT}|{identity.AGENT}|ehr"
    request = asking(token(scope=scope), token(), connection="ehr", request_id="one")
    await carried_out(desk, request)
    first, other = results(await desk.ask(request))
    assert first["value"] == NAME
    assert other["error"]["code"] == "NotOfThisScope"


async def test_tokens_that_all_principals_share_open_where_a_profile_makes_such() -> None:
    profile = b"""profiles:
  shared: {extends: pseudonymous, rank: 30, scope: connection}
connections:"""
    sharing = ASKING.replace(b"connections:", profile, 1).replace(
        b"masking: {profile: pseudonymous", b"masking: {profile: shared"
    )
    desk = scene(sharing)
    shared = token(scope=f"{identity.TENANT}|||clinic")
    request = asking(shared, token(), principal=None, scope="connection", request_id="one")
    await carried_out(desk, request)
    first, other = results(await desk.ask(request))
    assert first["value"] == NAME
    assert other["error"]["code"] == "NotOfThisScope"


# --- who may ask ---------------------------------------------------------------------------------


async def refusal(desk: Desk, request: Request) -> Reason:
    error = await desk.ask(request)
    assert isinstance(error, GatewayError), error
    assert desk.requests.blobs == {}
    return error.reason


async def test_an_application_by_itself_may_not_ask_unless_the_rule_names_it() -> None:
    asked = asking(token(), token="good")
    assert await refusal(scene(), asked) is Reason.NO_RULE_ALLOWS
    named = ASKING.replace(b"values-ask\n", b"values-ask\n    agents: [triage-bot]\n")
    assert await scene(named).held(asked)


@pytest.mark.parametrize("pattern", ["*", "*/action", "*detokenize*", "chap*"])
async def test_a_wildcard_for_other_actions_lets_nobody_ask(pattern: str) -> None:
    wide = ASKING.replace(f"actions: [{ACTION}]".encode(), f'actions: ["{pattern}"]'.encode())
    assert await refusal(scene(wide), asking(token())) is Reason.NO_RULE_ALLOWS


@pytest.mark.parametrize("pattern", ["*", "*/action", ACTION])
async def test_a_denial_by_any_pattern_holds(pattern: str) -> None:
    rule = f"""
  - id: never
    effect: deny
    actions: ["{pattern}"]
    resources: ["clinic/**"]
"""
    assert await refusal(scene(ASKING + rule.encode()), asking(token())) is Reason.RULE_DENIES


async def test_without_a_rule_nobody_may_ask() -> None:
    bare = ASKING.replace(RULE.encode(), b"")
    assert await refusal(scene(bare), asking(token())) is Reason.NO_RULE_ALLOWS
    assert await refusal(scene(), asking(token(), connection="other")) is (
        Reason.CONNECTION_NOT_FOUND
    )


async def test_a_scope_that_no_profile_of_the_connection_has_is_refused() -> None:
    shared = token(scope=f"{identity.TENANT}|||")
    asked = asking(shared, scope="tenant", principal=None)
    assert await refusal(scene(), asked) is Reason.TOKEN_NOT_RESOLVED


async def test_an_allowed_request_is_answered_at_once_and_counts_against_the_hours_bound() -> None:
    desk = scene()
    desk.manifest = ASKING.replace(
        RULE.encode(),
        RULE.replace("approve", "allow").replace("obligations: {workflow: review}", "").encode(),
    )
    assert results(await desk.ask(asking(token())))[0]["value"] == NAME
    assert desk.journal.types() == ["intent", "outcome"]
    desk.budget.limit = 1
    assert await refusal(desk, asking(token(), token(Kind.MRN, NUMBER))) is Reason.TOKEN_LIMIT


# --- attacks -------------------------------------------------------------------------------------


async def test_a_request_is_carried_out_once_whatever_is_put_back() -> None:
    desk = scene()
    request = asking(token(), request_id="one")
    ticket_id = await desk.approved(request)
    stored = desk.requests.blobs[ticket_id]
    await desk.driver().drive(ticket_id)
    desk.requests.blobs[ticket_id] = stored
    desk.tamper(ticket_id, state=TicketState.APPROVED)
    await desk.driver().drive(ticket_id)
    ended = [record for record in desk.journal.records if record["type"] == "executed"]
    assert [record["result"] for record in ended] == ["answered", "abandoned"]


async def test_nobody_else_collects_it() -> None:
    desk = scene()
    ticket_id = await carried_out(desk, asking(token(), request_id="one"))
    other = identity.principal(object_id=identity.PERSON_OBJECT, application=BENCH)
    desk.verifier.principals["other"] = other
    status = world.request("GET", "/operations", token="other")
    with pytest.raises(NotFound):
        await desk.operations().status(ticket_id, status)
    # The same words from somebody else are another request, and wait for a decision of their own.
    desk.verifier.principals["other"] = identity.principal(
        object_id=identity.PERSON_OBJECT, application=BENCH, kind=PrincipalKind.USER
    )
    assert await desk.held(asking(token(), token="other")) != ticket_id


async def test_who_asked_reads_it_at_the_status_address() -> None:
    desk = scene()
    ticket_id = await carried_out(desk, asking(token()))
    status = world.request("GET", "/operations", token="nurse")
    body = json.loads((await desk.operations().status(ticket_id, status)).body)
    assert body["status"] == "Succeeded"
    values = json.loads(base64.b64decode(body["properties"]["body"]))
    assert values["results"][0]["value"] == NAME


async def test_a_result_that_was_changed_is_not_given_out() -> None:
    desk = scene()
    request = asking(token(), request_id="one")
    ticket_id = await carried_out(desk, request)
    other_id = await carried_out(desk, asking(token(Kind.MRN, NUMBER), request_id="two"))
    desk.results.blobs[ticket_id] = desk.results.blobs[other_id]
    end = await desk.ask(request)
    assert isinstance(end, Denied)
    assert end.reason is Reason.APPROVAL_REVOKED


async def test_one_token_more_is_another_request() -> None:
    desk = scene()
    await carried_out(desk, asking(token(), request_id="one"))
    again = asking(token(), token(Kind.MRN, NUMBER), request_id="one")
    assert isinstance(await desk.ask(again), Forbidden | Denied)
    assert len(desk.tickets.rows) == 2


async def test_no_address_below_a_connection_is_taken_for_it() -> None:
    desk = scene()
    for path in ("/detokenize", "/chaperone:detokenize", "/"):
        body = asking(token()).body
        fields = [("authorization", "Bearer nurse"), ("content-type", "application/json")]
        request = world.request("POST", path, headers=fields, body=body, token="")
        error = await desk.ask(request)
        assert isinstance(error, GatewayError)
        assert desk.tickets.rows == {}


async def test_a_body_for_another_connection_than_the_requests_is_refused() -> None:
    desk = scene()
    request = asking(token())
    forged = Request(**{**_fields(request), "body": request.body.replace(b"clinic", b"office")})
    assert isinstance(await desk.ask(forged), InvalidRequest)


def _fields(request: Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in Request.__slots__}


@pytest.mark.parametrize(
    "changes",
    [
        {"tokens": []},
        {"tokens": ["x"] * 101},
        {"tokens": ["x" * 1201]},
        {"tokens": [7]},
        {"reason": " "},
        {"reason": "x" * 501},
        {"principal": {"objectId": "a|b|c", "application": identity.AGENT}},
        {"scope": "connection"},
        {"connection": "../x"},
        {"extra": 1},
    ],
)
def test_what_is_not_the_described_body_is_refused_without_its_values(
    changes: Mapping[str, Any],
) -> None:
    body = {
        "connection": "clinic",
        "principal": {"objectId": identity.AGENT_OBJECT, "application": identity.AGENT},
        "tokens": [token()],
        "reason": "r",
        **changes,
    }
    with pytest.raises(InvalidRequest) as caught:
        detokenize.parse(json.dumps(body).encode())
    assert token() not in str(caught.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b'"x"', b"x" * (128 * 1024 + 1)])
def test_a_body_that_is_no_object_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidRequest):
        detokenize.parse(data)


def test_the_kinds_that_may_stand_in_records_are_the_engines() -> None:
    assert {kind.value for kind in Kind} - {"text", "secret"} == KINDS
