"""FHIR requests that wait for a person, carried out by the driver on the service's stand-in."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from gateway.approvals.ticket import TicketState
from gateway.errors import ApprovalRequired, Denied, Reason
from gateway.local.patients_model import Patient
from gateway.model.message import Answer, Headers, Request, UpstreamRequest, UpstreamResponse
from tests.fakes import asking
from tests.pipeline.world import BASE, request
from tests.standins.fhir import MEDIA_TYPE, TOKEN, FhirStandIn

UPSTREAM = "https://ws-ehr.fhir.azurehealthcareapis.com"
CONNECTION = f"""  ehr:
    kind: fhir
    upstream: {UPSTREAM}
    credential:
      kind: managed-identity
      client_id: 2b8e1c90-77aa-4a0c-8f4e-3d1f5b6c7d82
      scope: {UPSTREAM}/.default
    masking: {{profile: pseudonymous, ephi: true}}
workflows:"""
RULE = """rules:
  - id: fhir-asks
    effect: approve
    groups: [readers]
    actions: ["Microsoft.HealthcareApis/*"]
    resources: ["ehr/**"]
    obligations: {workflow: review}
"""
MANIFEST = (
    asking.MANIFEST.decode().replace("workflows:", CONNECTION).replace("rules:\n", RULE).encode()
)


@dataclass
class Scene(asking.Scene):
    """One agent, one reviewer, and a FHIR service with synthetic patients."""

    manifest: bytes = MANIFEST
    server: FhirStandIn = field(default_factory=FhirStandIn)
    patients: list[Patient] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.server, self.patients = FhirStandIn.with_patients(count=2)
        self.upstream.then(*[self._serve] * 8)

    @property
    def patient(self) -> dict[str, Any]:
        return self.server.current("Patient")[0]

    def shows_nobody(self, text: str) -> bool:
        values = [value for patient in self.patients for value in patient.canaries]
        return not [value for value in (*values, UPSTREAM, TOKEN) if value in text]

    def _serve(self, sent: UpstreamRequest) -> UpstreamResponse:
        assert sent.url.startswith(UPSTREAM)
        headers = {**dict(sent.headers), "authorization": f"Bearer {TOKEN}"}
        reply = self.server.handle(sent.method, sent.url.removeprefix(UPSTREAM), headers, sent.body)
        fields = [*reply.headers.items(), ("content-type", f"{MEDIA_TYPE}; charset=utf-8")]
        body = b"" if reply.body is None else json.dumps(reply.body).encode()
        return UpstreamResponse(reply.status, Headers.of(fields), body)


def asked(method: str, path: str, query: str = "", body: Any = None, **headers: str) -> Request:
    data = b"" if body is None else json.dumps(body).encode()
    given = [("content-type", MEDIA_TYPE)] if data else []
    given += [(name.replace("_", "-"), value) for name, value in headers.items()]
    plain = request(method, path, query=query, headers=given, body=data, connection="ehr")
    fields = plain.headers.without("x-ms-version")
    return Request(method, "ehr", plain.target, fields, data, "", BASE)


async def carried_out(scene: Scene, wanted: Request) -> Answer:
    """What the agent is answered once its request was approved and carried out."""
    ticket_id = await scene.approved(wanted)
    assert scene.server.seen == []
    await scene.driver().drive(ticket_id)
    assert scene.ticket(ticket_id).state is TicketState.DONE
    answer = await scene.ask(wanted)
    assert isinstance(answer, Answer), answer
    # Neither the driver's second message nor the agent's repetition sends anything.
    await scene.driver().drive(ticket_id)
    assert len(scene.server.seen) == 1
    types = ["held", "decided", "executing", "executed", "collected"]
    assert scene.journal.types() == types
    assert scene.shows_nobody(json.dumps(scene.journal.records))
    return answer


async def test_an_approved_deletion_is_carried_out_once() -> None:
    scene = Scene()
    identity = scene.patient["id"]
    answer = await carried_out(scene, asked("DELETE", f"/Patient/{identity}"))
    assert answer.status == 204
    assert scene.server.versions["Patient", identity][-1] is None
    assert len(scene.server.current("Patient")) == 1
    assert identity not in json.dumps(scene.journal.records)


async def test_an_approved_read_is_stored_and_collected_masked() -> None:
    scene = Scene()
    answer = await carried_out(scene, asked("GET", f"/Patient/{scene.patient['id']}"))
    shown = json.loads(answer.body)
    assert answer.status == 200
    assert shown["resourceType"] == "Patient"
    assert shown["id"].startswith("tk-1-")
    assert scene.shows_nobody(answer.body.decode() + str(answer.headers))


async def test_an_approved_search_pages_through_the_gateway_and_each_page_asks_again() -> None:
    scene = Scene()
    answer = await carried_out(scene, asked("GET", "/Patient", "gender=male,female&_count=1"))
    bundle = json.loads(answer.body)
    (following,) = [link["url"] for link in bundle["link"] if link["relation"] == "next"]
    assert following.startswith(f"{BASE}/c/ehr/Patient?_page=v1.")
    assert scene.shows_nobody(answer.body.decode())
    query = following.partition("?")[2]
    assert isinstance(await scene.ask(asked("GET", "/Patient", query)), ApprovalRequired)
    assert len(scene.server.seen) == 1


async def test_an_approved_change_stores_exactly_what_was_approved() -> None:
    scene = Scene()
    observation = scene.server.current("Observation")[0]["id"]
    body = {"resourceType": "Observation", "id": observation, "status": "amended"}
    wanted = asked("PUT", f"/Observation/{observation}", body=body, if_match='W/"1"')
    answer = await carried_out(scene, wanted)
    assert answer.status == 200
    (seen,) = scene.server.seen
    assert (seen.method, seen.headers["if-match"]) == ("PUT", 'W/"1"')
    assert json.loads(seen.body) == body
    assert scene.shows_nobody(answer.body.decode())


async def test_a_change_after_the_approval_fails_on_the_version_and_is_not_repeated() -> None:
    scene = Scene()
    observation = scene.server.current("Observation")[0]
    body = {"resourceType": "Observation", "id": observation["id"], "status": "amended"}
    wanted = asked("PUT", f"/Observation/{observation['id']}", body=body, if_match='W/"1"')
    ticket_id = await scene.approved(wanted)
    scene.server.put(observation)
    await scene.driver().drive(ticket_id)
    answer = await scene.ask(wanted)
    assert isinstance(answer, Answer)
    assert answer.status == 412
    assert len(scene.server.seen) == 1
    assert len(scene.server.versions["Observation", observation["id"]]) == 2


@pytest.mark.parametrize("decision", ["reject", "nobody"])
async def test_what_nobody_approved_never_reaches_the_service(decision: str) -> None:
    scene = Scene()
    wanted = asked("DELETE", f"/Patient/{scene.patient['id']}")
    ticket_id = await scene.held(wanted)
    if decision == "reject":
        await scene.decide(ticket_id, "reject")
        error = await scene.ask(wanted)
        assert isinstance(error, Denied)
        assert error.reason is Reason.APPROVAL_REJECTED
    await scene.driver().drive(ticket_id)
    assert scene.server.seen == []
