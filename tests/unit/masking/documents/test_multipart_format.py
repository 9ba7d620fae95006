import base64
from email import message_from_bytes
from email.message import Message

import pytest

from gateway.errors import Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context

TYPE = 'multipart/form-data; boundary="Ab3"'


def body(*parts: str, boundary: str = "Ab3") -> bytes:
    return (
        "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"
    ).encode()


def masked(data: bytes, kind: str = TYPE, *, accept: bool = False) -> list[Message]:
    done = mask(data, kind, "", context(accept=accept)).body
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + done)
    parts = message.get_payload()
    assert isinstance(parts, list)
    return [part for part in parts if isinstance(part, Message)]


def content(part: Message) -> str:
    data = part.get_payload(decode=True)
    assert isinstance(data, bytes)
    return data.decode()


SSN = 'Content-Disposition: form-data; name="ssn"\r\n\r\n999-12-3456'
JSON = (
    'Content-Disposition: form-data; name="f"; filename="jane doe.json"\r\n'
    'Content-Type: application/json; x="Jane"\r\n\r\n{"name": "Jane Doe"}'
)
PDF = "Content-Type: application/pdf\r\nContent-Location: https://x.example/jane\r\n\r\n%PDF Jane"
NOTE = "Content-Type: text/plain\r\nX-Patient: Jane\r\n\r\nJane fell"


def test_each_part_is_masked_by_its_own_type() -> None:
    ssn, json, pdf, note = masked(body(SSN, JSON, PDF, NOTE), accept=True)

    assert content(ssn) == "[ssn]"
    assert ssn.get_param("name", header="content-disposition") == "ssn"
    assert content(json) == '{"name":"[name]"}'
    assert json.get_filename() == "[text].json"
    assert json["content-type"] == "application/json"
    assert content(pdf) == "[text]"
    assert pdf["content-type"] == "text/plain"
    assert pdf["content-location"] == "[url]"
    assert content(note) == "[name] fell"
    assert note["x-patient"] is None


def test_what_is_withheld_is_recorded_with_its_reason() -> None:
    done = mask(body(PDF, NOTE), TYPE, "", context())

    assert ("part.ContentWithheld", "text", 2) in done.paths
    assert b"Jane" not in done.body


@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_transfer_encodings_are_opened_and_closed(coding: str) -> None:
    text = (
        base64.b64encode(b'{"name":"Jane"}').decode() if coding == "base64" else '{"name":"J=61ne"}'
    )
    part = f"Content-Type: application/json\r\nContent-Transfer-Encoding: {coding}\r\n\r\n{text}"

    (done,) = masked(body(part))

    assert content(done) == '{"name":"[name]"}'
    assert done["content-transfer-encoding"] == coding


def test_names_of_one_part_are_found_in_the_text_of_another() -> None:
    first, _ = masked(body(NOTE, JSON), accept=True)

    assert content(first) == "[name] fell"


def test_what_stands_outside_the_parts_is_dropped() -> None:
    done = mask(b"Jane\r\n" + body(SSN) + b"Jane", TYPE, "", context()).body

    assert done.startswith(b"--Ab3\r\n")
    assert b"Jane" not in done


def test_parts_may_hold_parts_but_not_for_ever() -> None:
    inner = body(SSN, boundary="in").decode()
    (done,) = masked(body(f"Content-Type: multipart/mixed; boundary=in\r\n\r\n{inner}"))
    assert "[ssn]" in str(done)

    for number in range(6):
        inner = body(
            f"Content-Type: multipart/mixed; boundary=n{number}\r\n\r\n"
            f"{body(inner, boundary=f'n{number}').decode()}",
            boundary=f"o{number}",
        ).decode()
    deep = mask(inner.encode(), "multipart/mixed; boundary=o5", "", context()).body
    assert b"999-12" not in deep


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("accept", [False, True])
def test_masking_twice_is_masking_once(profile: str, accept: bool) -> None:
    once = mask(body(SSN, JSON, PDF, NOTE), TYPE, "", context(profile, accept=accept)).body

    assert mask(once, TYPE, "", context(profile, accept=accept)).body == once


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("multipart/mixed", body(SSN)),
        ('multipart/mixed; boundary=""', body(SSN)),
        ("multipart/mixed; boundary=other", body(SSN)),
        ("multipart/mixed; boundary=999-12-3456", body(SSN, boundary="999-12-3456")),
        (TYPE, b""" """),
        (TYPE, b"--Ab3--\r\n"),
        (TYPE, b"--Ab3\r\n\r\nJane"),
        (TYPE, body("Jane\r\n\r\nx")),
        (TYPE, body("Content-Type: text/plain")),
        (TYPE, body("Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx")),
        (TYPE, body("Content-Transfer-Encoding: x-uue\r\n\r\nx")),
        (TYPE, body("Content-Transfer-Encoding: base64\r\n\r\n%%")),
        (TYPE, body(*["\r\nx"] * 1002)),
    ],
)
def test_what_is_no_multipart_is_withheld(kind: str, data: bytes) -> None:
    with pytest.raises(Withheld):
        mask(data, kind, "", context())
