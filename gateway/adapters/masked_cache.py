"""Masked representations in a private container of the host account, encrypted, for minutes.

    entry   = header segment, then segments of the masked bytes
    header  = AES-256-GCM(JSON, padded to 32 KiB): entity tag, length, headers, counts, subjects,
              expiry
    segment = AES-256-GCM(at most 1 MiB of the masked bytes)

Every entry has a key of its own, HKDF-SHA-256 (RFC 5869) over the vault's key with a random salt,
which stands in the blob's metadata, and with what the entry is of: so a segment's number serves as
nonce, and no segment opens in another entry, for another blob or at another position. Names are
HMACs, since names of blobs may be ePHI. What does not open is not there.
"""

import asyncio
import hashlib
import hmac
import logging
import secrets
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from azure.core import MatchConditions, exceptions
from azure.storage.blob import BlobBlock
from azure.storage.blob.aio import BlobClient, ContainerClient
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import GatewayError
from gateway.model.message import Headers
from gateway.model.representation import Cached, MaskedKey
from gateway.model.subjects import Subjects
from gateway.ports import Clock, DigestKeys
from gateway.storage_listing import listed

_log = logging.getLogger(__name__)

SEGMENT: Final = 1024 * 1024
HEADER: Final = 32 * 1024
TAG: Final = 16
_SALT: Final = 32
_AT_ONCE: Final = 4
_FORM: Final = "chaperone-masked-2"

FAILURES: Final = (
    exceptions.AzureError,
    exceptions.SerializationError,
    exceptions.DeserializationError,
    GatewayError,
    TimeoutError,
    OSError,
    ValueError,
    InvalidTag,
    KeyError,
    TypeError,
)
"""The store's, the vault's and a broken entry's; all of them mean that nothing is there."""


class BlobMaskedCache:
    """`ports.MaskedCache` over one container.

    Args:
        container: a client for the container, closed by its owner.
        keys: of encryption; an entry of another version is not found.
        clock: decides what has expired.
        lifetime: of an entry.
        timeout_seconds: bound for each call of the store.
    """

    def __init__(
        self,
        container: ContainerClient,
        keys: DigestKeys,
        clock: Clock,
        *,
        lifetime: timedelta = timedelta(minutes=10),
        timeout_seconds: float = 15,
    ) -> None:
        self._container = container
        self._keys = keys
        self._clock = clock
        self._lifetime = lifetime
        self._timeout = timeout_seconds

    async def find(self, key: MaskedKey) -> Cached | None:
        """See `ports.MaskedCache`."""
        try:
            secret = (await self._keys.current()).key
            sealed, salt, etag = await self._range(_name(secret, key), 0, HEADER + TAG)
            cached, until = _header(_cipher(secret, key, salt), sealed, etag)
        except FAILURES as error:
            _missed("find", error)
            return None
        return cached if self._clock.now() < until else None

    async def read(self, key: MaskedKey, cached: Cached, start: int, stop: int) -> bytes | None:
        """See `ports.MaskedCache`."""
        try:
            secret = (await self._keys.current()).key
            first, last = start // SEGMENT, (stop - 1) // SEGMENT
            offset = HEADER + TAG + first * (SEGMENT + TAG)
            count = last - first + 1
            # The reference is the entry's own entity tag: not a segment of one that replaced it.
            sealed, salt, _ = await self._range(
                _name(secret, key), offset, count * (SEGMENT + TAG), cached.reference
            )
            opened = await asyncio.to_thread(
                _opened, _cipher(secret, key, salt), sealed, first, count
            )
        except FAILURES as error:
            _missed("read", error)
            return None
        body = opened[start - first * SEGMENT : stop - first * SEGMENT]
        return body if len(body) == stop - start else None

    async def store(self, key: MaskedKey, cached: Cached, body: bytes) -> None:
        """See `ports.MaskedCache`."""
        salt = secrets.token_bytes(_SALT)
        try:
            secret = (await self._keys.current()).key
            until = self._clock.now() + self._lifetime
            cipher = _cipher(secret, key, salt)
            data = await asyncio.to_thread(_sealed, cipher, _described(cached, until), body)
            async with asyncio.timeout(self._timeout):
                await _upload(self._container.get_blob_client(_name(secret, key)), data, salt)
        except FAILURES as error:
            _missed("store", error)

    async def sweep(self) -> int:
        """See `ports.MaskedCache`."""
        deleted = 0
        before = self._clock.now() - self._lifetime
        try:
            async with asyncio.timeout(20 * self._timeout):
                async for blob in listed(self._container):
                    if blob.last_modified < before and blob.etag:
                        deleted += await self._delete(str(blob.name), str(blob.etag))
        except FAILURES as error:
            _missed("sweep", error)
        return deleted

    async def _delete(self, name: str, etag: str) -> int:
        blob = self._container.get_blob_client(name)
        try:
            await blob.delete_blob(
                etag=etag, match_condition=MatchConditions.IfNotModified, retry_total=0
            )
        except (exceptions.ResourceModifiedError, exceptions.ResourceNotFoundError):
            return 0  # renewed, or swept by another instance
        return 1

    async def _range(
        self, name: str, offset: int, length: int, etag: str = ""
    ) -> tuple[bytes, bytes, str]:
        """Bytes, salt and entity tag."""
        match: dict[str, Any] = {}
        if etag:
            match = {"etag": etag, "match_condition": MatchConditions.IfNotModified}
        async with asyncio.timeout(self._timeout):
            stream = await self._container.get_blob_client(name).download_blob(
                offset, length, retry_total=0, **match
            )
            data = await stream.readall()
        salt = bytes.fromhex(stream.properties.metadata["salt"])
        return data, salt, str(stream.properties.etag)


