from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.condition import MAX_DEPTH, MAX_LENGTH, ConditionInvalid, check

FACTS: dict[str, type] = {"effect": str, "size": int, "sas": bool, "groups": list}


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("effect == 'read'", {"effect"}),
        ('effect != "read" && size > 0', {"effect", "size"}),
        ("sas || !sas", {"sas"}),
        ("'readers' in groups", {"groups"}),
        ("size in [1, 2, 3]", {"size"}),
        ("effect in ['read', 'write']", {"effect"}),
        ("size(groups) > 1 && groups.size() < 9 && effect.size() == 4", {"groups", "effect"}),
        ("[1, 2].size() == size", {"size"}),
        ("effect.startsWith('r') || effect.endsWith('d') || effect.contains('ea')", {"effect"}),
        ("effect.matches('^re(ad)?$')", {"effect"}),
        ("size + 1 - 2 * 3 >= -4", {"size"}),
        ("effect + 'x' == 'readx'", {"effect"}),
        ("(sas ? size : 0) > 1", {"sas", "size"}),
        ("sas ? effect == 'a' : sas", {"sas", "effect"}),
        (r"effect == 'it\'s' || effect == \"a\\b\"".replace('\\"', '"'), {"effect"}),
        ("  sas  ", {"sas"}),
        ("true", set()),
        ("1 < 2 == true", None),
    ],
)
def test_the_language_by_example(source: str, variables: set[str] | None) -> None:
    if variables is None:
        with pytest.raises(ConditionInvalid):
            check(source, FACTS)
    else:
        assert check(source, FACTS).variables == variables


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("efect == 'read'", 'character 1: unknown fact "efect"; did you mean "effect"?'),
        ("effect == 1", "the two sides of == have different types"),
        ("size == '5'", "the two sides of == have different types"),
        ("size > 1.5", "character 8: not understood here"),
        ("size > 3u", "character 8: not understood here"),
        ("size", "a condition is a truth value; this is an integer"),
        ("'a'", "a condition is a truth value; this is a text"),
        ("size && sas", "what && joins is a truth value; this is an integer"),
        ("sas && size", "what && joins is a truth value; this is an integer"),
        ("sas || size", "what || joins is a truth value; this is an integer"),
        ("effect || sas", "what || joins is a truth value; this is a text"),
        ("!size", "what ! negates is a truth value"),
        ("-effect == 'a'", "what - negates is an integer"),
        ("sas < sas", "a truth value is not compared with <"),
        ("groups == groups", "a list of texts is not compared with =="),
        ("size in groups", "the two sides of in have different types"),
        ("'a' in effect", "the two sides of in have different types"),
        ("effect - effect == ''", "- takes integers"),
        ("sas + sas", "+ takes integers or texts"),
        ("size + effect == 1", "the two sides of + have different types"),
        ("effect * 2 == 1", "what * multiplies is an integer"),
        ("2 * effect == 1", "what * multiplies is an integer"),
        ("size / 2 == 1", "not understood here"),
        ("size % 2 == 1", "not understood here"),
        ("groups[0] == 'a'", 'unexpected "["'),
        ("{'a': 1} == {}", "not understood here"),
        ("groups.exists(g, g == 'a')", 'unknown function "exists"'),
        ("groups.map(size, size).size() > 0", 'unknown function "map"'),
        ("has(effect.x)", 'unknown function "has"'),
        ("int(effect) == 1", 'unknown function "int"'),
        ("effect.x == 'a'", "facts are flat"),
        ("effect.'x'", "facts are flat"),
        ("size.startsWith('a')", "what startsWith is called on is a text"),
        ("effect.startsWith(1)", "the argument of startsWith is a text"),
        ("effect.matches(effect)", "the pattern of matches is a literal text"),
        ("effect.matches('a' + effect)", "the pattern of matches is a literal text"),
        ("size(sas) == 1", "a truth value has no size"),
        ("size.size() == 1", "an integer has no size"),
        ("sas ? 1 : 'a'", "the two branches of ?: have different types"),
        ("size ? sas : sas", "the condition before ? is a truth value"),
        ("sas ? sas", 'expected ":"'),
        ("size in [1, 'a']", "the items of a list have different types"),
        ("sas in [true]", "a list holds texts or integers"),
        ("size in []", 'unexpected "]"'),
        ("r'a' == 'a'", "not understood here"),
        ("b'a' == b'a'", "not understood here"),
        ("'''a''' == 'a'", "unexpected \"'a'\""),
        ("effect == 'a", "not understood here"),
        ("sas // comment", "not understood here"),
        ("sas sas", 'unexpected "sas"'),
        ("(sas", 'expected ")"'),
        ("(sas]", 'expected ")" and found "]"'),
        ("sas &&", "it ends too soon"),
        ("", "it ends too soon"),
        ("&& sas", 'unexpected "&&"'),
        (f"size > {2**63}", "integers have 64 bits"),
        ("sas" + " " * MAX_LENGTH, f"over {MAX_LENGTH} characters"),
        ("(" * 99 + "sas" + ")" * 99, f"nested over {MAX_DEPTH} levels"),
        ("!" * 99 + "sas", f"nested over {MAX_DEPTH} levels"),
    ],
)
def test_what_could_mislead_is_not_in_the_language(source: str, why: str) -> None:
    with pytest.raises(ConditionInvalid) as caught:
        check(source, FACTS)

    assert why in str(caught.value)


@given(st.text(max_size=60) | st.text(alphabet=printable, max_size=60))
def test_any_text_is_a_condition_or_refused(source: str) -> None:
    try:
        assert check(source, FACTS).source == source
    except ConditionInvalid:
        return
