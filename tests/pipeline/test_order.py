"""What happens, and what is on record, when nothing fails."""

import contextlib
import json
import threading
from dataclasses import fields, replace
from typing import ClassVar

import pytest

from gateway.errors import GatewayError, Reason, Unavailable, UpstreamInterrupted
from gateway.model.connection import Masking
from gateway.model.digest import DigestKey
from gateway.model.message import Request, UpstreamRequest, UpstreamResponse
from gateway.model.operation import Resource
from gateway.policy.policy import Policy
from tests.fakes.identity import AGENT_OBJECT
from tests.fakes.upstream import Script, response
from tests.pipeline import world


async def test_a_read_is_intended_forwarded_and_concluded_in_this_order() -> None:
    scene = world.World()
    seen: list[object] = []

    def upstream(_: object) -> object:
        seen.extend(scene.journal.types())
        return response(200, b"hello", [("content-type", "text/plain"), ("etag", '"1"')])

    scene.upstream.then(upstream)  # type: ignore[arg-type]
    answer = await scene.pipeline().handle(world.READ)

    assert seen == ["intent"]
    assert scene.journal.types() == ["intent", "outcome"]
    assert (answer.status, answer.body) == (200, b"hello")


@pytest.mark.parametrize(
    ("message", "read"), [(world.READ, True), (world.EPHI_HEAD, True), (world.WRITE, False)]
)
async def test_only_a_read_may_go_out_again_and_its_record_says_how_often_it_did(
    message: Request, read: bool
) -> None:
    scene = world.World()
    scene.upstream.then(replace(response(200, b""), sends=2))
    await scene.pipeline().handle(message)

    assert scene.upstream.reads == [read]
    upstream = scene.journal.records[-1]["upstream"]
    assert isinstance(upstream, dict)
    assert upstream["sends"] == 2


async def test_the_records_of_one_exchange_say_who_what_and_by_which_rule() -> None:
    scene = world.World()
    await scene.pipeline().handle(world.WRITE)

    intent, outcome = scene.journal.records
    assert intent["id"] == outcome["id"]
    assert intent["rule"] == "all-of-clinic"
    assert intent["manifest"] == scene.ports()["manifests"].policy.digest  # type: ignore[attr-defined]
    actor = intent["actor"]
    assert isinstance(actor, dict)
    assert actor["sponsor"] == "dr.lee@example.org"
    assert actor["agent"] == "triage-bot"
    operation = intent["operation"]
    assert isinstance(operation, dict)
    assert operation["effect"] == "write"


async def test_the_agents_token_is_replaced_by_the_gateways_credential() -> None:
    scene = world.World()
    await scene.pipeline().handle(world.READ)

    (sent,) = scene.upstream.sent
    assert sent.headers.all("authorization") == ("Bearer token-of-the-gateway",)
    assert sent.url == "https://clinicdata.blob.core.windows.net/public/readme.txt"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (world.EPHI_COPY, Reason.MASKED_LESS),
        (world.FOREIGN, Reason.FOREIGN_SOURCE),
        (world.UNKNOWN, Reason.OPERATION_UNKNOWN),
        (world.DELETE, Reason.APPROVAL_UNAVAILABLE),
        (world.ELSEWHERE, Reason.CONNECTION_NOT_FOUND),
    ],
)
async def test_a_refusal_is_recorded_with_its_reason_and_nothing_is_forwarded(
    message: Request, reason: Reason
) -> None:
    scene = world.World()
    with pytest.raises(GatewayError) as refused:
        await scene.pipeline().handle(message)

    assert refused.value.reason == reason
    assert scene.upstream.sent == []
    assert scene.authorizer.asked == []
    (record,) = scene.journal.records
    assert (record["type"], record["reason"]) == ("denied", reason)
    assert record["manifest"].startswith("sha256:")  # type: ignore[union-attr]


async def test_an_unknown_caller_is_counted_and_not_recorded() -> None:
    scene = world.World()
    with pytest.raises(GatewayError):
        await scene.pipeline().handle(world.ANONYMOUS)

    assert scene.journal.records == []
    assert scene.meter.counted == [("unauthenticated", Reason.TOKEN_MISSING)]


async def test_a_denied_principal_is_recorded_by_name() -> None:
    scene = world.World()
    scene.deny_list.denied.add(AGENT_OBJECT)
    with pytest.raises(GatewayError):
        await scene.pipeline().handle(world.READ)

    (record,) = scene.journal.records
    assert record["reason"] == Reason.PRINCIPAL_DENIED
    actor = record["actor"]
    assert isinstance(actor, dict)
    assert actor["oid"] == AGENT_OBJECT


