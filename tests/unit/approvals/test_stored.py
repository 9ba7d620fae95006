from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.approvals import stored
from gateway.approvals.stored import HeldRequest, Result, StoredInvalid
from gateway.model.message import Answer, Headers
from tests.fakes.asking import reviewer
from tests.pipeline import world
from tests.unit.approvals.build import KEY, OTHER_KEY

NONCE = b"n" * 12
HELD = HeldRequest(reviewer(), world.WRITE)


def test_a_request_is_read_as_it_was_stored_without_its_token() -> None:
    found = stored.decode_request(stored.encode_request(HELD))
    assert found.principal == HELD.principal
    expected = replace(HELD.request, headers=HELD.request.headers.without("authorization"))
    assert found.request == expected
    assert "authorization" in HELD.request.headers


@given(st.binary(max_size=200))
def test_a_body_keeps_its_bytes(body: bytes) -> None:
    held = replace(HELD, request=replace(HELD.request, body=body))
    assert stored.decode_request(stored.encode_request(held)).request.body == body


@pytest.mark.parametrize(
    "answer", [None, Answer(200, Headers((("content-type", "text/plain"),)), b"masked")]
)
def test_a_result_is_read_as_it_was_stored(answer: Answer | None) -> None:
    result = Result({"type": "executed", "n": [1, {"a": ""}]}, answer, "Reason", "why")
    assert stored.decode_result(stored.encode_result(result)) == result


@given(st.binary(max_size=300))
def test_bytes_that_are_neither_are_refused(data: bytes) -> None:
    for decode in (stored.decode_request, stored.decode_result):
        with pytest.raises(StoredInvalid):
            decode(data)


@given(st.binary(max_size=300))
def test_what_is_encrypted_is_read_back_and_shows_nothing(data: bytes) -> None:
    sealed = stored.encrypt("p", "bound", data, KEY, NONCE)
    assert stored.decrypt("p", "bound", sealed, KEY) == data
    # The head in front of the ciphertext is public, so chance may find its letters in `data`.
    assert len(data) < 8 or data not in sealed.partition(b"\n")[2]
    assert stored.key_version(sealed) == "1"


@pytest.mark.parametrize(
    ("purpose", "bound", "key"),
    [("q", "bound", KEY), ("p", "other", KEY), ("p", "bound", OTHER_KEY)],
)
def test_bytes_are_of_one_purpose_one_ticket_and_one_key(
    purpose: str, bound: str, key: object
) -> None:
    sealed = stored.encrypt("p", "bound", b"data", KEY, NONCE)
    with pytest.raises(StoredInvalid):
        stored.decrypt(purpose, bound, sealed, key)  # type: ignore[arg-type]


@given(st.data())
def test_a_changed_byte_is_found(data: st.DataObject) -> None:
    sealed = bytearray(stored.encrypt("p", "bound", b"data" * 5, KEY, NONCE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoredInvalid):
        stored.decrypt("p", "bound", bytes(sealed), KEY)


@given(st.binary(max_size=100))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(StoredInvalid):
        stored.decrypt("p", "bound", data, KEY)
    with pytest.raises(StoredInvalid):
        stored.decrypt("p", "bound", b"chaperone-sealed/1 1\n" + data, KEY)
