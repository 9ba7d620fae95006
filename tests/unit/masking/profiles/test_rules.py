from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.paths import ANY, ONE, parse
from gateway.masking.profiles.rules import FieldRule, Rules

NAMES = ("a", "b", "c", "Patient", "valueString")


def rules(*paths: str, operator: Operator = Operator.REDACT) -> Rules:
    return Rules(
        FieldRule(parse(path), operator=operator, order=order) for order, path in enumerate(paths)
    )


def fits(segments: tuple[str, ...], names: tuple[str, ...]) -> bool:
    """The obvious matcher, as an oracle."""
    if not segments:
        return not names
    if segments[0] == ANY:
        return fits(segments[1:], names) or (bool(names) and fits(segments, names[1:]))
    return bool(names) and segments[0] in {ONE, names[0]} and fits(segments[1:], names[1:])


SEGMENTS = st.lists(st.sampled_from(("a", "b", "c", ONE, ANY)), min_size=1, max_size=5).filter(
    lambda found: found[-1] != ANY and found.count(ANY) <= 2
)


@given(
    st.lists(SEGMENTS, min_size=1, max_size=4),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=6),
)
def test_the_automaton_finds_what_each_path_alone_would(
    paths: list[list[str]], names: list[str]
) -> None:
    made = rules(*(".".join(path) for path in paths))

    state, last = made.start, None
    for name in names:
        state, last = made.enter(state, name)

    assert (last is not None) is any(fits(tuple(path), tuple(names)) for path in paths)


def test_a_choice_of_types_is_one_element() -> None:
    made = rules("Observation.value[x]")

    assert made.at(("Observation", "valueString"))
    assert made.at(("Observation", "valueQuantity"))
    assert not made.at(("Observation", "value"))
    assert not made.at(("Observation", "values"))


def test_a_name_of_its_own_is_still_a_choice() -> None:
    made = rules("**.value[x]", "Patient.valueString")

    assert made.at(("Observation", "valueString"))


def test_columns_in_any_case_and_segments_by_number() -> None:
    made = rules("column:SSN", "PID-5")

    assert made.column(" ssn ")
    assert not made.column("ssn2")
    assert made.segment("PID", 5)
    assert not made.segment("PID", 6)


def test_of_rules_for_one_field_the_exempting_one_decides_then_the_first() -> None:
    paths = ("a.b", "a.*", "*.b")
    made = Rules(
        FieldRule(parse(path), operator=operator, order=order)
        for order, (path, operator) in enumerate(
            zip(paths, (Operator.HASH, Operator.DROP, Operator.KEEP), strict=True)
        )
    )
    found = made.at(("a", "b"))

    assert found is not None
    assert found.path.text == "*.b"
    first = rules(*paths).at(("a", "b"))
    assert first is not None
    assert first.path.text == "a.b"


def test_hostile_names_do_not_make_it_grow() -> None:
    made = rules("**.a.*.*.b", "**.c")
    state = made.start
    for number in range(20_000):
        state, _ = made.enter(state, f"name{number}")

    assert len(made.start.next) <= 2
