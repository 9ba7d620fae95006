import pytest

from gateway.approvals.eligibility import require_reviewer, require_standing
from gateway.errors import Forbidden, Reason
from gateway.model.principal import PrincipalKind
from tests.fakes.asking import reviewer
from tests.unit.approvals.build import HELD, decision

GROUPS = frozenset({"g1", "g2", "g3"})


def test_a_person_of_the_workflows_groups_may_decide_once_for_all_of_them() -> None:
    person = reviewer(groups=frozenset({"g2", "g1", "elsewhere"}))
    assert require_reviewer(HELD, person, GROUPS, frozenset()) == ("g1", "g2")


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": PrincipalKind.APPLICATION},
        {"groups": frozenset()},
        {"groups": frozenset({"elsewhere"})},
        {"object_id": "AGENT-OID"},
        {"object_id": "sponsor-oid"},
        {"object_id": "Sponsor-OID"},
        {"object_id": "new-sponsor"},
    ],
)
def test_nobody_else_may(changes: dict[str, object]) -> None:
    person = reviewer(**{"groups": GROUPS, **changes})  # type: ignore[arg-type]
    with pytest.raises(Forbidden) as caught:
        require_reviewer(HELD, person, GROUPS, frozenset({"New-Sponsor"}))
    assert caught.value.reason is Reason.REVIEWER_NOT_ACCEPTED


def test_a_decision_stands_while_its_reviewer_would_still_be_accepted() -> None:
    require_standing(decision(), frozenset({"g", "h"}), frozenset({"s"}))
    with pytest.raises(Forbidden):
        require_standing(decision(), frozenset({"h"}), frozenset({"s"}))
    with pytest.raises(Forbidden):
        require_standing(decision(), frozenset({"g"}), frozenset({"R"}))
