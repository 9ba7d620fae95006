import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.approvals.decision import Decision
from gateway.errors import Reason
from gateway.masking.formats import Format
from gateway.model import signals
from gateway.model.signals import NAMES, OTHER, Attribute, Signal, Step, status_class, vetted

GATEWAY = Path(signals.__file__).resolve().parents[1]
HOSTILE = st.one_of(
    st.text(),
    st.sampled_from(
        [
            "mrn 00123456",
            "/c/clinic/patients/JaneDoe.json",
            "Bearer eyJhbGciOi",
            "rule\n",
            "Rule",
            "-rule",
            "json\n",
            "2xx ",
            "a" * 65,
        ]
    ),
)


@given(
    st.sampled_from([*Signal, *Step]), st.dictionaries(st.sampled_from(list(Attribute)), HOSTILE)
)
def test_only_words_of_the_vocabulary_come_through(
    signal: Signal | Step, attributes: dict[Attribute, str]
) -> None:
    for name, value in vetted(signal, attributes).items():
        assert Attribute(name) in NAMES[signal]
        if name == Attribute.RULE:
            assert value == OTHER or re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", value)
        else:
            assert value == OTHER or value in signals._WORDS[Attribute(name)]


def test_what_is_empty_is_left_out_and_what_a_signal_may_not_carry_too() -> None:
    given_ = {Attribute.RULE: "read-public", Attribute.REASON: "", Attribute.FORMAT: "json"}
    assert vetted(Signal.DECISIONS, given_) == {"rule": "read-public"}
    assert vetted(Signal.MANIFEST_ACTIVATED, given_) == {}


def test_every_name_that_is_allowed_has_words() -> None:
    named = {name for names in NAMES.values() for name in names}
    assert named == set(Attribute)
    assert named - {Attribute.RULE} == set(signals._WORDS)


@pytest.mark.parametrize(("status", "word"), [(204, "2xx"), (599, "5xx"), (0, OTHER), (999, OTHER)])
def test_a_status_is_told_by_its_class(status: int, word: str) -> None:
    assert status_class(status) == word


def test_formats_and_verdicts_are_those_that_there_are() -> None:
    assert set(Format) <= signals.FORMATS
    verdicts = Decision.__annotations__["verdict"].__args__
    assert set(verdicts) | {"expired"} == signals.ENDS


def test_every_word_that_is_counted_is_in_the_vocabulary() -> None:
    """Words given to a meter as they stand; reason codes are an enumeration already."""
    counted = {
        (call.args[0].value, getattr(call.args[1], "value", None))
        for path in GATEWAY.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "count"
        and len(call.args) == 2
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }
    names = {name for name, _ in counted}
    words = {word for _, word in counted if isinstance(word, str)}
    assert names == signals.EVENTS
    assert words - {"error"} <= signals.MISHAPS | set(Reason)
    # The one that is named by a constant.
    assert words | {"HoldInterrupted"} >= signals.MISHAPS
