"""FHIR requests through the whole pipeline, with the stand-in's semantics and without sockets."""

import base64
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from gateway.errors import (
    Blocked,
    Denied,
    Forbidden,
    GatewayError,
    InvalidRequest,
    Reason,
    Withheld,
)
from gateway.local.patients_model import Patient
from gateway.model.message import Answer, Headers, Request, UpstreamRequest, UpstreamResponse
from tests.fakes import identity
from tests.pipeline.world import BASE, World, request
from tests.pipeline.world import MANIFEST as BLOBS
from tests.standins.fhir import MEDIA_TYPE, TOKEN, FhirStandIn, Reply

UPSTREAM = "https://ws-ehr.fhir.azurehealthcareapis.com"
_RULE = """
  - id: {id}
    effect: allow
    groups: [readers]
    actions: ["Microsoft.HealthcareApis/*"]
    resources: [{resources}]
    obligations: {obligations}
"""


def manifest(profile: str = "pseudonymous", obligations: str = "{}", *resources: str) -> bytes:
    text = BLOBS.decode()
    connection = f"""  ehr:
    kind: fhir
    upstream: {UPSTREAM}
    credential:
      kind: managed-identity
      client_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82
      scope: {UPSTREAM}/.default
    masking: {{profile: {profile}, ephi: {str(profile != "none").lower()}}}
workflows:"""
    named = ", ".join(f'"{item}"' for item in resources or ("ehr/**",))
    rule = _RULE.format(id="fhir", resources=named, obligations=obligations)
    return text.replace("workflows:", connection).replace("rules:", f"rules:{rule}").encode()


@dataclass
class Scene:
    world: World
    server: FhirStandIn
    patients: list[Patient]

    async def ask(
        self, method: str, target: str, headers: tuple[tuple[str, str], ...] = (), body: Any = b""
    ) -> Answer:
        path, _, query = target.partition("?")
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = ((("content-type", MEDIA_TYPE),) if data else ()) + headers
        asked = request(method, path, query=query, connection="ehr", body=data)
        merged = Headers((*asked.headers.without("x-ms-version").fields, *fields))
        sent = Request(method, "ehr", asked.target, merged, data, "", BASE)
        self.world.upstream.script = [self._serve]
        return await self.world.pipeline().handle(sent)

    async def get(self, target: str) -> Any:
        answer = await self.ask("GET", target)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def follow(self, bundle: Any, relation: str = "next") -> str:
        urls = [link["url"] for link in bundle["link"] if link["relation"] == relation]
        assert urls[0].startswith(f"{BASE}/c/ehr/")
        parts = urlsplit(urls[0])
        return f"{parts.path.removeprefix('/c/ehr')}?{parts.query}"

    @property
    def evidence(self) -> str:
        return json.dumps(self.world.journal.records)

    def _serve(self, sent: UpstreamRequest) -> UpstreamResponse:
        assert sent.url.startswith(UPSTREAM)
        headers = {**dict(sent.headers), "authorization": f"Bearer {TOKEN}"}
        reply = self.server.handle(sent.method, sent.url.removeprefix(UPSTREAM), headers, sent.body)
        fields = [*reply.headers.items()]
        if reply.body is None:
            return UpstreamResponse(reply.status, Headers.of(fields), b"")
        fields.append(("content-type", f"{MEDIA_TYPE}; charset=utf-8"))
        return UpstreamResponse(reply.status, Headers.of(fields), json.dumps(reply.body).encode())


def scene(
    profile: str = "pseudonymous", obligations: str = "{}", *resources: str, count: int = 3
) -> Scene:
    server, patients = FhirStandIn.with_patients(count=count)
    return Scene(World(manifest=manifest(profile, obligations, *resources)), server, patients)


def ids(made: Scene, kind: str = "Patient") -> list[str]:
    return [resource["id"] for resource in made.server.current(kind)]


async def reason_of(made: Scene, method: str, target: str, **given: Any) -> Reason:
    before = len(made.server.seen)
    with pytest.raises(GatewayError) as refused:
        await made.ask(method, target, **given)
    assert len(made.server.seen) == before, "something was sent"
    return refused.value.reason


async def test_a_read_is_masked_and_carries_its_version() -> None:
    made = scene()
    answer = await made.ask("GET", f"/Patient/{ids(made)[0]}")

    shown = answer.body.decode()
    assert answer.status == 200
    assert answer.headers.get("etag") == 'W/"1"'
    assert "last-modified" not in answer.headers
    assert json.loads(shown)["id"].startswith("tk-1-")
    assert not [value for value in made.patients[0].canaries if value in shown]
    assert made.server.seen[-1].headers["accept"] == MEDIA_TYPE


