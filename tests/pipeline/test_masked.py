"""Masked representations through the whole pipeline: ranges, entity tags, the cache, write-back."""

import base64
import gzip
import hashlib
from collections.abc import Callable
from itertools import count

import orjson
import pytest

from gateway.errors import (
    Blocked,
    GatewayError,
    Reason,
    ResponseTooLarge,
    Unavailable,
    Withheld,
)
from gateway.masking.engine import ENGINE_VERSION
from gateway.model.message import Answer, Request, UpstreamRequest, UpstreamResponse
from gateway.serving.masker import CACHE_BYTES
from tests.fakes.masking import no_token_key
from tests.fakes.upstream import response
from tests.pipeline import world

SSN = "517-64-9982"
RECORD = orjson.dumps({"name": "Jane Roe", "ssn": SSN, "systolic": 142})
LARGE = orjson.dumps({"rows": [{"ssn": SSN, "n": n, "series": [n] * 12} for n in range(8000)]})
PSEUDONYMOUS = world.MANIFEST.replace(b"profile: safe-harbor", b"profile: pseudonymous")


def stored(
    body: bytes = RECORD, kind: str = "application/json", **headers: str
) -> UpstreamResponse:
    fields = [("content-type", kind), ("etag", '"0x1"'), ("content-md5", "bWQ1")]
    fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return response(200, body, fields)


def blob(**headers: str) -> Request:
    fields = [(name.replace("_", "-"), value) for name, value in headers.items()]
    return world.request(path="/phi/patient.json", headers=fields)


async def read(scene: world.World, **headers: str) -> Answer:
    return await scene.pipeline().handle(blob(**headers))


def served(body: bytes = LARGE) -> Callable[[UpstreamRequest], UpstreamResponse]:
    """An upstream that holds one blob with entity tag "0x1" and knows conditions."""

    def answer(request: UpstreamRequest) -> UpstreamResponse:
        if request.headers.get("if-match") not in {None, '"0x1"'}:
            return response(412, b"", [("x-ms-error-code", "ConditionNotMet")])
        if request.headers.get("if-none-match") == '"0x1"':
            return response(304, b"", [("etag", '"0x1"'), ("x-ms-request-id", "again")])
        return stored(body)

    return answer


async def test_a_blob_is_masked_and_its_checksum_and_length_are_not_the_originals() -> None:
    scene = world.World()
    scene.upstream.then(stored(x_ms_meta_ward="5B", content_disposition="inline; filename=roe"))
    answer = await read(scene)

    shown = orjson.loads(answer.body)
    assert shown["systolic"] == 142
    assert SSN not in answer.body.decode()
    assert "Roe" not in answer.body.decode()
    assert answer.status == 200
    assert answer.headers.get("accept-ranges") == "bytes"
    assert not {"content-md5", "content-length", "content-disposition"} & {
        name for name, _ in answer.headers
    }


async def test_the_outcome_says_what_was_masked_by_type_and_never_a_value() -> None:
    scene = world.World()
    scene.upstream.then(stored())
    await read(scene)

    outcome = scene.journal.records[-1]
    masking = outcome["masking"]
    assert isinstance(masking, dict)
    assert masking["profile"] == "safe-harbor"
    assert masking["counts"]["ssn"] == 1
    assert masking["engine"] == ENGINE_VERSION
    assert SSN not in repr(scene.journal.records)
    assert "Roe" not in repr(scene.journal.records)


async def test_the_whole_blob_is_asked_for_and_the_range_is_one_of_the_masked_bytes() -> None:
    scene = world.World()
    scene.upstream.then(stored(), stored())
    whole = await read(scene)
    part = await read(scene, x_ms_range="bytes=3-9", x_ms_range_get_content_md5="true")

    assert not {"range", "x-ms-range", "x-ms-range-get-content-md5"} & {
        name for name, _ in scene.upstream.sent[1].headers
    }
    assert part.status == 206
    assert part.body == whole.body[3:10]
    assert part.headers.get("content-range") == f"bytes 3-9/{len(whole.body)}"
    md5 = hashlib.md5(part.body, usedforsecurity=False).digest()
    assert part.headers.get("content-md5") == base64.b64encode(md5).decode()
    assert part.headers.get("etag") == whole.headers.get("etag")


