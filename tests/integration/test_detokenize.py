"""Values for tokens over HTTP: read masked, ask, approve on the page, collect; names of a session.

Everything is real: host, provider, storage, queue, sign-in. At the end the values are looked for in
all that the gateway has written.
"""

import base64
import json
import re
import ssl
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import ContentSettings

from gateway.local.dev import Options, Running
from gateway.local.reviewer import Browser, Reviewer
from tests.integration import canaries
from tests.integration.deployment import Deployment
from tests.integration.stack import ADMINISTRATOR, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

MANIFEST = Path(__file__).with_name("detokenize.yaml")
NAME, NUMBER = "Zorblatt-Quixby", "MRN-77310042"
JSON = ContentSettings(content_type="application/json")
TEXT = ContentSettings(content_type="text/plain")
RECORD = {"name": NAME, "mrn": NUMBER, "systolic": 142}


@pytest.fixture(scope="module")
def started() -> Iterator[Running]:
    with canaries.searched(Options(manifest=MANIFEST, access_log=True), NAME, NUMBER) as run:
        yield run


@pytest.fixture
def stack(started: Running) -> Iterator[Stack]:
    with ExitStack() as resources:
        yield Stack(started, Deployment(started, started.environment), resources)


def call(
    stack: Stack, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, dict[str, Any]]:
    """Status and JSON of a request to the gateway with the agent's token."""
    request = urllib.request.Request(  # noqa: S310 - the gateway's https address
        f"{stack.running.url}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "authorization": f"Bearer {stack.token(*ADMINISTRATOR)}",
            "content-type": "application/json",
            **headers,
        },
        method=method,
    )
    trust = ssl.create_default_context(cafile=stack.running.ca_file)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    )
    try:
        with opener.open(request, timeout=30) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            is_json = error.headers.get_content_type() == "application/json"
            return error.code, json.loads(error.read()) if is_json else {}


def tokens_of(stack: Stack) -> list[str]:
    """The tokens that the agent reads in place of name and number."""
    both = stack.both("clinic", f"test-{uuid.uuid4().hex}")
    both.put("record.json", json.dumps(RECORD).encode(), content_settings=JSON)
    shown = json.loads(both.through.download_blob("record.json").readall())
    return [shown["name"], shown["mrn"]]


def test_values_are_told_to_who_asked_once_a_person_agrees(stack: Stack) -> None:
    tokens = tokens_of(stack)
    assert all(re.fullmatch(r"\[(name|mrn):.+\]", token) for token in tokens)
    body = {"connection": "clinic", "tokens": [*tokens, "[ssn]"], "reason": "call back"}
    status, answer = call(stack, "POST", "/detokenize", body)
    assert (status, answer["error"]["code"]) == (403, "ApprovalPending")
    details = {item["code"]: item["message"] for item in answer["error"]["details"]}
    ticket = details["approvalId"]

    rita = Reviewer("rita.reviewer", Browser(stack.running.ca_file))
    page = rita.read(details["reviewUrl"])
    assert (
        "asks for the values of 3 tokens of its own on connection clinic: mrn 1, name 1, other 1"
        in page.text
    )
    rita.browser.submit(page, page.form_with("decision"), decision="approve", reason="Agreed.")

    deadline = time.monotonic() + 30
    while (found := call(stack, "GET", f"/operations/{ticket}"))[1]["status"] == "InProgress":
        assert time.monotonic() < deadline, found
        time.sleep(0.2)
    values = json.loads(base64.b64decode(found[1]["properties"]["body"]))["results"]
    assert [item.get("value") for item in values] == [NAME, NUMBER, None]
    assert values[2]["error"]["code"] == "NotAToken"

    records = stack.records(ticket)
    assert [record["type"] for record in records] == ["held", "decided", "executing", "executed"]
    assert records[0]["obligations"]["tokens"] == {"mrn": 1, "name": 1, "other": 1}
    assert records[-1]["masking"]["counts"] == {"mrn": 1, "name": 1, "not-opened": 1}


def test_nobody_below_a_connection_and_nobody_else_asks(stack: Stack) -> None:
    tokens = tokens_of(stack)
    body = {"connection": "clinic", "tokens": tokens, "reason": "call back"}
    status, _ = call(stack, "POST", "/c/clinic/detokenize", body)
    assert status in {400, 403}
    stranger = f"Bearer {stack.token('triage-agent', 'platform-admins')}"
    status, answer = call(stack, "POST", "/detokenize", body, authorization=stranger)
    assert (status, answer["error"]["code"]) == (403, "AgentUnknown")
    status, answer = call(stack, "POST", "/detokenize", {**body, "tokens": []})
    assert (status, answer["error"]["code"]) == (400, "RequestInvalid")


def test_a_name_that_a_field_has_shown_is_masked_in_the_next_note(stack: Stack) -> None:
    both = stack.both("clinic", f"test-{uuid.uuid4().hex}")
    both.put("record.json", json.dumps(RECORD).encode(), content_settings=JSON)
    note = f"Walked the ward with {NAME.split('-', maxsplit=1)[0]} after lunch."
    both.put("note.txt", note.encode(), content_settings=TEXT)
    session: dict[str, Any] = {"headers": {"x-chaperone-session": str(uuid.uuid4())}}
    assert both.through.download_blob("note.txt", **session).readall().decode() == note
    both.through.download_blob("record.json", **session).readall()
    shown = both.through.download_blob("note.txt", **session).readall().decode()
    assert re.fullmatch(r"Walked the ward with \[name:.+\] after lunch\.", shown)