class Doubling(Scene):
    """Its service writes a key twice, as a broken or hostile one may."""

    def _serve(self, sent: UpstreamRequest) -> UpstreamResponse:
        answer = super()._serve(sent)
        body = answer.body.replace(b'"gender"', b'"gender": "unknown", "gender"', 1)
        return UpstreamResponse(answer.status, answer.headers, body)


@pytest.mark.parametrize("profile", ["pseudonymous", "none"])
@pytest.mark.parametrize("query", ["", "?gender=male,female"])
async def test_an_answer_with_a_key_twice_is_withheld(profile: str, query: str) -> None:
    made = scene(profile)
    doubling = Doubling(made.world, made.server, made.patients)
    target = f"/Patient{query}" if query else f"/Patient/{ids(made)[0]}"
    with pytest.raises(Withheld, match="twice"):
        await doubling.ask("GET", target)
    assert made.world.journal.records[-1]["result"] == "withheld"


async def test_a_link_to_a_page_says_nothing_of_the_upstream() -> None:
    made = scene(count=5)
    page = await made.get("/Patient?gender=male,female&_count=2")
    text = made.follow(page).rpartition("_page=")[2].rpartition(".")[2]
    sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    await made.get(made.follow(page))
    token = made.server.seen[-1].target.rpartition("ct=")[2].encode()
    for value in (token, b"Patient", b"gender", b"azurehealthcareapis", TOKEN.encode()):
        assert value not in sealed
    assert TOKEN not in json.dumps(page)
    assert {link["relation"] for link in page["link"]} == {"self", "next"}


async def test_where_nothing_is_masked_the_resource_is_itself() -> None:
    made = scene("none")
    identity_ = ids(made)[0]

    assert await made.get(f"/Patient/{identity_}") == made.server.current("Patient")[0]


async def test_records_hold_codes_and_no_value_and_no_id() -> None:
    made = scene("pseudonymous", "{searches: any}")
    patient = made.patients[0]
    found = await made.get(f"/Patient?family:exact={quote(patient.family)}&_count=2")
    await made.get(f"/Patient/{ids(made)[0]}")

    assert found["total"] == 1
    evidence = made.evidence
    assert "/Patient?family:exact=hmac-sha256" in evidence
    assert "_count=2" in evidence
    assert "ehr/Patient/hmac-sha256" in evidence
    assert not [value for value in (*patient.canaries, *ids(made)) if value in evidence]


async def test_pages_follow_one_another_through_the_gateway() -> None:
    made = scene(count=5)
    page = await made.get("/Patient?gender=male,female&_count=2")
    seen = [entry["fullUrl"] for entry in page["entry"]]
    while any(link["relation"] == "next" for link in page["link"]):
        target = made.follow(page)
        assert "ct=" not in target
        page = await made.get(target)
        seen += [entry["fullUrl"] for entry in page["entry"]]

    assert len(set(seen)) == len(seen) == 5
    assert all(url.startswith(f"{BASE}/c/ehr/Patient/tk-1-") for url in seen)
    assert UPSTREAM not in json.dumps(page)
    assert made.server.seen[-1].target.startswith("/Patient?gender=male%2Cfemale&_count=2&ct=")


async def test_a_page_is_judged_as_the_search_that_it_belongs_to() -> None:
    made = scene(count=3)
    target = made.follow(await made.get("/Patient?gender=male,female&_count=1"))
    made.world.manifest = manifest("pseudonymous", "{}", "ehr/Observation/**")

    assert await reason_of(made, "GET", target) == Reason.NO_RULE_ALLOWS


@pytest.mark.parametrize("change", ["cut", "path", "other"])
async def test_a_page_that_was_changed_is_refused(change: str) -> None:
    made = scene(count=3)
    target = made.follow(await made.get("/Patient?gender=male,female&_count=1"))
    changed = {
        "cut": target[:-8] + "AAAAAAAA",
        "path": target.replace("/Patient", "/Observation"),
        "other": target.replace("v1.1.", "v1.2."),
    }[change]

    assert await reason_of(made, "GET", changed) == Reason.TARGET_INVALID