async def test_a_range_beyond_the_masked_bytes_is_answered_with_their_length() -> None:
    scene = world.World()
    scene.upstream.then(stored(), stored())
    whole = await read(scene)
    answer = await read(scene, range="bytes=100000-")

    assert answer.status == 416
    assert answer.headers.get("content-range") == f"bytes */{len(whole.body)}"
    assert b"<Code>InvalidRange</Code>" in answer.body
    assert b"Roe" not in answer.body


async def test_an_empty_blob_is_empty_and_no_range_of_it_exists() -> None:
    scene = world.World()
    scene.upstream.then(stored(b""), stored(b""))

    assert (await read(scene)).body == b""
    assert (await read(scene, range="bytes=0-33554431")).status == 416


async def test_the_derived_entity_tag_translates_back_in_conditions() -> None:
    scene = world.World()
    scene.upstream.then(served(), served(), served())
    whole = await read(scene)
    etag = whole.headers.get("etag")
    assert etag is not None
    assert etag.startswith('"0x1~')

    unchanged = await read(scene, if_none_match=etag)
    assert (unchanged.status, unchanged.headers.get("etag")) == (304, etag)
    assert unchanged.body == b""
    stale = await read(scene, if_match='"0x1"')
    assert stale.status == 412


@pytest.mark.parametrize(
    "changed",
    [
        {"manifest": PSEUDONYMOUS},
        {"manifest": world.MANIFEST.replace(b'not_actions: ["*/delete"]',
                                            b"obligations: {free_text: accept}")},
    ],
)  # fmt: skip
async def test_another_masking_is_another_representation(changed: dict[str, bytes]) -> None:
    etags = set()
    for scene in (world.World(), world.World(**changed)):  # type: ignore[arg-type]
        scene.upstream.then(stored())
        etags.add((await read(scene)).headers.get("etag"))
    assert len(etags) == 2


async def test_tokens_are_of_one_principal_and_key_and_so_is_their_entity_tag() -> None:
    etags = set()
    bodies = set()
    for version in ("1", "2"):
        scene = world.World(manifest=PSEUDONYMOUS)
        scene.token_keys.key = type(scene.token_keys.key)(version, bytes(64))
        scene.upstream.then(stored())
        answer = await read(scene)
        etags.add(answer.headers.get("etag"))
        bodies.add(answer.body)
        outcome = scene.journal.records[-1]
        assert outcome["masking"]["key_version"] == version  # type: ignore[index,call-overload]
    assert len(etags) == len(bodies) == 2


async def test_without_a_token_key_nothing_that_needs_tokens_is_forwarded() -> None:
    scene = world.World(manifest=PSEUDONYMOUS)
    scene.token_keys.failure = no_token_key()
    with pytest.raises(Unavailable) as refused:
        await read(scene)

    assert refused.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert scene.upstream.sent == []
    assert scene.journal.types() == ["denied"]


async def test_without_a_token_key_profiles_that_make_none_go_on() -> None:
    scene = world.World()
    scene.token_keys.failure = no_token_key()
    scene.upstream.then(stored())

    assert (await read(scene)).status == 200
    assert scene.token_keys.asked == 0


# --- the cache -----------------------------------------------------------------------------------


