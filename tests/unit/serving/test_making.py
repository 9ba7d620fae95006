from dataclasses import replace

import pytest

from gateway.errors import Withheld
from gateway.masking.engine import ENGINE_VERSION
from gateway.model.connection import Masking
from gateway.model.exchange import Forwarded, MaskSummary
from gateway.model.message import Headers, UpstreamResponse
from gateway.model.operation import Shape
from gateway.model.representation import Content
from gateway.serving.making import Made, make, summary
from tests.fakes.masking import terms
from tests.unit.masking.build import NONE, STRICT, forwarded

SEEN: list[tuple[bytes, str, str]] = []


def masked(_: Masking, body: bytes, kind: str, coding: str) -> Content:
    SEEN.append((body, kind, coding))
    return Content(b"masked", {"name": 2}, (("a.b", "name", 2),), "7")


def made(
    status: int,
    body: bytes = b"raw",
    shape: Shape = Shape.CONTENT,
    masking: Masking = STRICT,
    **headers: str,
) -> Made:
    fields = Headers.of((name.replace("_", "-"), value) for name, value in headers.items())
    came: Forwarded = forwarded(status, shape, masking)
    came = replace(came, response=UpstreamResponse(status, fields, body))
    return make(came, replace(terms(lambda _: masking), content=masked))


def test_content_of_a_masking_place_goes_through_the_engine_with_what_the_upstream_said() -> None:
    SEEN.clear()
    answer = made(200, content_type="text/csv", content_encoding="gzip")

    assert answer.content is not None
    assert (answer.body, answer.content.body) == (b"", b"masked")
    assert SEEN == [(b"raw", "text/csv", "gzip")]


def test_content_of_a_plain_place_passes_unchanged() -> None:
    answer = made(206, b"\x00\xffbytes", masking=NONE, content_range="bytes 0-6/9")

    assert (answer.body, answer.content) == (b"\x00\xffbytes", None)
    assert answer.headers.get("content-range") == "bytes 0-6/9"


def test_nothing_is_masked_to_nothing() -> None:
    SEEN.clear()
    answer = made(200, b"")

    assert answer.content == Content(b"")
    assert SEEN == []


@pytest.mark.parametrize(("status", "body"), [(304, b""), (307, b"Jane"), (412, b"Jane")])
def test_an_answer_without_content_is_none(status: int, body: bytes) -> None:
    answer = made(status, body)

    assert answer.content is None
    assert b"Jane" not in answer.body


def test_a_part_is_withheld() -> None:
    with pytest.raises(Withheld):
        made(206)


def test_values_are_counted_and_never_kept() -> None:
    answer = made(200, b"", Shape.METADATA, x_ms_meta_a="Jane", x_ms_meta_b="Roe")

    assert answer.values == {"value": 2}
    assert made(200, b"", Shape.METADATA).values == {}


def test_the_summary_adds_values_and_content() -> None:
    content = Content(b"", {"name": 2, "value": 1}, (("a", "name", 2),), "7")

    assert summary(STRICT, Made(Headers(), b"", {"value": 3}, content)) == MaskSummary(
        "safe-harbor",
        "sha256:00",
        "7",
        {"value": 4, "name": 2},
        paths=(("a", "name", 2),),
        engine=ENGINE_VERSION,
    )
    assert summary(NONE, Made(Headers(), b"x")) == MaskSummary("none")