async def test_an_include_needs_a_rule_for_its_type() -> None:
    made = scene("pseudonymous", "{}", "ehr/Observation/**")
    target = "/Observation?code=8480-6&_include=Observation:subject:Patient"

    assert await reason_of(made, "GET", target) == Reason.NO_RULE_ALLOWS
    both = scene()
    kinds = {entry["resource"]["resourceType"] for entry in (await both.get(target))["entry"]}
    assert kinds == {"Observation", "Patient"}


async def test_an_answer_with_another_type_is_withheld() -> None:
    made = scene()
    stray = made.server.current("Condition")[0]
    made.server.override = Reply(
        200, {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": stray}]}
    )
    with pytest.raises(Withheld):
        await made.ask("GET", "/Observation?code=8480-6")
    made.server.override = Reply(200, stray)
    with pytest.raises(Withheld):
        await made.ask("GET", f"/Patient/{ids(made)[0]}")


@pytest.mark.parametrize(
    "query",
    [
        "family=Smith",
        "birthdate=1980-01-02",
        "birthdate=1980",
        "identifier=x",
        "phone=1",
        "address=Main",
        "_sort=birthdate",
        "unheard-of=1",
        "_lastUpdated=gt2024-01-02",
        "_has:Observation:patient:date=2024-01-02",
    ],
)
async def test_a_search_by_masked_values_is_refused_unless_a_rule_accepts_it(query: str) -> None:
    made = scene()

    assert await reason_of(made, "GET", f"/Patient?{query}") == Reason.SEARCH_BY_MASKED_VALUE
    if not query.startswith(("_", "unheard", "address", "birthdate=1980-")):
        accepting = scene("pseudonymous", "{searches: any}")
        assert (await accepting.get(f"/Patient?{query}"))["total"] >= 0


async def test_dates_may_be_compared_as_far_as_they_are_shown() -> None:
    made = scene()

    assert (await made.get("/Observation?date=ge2000"))["total"] > 0
    assert await reason_of(made, "GET", "/Observation?date=ge2000-01") == (
        Reason.SEARCH_BY_MASKED_VALUE
    )
    limited = scene("limited-data-set")
    assert (await limited.get("/Observation?date=ge2000-01"))["total"] > 0


async def test_tokens_are_refused_unless_a_rule_turns_them_back() -> None:
    made = scene()
    shown = await made.get(f"/Patient/{ids(made)[0]}")

    assert await reason_of(made, "GET", f"/Patient/{shown['id']}") == Reason.TOKEN_NOT_RESOLVED
    assert await reason_of(made, "GET", f"/Observation?subject=Patient/{shown['id']}") == (
        Reason.TOKEN_NOT_RESOLVED
    )


async def test_tokens_of_an_answer_find_the_same_patient_again() -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    patient = made.patients[0]
    shown = await made.get(f"/Patient/{ids(made)[0]}")
    name, mrn = shown["name"][0]["family"], shown["identifier"][0]["value"]
    assert name.startswith("[name:1:")
    assert mrn.startswith("[mrn:1:")

    again = [
        await made.get(f"/Patient/{shown['id']}"),
        (await made.get(f"/Patient?identifier={quote(mrn)}"))["entry"][0]["resource"],
        (await made.get(f"/Patient?family:exact={quote(name)}"))["entry"][0]["resource"],
        (await made.get(f"/Patient?_id={shown['id']}"))["entry"][0]["resource"],
    ]
    measured = await made.get(f"/Observation?subject=Patient/{shown['id']}&code=8480-6")

    assert all(item["id"] == shown["id"] for item in again)
    assert measured["total"] == 1
    assert patient.mrn in made.server.seen[2].target
    evidence = made.evidence
    assert not [value for value in (*patient.canaries, ids(made)[0]) if value in evidence]
    kinds = [
        record["obligations"].get("tokens")  # type: ignore[union-attr]
        for record in made.world.journal.records
        if record["type"] == "intent"
    ]
    assert kinds == [None, {"id": 1}, {"mrn": 1}, {"name": 1}, {"id": 1}, {"id": 1}]
    assert sum(made.world.budget.taken.values()) == 5


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("/Patient?family={name}", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient?family:contains={name}", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient?identifier={name}", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient?family:exact={mrn}", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient?family:exact=x{name}", Reason.REQUEST_INVALID),
        ("/Patient?code={mrn}", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient?family:exact=[name]", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient/masked-00000000-1", Reason.TOKEN_NOT_RESOLVED),
        ("/Patient/tk-1-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", Reason.REQUEST_INVALID),
    ],
)
async def test_tokens_are_turned_back_only_where_their_kind_is_compared(
    target: str, reason: Reason
) -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    shown = await made.get(f"/Patient/{ids(made)[0]}")
    values = {"name": shown["name"][0]["family"], "mrn": shown["identifier"][0]["value"]}
    path = target.format(**{key: quote(value) for key, value in values.items()})

    assert await reason_of(made, "GET", path) == reason