async def test_ranges_of_a_large_blob_are_masked_once_and_vouched_for_each_time() -> None:
    scene = world.World()
    scene.upstream.then(*[served()] * 4)
    whole = (await read(scene)).body
    assert len(whole) > CACHE_BYTES
    size = 100_000
    first = await read(scene, x_ms_range=f"bytes=0-{size - 1}")
    etag = first.headers.get("etag") or ""
    rest = [
        await read(scene, x_ms_range=f"bytes={start}-{start + size - 1}", if_match=etag)
        for start in (size, 2 * size)
    ]

    assert b"".join(part.body for part in (first, *rest)) == whole[: 3 * size]
    assert {part.status for part in rest} == {206}
    assert {part.headers.get("etag") for part in rest} == {etag}
    assert rest[0].headers.get("content-range") == f"bytes {size}-{2 * size - 1}/{len(whole)}"
    assert rest[0].headers.get("content-type") == "application/json"
    assert rest[0].headers.get("x-ms-request-id") == "again"
    assert scene.masked.calls == ["store", "find", "read", "find", "read"]
    conditions = [(sent.headers.get("if-match"), sent.headers.get("if-none-match"))
                  for sent in scene.upstream.sent[2:]]  # fmt: skip
    assert conditions == [('"0x1"', '"0x1"')] * 2
    outcome = scene.journal.records[-1]
    assert outcome["upstream"]["status"] == 304  # type: ignore[index,call-overload]
    assert outcome["response"]["status"] == 206  # type: ignore[index,call-overload]
    assert outcome["masking"]["counts"]["ssn"] == 8000  # type: ignore[index,call-overload]


async def test_a_blob_that_changed_is_never_served_from_the_cache() -> None:
    scene = world.World()
    scene.upstream.then(served())
    first = await read(scene, range="bytes=0-9999")
    etag = first.headers.get("etag") or ""
    changed = LARGE.replace(b'"n":3,', b'"n":9,')

    def other(request: UpstreamRequest) -> UpstreamResponse:
        if request.headers.get("if-match"):
            return response(412, b"", [("x-ms-error-code", "ConditionNotMet")])
        return response(200, changed, [("content-type", "application/json"), ("etag", '"0x2"')])

    scene.upstream.then(other, other)
    assert (await read(scene, range="bytes=100-199", if_match=etag)).status == 412
    fresh = await read(scene, range="bytes=100-299")
    assert fresh.status == 206
    assert fresh.headers.get("etag") != etag
    assert b'"n":9,' in fresh.body


async def test_a_range_from_the_middle_without_a_condition_uses_the_cache_too() -> None:
    scene = world.World()
    scene.upstream.then(served(), served())
    await read(scene, range="bytes=0-9999")
    part = await read(scene, range="bytes=-10")

    assert scene.masked.calls == ["store", "find", "read"]
    assert part.body.endswith(b"]}")
    assert scene.upstream.sent[1].headers.get("if-none-match") == '"0x1"'


async def test_a_range_beyond_a_cached_representation_is_416() -> None:
    scene = world.World()
    scene.upstream.then(served(), served())
    await read(scene, range="bytes=0-9999")
    answer = await read(scene, range="bytes=99999999-")

    assert answer.status == 416
    assert (answer.headers.get("content-range") or "").startswith("bytes */")


@pytest.mark.parametrize(
    "headers",
    [
        {"if_none_match": '"0x9~0000000000000000"'},
        {"if_modified_since": "Mon, 23 Nov 2026 03:10:00 GMT"},
        {"if_match": "*"},
        {"if_match": '"0x1"'},
    ],
)
async def test_conditions_that_a_304_could_not_answer_leave_the_cache_alone(
    headers: dict[str, str],
) -> None:
    scene = world.World()
    scene.upstream.then(served(), served())
    await read(scene, range="bytes=0-9999")
    await read(scene, range="bytes=10-19", **headers)

    assert scene.masked.calls in (["store"], ["store", "store"])


async def test_an_entry_that_cannot_be_read_is_masked_again() -> None:
    scene = world.World()
    scene.upstream.then(served(), served())
    first = await read(scene, range="bytes=0-9999")
    scene.masked.unreadable = True
    part = await read(scene, range="bytes=10-19", if_match=first.headers.get("etag") or "")

    assert (part.status, part.body) == (206, first.body[10:20])
    assert scene.upstream.sent[1].headers.get("if-none-match") is None


