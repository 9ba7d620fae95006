from dataclasses import replace

import pytest

from gateway.errors import Reason, Withheld
from gateway.masking.withhold import refuse_unmaskable
from gateway.model.connection import Masking, Sensitivity
from gateway.model.operation import Shape
from tests.unit.masking.build import NONE, STRICT, operation

PAGES = replace(operation(Shape.PROTOCOL), name="Get Page Ranges")


@pytest.mark.parametrize("masking", [NONE, STRICT])
@pytest.mark.parametrize("shape", list(Shape))
def test_everything_whose_answer_can_be_masked_may_be_asked(shape: Shape, masking: Masking) -> None:
    refuse_unmaskable(operation(shape), masking)


@pytest.mark.parametrize("masking", [NONE, STRICT])
def test_names_that_are_ephi_are_not_listed(masking: Masking) -> None:
    with pytest.raises(Withheld) as caught:
        refuse_unmaskable(operation(Shape.LISTING), masking, Sensitivity.EPHI)
    assert caught.value.reason is Reason.CONTENT_WITHHELD


def test_properties_can_be_asked_for_by_a_known_name() -> None:
    refuse_unmaskable(operation(Shape.METADATA), STRICT, Sensitivity.EPHI)


def test_ranges_of_the_original_are_withheld_with_place_reason_and_advice() -> None:
    with pytest.raises(Withheld) as caught:
        refuse_unmaskable(PAGES, STRICT)

    assert caught.value.reason is Reason.CONTENT_WITHHELD
    assert dict(caught.value.details) == {"connection": "phi", "profile": "safe-harbor"}
    assert "intake" not in str(caught.value)
    assert caught.value.advice
    refuse_unmaskable(PAGES, NONE)
