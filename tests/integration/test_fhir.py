"""A FHIR service through gateway processes: real HTTP both ways, real storage for the evidence."""

import asyncio
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import pytest
from fhirpy import AsyncFHIRClient
from fhirpy.base.exceptions import ForbiddenError, ResourceNotFound

from gateway.local.dev import Running
from gateway.local.patients_model import Patient
from tests.integration.deployment import Deployment, Host, fresh
from tests.integration.stack import Stack
from tests.standins.fhir import MEDIA_TYPE, FhirStandIn

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

MANIFEST = """
version: 1
agents:
  triage-agent:
    application: a6e27000-0000-4000-8000-000000000001
    sponsor: {name: dr.lee@clinic.example, object_id: 9e250000-0000-4000-8000-000000000002}
groups:
  phi-readers: 96000000-0000-4000-8000-000000000001
  data-writers: 96000000-0000-4000-8000-000000000002
  platform-admins: 96000000-0000-4000-8000-000000000003
connections:
  ehr:
    kind: fhir
    upstream: UPSTREAM
    credential: {kind: managed-identity, scope: "https://ws-ehr.fhir.azurehealthcareapis.com/.default"}
    masking: {profile: pseudonymous, ephi: true}
workflows:
  review: {reviewers: [platform-admins]}
rules:
  - id: read
    effect: allow
    groups: [phi-readers]
    actions: ["Microsoft.HealthcareApis/workspaces/fhirservices/resources/read"]
    resources: ["ehr/**"]
    obligations: {tokens: resolve}
  - id: write
    effect: allow
    groups: [phi-readers]
    actions: ["Microsoft.HealthcareApis/workspaces/fhirservices/resources/write"]
    resources: ["ehr/**"]
  - id: deletions-ask
    effect: approve
    groups: [phi-readers]
    actions: ["Microsoft.HealthcareApis/workspaces/fhirservices/resources/delete"]
    resources: ["ehr/**"]
    obligations: {workflow: review}
"""


