from gateway.policy.facts import COMMON
from gateway.policy.references import check_references
from gateway.policy.syntax import read


def messages(text: str) -> list[str]:
    return [fault.message for fault in check_references(read(text.encode()), COMMON)]


def test_whatever_the_shape_of_the_file_nothing_but_faults_comes_back() -> None:
    for text in (
        "",
        "x",
        "[]",
        "rules: x",
        "rules: [x, [], {groups: x}]",
        "agents: [a]",
        "profiles: {a: b}",
    ):
        assert isinstance(messages(text), list)


def test_a_chain_of_profiles_has_no_rank_to_judge_where_one_is_unknown() -> None:
    (found,) = messages("profiles: {a: {extends: b, rank: 5}}")

    assert found.startswith('unknown profile "b"; known: a, ')


def test_a_chain_that_ends_in_a_profile_without_base_is_judged_by_ranks() -> None:
    assert messages("profiles: {a: {extends: b, rank: 25}, b: {rank: 21}}") == []
    assert messages("profiles: {a: {extends: b, rank: 20}, b: {rank: 21}}") == [
        'a profile that extends "b" has a rank from 21 to 29'
    ]
    assert messages("profiles: {a: {extends: b, rank: 35}, b: {rank: 21}}") == [
        'a profile that extends "b" has a rank from 21 to 29'
    ]
    assert messages("profiles: {a: {extends: b, rank: 35}, b: {rank: x}}") == []