async def test_a_token_of_another_caller_opens_nothing() -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    shown = await made.get(f"/Patient/{ids(made)[0]}")
    other = identity.principal(object_id="77777777-0000-4000-8000-000000000000")
    made.world.verifier.principals["good"] = other

    assert await reason_of(made, "GET", f"/Patient/{shown['id']}") == Reason.REQUEST_INVALID


async def test_tokens_are_bounded_for_each_caller() -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    shown = await made.get(f"/Patient/{ids(made)[0]}")
    made.world.budget.limit = 1
    await made.get(f"/Patient/{shown['id']}")

    assert await reason_of(made, "GET", f"/Patient/{shown['id']}") == Reason.TOKEN_LIMIT


async def test_what_was_masked_is_not_written_back() -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    real = ids(made)[0]
    shown = await made.get(f"/Patient/{real}")

    kept = {**shown, "id": real}
    assert await reason_of(made, "PUT", f"/Patient/{real}", body=kept) == Reason.MASKED_WRITEBACK
    escaped = json.dumps(kept).replace("[", "\\u005b", 3).encode()
    hidden = b'{"resourceType":"Patient","id":"' + real.encode() + b'","language":"\\u005bname]"}'
    assert b"\\u005b" in escaped
    assert await reason_of(made, "PUT", f"/Patient/{real}", body=hidden) == Reason.MASKED_WRITEBACK
    assert await reason_of(made, "DELETE", f"/Patient/{shown['id']}") == Reason.TOKEN_NOT_RESOLVED
    assert await reason_of(made, "PUT", f"/Patient/{shown['id']}", body=shown) == (
        Reason.MASKED_WRITEBACK
    )


async def test_a_created_resource_is_found_at_the_gateway() -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    body = {"resourceType": "Patient", "name": [{"family": "Quartermaine"}]}
    answer = await made.ask("POST", "/Patient", (("prefer", "return=representation"),), body)

    location = str(answer.headers.get("location"))
    assert answer.status == 201
    assert location.startswith(f"{BASE}/c/ehr/Patient/tk-1-")
    assert location.endswith("/_history/1")
    assert b"Quartermaine" not in answer.body
    read = await made.get(location.removeprefix(f"{BASE}/c/ehr"))
    assert read["id"] == json.loads(answer.body)["id"]
    assert made.server.current("Patient")[-1]["name"] == [{"family": "Quartermaine"}]


async def test_versions_are_compared() -> None:
    made = scene()
    real = ids(made)[0]
    body = {"resourceType": "Patient", "id": real, "active": True}
    stale = await made.ask("PUT", f"/Patient/{real}", (("if-match", 'W/"7"'),), body)
    fresh = await made.ask("PUT", f"/Patient/{real}", (("if-match", 'W/"1"'),), body)
    before = await made.ask("GET", f"/Patient/{real}/_history/1")
    history = await made.get(f"/Patient/{real}/_history")

    assert (stale.status, fresh.status) == (412, 200)
    assert real not in stale.body.decode()
    assert fresh.headers.get("etag") == 'W/"2"'
    assert before.headers.get("etag") == 'W/"1"'
    assert len(history["entry"]) == 2


async def test_a_patch_changes_and_does_not_compare() -> None:
    made = scene()
    real = ids(made)[0]
    kind = (("content-type", "application/json-patch+json"),)

    def ask(*steps: object) -> Any:
        body = json.dumps(steps).encode()
        asked = request("PATCH", f"/Patient/{real}", connection="ehr", body=body, headers=kind)
        made.world.upstream.script = [made._serve]
        return made.world.pipeline().handle(asked)

    done = await ask({"op": "replace", "path": "/gender", "value": "unknown"})
    assert done.status == 200
    assert made.server.current("Patient")[0]["gender"] == "unknown"
    for step in ({"op": "test", "path": "/birthDate"}, {"op": "copy", "path": "/a", "from": "/b"}):
        with pytest.raises(Blocked):
            await ask(step)


