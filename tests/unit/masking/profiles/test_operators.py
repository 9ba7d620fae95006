import pytest

from gateway.masking.kinds import Kind
from gateway.masking.profiles.operators import Operator, misfit


@pytest.mark.parametrize(
    ("operator", "kind"),
    [
        (Operator.KEEP, Kind.SECRET),
        (Operator.TOKENISE, Kind.SECRET),
        (Operator.DROP, Kind.ID),
        (Operator.REPLACE, Kind.ID),
        (Operator.GENERALISE, Kind.NAME),
        (Operator.DATE_SHIFT, Kind.AGE),
    ],
)
def test_some_operators_do_not_go_with_some_kinds(operator: Operator, kind: Kind) -> None:
    assert misfit(operator, kind)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.TEXT])
def test_every_kind_can_be_redacted(kind: Kind) -> None:
    assert not misfit(Operator.REDACT, kind)