@dataclass(frozen=True)
class Agent:
    """A client of the standard library; FHIR needs no more."""

    url: str
    token: str = field(repr=False)
    context: ssl.SSLContext = field(repr=False)

    def ask(
        self, method: str, target: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        url = target if target.startswith("https://") else f"{self.url}/c/ehr{target}"
        data = json.dumps(body).encode() if body is not None else None
        fields = {"authorization": f"Bearer {self.token}", **headers}
        if data is not None:
            fields["content-type"] = MEDIA_TYPE
        request = Request(url, data=data, method=method, headers=fields)  # noqa: S310
        try:
            with urlopen(request, context=self.context, timeout=60) as response:  # noqa: S310
                status, found, raw = response.status, response.headers, response.read()
        except HTTPError as error:
            status, found, raw = error.code, error.headers, error.read()
            error.close()
        shown = {name.lower(): value for name, value in found.items()}
        return status, shown, json.loads(raw) if raw else None

    def get(self, target: str) -> Any:
        status, headers, body = self.ask("GET", target)
        assert status == 200, body
        assert headers["content-type"].startswith(MEDIA_TYPE)
        return body


@dataclass(frozen=True)
class Ward:
    server: FhirStandIn
    patients: list[Patient]
    deployment: Deployment
    agent: Agent

    def code(self, outcome: Any) -> str:
        assert outcome["resourceType"] == "OperationOutcome"
        return str(outcome["issue"][0]["details"]["coding"][0]["code"])


@pytest.fixture(scope="module")
def house(whole_stack: Running) -> Iterator[tuple[FhirStandIn, Deployment, Host]]:
    """A gateway process before the service, once for all tests of this module."""
    server = FhirStandIn()
    with server.serving():
        deployment = fresh(
            whole_stack,
            CHAPERONE_QUEUE_URL=whole_stack.environment["CHAPERONE_QUEUE_URL"],
            # App Service's managed identity, as azure-identity finds it.
            IDENTITY_ENDPOINT=f"{server.url}/msi/token",
            IDENTITY_HEADER="header-of-the-stand-in",
        )
        asyncio.run(deployment.activate(MANIFEST.replace("UPSTREAM", server.url).encode()))
        with deployment.host() as host:
            yield server, deployment, host
            host.stop()
            assert deployment.verify().findings == ()


@pytest.fixture
def ward(stack: Stack, house: tuple[FhirStandIn, Deployment, Host]) -> Ward:
    """The same with the patients as they were, and an agent."""
    server, deployment, host = house
    filled, patients = FhirStandIn.with_patients(count=5)
    server.versions, server.seen = filled.versions, []
    context = ssl.create_default_context(cafile=str(stack.running.ca_file))
    agent = Agent(host.url, stack.token("triage-agent", "phi-readers"), context)
    return Ward(server, patients, deployment, agent)


def test_an_agent_reads_searches_and_pages_and_sees_no_identity(ward: Ward) -> None:
    agent = ward.agent
    page = agent.get("/Patient?gender=male,female&_count=2")
    found = list(page["entry"])
    while following := [link["url"] for link in page["link"] if link["relation"] == "next"]:
        page = agent.get(following[0])
        found += page["entry"]
    shown = [agent.get(entry["fullUrl"]) for entry in found]

    assert len({patient["id"] for patient in shown}) == 5
    everything = json.dumps([found, shown])
    for patient in ward.patients:
        assert not [value for value in patient.canaries if value in everything]
    assert ward.server.url not in everything
    assert {seen.headers["authorization"] for seen in ward.server.seen} == {
        "Bearer token-for-the-fhir-service"
    }


async def test_a_client_library_works_unchanged(ward: Ward) -> None:
    agent = ward.agent
    client = AsyncFHIRClient(
        f"{agent.url}/c/ehr",
        authorization=f"Bearer {agent.token}",
        aiohttp_config={"ssl": agent.context},
    )
    everybody = await client.resources("Patient").search(gender="male,female").limit(2).fetch_all()
    first = await client.resource("Patient", id=everybody[0].id).to_reference().to_resource()
    observed = (
        await client.resources("Observation")
        .search(subject=first.to_reference().reference, code="8480-6")
        .fetch()
    )
    task = client.resource("Task", status="draft", intent="order")
    await task.save()
    stored = ward.server.current("Task")[0]
    with pytest.raises(ForbiddenError) as refused:
        await client.resources("Patient").search(family=ward.patients[0].family).fetch()
    with pytest.raises(ResourceNotFound):
        await client.get("Patient", "no-such-patient")

    assert len({patient.id for patient in everybody}) == len(everybody) == 5
    assert first.id == everybody[0].id
    assert [item.subject.reference for item in observed] == [f"Patient/{first.id}"]
    assert (stored["status"], stored["intent"]) == ("draft", "order")
    assert task.id.startswith("tk-")
    assert "SearchByMaskedValue" in str(refused.value)


def test_a_batch_goes_through_as_a_whole(ward: Ward) -> None:
    real = ward.server.current("Patient")[0]["id"]
    asked = [
        {"request": {"method": "GET", "url": f"Patient/{real}"}},
        {
            "request": {"method": "POST", "url": "Observation"},
            "resource": {"resourceType": "Observation", "status": "final"},
        },
    ]
    status, _, answer = ward.agent.ask(
        "POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": asked}
    )
    deletion = {"request": {"method": "DELETE", "url": f"Patient/{real}"}}
    refused = ward.agent.ask(
        "POST", "/", {"resourceType": "Bundle", "type": "batch", "entry": [*asked, deletion]}
    )

    assert [entry["response"]["status"] for entry in answer["entry"]] == ["200", "201"]
    assert status == 200
    shown = json.dumps(answer)
    assert not [value for value in ward.patients[0].canaries if value in shown]
    assert (refused[0], ward.code(refused[2])) == (403, "ApprovalUnavailable")


