import gzip
import zlib

import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.writeback import MAX_INFLATED, check
from gateway.masking.marks import marks
from gateway.model.connection import WITHHELD_MARK
from gateway.model.message import Request
from gateway.model.operation import Effect
from tests.unit.guardrails.build import NONE, masked, operation, place, request

TAGS = "<Tags><TagSet><Tag><Key>mrn</Key><Value>{}</Value></Tag></TagSet></Tags>"


def reason(asked: Request, effect: Effect = Effect.WRITE) -> Reason | None:
    judged = operation((place("intake", "a"), effect))
    check(asked, judged, masked(intake=NONE), marks)
    try:
        check(asked, judged, masked(), marks)
    except Blocked as error:
        return error.reason
    return None


@pytest.mark.parametrize(
    ("name", "value", "passes"),
    [
        ("x-ms-meta-patient", WITHHELD_MARK, False),
        ("x-ms-meta-patient", f"x {WITHHELD_MARK}", False),
        ("x-ms-tags", f"mrn={WITHHELD_MARK}", False),
        ("x-ms-tags", "mrn=%5Bwithheld%5D", False),
        ("x-ms-tags", "mrn=%5Bmrn%5D", False),
        ("x-ms-meta-patient", "[name]", False),
        ("x-ms-meta-patient", "masked-5f2a9c01-3", False),
        ("x-ms-meta-patient", "[name:1:mzxw6ytboimzxw6ytboimzxw6y]", False),
        ("x-ms-meta-patient", "withheld", True),
        ("x-ms-tags", "mrn=5", True),
        ("x-other", WITHHELD_MARK, True),
    ],
)
def test_what_was_served_masked_is_not_written_back(name: str, value: str, passes: bool) -> None:
    expected = None if passes else Reason.MASKED_WRITEBACK

    assert reason(request(headers={name: value})) is expected


@pytest.mark.parametrize(
    ("value", "passes"), [("[withheld]", False), ("&#91;withheld]", False), ("north", True)]
)
def test_a_tag_set_served_masked_is_not_written_back(value: str, passes: bool) -> None:
    asked = request(query="comp=tags", body=TAGS.format(value).encode())

    assert reason(asked) is (None if passes else Reason.MASKED_WRITEBACK)


def test_reading_writes_nothing_back() -> None:
    asked = request("GET", query="comp=tags", headers={"x-ms-tags": WITHHELD_MARK})

    assert reason(asked, Effect.READ) is None


RANDOM = bytes((n * 7919 + n // 256) % 251 for n in range(5_000_000))
SHOWN = b'{"name": "[name]", "systolic": 142}'


@pytest.mark.parametrize(
    ("body", "passes"),
    [
        (SHOWN, False),
        (b"x" * 100_000 + SHOWN, False),
        (gzip.compress(SHOWN, mtime=0), False),
        (gzip.compress(b"first", mtime=0) + gzip.compress(SHOWN, mtime=0), False),
        (gzip.compress(RANDOM + SHOWN, mtime=0), False),
        (gzip.compress(SHOWN + RANDOM, mtime=0)[:100_000], False),
        (SHOWN.decode().encode("utf-16"), False),
        (b"th-1-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", False),
        (b'{"name": "Jane Roe", "note": "[see above]"}', True),
        (b"", True),
        (gzip.compress(b"Jane Roe", mtime=0), True),
        (b"\x1f\x8b that is not gzip", True),
        (b"\x1f\x8b", True),
        (gzip.compress(b"Jane Roe", mtime=0) + b"trailing", True),
    ],
)
def test_content_with_the_gateways_own_marks_is_not_written_over_originals(
    body: bytes, passes: bool
) -> None:
    assert reason(request(body=body)) is (None if passes else Reason.MASKED_WRITEBACK)


def test_a_mark_across_two_parts_of_what_is_inflated_is_found() -> None:
    body = b"-" * (4 * 1024 * 1024 - 3) + SHOWN

    assert reason(request(body=gzip.compress(body))) is Reason.MASKED_WRITEBACK


def test_a_bomb_is_looked_at_up_to_a_bound() -> None:
    zipper = zlib.compressobj(wbits=31)
    bomb = b"".join(zipper.compress(bytes(1024 * 1024)) for _ in range(MAX_INFLATED // 1024**2))
    bomb += zipper.compress(SHOWN) + zipper.flush()

    assert reason(request(body=bomb)) is None
