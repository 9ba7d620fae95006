import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.masker import admit, check_whole, is_masked_content, media, too_large, typed
from gateway.model.connection import Masking, Sensitivity
from gateway.model.message import Headers, UpstreamResponse
from gateway.model.operation import Shape
from tests.unit.masking.build import NONE, STRICT, authorised


@pytest.mark.parametrize(
    ("shape", "masking", "names", "admitted"),
    [
        (Shape.CONTENT, STRICT, Sensitivity.PLAIN, True),
        (Shape.CONTENT, NONE, Sensitivity.PLAIN, True),
        (Shape.LISTING, STRICT, Sensitivity.PLAIN, True),
        (Shape.LISTING, NONE, Sensitivity.EPHI, False),
        (Shape.NONE, STRICT, Sensitivity.EPHI, True),
    ],
)
def test_what_could_not_be_shown_is_not_forwarded(
    shape: Shape, masking: Masking, names: Sensitivity, admitted: bool
) -> None:
    try:
        admit(authorised(shape, masking, names))
    except Withheld:
        assert not admitted
    else:
        assert admitted


@pytest.mark.parametrize(
    ("shape", "masking", "method", "expected"),
    [
        (Shape.CONTENT, STRICT, "GET", True),
        (Shape.CONTENT, NONE, "GET", False),
        (Shape.CONTENT, STRICT, "HEAD", False),
        (Shape.METADATA, STRICT, "GET", False),
        (Shape.NONE, STRICT, "PUT", False),
    ],
)
def test_stored_bytes_of_a_masking_place_are_masked(
    shape: Shape, masking: Masking, method: str, expected: bool
) -> None:
    assert is_masked_content(authorised(shape, masking), masking, method) is expected


def test_a_place_that_is_masked_less_than_the_rules_demand_shows_nothing() -> None:
    with pytest.raises(Withheld) as caught:
        is_masked_content(authorised(Shape.CONTENT, STRICT), NONE, "GET")
    assert caught.value.reason is Reason.MASKING_FAILED


@pytest.mark.parametrize(
    ("status", "fields"),
    [(206, ()), (203, ()), (200, (("content-range", "bytes 0-1/9"),))],
)
def test_a_part_is_not_a_whole(status: int, fields: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(Withheld) as caught:
        check_whole(UpstreamResponse(status, Headers(fields), b"x"))
    assert caught.value.reason is Reason.MASKING_FAILED


def test_a_whole_passes() -> None:
    check_whole(UpstreamResponse(200, Headers(), b"x"))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ((), ("", "")),
        ((("content-type", "text/csv"), ("content-encoding", "gzip")), ("text/csv", "gzip")),
        ((("content-type", "text/csv"), ("content-type", "text/csv")), ("text/csv", "")),
        ((("content-type", "text/csv"), ("content-type", "text/plain")), ("", "")),
        ((("content-encoding", "gzip"), ("content-encoding", "br")), ("", "gzip, br")),
    ],
)
def test_a_type_that_contradicts_itself_is_none(
    fields: tuple[tuple[str, str], ...], expected: tuple[str, str]
) -> None:
    assert media(UpstreamResponse(200, Headers(fields), b"x")) == expected


@pytest.mark.parametrize("headers", [Headers(), Headers((("content-type", ""),))])
def test_there_is_always_one_content_type(headers: Headers) -> None:
    assert typed(headers).all("content-type") == ("application/octet-stream",)
    assert typed(Headers((("content-type", "text/csv"),))).get("content-type") == "text/csv"


def test_the_bound_is_named_and_ranges_are_not_advised() -> None:
    error = too_large(4711)

    assert error.reason is Reason.RESPONSE_TOO_LARGE
    assert "4711" in str(error)
    assert "range" not in error.advice