def test_tokens_work_as_ids_and_in_searches(ward: Ward) -> None:
    agent = ward.agent
    patient = agent.get("/Patient?gender=male,female&_count=1")["entry"][0]["resource"]
    number = patient["identifier"][0]["value"]

    again = agent.get(f"/Patient?identifier={quote(number)}")["entry"][0]["resource"]
    observed = agent.get(f"/Observation?subject=Patient/{patient['id']}&code=8480-6")
    status, _, refused = agent.ask("GET", "/Patient?family=Smith")

    assert again["id"] == patient["id"]
    subjects = {entry["resource"]["subject"]["reference"] for entry in observed["entry"]}
    assert subjects == {f"Patient/{patient['id']}"}
    assert (status, ward.code(refused)) == (403, "SearchByMaskedValue")


def test_changes_reach_the_service_and_masked_content_does_not(ward: Ward) -> None:
    agent = ward.agent
    created = {"resourceType": "Observation", "status": "final", "code": {"text": "seen"}}
    status, headers, body = agent.ask("POST", "/Observation", created)
    stored = ward.server.current("Observation")[-1]
    read = agent.get(headers["location"])
    fields = {"resourceType": "Observation", "id": stored["id"], "status": "amended"}
    stale, *_ = agent.ask("PUT", f"/Observation/{stored['id']}", fields, **{"if-match": 'W/"9"'})
    fresh_, *_ = agent.ask("PUT", f"/Observation/{stored['id']}", fields, **{"if-match": 'W/"1"'})
    patient = agent.get("/Patient?gender=male,female&_count=1")["entry"][0]["resource"]
    real = ward.server.current("Patient")[0]["id"]
    refused = agent.ask("PUT", f"/Patient/{real}", {**patient, "id": real})

    assert (status, body["id"]) == (201, read["id"])
    assert (stale, fresh_) == (412, 200)
    assert ward.server.current("Observation")[-1]["status"] == "amended"
    assert (refused[0], ward.code(refused[2])) == (403, "MaskedWriteback")


def test_a_deletion_is_held_for_a_person(ward: Ward) -> None:
    real = ward.server.current("Patient")[0]["id"]
    before = len(ward.server.seen)
    status, _, outcome = ward.agent.ask("DELETE", f"/Patient/{real}")
    again = ward.agent.ask("DELETE", f"/Patient/{real}")

    assert (status, ward.code(outcome)) == (403, "ApprovalPending")
    issues = {issue["details"]["coding"][0]["code"]: issue for issue in outcome["issue"]}
    assert issues["statusUrl"]["details"]["text"].startswith(f"{ward.agent.url}/operations/")
    repeated = {issue["details"]["coding"][0]["code"]: issue for issue in again[2]["issue"]}
    assert repeated["approvalId"] == issues["approvalId"]
    assert len(ward.server.seen) == before
    held = [record for record in ward.deployment.records() if record["type"] == "held"]
    assert [record["operation"]["name"] for record in held] == ["delete"]
    assert held[0]["request"]["target"].startswith("/Patient/hmac-sha256:")
    assert real not in json.dumps(held)


def test_evidence_says_what_was_searched_and_holds_no_value(ward: Ward) -> None:
    agent, patient = ward.agent, ward.patients[0]
    before = {record.get("id") for record in ward.deployment.records()}
    shown = agent.get("/Patient?gender=male,female")["entry"][0]["resource"]
    agent.get(f"/Patient?family:exact={quote(shown['name'][0]['family'])}")
    agent.ask("GET", f"/Patient?family={quote(patient.family)}")
    agent.get(f"/Patient/{ward.server.current('Patient')[0]['id']}")

    records = ward.deployment.records()
    evidence = json.dumps(records)
    for one in ward.patients:
        assert not [value for value in one.canaries if value in evidence]
    assert not [item["id"] for item in ward.server.current("Patient") if item["id"] in evidence]
    written = [record for record in records if record.get("id") not in before]
    intents = [record for record in written if record["type"] == "intent"]
    assert [record["operation"]["name"] for record in intents] == [
        "search-type",
        "search-type",
        "read",
    ]
    assert intents[1]["obligations"]["tokens"] == {"name": 1}
    assert intents[1]["request"]["target"].startswith("/Patient?family:exact=hmac-sha256:")