async def test_the_cache_is_not_looked_up_for_who_may_not_read() -> None:
    scene = world.World(manifest=world.MANIFEST.replace(b'actions: ["*"]', b'actions: ["*/write"]'))
    with pytest.raises(GatewayError):
        await read(scene, range="bytes=10-19")

    assert scene.masked.calls == []


async def test_what_fits_one_answer_is_not_kept() -> None:
    scene = world.World()
    scene.upstream.then(served(), served(RECORD))
    await read(scene, range="bytes=0-33554431")
    await read(scene, range="bytes=0-9")

    assert scene.masked.calls == []


async def test_what_has_no_entity_tag_is_not_kept() -> None:
    scene = world.World()
    scene.upstream.then(response(200, LARGE, [("content-type", "application/json")]))
    part = await read(scene, range="bytes=0-9999")

    assert (part.status, len(part.body)) == (206, 10_000)
    assert scene.masked.calls == []


# --- what cannot be masked -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\x89PNG\r\n", "image/png"),
        (b"\x89PNG\r\n\x00", "application/json"),
        (b"Jane Roe, SSN 517-64-9982", "application/json"),
        (b"Jane Roe, SSN 517-64-9982", "text/plain"),
        (b'{"ssn": "517-64-9982"', "application/fhir+json"),
        (b"Jane Roe, SSN 517-64-9982", ""),
        (b"Jane Roe, SSN 517-64-9982", "application/octet-stream"),
        (b"<!DOCTYPE a [<!ENTITY s '517-64-9982'>]><a>&s;</a>", "application/xml"),
    ],
)
async def test_what_is_not_what_its_type_says_is_withheld_and_recorded(
    body: bytes, kind: str
) -> None:
    scene = world.World()
    scene.upstream.then(stored(body, kind))
    with pytest.raises(Withheld) as refused:
        await read(scene)

    assert SSN not in str(refused.value)
    outcome = scene.journal.records[-1]
    assert (outcome["type"], outcome["result"]) == ("outcome", "withheld")
    assert outcome["reason"] in {Reason.CONTENT_WITHHELD, Reason.MASKING_FAILED}


@pytest.mark.parametrize("kind", ["", "application/octet-stream", "text/plain", "application/xml"])
async def test_what_is_certain_is_masked_whatever_its_type_says(kind: str) -> None:
    scene = world.World()
    scene.upstream.then(stored(RECORD, kind))
    answer = await read(scene)

    assert SSN.encode() not in answer.body
    assert b"[ssn]" in answer.body


async def test_what_takes_too_long_is_withheld_and_recorded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    spent = count(0, 200)
    monkeypatch.setattr("time.thread_time", lambda: float(next(spent)))
    scene = world.World()
    scene.upstream.then(stored(RECORD, "application/json"))
    with pytest.raises(Withheld, match="longer than 120 seconds"):
        await read(scene)

    outcome = scene.journal.records[-1]
    assert (outcome["type"], outcome["result"]) == ("outcome", "withheld")
    assert outcome["reason"] == Reason.MASKING_FAILED


async def test_two_content_types_are_none() -> None:
    scene = world.World()
    answer = stored(b"note,name\nfell,Jane Roe\n", "text/plain")
    twice = UpstreamResponse(
        200, type(answer.headers)((*answer.headers, ("content-type", "text/csv"))), answer.body
    )
    scene.upstream.then(twice)
    with pytest.raises(Withheld):
        await read(scene)


@pytest.mark.parametrize("status", [206, 203])
async def test_a_part_that_was_not_asked_for_is_not_masked_by_itself(status: int) -> None:
    scene = world.World()
    scene.upstream.then(response(status, RECORD, [("content-type", "application/json")]))
    with pytest.raises(Withheld) as refused:
        await read(scene)
    assert refused.value.reason is Reason.MASKING_FAILED


