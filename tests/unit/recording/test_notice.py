import json
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.errors import Unavailable
from gateway.recording.register import TicketInvalid
from tests.fakes.asking import MANIFEST, Scene
from tests.pipeline import world

WITH_TEAMS = MANIFEST.replace(b"max_open: 3", b"max_open: 3, teams_webhook: teams-url")


async def test_a_pending_ticket_is_told_with_a_link_that_opens_nothing() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await scene.notifier().notify(ticket_id)
    ((posted, card, webhook),) = scene.cards.posted
    assert (posted, webhook) == (ticket_id, "")
    (action,) = json.loads(card)["attachments"][0]["content"]["actions"]
    assert action["url"] == f"{world.BASE}/approvals/{ticket_id}"


async def test_a_workflow_with_a_webhook_is_told_by_teams() -> None:
    scene = Scene()
    scene.manifest = WITH_TEAMS
    ticket_id = await scene.held()
    await replace(scene.notifier(), noted=None).notify(ticket_id)
    assert scene.cards.posted[0][2] == "teams-url"


async def test_without_a_webhook_nobody_is_told() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    await replace(scene.notifier(), noted=None).notify(ticket_id)
    assert scene.cards.posted == []


async def test_only_a_pending_ticket_is_told() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.clock.advance(timedelta(minutes=5))
    await scene.notifier().notify(ticket_id)
    await scene.notifier().notify("0" * 32)
    other = Scene()
    await other.notifier().notify(await other.approved())
    assert scene.cards.posted == other.cards.posted == []
    assert ("approvals", "UnknownTicket") in scene.meter.counted


async def test_a_changed_ticket_is_told_to_nobody() -> None:
    scene = Scene()
    ticket_id = await scene.held()
    scene.tamper(ticket_id, seal="")
    with pytest.raises(TicketInvalid):
        await scene.notifier().notify(ticket_id)


async def test_a_webhook_that_fails_is_tried_again_by_the_queue() -> None:
    scene = Scene()
    scene.manifest = WITH_TEAMS
    ticket_id = await scene.held()
    scene.cards.failure = Unavailable("teams is away")
    with pytest.raises(Unavailable):
        await scene.notifier().notify(ticket_id)
    await scene.notifier().give_up(ticket_id)
    assert ("approvals", "NoticeLost") in scene.meter.counted
