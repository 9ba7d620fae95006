"""The same cases on the fake and on Azure Blob Storage as Azurite speaks it.

Azurite has no retention policies: what the service refuses under one is covered by the fake's
own tests and by the error codes in `tests/unit/adapters/test_evidence_store.py`.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from gateway.adapters.evidence_append import DirectAppends, KeySignature
from gateway.adapters.evidence_store import BlobEvidenceStore
from gateway.adapters.system import SystemClock
from gateway.errors import AlreadyExists, NotFound, PreconditionFailed
from gateway.local.azurite import Azurite
from gateway.ports import EvidenceStore, StoredBlob
from tests.conftest import FreshContainer
from tests.fakes.evidence import FakeEvidenceStore


@pytest.fixture(
    params=[
        "fake",
        pytest.param("azurite", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
        pytest.param("direct", marks=[pytest.mark.integration, pytest.mark.enable_socket]),
    ]
)
def fresh(request: pytest.FixtureRequest) -> FreshContainer | None:
    # Asked for by name, so that the fake's cases start no emulator.
    if request.param == "fake":
        return None
    found: FreshContainer = request.getfixturevalue("fresh_container")
    return found


@pytest.fixture
async def store(
    request: pytest.FixtureRequest, fresh: FreshContainer | None
) -> AsyncIterator[EvidenceStore]:
    if fresh is None:
        yield FakeEvidenceStore()
        return
    container = await fresh("chaperoneevidence")
    behind = BlobEvidenceStore(container)
    if "direct" not in request.node.callspec.id:
        yield behind
        return
    azurite: Azurite = request.getfixturevalue("azurite")
    sign = KeySignature("chaperoneevidence", azurite.keys["chaperoneevidence"], SystemClock())
    direct = DirectAppends(behind, container.url, sign)
    yield direct
    await direct.close()


async def listed(store: EvidenceStore, prefix: str) -> list[StoredBlob]:
    return [blob async for blob in store.list(prefix)]


async def test_a_new_journal_is_empty(store: EvidenceStore) -> None:
    await store.create("journal/2026/11/23/a-0.ndjson")
    assert await store.read("journal/2026/11/23/a-0.ndjson") == b""
    assert await listed(store, "journal/") == [StoredBlob("journal/2026/11/23/a-0.ndjson", 0)]


async def test_create_never_takes_a_name_that_is_taken(store: EvidenceStore) -> None:
    await store.create("journal/a")
    await store.append("journal/a", b"one\n", 0)
    with pytest.raises(AlreadyExists):
        await store.create("journal/a")
    assert await store.read("journal/a") == b"one\n"


async def test_append_returns_the_new_length_and_keeps_order(store: EvidenceStore) -> None:
    await store.create("journal/a")
    assert await store.append("journal/a", b"one\n", 0) == 4
    assert await store.append("journal/a", b"second\n", 4) == 11
    assert await store.read("journal/a") == b"one\nsecond\n"


@pytest.mark.parametrize("position", [0, 3, 5, 1000])
async def test_append_elsewhere_than_at_the_end_is_refused(
    store: EvidenceStore, position: int
) -> None:
    await store.create("journal/a")
    await store.append("journal/a", b"one\n", 0)
    with pytest.raises(PreconditionFailed):
        await store.append("journal/a", b"two\n", position)
    assert await store.read("journal/a") == b"one\n"


async def test_append_to_an_absent_journal_says_so(store: EvidenceStore) -> None:
    with pytest.raises(NotFound):
        await store.append("journal/absent", b"x", 0)


async def test_one_of_many_concurrent_appends_at_one_position_lands(store: EvidenceStore) -> None:
    await store.create("journal/race")
    results = await asyncio.gather(
        *(store.append("journal/race", f"{n}\n".encode(), 0) for n in range(6)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["PreconditionFailed"] * 5 + [
        "int"
    ]
    assert len(await store.read("journal/race")) == 2


async def test_put_writes_once(store: EvidenceStore) -> None:
    await store.put("manifests/sha256-1", b"first")
    with pytest.raises(AlreadyExists):
        await store.put("manifests/sha256-1", b"other")
    assert await store.read("manifests/sha256-1") == b"first"


async def test_put_does_not_take_a_journals_name(store: EvidenceStore) -> None:
    await store.create("journal/a")
    with pytest.raises(AlreadyExists):
        await store.put("journal/a", b"x")


async def test_put_keeps_an_empty_blob(store: EvidenceStore) -> None:
    await store.put("manifests/empty", b"")
    assert await store.read("manifests/empty") == b""


@pytest.mark.parametrize(
    ("offset", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (4, None, b"456789"),
        (4, 3, b"456"),
        (8, 100, b"89"),
        (9, 1, b"9"),
        (0, 0, b""),
        (10, None, b""),
        (10, 5, b""),
        (99, None, b""),
        (99, 1, b""),
    ],
)
async def test_read_gives_what_there_is(
    store: EvidenceStore, offset: int, length: int | None, expected: bytes
) -> None:
    await store.put("blob", b"0123456789")
    assert await store.read("blob", offset, length) == expected


async def test_read_of_an_absent_blob_says_so(store: EvidenceStore) -> None:
    with pytest.raises(NotFound):
        await store.read("absent")
    with pytest.raises(NotFound):
        await store.read("absent", 10, 5)


async def test_list_is_in_name_order_and_below_the_prefix(store: EvidenceStore) -> None:
    names = ["journal/b", "journal/a/z", "journal/a-1", "journal/B", "manifests/x", "journal/a"]
    for name in names:
        await store.put(name, name.encode())
    assert [blob.name for blob in await listed(store, "journal/")] == sorted(
        name for name in names if name.startswith("journal/")
    )
    assert await listed(store, "nothing/") == []
    assert [blob.size for blob in await listed(store, "manifests/")] == [11]