async def test_gzip_is_masked_inside() -> None:
    scene = world.World()
    scene.upstream.then(stored(gzip.compress(RECORD), content_encoding="gzip"))
    answer = await read(scene)

    assert answer.headers.get("content-encoding") == "gzip"
    assert SSN.encode() not in gzip.decompress(answer.body)


async def test_what_is_over_the_bound_is_not_masked_and_says_that_ranges_do_not_help() -> None:
    scene = world.World(
        manifest=world.MANIFEST.replace(
            b"masking: {profile: safe-harbor",
            b"max_response_mib: 1\n    masking: {profile: safe-harbor",
        )
    )
    scene.upstream.then(stored(b"[" + b"1," * 600_000 + b"1]"))
    with pytest.raises(ResponseTooLarge) as refused:
        await read(scene, range="bytes=0-9")

    assert "as a whole" in str(refused.value)
    assert "1048576" in str(refused.value)
    assert scene.journal.records[-1]["result"] == "failed"


async def test_over_the_bound_where_nothing_is_masked_ranges_are_advised() -> None:
    scene = world.World()
    scene.upstream.then(ResponseTooLarge("too large", advice="ask for ranges"))
    with pytest.raises(ResponseTooLarge) as refused:
        await scene.pipeline().handle(world.READ)
    assert refused.value.advice == "ask for ranges"


async def test_page_ranges_of_the_original_are_not_told() -> None:
    scene = world.World()
    with pytest.raises(Withheld) as refused:
        await scene.pipeline().handle(world.request(path="/phi/p.vhd", query="comp=pagelist"))
    assert refused.value.reason is Reason.CONTENT_WITHHELD
    assert scene.upstream.sent == []


# --- write-back ----------------------------------------------------------------------------------


def put(body: bytes, path: str = "/phi/patient.json", query: str = "", **headers: str) -> Request:
    fields = [("x-ms-blob-type", "BlockBlob")] if not query else []
    fields += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return world.request("PUT", path, query=query, headers=fields, body=body)


@pytest.mark.parametrize("manifest", [world.MANIFEST, PSEUDONYMOUS])
async def test_what_was_served_masked_is_not_written_back_and_may_be_written_elsewhere(
    manifest: bytes,
) -> None:
    scene = world.World(manifest=manifest)
    scene.upstream.then(stored())
    shown = (await read(scene)).body

    for message in (
        put(shown),
        put(gzip.compress(shown)),
        put(shown, query="comp=block&blockid=AAAA"),
        put(shown, query="comp=appendblock"),
    ):
        with pytest.raises(Blocked) as refused:
            await scene.pipeline().handle(message)
        assert refused.value.reason is Reason.MASKED_WRITEBACK
    assert len(scene.upstream.sent) == 1
    await scene.pipeline().handle(put(RECORD))
    await scene.pipeline().handle(put(shown, "/public/derived.json"))
    assert len(scene.upstream.sent) == 3


async def test_a_large_upload_is_looked_at_as_well() -> None:
    scene = world.World()
    scene.upstream.then(stored(LARGE))
    shown = (await read(scene)).body
    with pytest.raises(Blocked):
        await scene.pipeline().handle(put(shown))


# --- metadata ------------------------------------------------------------------------------------


async def test_metadata_and_tags_are_masked_value_by_value_and_counted() -> None:
    scene = world.World()
    tags = b"<Tags><TagSet><Tag><Key>mrn</Key><Value>MRN12345678</Value></Tag></TagSet></Tags>"
    scene.upstream.then(response(200, tags))
    answer = await scene.pipeline().handle(world.request(path="/phi/p.json", query="comp=tags"))

    assert b"MRN12345678" not in answer.body
    assert b"<Key>mrn</Key>" in answer.body
    outcome = scene.journal.records[-1]
    assert outcome["masking"]["counts"] == {"value": 1}  # type: ignore[index,call-overload]
