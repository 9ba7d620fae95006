import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.protection import check
from tests.unit.guardrails.build import operation, request

QUERY = "restype=service&comp=properties"
PURGEABLE = "<AllowPermanentDelete>true</AllowPermanentDelete>"
LOGGED = "<Read>true</Read><Write>true</Write><Delete>true</Delete>"


def reason(body: str, query: str = QUERY, name: str = "Put Blob") -> Reason | None:
    document = f"<StorageServiceProperties>{body}</StorageServiceProperties>".encode()
    try:
        check(request(path="/", query=query, body=document), operation(name=name))
    except Blocked as error:
        return error.reason
    return None


@pytest.mark.parametrize("name", ["DeleteRetentionPolicy", "ContainerDeleteRetentionPolicy"])
@pytest.mark.parametrize(
    ("inside", "passes"),
    [
        ("<Enabled>true</Enabled><Days>30</Days>", True),
        ("<Enabled>false</Enabled>", False),
        ("", False),
        (
            "<Enabled>true</Enabled><Days>30</Days><AllowPermanentDelete>true</AllowPermanentDelete>",
            False,
        ),
        (
            "<Enabled>true</Enabled><AllowPermanentDelete>false</AllowPermanentDelete>",
            True,
        ),
        ("<Enabled>true</Enabled><Enabled>false</Enabled>", False),
        ("<Enabled>true</Enabled><enabled>false</enabled>", False),
        ("<Enabled>true</Enabled>" + PURGEABLE.replace("true", "false") + PURGEABLE, False),
        ("<Enabled>true</Enabled><allowPermanentDelete>true</allowPermanentDelete>", False),
    ],
)
def test_soft_delete_stays_on(name: str, inside: str, passes: bool) -> None:
    expected = None if passes else Reason.PROTECTION_DISABLED

    assert reason(f"<{name}>{inside}</{name}>") is expected


@pytest.mark.parametrize(
    ("inside", "passes"),
    [
        (LOGGED, True),
        (LOGGED.replace("<Delete>true", "<Delete>false"), False),
        (LOGGED.replace("<Read>true</Read>", ""), False),
        (LOGGED + "<Delete>false</Delete>", False),
    ],
)
def test_logging_stays_on(inside: str, passes: bool) -> None:
    expected = None if passes else Reason.PROTECTION_DISABLED

    assert reason(f"<Logging>{inside}</Logging>") is expected


def test_the_operation_is_recognised_by_its_name_as_well() -> None:
    body = "<Logging/>"

    assert reason(body, "comp=x", "Set Blob Service Properties") is Reason.PROTECTION_DISABLED
    assert reason(body, "comp=x") is None


def test_properties_that_are_not_mentioned_stay_as_they_are() -> None:
    assert reason("<HourMetrics><Enabled>false</Enabled></HourMetrics>") is None


def test_a_body_that_cannot_be_read_is_blocked() -> None:
    assert reason("<unclosed>") is Reason.REQUEST_INVALID


def test_what_only_classification_saw_is_blocked() -> None:
    with pytest.raises(Blocked):
        check(request(), operation(facts={"soft_delete": "disabled"}))
    check(request(), operation(facts={"soft_delete": "enabled"}))