async def test_conditional_changes_search_before() -> None:
    made = scene("none")
    mrn = made.patients[0].mrn
    body = {"resourceType": "Patient", "identifier": [{"value": mrn}]}
    again = await made.ask("POST", "/Patient", (("if-none-exist", f"identifier={mrn}"),), body)
    other = await made.ask("PUT", f"/Patient?identifier={mrn}", (), body)
    gone = await made.ask("DELETE", f"/Patient?identifier={mrn}&hardDelete=true")

    assert (again.status, other.status, gone.status) == (200, 200, 204)
    assert made.server.seen[0].headers["prefer"] == "handling=strict"
    masked = scene()
    assert await reason_of(masked, "DELETE", f"/Patient?identifier={mrn}") == (
        Reason.SEARCH_BY_MASKED_VALUE
    )
    assert await reason_of(masked, "DELETE", "/Patient?_sort=gender") == Reason.REQUEST_INVALID


async def test_errors_are_rebuilt_without_what_they_quote() -> None:
    made = scene()
    missing = await made.ask("GET", "/Patient/no-such-patient")
    outcome = json.loads(missing.body)

    assert missing.status == 404
    assert outcome["issue"][0]["code"] == "not-found"
    assert "no-such-patient" not in missing.body.decode()
    made.server.override = Reply(401, {})
    with pytest.raises(Withheld) as refused:
        await made.ask("GET", f"/Patient/{ids(made)[0]}")
    assert refused.value.reason == Reason.UPSTREAM_CREDENTIAL_REFUSED


async def test_everything_names_its_types_and_each_is_judged() -> None:
    made = scene()
    real = ids(made)[0]
    found = await made.get(f"/Patient/{real}/$everything?_type=Observation")

    assert {entry["resource"]["resourceType"] for entry in found["entry"]} == {
        "Patient",
        "Observation",
    }
    assert await reason_of(made, "GET", f"/Patient/{real}/$everything") == Reason.REQUEST_INVALID
    partly = scene("pseudonymous", "{}", "ehr/Patient/**")
    target = f"/Patient/{real}/$everything?_type=Observation"
    assert await reason_of(partly, "GET", target) == Reason.NO_RULE_ALLOWS


async def test_a_post_search_keeps_values_out_of_the_url() -> None:
    made = scene("none", count=3)
    form = (("content-type", "application/x-www-form-urlencoded"),)
    asked = request(
        "POST", "/Patient/_search", connection="ehr", body=b"_count=1&gender=male,female",
        headers=form,
    )  # fmt: skip
    made.world.upstream.script = [made._serve]
    answer = await made.world.pipeline().handle(asked)
    page = json.loads(answer.body)
    following = await made.get(made.follow(page))

    assert made.server.seen[0].target == "/Patient/_search"
    assert following["entry"][0]["fullUrl"] != page["entry"][0]["fullUrl"]


async def test_the_capability_statement_names_the_gateway() -> None:
    made = scene()
    shown = await made.get("/metadata")

    assert shown["implementation"]["url"] == f"{BASE}/c/ehr"
    assert "security" not in json.dumps(shown)


async def test_an_outcome_of_validation_is_rebuilt() -> None:
    made = scene()
    answer = await made.ask("POST", "/Patient/$validate", (), {"resourceType": "Patient"})

    assert json.loads(answer.body)["issue"] == [
        {"severity": "information", "code": "informational"}
    ]


@pytest.mark.parametrize("target", ["/$export", "/Patient/$export", "/Group/1/$export"])
async def test_an_export_is_known_and_not_carried_out(target: str) -> None:
    assert await reason_of(scene(), "GET", target) == Reason.OPERATION_NOT_SUPPORTED


async def test_a_write_needs_more_than_a_read() -> None:
    made = scene()
    made.world.manifest = made.world.manifest.replace(
        b'"Microsoft.HealthcareApis/*"',
        b'"Microsoft.HealthcareApis/workspaces/fhirservices/resources/read"',
    )

    with pytest.raises(Forbidden):
        await made.ask("DELETE", f"/Patient/{ids(made)[0]}")
    with pytest.raises(Denied):
        await made.ask("POST", "/Patient", (), {"resourceType": "Patient"})
    with pytest.raises(InvalidRequest):
        await made.ask("POST", "/Patient", (), {"resourceType": "Observation"})


def batch(*entries: tuple[str, str, Any], kind: str = "batch") -> Any:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [
            {"request": {"method": method, "url": url}}
            | ({"resource": resource} if resource else {})
            for method, url, resource in entries
        ],
    }