async def test_properties_of_a_masked_place_are_shown_without_the_originals_length() -> None:
    scene = world.World()
    scene.upstream.then(
        response(200, b"", [("etag", '"0x1"'), ("content-length", "99"), ("content-md5", "bWQ1")])
    )
    answer = await scene.pipeline().handle(world.EPHI_HEAD)

    assert "content-md5" not in answer.headers
    assert "content-length" not in answer.headers
    etag = answer.headers.get("etag")
    assert etag is not None
    assert etag.startswith('"0x1~')


async def test_a_rule_that_masks_more_than_the_place_masks_content_there_too() -> None:
    scene = world.World()
    scene.manifest = world.MANIFEST.replace(
        b'not_actions: ["*/delete"]', b"obligations: {masking: safe-harbor}"
    )
    scene.upstream.then(
        response(200, b'{"ssn": "517-64-9982"}', [("content-type", "application/json")])
    )
    answer = await scene.pipeline().handle(world.READ)

    assert b"517-64-9982" not in answer.body
    assert answer.body.startswith(b'{"ssn"')


SEEN: list[int] = []


class Watched(Policy):
    """A policy that notes the thread on which masking is asked for."""

    def masking_of(self, resource: Resource) -> Masking:
        SEEN.append(threading.get_ident())
        return super().masking_of(resource)


@pytest.mark.parametrize(("entries", "threads"), [(10, 1), (10_000, 2)])
async def test_a_long_listing_does_not_keep_others_waiting(entries: int, threads: int) -> None:
    plain = world.compiled(world.MANIFEST)
    policy = Watched(**{field.name: getattr(plain, field.name) for field in fields(plain)})
    names = "".join(f"<Blob><Name>b{number:08d}</Name></Blob>" for number in range(entries))
    listing = f"<EnumerationResults><Blobs>{names}</Blobs></EnumerationResults>".encode()
    scene = world.World()
    scene.upstream.then(response(200, listing))
    SEEN.clear()

    answer = await scene.pipeline(manifests=world.FixedManifest(policy)).handle(
        world.request(path="/public", query="restype=container&comp=list")
    )

    assert answer.body.count(b"<Blob>") == entries
    assert len(set(SEEN)) == threads


class CountedKey(DigestKey):
    """Notes the bodies that it makes digests of, and in which thread."""

    hashed: ClassVar[list[tuple[int, int]]] = []

    def of(self, purpose: str, data: bytes) -> str:
        if purpose == "body":
            self.hashed.append((len(data), threading.get_ident()))
        return super().of(purpose, data)


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        (world.request("PUT", "/public/x", body=b"x" * 5), 5),
        (world.request("PUT", "/public/x", body=b"x" * (2 << 20)), 2 << 20),
        (world.request("PUT", query="comp=teleport", body=b"x" * (2 << 20)), 2 << 20),
    ],
)
async def test_a_body_is_digested_once_and_a_large_one_beside_the_event_loop(
    asked: Request, size: int
) -> None:
    scene = world.World()
    scene.keys.key = CountedKey("1", b"k" * 32)
    CountedKey.hashed.clear()
    upload = replace(asked, headers=asked.headers.replacing("x-ms-blob-type", "BlockBlob"))

    try:
        await scene.pipeline().handle(upload)
    except GatewayError as error:
        assert error.reason is Reason.OPERATION_UNKNOWN  # noqa: PT017 - the denial is on record too

    threads = [thread for length, thread in CountedKey.hashed if length == size]
    assert len(threads) == 1
    assert (threads[0] != threading.get_ident()) is (size > 1 << 20)
    recorded = scene.journal.records[0]["request"]
    assert isinstance(recorded, dict)
    assert recorded["body"] == DigestKey("1", b"k" * 32).of("body", asked.body)


@pytest.mark.parametrize("end", [response(), UpstreamInterrupted("no end")])
async def test_an_outcome_is_recorded_though_the_vault_does_not_answer_any_more(
    end: Script,
) -> None:
    scene = world.World()

    def answer(_: UpstreamRequest) -> UpstreamResponse:
        scene.keys.error = Unavailable("the vault does not answer")
        if isinstance(end, Exception):
            raise end
        assert isinstance(end, UpstreamResponse)
        return end

    scene.upstream.then(answer)
    with contextlib.suppress(UpstreamInterrupted):
        await scene.pipeline().handle(world.WRITE)
    assert scene.journal.types() == ["intent", "outcome"]


async def test_the_records_of_an_exchange_go_by_one_version_of_the_key() -> None:
    scene = world.World()

    def answer(_: UpstreamRequest) -> UpstreamResponse:
        scene.keys.key = DigestKey("2", b"n" * 32)
        return response(200, b"hello")

    scene.upstream.then(answer)
    await scene.pipeline().handle(world.READ)
    assert "hmac-sha256:2:" not in json.dumps(scene.journal.records)
    await scene.pipeline().handle(world.READ)
    assert "hmac-sha256:2:" in json.dumps(scene.journal.records)
