import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.condition import Checked, ConditionInvalid, check
from gateway.policy.expression import (
    Condition,
    Outcome,
    compile_condition,
    context,
    require_agreement,
)
from gateway.policy.facts import Fact, FactsInvalid

FACTS: dict[str, type] = {"effect": str, "size": int, "sas": bool, "groups": list}
VALUES: dict[str, Fact] = {"effect": "read", "size": 5, "sas": False, "groups": ["readers"]}


def outcome(source: str) -> Outcome:
    return compile_condition(source, FACTS).evaluate(context(VALUES))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("effect == 'read'", Outcome.HOLDS),
        ("effect == 'write'", Outcome.FAILS),
        ("'readers' in groups && !('writers' in groups)", Outcome.HOLDS),
        ("size(groups) == 1 && effect.size() == 4", Outcome.HOLDS),
        ("effect.matches('^r.*d$')", Outcome.HOLDS),
        ("(sas ? 1 : 2) == 2", Outcome.HOLDS),
        ("effect + '!' == 'read!' && size * 2 - 1 == 9 && -size < 0", Outcome.HOLDS),
        (f"size * {2**62} > 0", Outcome.ERROR),
    ],
)
def test_conditions_are_evaluated_as_cel(source: str, expected: Outcome) -> None:
    assert outcome(source) is expected


def test_a_text_that_utf_8_does_not_have_is_an_error_and_not_a_no() -> None:
    condition = compile_condition("effect == 'read'", FACTS)

    with pytest.raises(FactsInvalid):
        context({**VALUES, "effect": "\ud800"})
    assert condition.evaluate(context({})) is Outcome.ERROR


def test_a_result_that_is_no_truth_value_is_an_error() -> None:
    condition = Condition(Checked("1", frozenset(), ()), cel.compile("1"))

    assert condition.evaluate(context({})) is Outcome.ERROR


def test_a_constant_condition_is_known_without_facts() -> None:
    assert compile_condition("1 < 2", FACTS).constant() is Outcome.HOLDS
    assert compile_condition("1 > 2", FACTS).constant() is Outcome.FAILS
    assert compile_condition("sas", FACTS).constant() is None


def test_a_broken_regular_expression_is_found_at_load() -> None:
    with pytest.raises(ConditionInvalid, match="regular expression"):
        compile_condition("sas || effect.matches('(')", FACTS)


def test_an_escape_that_cel_does_not_know_is_found_at_load() -> None:
    with pytest.raises(ConditionInvalid, match="not accepted"):
        compile_condition(r"effect == '\q'", FACTS)


def test_a_condition_that_the_library_reads_differently_is_refused() -> None:
    """Stands on the check itself: no accepted text is known that the library reads differently."""
    checked = check("sas", FACTS)

    require_agreement(checked, cel.compile("sas"))
    for other in ("size > 1", "int(effect) == 1 && sas"):
        with pytest.raises(ConditionInvalid, match="CEL library sees other"):
            require_agreement(checked, cel.compile(other))


def test_functions_beyond_the_language_are_refused_even_over_known_facts() -> None:
    with pytest.raises(ConditionInvalid, match="other functions"):
        require_agreement(check("sas", FACTS), cel.compile("type(sas) == type(sas)"))


def test_a_stop_while_compiling_is_not_swallowed() -> None:
    def stop(_: str) -> cel.Program:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compile_condition("sas", FACTS, stop)


class Panics:
    """A program whose library fails in a way that is no Exception."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def execute(self, _: object) -> object:
        raise self._error


class LibraryPanic(BaseException):
    """Stands for the binding's panic, which derives from BaseException."""


def test_a_panic_of_the_library_is_an_error() -> None:
    condition = Condition(Checked("sas", frozenset({"sas"}), ()), Panics(LibraryPanic()))  # type: ignore[arg-type]

    assert condition.evaluate(context({})) is Outcome.ERROR


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_a_stop_of_the_process_is_not_swallowed(stop: type[BaseException]) -> None:
    condition = Condition(Checked("sas", frozenset({"sas"}), ()), Panics(stop()))  # type: ignore[arg-type]

    with pytest.raises(stop):
        condition.evaluate(context({}))


names = st.sampled_from(["effect", "size", "sas", "groups"])
leaves = st.sampled_from(
    ["sas", "true", "effect == 'read'", "size > 1", "'a' in groups", "size(groups) >= 0"]
)
conditions = st.recursive(
    leaves,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["&&", "||", "==", "!="]), inner).map(
            lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
        )
        | inner.map(lambda text: f"!({text})")
        | st.tuples(inner, inner, inner).map(lambda t: f"({t[0]}) ? ({t[1]}) : ({t[2]})")
    ),
    max_leaves=8,
)


@given(conditions)
def test_what_the_checker_accepts_the_library_reads_in_the_same_way(source: str) -> None:
    compiled = compile_condition(source, FACTS)

    assert compiled.checked == check(source, FACTS)
    assert compiled.evaluate(context(VALUES)) in {Outcome.HOLDS, Outcome.FAILS}
