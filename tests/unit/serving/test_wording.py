"""Words are shown masked, and not at all where they cannot be masked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.local.patients import canaries, generate
from gateway.masking import engine
from gateway.model.connection import WITHHELD_MARK
from gateway.serving.wording import MAX_CHARACTERS, MaskedWording
from tests.fakes.time import FakeClock


def shown(text: str) -> str:
    return MaskedWording(FakeClock()).shown(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        (" treatment ", "treatment"),
        ("0A7D3F52-1b6c-4e8d-9f20-a1b2c3d4e5f6", "0A7D3F52-1b6c-4e8d-9f20-a1b2c3d4e5f6"),
        ("The archive was copied and checked.", "The archive was copied and checked."),
        ("Asked for by Dr. Miller.", "Asked for by [name]."),
        ("SSN 517-64-9982, call 206-555-0137", "SSN [ssn], call [phone]"),
        ("born on 1948-03-05", "born on 1948"),
        ("Jane asked", "[name] asked"),
        ("Remove what JANE O'Neill-Roe sent", "Remove what [withheld] [withheld] sent"),
        ("bring back Azure Blob 7 of last March", "bring back Azure Blob 7 of [date]"),
        ("Für 山田 太郎 gelöscht", "[withheld] [withheld] [withheld] [withheld]"),
        # Nothing says that these are numbers of patients, and nothing says that they are not.
        ("remove 12345678 and A-77-4411, keep 4711", "remove [withheld] and [withheld] keep 4711"),
        ("as in 0a7d3f52-1b6c-4e8d-9f20-a1b2c3d4e5f6.",) * 2,
        ("two\nlines", "two\nlines"),
        # What is written for machines is not for people to weigh.
        ("PID|1||123^^^MRN||Doe^Jane", WITHHELD_MARK),
        ('{"name": "Jane Doe"}', WITHHELD_MARK),
        ("<b>Jane</b>", WITHHELD_MARK),
        ("\x1b[2J", WITHHELD_MARK),
        ("lone \ud83d surrogate", WITHHELD_MARK),
        ("no " * MAX_CHARACTERS, WITHHELD_MARK),
    ],
)
def test_words_are_shown_masked(text: str, expected: str) -> None:
    assert shown(text) == expected


@pytest.mark.parametrize("error", [Withheld("no"), ValueError("no"), RecursionError("no")])
def test_what_the_engine_cannot_mask_is_withheld(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_: object) -> str:
        raise error

    monkeypatch.setattr(engine, "mask_text_value", fails)
    assert shown("a reason") == WITHHELD_MARK
    assert shown("treatment") == "treatment"


def test_no_value_of_a_patient_passes_however_it_is_put() -> None:
    patients = generate(7, 12)
    for value in canaries(patients):
        for text in (value, f"Asked for by {value}.", f"see {value}: {value}", f"({value})"):
            assert value not in shown(text), value
    for patient in patients:
        for sentence in patient.note.splitlines():
            masked = shown(sentence)
            assert not [value for value in canaries([patient]) if value in masked], masked


@given(st.text(max_size=MAX_CHARACTERS + 50))
def test_any_text_is_shown_or_withheld_and_never_fails(text: str) -> None:
    words = shown(text).split()
    assert all(sum(char.isdigit() for char in word) <= 4 or len(word) >= 36 for word in words)