async def _upload(blob: BlobClient, data: bytes, salt: bytes) -> None:
    """In blocks, some at a time: large bodies in one piece would hold up the event loop.

    Blocks are named for the entry, so that of two instances that write at once one wins whole.
    """
    view = memoryview(data)
    ids = [f"{salt[:16].hex()}-{number:08}" for number in range(-(-len(data) // SEGMENT))]
    for first in range(0, len(ids), _AT_ONCE):
        staged = await asyncio.gather(
            *(
                blob.stage_block(
                    ids[number],
                    bytes(view[number * SEGMENT : (number + 1) * SEGMENT]),
                    retry_total=0,
                )
                for number in range(first, min(first + _AT_ONCE, len(ids)))
            ),
            return_exceptions=True,
        )
        for error in staged:
            if isinstance(error, BaseException):
                raise error
    await blob.commit_block_list(
        [BlobBlock(block_id) for block_id in ids],
        metadata={"salt": salt.hex()},
        retry_total=0,
    )


def _name(secret: bytes, key: MaskedKey) -> str:
    return hmac.new(secret, b"name\0" + _what(key), hashlib.sha256).hexdigest()


def _what(key: MaskedKey) -> bytes:
    return orjson.dumps(
        [_FORM, key.connection, key.account, key.container, key.blob, key.version, key.tag]
    )


def _cipher(secret: bytes, key: MaskedKey, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt, _what(key)).derive(secret))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _described(cached: Cached, until: datetime) -> bytes:
    text = orjson.dumps(
        {
            "etag": cached.etag,
            "length": cached.length,
            "headers": cached.headers.fields,
            "counts": dict(cached.counts),
            "paths": cached.paths,
            "key_version": cached.key_version,
            "subjects": [cached.subjects.number, cached.subjects.digests],
            "until": until.isoformat(),
        }
    )
    if len(text) > HEADER:
        raise ValueError("the description is too long for an entry")
    return text.ljust(HEADER)


def _sealed(cipher: AESGCM, header: bytes, body: bytes) -> bytes:
    view = memoryview(body)
    parts = [cipher.encrypt(_nonce(0), header, None)]
    for number, start in enumerate(range(0, len(view), SEGMENT), start=1):
        parts.append(cipher.encrypt(_nonce(number), view[start : start + SEGMENT], None))
    return b"".join(parts)


def _opened(cipher: AESGCM, sealed: bytes, first: int, count: int) -> bytes:
    return b"".join(
        cipher.decrypt(_nonce(first + number + 1), part, None)
        for number, part in zip(range(count), _parts(sealed), strict=True)
    )


def _parts(sealed: bytes) -> Iterator[memoryview]:
    view = memoryview(sealed)
    for start in range(0, len(view), SEGMENT + TAG):
        yield view[start : start + SEGMENT + TAG]


def _header(cipher: AESGCM, sealed: bytes, reference: str) -> tuple[Cached, datetime]:
    found = orjson.loads(cipher.decrypt(_nonce(0), sealed, None))
    number, digests = found["subjects"]
    cached = Cached(
        etag=found["etag"],
        length=found["length"],
        headers=Headers.of((name, value) for name, value in found["headers"]),
        counts=found["counts"],
        paths=tuple((path, kind, number) for path, kind, number in found["paths"]),
        key_version=found["key_version"],
        reference=reference,
        subjects=Subjects(number, tuple(digests)),
    )
    return cached, datetime.fromisoformat(found["until"])


def _missed(call: str, error: Exception) -> None:
    if not isinstance(error, exceptions.ResourceNotFoundError):
        # The class alone: messages of the SDK carry URLs, and a broken entry anything at all.
        _log.warning("masked cache: %s failed, %s", call, type(error).__name__)
