import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.writeback import check
from gateway.model.connection import WITHHELD_MARK
from gateway.model.message import Request
from gateway.model.operation import Effect
from tests.unit.guardrails.build import NONE, masked, operation, place, request

TAGS = "<Tags><TagSet><Tag><Key>mrn</Key><Value>{}</Value></Tag></TagSet></Tags>"


def reason(asked: Request, effect: Effect = Effect.WRITE) -> Reason | None:
    judged = operation((place("intake", "a"), effect))
    check(asked, judged, masked(intake=NONE))
    try:
        check(asked, judged, masked())
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
