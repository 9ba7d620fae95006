"""The reviewer's way in a real browser: sign in, read, approve, reject. Screenshots are kept."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gateway.local.dev import Options, Running
from tests.browser.chromium import Tab, browsing, program
from tests.integration.canaries import searched
from tests.integration.deployment import Deployment
from tests.integration.reviewing import Stand, running
from tests.integration.stack import Stack
from tests.integration.test_reviewer_way import MANIFEST, held

CHROMIUM = program()

pytestmark = [
    pytest.mark.browser,
    pytest.mark.integration,
    pytest.mark.enable_socket,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on the PATH (Debian: chromium)"),
]

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
APPROVE, REJECT = "button[value=approve]", "button[value=reject]"


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with running(tmp_path_factory.mktemp("reviewing")) as started:
        yield started


@pytest.fixture(scope="module")
def approving() -> Iterator[Running]:
    with searched(Options(manifest=MANIFEST)) as started:
        yield started


@pytest.fixture
async def tab(stand: Stand, tmp_path: Path) -> AsyncIterator[Tab]:
    certificate = stand.ca_file.with_name("server.pem")
    async with browsing(str(CHROMIUM), tmp_path / "profile", certificate) as opened:
        await opened.size(1024, 900)
        yield opened


async def sign_in(tab: Tab, stand: Stand, url: str, person: str = "rita.reviewer") -> None:
    await tab.open(url)
    assert (await tab.address()).startswith(stand.identity_provider)
    await tab.click(f"button[value='{person}']")
    assert await tab.address() == url


async def test_a_reviewer_signs_in_reads_and_approves(tab: Tab, stand: Stand) -> None:
    url = stand.hold()
    await sign_in(tab, stand, url)

    shown = await tab.text()
    assert "The agent platform-agent asks to delete clinic/archive." in shown
    assert await tab.evaluate("document.querySelector('#reason').labels[0].innerText") == "Reason"
    await tab.screenshot(SCREENSHOTS / "1-pending.png")
    await tab.type("#reason", "Copied, checked, agreed.")
    await tab.click(APPROVE)

    assert await tab.address() == url
    assert "Approved by rita.reviewer@clinic.example" in await tab.text()
    assert await tab.evaluate("document.querySelector('button[value=approve]')") is None
    await tab.screenshot(SCREENSHOTS / "2-approved.png")
    (decision,) = stand.seen(url)["decisions"]
    assert (decision["decision"], decision["reason"]) == ("approve", "Copied, checked, agreed.")
    assert tab.complaints == []


async def test_a_reviewer_on_a_phone_rejects_with_a_reason(tab: Tab, stand: Stand) -> None:
    await tab.size(390, 844, mobile=True)
    url = stand.hold(reason="<b>Please</b> hurry: https://evil.example\n\u202egnp.exe")
    await sign_in(tab, stand, url)
    assert await tab.evaluate("document.documentElement.scrollWidth") <= 390
    await tab.screenshot(SCREENSHOTS / "3-phone.png")

    await tab.click(REJECT)
    assert "Say why you reject it" in await tab.text()
    assert stand.seen(url)["state"] == "pending"
    await tab.type("#reason", "Not before the audit.")
    await tab.click(REJECT)

    assert "Rejected by rita.reviewer@clinic.example" in await tab.text()
    await tab.screenshot(SCREENSHOTS / "4-rejected.png")
    assert stand.seen(url)["state"] == "rejected"


async def test_the_page_works_without_scripts_and_runs_none(tab: Tab, stand: Stand) -> None:
    url = stand.hold(
        reason="<script>document.title='owned'</script><img src=x onerror=\"document.title='x'\">"
    )
    await sign_in(tab, stand, url)

    assert await tab.evaluate("document.title") == "Delete Container by platform-agent · Chaperone"
    assert await tab.evaluate("document.scripts.length + document.images.length") == 0
    # The style sheet is applied: its digest in the policy is right.
    assert (
        await tab.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "736px"
    )
    await tab.call("Emulation.setScriptExecutionDisabled", value=True)
    await tab.click(APPROVE)
    assert stand.seen(url)["state"] == "approved"


async def test_somebody_else_is_told_why_they_may_not_decide(tab: Tab, stand: Stand) -> None:
    await sign_in(tab, stand, stand.hold(), "dr.lee")

    assert "You are in no group that this workflow asks." in await tab.text()
    await tab.screenshot(SCREENSHOTS / "5-refused.png")


async def test_another_site_can_neither_frame_the_page_nor_send_its_form(
    tab: Tab, stand: Stand
) -> None:
    url = stand.hold()
    await sign_in(tab, stand, url)
    token = await tab.evaluate("document.querySelector('[name=token]').value")
    digest = await tab.evaluate("document.querySelector('[name=page_digest]').value")
    fields = {"token": token, "page_digest": digest, "decision": "approve", "reason": ""}
    inputs = "".join(f"<input name={name} value='{value}'>" for name, value in fields.items())
    hostile = f"<iframe src='{url}'></iframe><form method=post action='{url}'>{inputs}<button>x"
    await tab.open("about:blank")
    frame = (await tab.call("Page.getFrameTree"))["frameTree"]["frame"]["id"]
    await tab.call("Page.setDocumentContent", frameId=frame, html=hostile)

    await tab.click("button")

    assert stand.seen(url)["state"] == "pending"
    refused = await tab.text()
    assert "nothing was decided" in refused or "not sent from this gateway" in refused


async def test_the_page_prints_without_the_form(tab: Tab, stand: Stand) -> None:
    await sign_in(tab, stand, stand.hold())

    assert (await tab.print()).startswith(b"%PDF-")
    await tab.call("Emulation.setEmulatedMedia", media="print")
    assert "Your decision" not in await tab.text()
    assert "What will run" in await tab.text()


async def test_a_container_is_deleted_after_a_click_and_not_before(
    approving: Running, tmp_path: Path
) -> None:
    """The same way, with nothing in anybody's place: storage, gateway, queue, sign-in."""
    with ExitStack() as resources:
        stack = Stack(approving, Deployment(approving, approving.environment), resources)
        box = stack.both("clinic", f"test-{uuid.uuid4().hex}")
        url = held(box)
        certificate = approving.ca_file.with_name("server.pem")
        async with browsing(str(CHROMIUM), tmp_path / "profile", certificate) as tab:
            await tab.size(1024, 900)
            await tab.open(url)
            await tab.click("button[value='rita.reviewer']")
            assert f"delete clinic/{box.stored.container_name}" in await tab.text()
            await tab.screenshot(SCREENSHOTS / "6-held-container.png")
            assert box.stored.exists()
            await tab.click(APPROVE)
            for _ in range(100):
                if "Approved and carried out." in await tab.text():
                    break
                await asyncio.sleep(0.2)
                await tab.open(url)
            assert "Approved and carried out." in await tab.text()
            await tab.screenshot(SCREENSHOTS / "7-carried-out.png")
        assert not box.stored.exists()