async def test_a_batch_is_answered_entry_by_entry() -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    real = ids(made)[0]
    weight = {"resourceType": "Observation", "valueQuantity": {"value": 1}}
    raw = json.dumps(
        batch(
            ("GET", f"Patient/{real}", None),
            ("GET", "Observation?code=8480-6&_count=1", None),
            ("POST", "Observation", weight),
            ("GET", "Patient/no-such", None),
        )
    ).replace('"value": 1}', '"value": 1.50}')
    answer = await made.ask("POST", "/", body=raw.encode())
    read, search, created, missing = json.loads(answer.body)["entry"]

    assert answer.status == 200
    assert [read["response"]["status"], created["response"]["status"]] == ["200", "201"]
    assert read["resource"]["id"].startswith("tk-1-")
    assert search["resource"]["total"] == 3
    assert "_page=" in made.follow(search["resource"])
    assert created["response"]["location"].startswith(f"{BASE}/c/ehr/Observation/tk-1-")
    assert missing["response"]["outcome"]["issue"][0]["code"] == "not-found"
    assert b"no-such" not in answer.body
    assert b'"value":1.50' in made.server.seen[-1].body
    shown = answer.body.decode()
    assert not [value for value in made.patients[0].canaries if value in shown]
    following = await made.get(made.follow(search["resource"]))
    assert following["entry"][0]["fullUrl"] != search["resource"]["entry"][0]["fullUrl"]


async def test_every_entry_of_a_batch_must_be_allowed() -> None:
    made = scene("pseudonymous", "{}", "ehr/Observation/**")
    real = ids(made)[0]
    entries = [("GET", "Observation?code=1", None), ("DELETE", f"Patient/{real}", None)]

    assert await reason_of(made, "POST", "/", body=batch(*entries)) == Reason.NO_RULE_ALLOWS


async def test_a_batch_never_waits_for_a_person() -> None:
    made = scene()
    made.world.manifest = made.world.manifest.replace(
        b'resources: ["clinic/**"]\n    obligations: {workflow: review}',
        b'resources: ["ehr/**"]\n    obligations: {workflow: review}',
    )
    real = ids(made)[0]
    one = batch(("DELETE", f"Patient/{real}", None))

    assert await reason_of(made, "POST", "/", body=one) == Reason.APPROVAL_UNAVAILABLE


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (("GET", "Patient?family=Smith", None), Reason.SEARCH_BY_MASKED_VALUE),
        (("GET", "Patient/tk-1-" + "a" * 40, None), Reason.TOKEN_NOT_RESOLVED),
        (("GET", "Patient/1/_history", None), Reason.OPERATION_UNKNOWN),
        (("GET", "metadata", None), Reason.OPERATION_UNKNOWN),
        (("POST", "", batch(("GET", "Patient/1", None))), Reason.OPERATION_UNKNOWN),
        (("GET", "Patient?_page=v1.1.x", None), Reason.TARGET_INVALID),
        (("GET", "https://elsewhere.example/Patient/1", None), Reason.TARGET_INVALID),
        (
            ("POST", "Patient", {"resourceType": "Patient", "name": [{"family": "[name]"}]}),
            Reason.MASKED_WRITEBACK,
        ),
        (
            ("POST", "Subscription", {"resourceType": "Subscription"}),
            Reason.OPERATION_NOT_SUPPORTED,
        ),
        (("PUT", "Patient/2", {"resourceType": "Patient", "id": "1"}), Reason.REQUEST_INVALID),
    ],
)
async def test_an_entry_is_judged_as_a_request(entry: Any, reason: Reason) -> None:
    made = scene("pseudonymous", "{tokens: resolve}")
    fine = ("GET", "Observation?code=8480-6", None)

    assert await reason_of(made, "POST", "/", body=batch(fine, entry)) == reason


async def test_a_transaction_changes_everything_or_nothing() -> None:
    made = scene("none")
    real = ids(made)[0]
    change = {"resourceType": "Patient", "id": real, "active": False}
    bad = ("PUT", f"Patient/{real}", change), ("GET", "Patient/missing", None)
    refused = await made.ask("POST", "/", body=batch(*bad, kind="transaction"))
    done = await made.ask("POST", "/", body=batch(bad[0], kind="transaction"))

    assert (refused.status, done.status) == (404, 200)
    assert b"missing" not in refused.body
    assert made.server.current("Patient")[0]["active"] is False
    assert len(made.server.versions["Patient", real]) == 2
