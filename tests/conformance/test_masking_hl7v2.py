"""Nobody whom a sample message names in PID, NK1, GT1, IN1 or MRG is found in what is masked.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from gateway.masking.context import Context
from gateway.masking.engine import mask

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "fhir-converter" / "Hl7v2"
MESSAGES = sorted(DATA.glob("*.hl7"))
MIN_LENGTH = 4
TYPE = "x-application/hl7-v2+er7"
# Fields whose components all identify, and those of which the first does.
WHOLE = {
    "PID": (5, 6, 7, 9, 13, 14, 19, 20, 23, 29),
    "NK1": (2, 5, 6, 16, 30, 31, 37),
    "GT1": (3, 4, 6, 7, 8, 12, 16, 18),
    "IN1": (16, 18),
    "MRG": (7,),
}
FIRST = {
    "PID": (2, 3, 4, 18, 21),
    "NK1": (12, 13, 33),
    "GT1": (2, 19, 21, 29),
    "IN1": (8, 9, 10, 11, 36, 49),
    "MRG": (1, 2, 3, 4),
}
ADDRESSES = {"PID": (11,), "NK1": (4, 32), "GT1": (5, 17), "IN1": (19, 44)}
PARTS_OF_ADDRESS = (0, 1, 2, 4)
pytestmark = pytest.mark.skipif(not MESSAGES, reason=f"no sample data in {DATA.name} beside this")


def context(*, accept: bool) -> Context:
    return Context("safe-harbor", "", True, accept, None, "", date(2026, 8, 3))


def identifying(text: str) -> Iterator[str]:
    for line in re.split(r"[\r\n]+", text):
        fields = dict(enumerate(line.split("|")))
        segment = line[:3]
        for number in WHOLE.get(segment, ()):
            yield from re.split(r"[~^&]", fields.get(number, ""))
        for number in FIRST.get(segment, ()):
            yield from (part.split("^")[0] for part in fields.get(number, "").split("~"))
        for number in ADDRESSES.get(segment, ()):
            for address in fields.get(number, "").split("~"):
                parts = dict(enumerate(address.split("^")))
                yield from (parts.get(index, "") for index in PARTS_OF_ADDRESS)


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_a_message_shows_nobody(path: Path, accept: bool) -> None:
    body = path.read_bytes()
    done = mask(body, TYPE, "", context(accept=accept)).body

    text = done.decode()
    values = {value for value in identifying(body.decode()) if len(value) >= MIN_LENGTH}
    found = [
        value
        for value in values
        if re.search(rf"(?<![A-Za-z0-9]){re.escape(value)}(?![A-Za-z0-9])", text, re.IGNORECASE)
    ]
    assert found == []
    assert mask(done, TYPE, "", context(accept=accept)).body == done


@pytest.mark.parametrize("path", MESSAGES, ids=lambda path: path.name)
def test_segments_fields_and_codes_of_a_message_stay(path: Path) -> None:
    body = path.read_bytes()
    done = mask(body, TYPE, "", context(accept=False)).body

    plain = body.removeprefix(b"\xef\xbb\xbf")
    before, after = (re.split(rb"[\r\n]+", data) for data in (plain, done))
    assert [line[:3] for line in before] == [line[:3] for line in after]
    assert [line.count(b"|") for line in before] == [line.count(b"|") for line in after]
    assert [numbers(line) for line in before] == [numbers(line) for line in after]


def numbers(line: bytes) -> list[bytes]:
    """Value and the first part of the unit of a numeric observation."""
    fields = line.split(b"|")
    if fields[0] != b"OBX" or len(fields) < 7 or fields[2] != b"NM":
        return []
    return [fields[5], fields[6].split(b"^")[0]]
