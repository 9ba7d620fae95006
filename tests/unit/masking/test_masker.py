import pytest

from gateway.errors import Reason, Withheld
from gateway.masking import WithholdingMasker
from gateway.model.connection import Masking, Sensitivity
from gateway.model.exchange import MaskSummary
from gateway.model.message import Headers
from gateway.model.operation import Shape
from gateway.ports import Masker
from tests.unit.masking.build import NONE, STRICT, authorised, forwarded

MASKER: Masker = WithholdingMasker()
TYPED = Headers((("content-type", "application/json"),))


def test_content_of_a_plain_place_passes_unchanged() -> None:
    masked = MASKER.mask(forwarded(206, masking=NONE), TYPED, b"\x00\xffbytes")

    assert (masked.answer.status, masked.answer.headers) == (206, TYPED)
    assert masked.answer.body == b"\x00\xffbytes"
    assert masked.summary == MaskSummary("none")


@pytest.mark.parametrize("status", [200, 206, 299, 302])
def test_content_of_a_masking_place_never_passes(status: int) -> None:
    with pytest.raises(Withheld) as caught:
        MASKER.mask(forwarded(status), TYPED, b"Jane Doe")
    assert caught.value.reason is Reason.CONTENT_WITHHELD


@pytest.mark.parametrize(
    ("status", "body"), [(304, b""), (404, b"<Error/>"), (412, b"<Error/>"), (200, b"")]
)
def test_an_answer_without_content_passes(status: int, body: bytes) -> None:
    masked = MASKER.mask(forwarded(status), TYPED, body)

    assert (masked.answer.status, masked.answer.body) == (status, body)


@pytest.mark.parametrize("shape", [Shape.NONE, Shape.LISTING, Shape.METADATA, Shape.PROTOCOL])
def test_what_was_reduced_already_passes(shape: Shape) -> None:
    masked = MASKER.mask(forwarded(200, shape), TYPED, b"<List/>")

    assert masked.answer.body == b"<List/>"
    assert masked.summary == MaskSummary("safe-harbor", "sha256:00")


@pytest.mark.parametrize("headers", [Headers(), Headers((("content-type", ""),))])
@pytest.mark.parametrize("status", [201, 204, 304])
def test_there_is_always_one_content_type(status: int, headers: Headers) -> None:
    masked = MASKER.mask(forwarded(status, Shape.NONE), headers, b"")

    assert masked.answer.headers.all("content-type") == ("application/octet-stream",)


@pytest.mark.parametrize(
    ("shape", "masking", "names", "admitted"),
    [
        (Shape.CONTENT, STRICT, Sensitivity.PLAIN, False),
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
        MASKER.admit(authorised(shape, masking, names))
    except Withheld:
        assert not admitted
    else:
        assert admitted
