from dataclasses import replace

import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.exfiltration import check
from gateway.model.connection import Connection, Endpoint, Masking
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation, Resource
from tests.unit.guardrails.build import (
    GATEWAY,
    NONE,
    STRICT,
    connection,
    masked,
    operation,
    place,
    request,
)

TARGET = (place("archive", "a.json"), Effect.WRITE)
SOURCE = (place("intake", "a.json"), Effect.READ)
COPY = request(headers={"x-ms-copy-source": f"{GATEWAY}/c/phi/intake/a.json"})
SOFT = Masking("pseudonymous", 30, ephi=True)


def reason(
    judged: Operation,
    asked: Request = COPY,
    via: Connection | None = None,
    **containers: Masking,
) -> Reason | None:
    try:
        check(via or connection(), asked, judged, masked(**containers))
    except Blocked as error:
        return error.reason
    return None


def test_a_copy_within_a_place_passes() -> None:
    assert reason(operation(TARGET, SOURCE)) is None


def test_a_refusal_quotes_nothing_of_the_request() -> None:
    foreign = (Resource("", "evil.blob.core.windows.net", ("c", "b")), Effect.READ)

    with pytest.raises(Blocked) as caught:
        check(connection(), COPY, operation(TARGET, foreign), masked())
    said = str(caught.value) + caught.value.advice
    assert not any(word in said for word in ("evil", "intake", "archive"))


def test_a_foreign_source_is_blocked() -> None:
    foreign = (Resource("", "evil.blob.core.windows.net", ("c", "b")), Effect.READ)

    assert reason(operation(TARGET, foreign)) is Reason.FOREIGN_SOURCE


@pytest.mark.parametrize("via", ["", "lab"])
def test_a_write_to_another_place_than_the_connections_is_blocked(via: str) -> None:
    elsewhere = (place("c", "b", via=via, authority="evil"), Effect.WRITE)

    assert reason(operation(SOURCE, elsewhere)) is Reason.FOREIGN_TARGET


def test_a_source_in_another_account_is_blocked() -> None:
    other = (place("c", "b", via="lab", authority="labdata"), Effect.READ)

    assert reason(operation(TARGET, other)) is Reason.FOREIGN_SOURCE


def test_a_source_in_the_same_account_by_another_connection_passes() -> None:
    same = (place("c", "b", via="lab"), Effect.READ)

    assert reason(operation(TARGET, same)) is None


@pytest.mark.parametrize("name", ["x-ms-copy-source", "x-ms-rename-source"])
def test_a_source_that_classification_did_not_see_is_blocked(name: str) -> None:
    asked = request(headers={name: "https://evil.blob.core.windows.net/c/b"})

    assert reason(operation(TARGET), asked) is Reason.FOREIGN_SOURCE
    assert reason(operation(TARGET), request()) is None


@pytest.mark.parametrize(
    ("intake", "archive", "expected"),
    [
        (STRICT, STRICT, None),
        (SOFT, STRICT, None),
        (NONE, STRICT, None),
        (NONE, NONE, None),
        (STRICT, SOFT, Reason.MASKED_LESS),
        (STRICT, NONE, Reason.MASKED_LESS),
        (SOFT, NONE, Reason.MASKED_LESS),
    ],
)
def test_data_never_moves_to_where_it_is_masked_less(
    intake: Masking, archive: Masking, expected: Reason | None
) -> None:
    assert reason(operation(TARGET, SOURCE), intake=intake, archive=archive) is expected


@pytest.mark.parametrize(
    ("demanded", "archive", "expected"),
    [
        (None, NONE, None),
        (SOFT, SOFT, None),
        (SOFT, NONE, Reason.MASKED_LESS),
        (STRICT, SOFT, Reason.MASKED_LESS),
    ],
)
def test_content_that_a_rule_masks_does_not_move_to_where_it_is_masked_less(
    demanded: Masking | None, archive: Masking, expected: Reason | None
) -> None:
    judged = replace(operation(TARGET, SOURCE), reads_content=True)

    def screened(one: Operation) -> Reason | None:
        places = masked(intake=NONE, archive=archive)
        try:
            check(connection(), COPY, one, places, demanded)
        except Blocked as error:
            return error.reason
        return None

    assert screened(judged) is expected
    # A condition on tags reads, and moves nothing.
    assert screened(replace(judged, reads_content=False)) is None


def test_one_source_among_many_decides() -> None:
    judged = operation(TARGET, (place("open", "b"), Effect.READ), SOURCE)

    assert reason(judged, open=NONE, archive=SOFT) is Reason.MASKED_LESS


def test_reading_and_deleting_move_nothing() -> None:
    assert reason(operation(SOURCE, (place("open", "b"), Effect.READ)), open=NONE) is None
    assert reason(operation((place("open", "b"), Effect.DELETE), SOURCE), open=NONE) is None


@pytest.mark.parametrize(
    ("url", "passes"),
    [
        (f"{GATEWAY}/c/phi/intake/a?snapshot=1", True),
        ("https://clinic.blob.core.windows.net/intake/a?snapshot=1", True),
        (f"{GATEWAY}/c/lab/intake/a?snapshot=1", False),
        ("https://clinic.blob.core.windows.net.evil.example/a", False),
        ("https://clinic.blob.core.windows.net@evil.example/a", False),
        ("https://evil.blob.core.windows.net/a", False),
        ("", False),
    ],
)
def test_a_previous_snapshot_lies_on_the_same_connection(url: str, passes: bool) -> None:
    asked = request("GET", headers={"x-ms-previous-snapshot-url": url})

    assert reason(operation(SOURCE), asked) is (None if passes else Reason.FOREIGN_SOURCE)


CONTAINER = (place("open"), Effect.WRITE)


@pytest.mark.parametrize(
    ("query", "headers"),
    [
        ("restype=container&comp=rename", {"x-ms-source-container-name": "intake"}),
        ("restype=container&comp=rename", {"x-ms-source-container-name": "open"}),
        ("restype=container&comp=%72ename", {}),
        ("restype=container", {"x-ms-source-container-name": "intake"}),
        ("restype=container&comp=undelete", {"x-ms-deleted-container-name": "intake"}),
        ("restype=container&comp=undelete", {"x-ms-deleted-container-name": ""}),
    ],
)
def test_a_container_does_not_get_another_name(query: str, headers: dict[str, str]) -> None:
    """Rules on blobs that deny something see only the two containers: none of them would hold."""
    asked = request(query=query, headers=headers)

    assert reason(operation(CONTAINER), asked) is Reason.OPERATION_NOT_SUPPORTED


def test_a_classified_rename_is_enough() -> None:
    judged = operation(CONTAINER, facts={"source_container": "intake"})

    assert reason(judged, request()) is Reason.OPERATION_NOT_SUPPORTED


def test_a_container_is_restored_under_the_name_that_it_had() -> None:
    asked = request(
        query="restype=container&comp=undelete", headers={"x-ms-deleted-container-name": " open"}
    )

    assert reason(operation(CONTAINER), asked) is None


def test_path_style_endpoints_know_their_own_snapshots() -> None:
    via = connection(Endpoint("http", "127.0.0.1", 10000, "/clinicdata", "clinicdata"))
    own = {"x-ms-previous-snapshot-url": "http://127.0.0.1:10000/clinicdata/intake/a"}
    other = {"x-ms-previous-snapshot-url": "http://127.0.0.1:10000/labdata/intake/a"}

    assert reason(operation(SOURCE), request(headers=own), via) is None
    assert reason(operation(SOURCE), request(headers=other), via) is Reason.FOREIGN_SOURCE
