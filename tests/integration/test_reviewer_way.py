"""The whole way of an approval: agent, gateway, storage, sign-in, page, queue, execution."""

import re
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError

from gateway.local import directory
from gateway.local.dev import Options, Running
from gateway.local.reviewer import Browser, Page, Reviewer
from tests.integration import canaries
from tests.integration.deployment import Deployment
from tests.integration.stack import Both, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

MANIFEST = Path(__file__).with_name("approvals.yaml")
RITA = directory.PERSONS["rita.reviewer"]


@pytest.fixture(scope="module")
def started() -> Iterator[Running]:
    with canaries.searched(Options(manifest=MANIFEST, access_log=True)) as run:
        yield run


@pytest.fixture
def stack(started: Running) -> Iterator[Stack]:
    with ExitStack() as resources:
        yield Stack(started, Deployment(started, started.environment), resources)


@pytest.fixture
def box(stack: Stack) -> Both:
    """A container of its own."""
    return stack.both("clinic", f"test-{uuid.uuid4().hex}")


def refused(box: Both) -> HttpResponseError:
    """The agent asks for the deletion and does not get it."""
    with pytest.raises(HttpResponseError) as caught:
        box.through.delete_container()
    return caught.value


def held(box: Both) -> str:
    """The agent asks for the deletion; the URL of the page on which it waits."""
    error = refused(box)
    assert error.status_code == 403
    found = re.search(r"reviewurl:(\S+)", str(error), re.IGNORECASE)
    assert found is not None
    return found[1]


def person(stack: Stack, name: str = "rita.reviewer") -> Reviewer:
    return Reviewer(name, Browser(stack.running.ca_file))


def until(reviewer: Reviewer, url: str, words: str) -> Page:
    """The page as soon as it says so."""
    deadline = time.monotonic() + 30
    while words not in (page := reviewer.read(url)).text:
        assert time.monotonic() < deadline, page.text
        time.sleep(0.2)
    return page


def test_what_is_approved_on_the_page_is_done_once(stack: Stack, box: Both) -> None:
    url = held(box)
    rita = person(stack)
    page = rita.read(url)
    assert f"asks to delete clinic/{box.stored.container_name}." in page.text
    assert "delete-by-approval: Deleting a container needs a second person." in page.text
    assert box.stored.exists()

    rita.browser.submit(page, page.form_with("decision"), decision="approve", reason="Agreed.")

    done = until(rita, url, "Approved and carried out.")
    assert f"Approved by {RITA.username}" in done.text
    assert not box.stored.exists()
    (decided,) = (
        record
        for record in stack.deployment.records()
        if record["type"] == "decided" and url.endswith(record["approval"])
    )
    assert decided["verdict"] == "approved"
    assert decided["reviewer"]["oid"] == RITA.object_id
    assert set(decided["reviewer"]["methods"]) == {"mfa", "pwd"}
    assert decided["page"] == page.form_with("decision").fields["page_digest"]


def test_what_is_rejected_on_the_page_is_not_done(stack: Stack, box: Both) -> None:
    url = held(box)

    page = person(stack).decide(url, "reject", "Still needed.")

    assert f"Rejected by {RITA.username}" in page.text
    assert "ApprovalRejected" in str(refused(box))
    assert box.stored.exists()


def test_words_about_patients_reach_nobody_and_no_record(stack: Stack) -> None:
    patient = stack.running.patients[0]
    note = f"{patient.given} {patient.family}, MRN {patient.mrn}, SSN {patient.ssn}: migrated"
    headers = {"x-chaperone-reason": note, "x-chaperone-purpose": f"for {patient.phone}"}
    service = stack.agent("clinic", headers=headers)
    box = stack.both("clinic", f"test-{uuid.uuid4().hex}", service)
    url = held(box)
    rita = person(stack)

    page = rita.read(url)
    rejected = rita.decide(url, "reject", f"Not without {patient.given} {patient.family}.")
    error = str(refused(box))

    assert "migrated" in page.text
    assert "Not without [name]" in rejected.text
    assert "ApprovalRejected" in error
    search = canaries.of(stack.running)
    for text in (page.text, rejected.text, rita.read(url).text, error):
        assert search.hits(text.encode()) == []


def test_a_reviewer_finds_what_waits_without_a_link(stack: Stack, box: Both) -> None:
    url = held(box)
    listed = f"{stack.running.url}/approvals"
    rita, lee = person(stack), person(stack, "dr.lee")

    assert box.stored.container_name in rita.read(listed).text
    assert "Nothing waits" in lee.read(listed).text
    rita.decide(url, "reject", "Still needed.")
    assert box.stored.container_name not in rita.read(listed).text


def test_the_link_alone_neither_shows_nor_decides(stack: Stack, box: Both) -> None:
    url = held(box)
    ticket = url.rpartition("/")[2]
    stranger = Browser(stack.running.ca_file)

    for method in ("HEAD", "GET"):
        page = stranger.open(url, method=method)
        assert page.url.startswith(stack.running.identity_provider)
    for wrong in (ticket[:-1] + ("0" if ticket[-1] != "0" else "1"), "0" * 32):
        assert person(stack).read(url.replace(ticket, wrong)).status == 404

    assert "Waiting for a decision." in person(stack).read(url).text
    assert box.stored.exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [("alice.admin", "answers for the agent"), ("dr.lee", "in no group that this workflow asks")],
)
def test_neither_the_sponsor_nor_a_bystander_may_look_or_decide(
    stack: Stack, box: Both, name: str, why: str
) -> None:
    page = person(stack, name).read(held(box))

    assert page.status == 403
    assert why in page.text
    assert page.forms == ()


def test_of_two_reviewers_the_first_decides(stack: Stack, box: Both) -> None:
    url = held(box)
    rita, raj = person(stack), person(stack, "raj.reviewer")
    pages = {reviewer.name: reviewer.read(url) for reviewer in (rita, raj)}

    first = rita.browser.submit(
        pages["rita.reviewer"],
        pages["rita.reviewer"].form_with("decision"),
        decision="reject",
        reason="No.",
    )
    second = raj.browser.submit(
        pages["raj.reviewer"], pages["raj.reviewer"].form_with("decision"), decision="approve"
    )

    assert "Rejected by rita.reviewer" in first.text
    assert second.status == 409
    assert "Rejected by rita.reviewer" in raj.read(url).text
    assert box.stored.exists()
