import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gateway.policy.faults import Fault, ManifestInvalid, Position
from gateway.policy.syntax import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    MAX_SCALAR,
    MISSING,
    Plain,
    read,
    step,
)

words = st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
trees = st.recursive(
    words, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4)
)


def faults(data: bytes) -> tuple[Fault, ...]:
    """What is wrong with `data`; any other error fails the test."""
    try:
        return read(data).faults
    except ManifestInvalid as error:
        return error.faults


def messages(data: bytes) -> list[str]:
    return [fault.message for fault in faults(data)]


@given(trees)
def test_what_was_written_is_read_back_as_text(value: object) -> None:
    text = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10_000)

    tree = read(text.encode())

    assert tree.value == value
    assert tree.faults == ()


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8")))
def test_any_bytes_are_read_or_refused_with_a_position(data: bytes) -> None:
    assert all(fault.position.line >= 1 for fault in faults(data))


@pytest.mark.parametrize(
    "word",
    ["no", "on", "yes", "010", "0x1f", "1e100000", "12:30:45", "2026-08-03", "1_000", ".inf"],
)
def test_a_word_that_yaml_would_convert_stays_the_text(word: str) -> None:
    tree = read(f"key: {word}".encode())

    assert tree.value == {"key": word}


def test_keys_stay_text_too() -> None:
    assert read(b"no: a\n010: b\nnull: c\n~: d").value == {
        "no": "a",
        "010": "b",
        "null": "c",
        "~": "d",
    }


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_an_empty_value_is_none(nothing: str) -> None:
    assert read(f"key: {nothing}".encode()).value == {"key": None}


def test_quotes_distinguish_words_from_numbers() -> None:
    value = read(b"a: 60\nb: '60'\nc: |\n  60\n").value

    assert isinstance(value, dict)
    assert [type(value[key]) for key in "abc"] == [Plain, str, str]


def test_positions_count_from_one_and_fall_back_to_the_nearest_entry() -> None:
    tree = read(b"a:\n  b: [x, y]\n")

    assert tree.at(("a", "b", 1)) == Position(2, 10)
    assert tree.at(("a", "b", 1, "deeper")) == Position(2, 10)
    assert tree.at(("z",)) == Position(1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &x 1\nb: *x", "anchors and aliases are not allowed"),
        ("a: !!str 1", "tags are not allowed"),
        ("a: !thing 1", "tags are not allowed"),
        ("a: 1\na: 2", "the key stands twice; it is on line 1 already"),
        ("[x]: 1", "a key is a plain word"),
        ("{a: 1}: 1", "a key is a plain word"),
        ("a: 1\n---\nb: 2", "only one document"),
        ("%YAML 1.1\n---\na: 1", "no %YAML or %TAG directives"),
        ("a: " + "x" * (MAX_SCALAR + 1), f"over {MAX_SCALAR} characters"),
        ("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), f"nested over {MAX_DEPTH} levels"),
        ("[" + "a," * MAX_NODES + "a]", f"more than {MAX_NODES} values"),
        ("#" * (MAX_BYTES + 1), f"a manifest has at most {MAX_BYTES} bytes"),
    ],
)
def test_clever_yaml_is_refused(text: str, message: str) -> None:
    assert message in messages(text.encode())


def test_an_alias_bomb_costs_nothing() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [f"{key}: &{key} [*{last}, *{last}]" for last, key in zip("abcdefgh", "bcdefghi")]  # noqa: B905

    tree = read("\n".join(lines).encode())

    assert len(tree.faults) > 8
    assert isinstance(tree.value, dict)
    assert tree.value["i"] == [None, None]


def test_bytes_that_are_not_utf_8_are_located() -> None:
    with pytest.raises(ManifestInvalid) as caught:
        read(b"a: 1\nb: \xff\n")

    assert caught.value.faults[0].position == Position(2, 1)


def test_broken_yaml_is_located() -> None:
    with pytest.raises(ManifestInvalid) as caught:
        read(b"a: 1\nb: [1, 2\n")

    assert caught.value.faults[0].position.line == 3
    assert "not YAML" in caught.value.faults[0].message


def test_control_characters_are_refused() -> None:
    assert "not YAML" in messages(b"a: \x00")[0]


def test_an_empty_file_has_no_value() -> None:
    assert read(b"").value is None


def test_a_step_into_nothing_is_missing_and_not_empty() -> None:
    assert step({"a": None}, "a") is None
    assert step({"a": None}, "b") is MISSING
    assert step(["x"], 0) == "x"
    assert step(["x"], 1) is MISSING
    assert step(["x"], "a") is MISSING
    assert step("x", 0) is MISSING
