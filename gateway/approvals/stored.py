r"""Requests and results as stored bytes, encrypted and bound to their ticket.

    chaperone-sealed/1 {key version}\n{nonce, 12 bytes}{AES-256-GCM ciphertext and tag}

The plain text is `{length of the head, 4 bytes, big endian}{head, JSON}{body}`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import TypeAdapter, ValidationError

from gateway.model.canonical import Json
from gateway.model.digest import DigestKey
from gateway.model.message import Answer, Headers, Request, Target
from gateway.model.principal import Principal

NONCE_BYTES: Final = 12  # NIST SP 800-38D §8.2.2; random
_MARK: Final = b"chaperone-sealed/1 "
_LENGTH: Final = 4


class StoredInvalid(ValueError):
    """Not what was stored for this ticket."""


@dataclass(frozen=True, slots=True)
class HeldRequest:
    """A request and who made it, without the token."""

    principal: Principal
    request: Request


@dataclass(frozen=True, slots=True)
class Result:
    """How an execution ended.

    Attributes:
        record: the `executed` record, for whoever has to finish writing it.
        answer: masked, None where there is none to show.
        reason: code of the failure, "" where there is an answer.
        message: of the failure, safe for the agent.
        until: from when on nobody reads it, None where its deletion alone says so.
    """

    record: dict[str, Json]
    answer: Answer | None
    reason: str = ""
    message: str = ""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class _RequestHead:
    principal: Principal
    method: str
    connection: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    client_address: str
    base_url: str


@dataclass(frozen=True, slots=True)
class _ResultHead:
    record: dict[str, object]
    reason: str
    message: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = field(default=())
    until: datetime | None = None


@cache
def _request_adapter() -> TypeAdapter[_RequestHead]:
    return TypeAdapter(_RequestHead)


@cache
def _result_adapter() -> TypeAdapter[_ResultHead]:
    return TypeAdapter(_ResultHead)


def encode_request(held: HeldRequest) -> bytes:
    """Plain text; the agent's token is left out, so nobody can take it from here."""
    request = held.request
    head = _RequestHead(
        held.principal,
        request.method,
        request.connection,
        request.target.path,
        request.target.query,
        request.headers.without("authorization").fields,
        request.client_address,
        request.base_url,
    )
    return _joined(_request_adapter().dump_json(head), request.body)


def decode_request(data: bytes) -> HeldRequest:
    """The request in a plain text.

    Raises:
        StoredInvalid: there is none.
    """
    raw, body = _split(data)
    try:
        head = _request_adapter().validate_json(raw)
    except ValidationError:
        raise StoredInvalid("no stored request") from None
    request = Request(
        head.method,
        head.connection,
        Target(head.path, head.query),
        Headers(head.headers),
        body,
        head.client_address,
        head.base_url,
    )
    return HeldRequest(head.principal, request)


def encode_result(result: Result) -> bytes:
    """Plain text."""
    answer = result.answer
    head: dict[str, object] = {
        "record": result.record,
        "reason": result.reason,
        "message": result.message,
        "status": answer.status if answer else 0,
        "headers": answer.headers.fields if answer else (),
        "until": result.until,
    }
    return _joined(orjson.dumps(head), answer.body if answer else b"")


def decode_result(data: bytes) -> Result:
    """The result in a plain text.

    Raises:
        StoredInvalid: there is none.
    """
    raw, body = _split(data)
    try:
        head = _result_adapter().validate_json(raw)
    except ValidationError:
        raise StoredInvalid("no stored result") from None
    answer = Answer(head.status, Headers(head.headers), body) if head.status else None
    record: dict[str, Json] = orjson.loads(orjson.dumps(head.record))
    return Result(record, answer, head.reason, head.message, head.until)


def encrypt(purpose: str, bound: str, data: bytes, key: DigestKey, nonce: bytes) -> bytes:
    """Stored bytes.

    Args:
        purpose: what kind of bytes; each kind has a derived key of its own.
        bound: ticket id and request digest, authenticated and not stored.
        data: the plain text.
        key: versioned; the version stands in clear before the bytes.
        nonce: 12 random bytes, never used twice.
    """
    head = _MARK + key.version.encode() + b"\n"
    aad = head + purpose.encode() + b"\0" + bound.encode()
    return head + nonce + AESGCM(_derived(key, purpose)).encrypt(nonce, data, aad)


def decrypt(purpose: str, bound: str, data: bytes, key: DigestKey) -> bytes:
    """The plain text of stored bytes.

    Raises:
        StoredInvalid: changed, of another purpose or ticket, or under another key.
    """
    if key_version(data) != key.version:
        raise StoredInvalid("stored under another key")
    head, _, rest = data.partition(b"\n")
    head += b"\n"
    aad = head + purpose.encode() + b"\0" + bound.encode()
    try:
        cipher = AESGCM(_derived(key, purpose))
        return cipher.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], aad)
    except (InvalidTag, ValueError):
        raise StoredInvalid("not what was stored for this ticket") from None


def key_version(data: bytes) -> str:
    """The key version that stored bytes name, "" where they name none."""
    head, mark, _ = data[:200].partition(b"\n")
    if not mark or not head.startswith(_MARK):
        return ""
    return head.removeprefix(_MARK).decode("ascii", "replace")


def _derived(key: DigestKey, purpose: str) -> bytes:
    """A key for one purpose (RFC 5869): the secret itself encrypts nothing."""
    info = b"chaperone approvals v1 " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key.key)


def _joined(head: bytes, body: bytes) -> bytes:
    return len(head).to_bytes(_LENGTH, "big") + head + body


def _split(data: bytes) -> tuple[bytes, bytes]:
    end = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
    return data[_LENGTH:end], data[end:]
