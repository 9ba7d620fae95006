import pytest
from pydantic import ValidationError

from gateway.policy.document import FORMS, Document
from gateway.policy.scalars import Part
from gateway.policy.syntax import Plain, read
from tests.fakes.manifest import HEAD


def test_every_part_refuses_unknown_keys_and_changes() -> None:
    for part in Part.__subclasses__():
        assert part.model_config["extra"] == "forbid"
        assert part.model_config["frozen"] is True


def test_every_form_has_words() -> None:
    assert all(words for words in FORMS.values())


def test_guids_are_compared_in_lower_case() -> None:
    tree = read(HEAD.replace("0a7d3f52-1b6c", "0A7D3F52-1B6C").encode())

    assert Document.model_validate(tree.value).groups["readers"].startswith("0a7d3f52-1b6c")


@pytest.mark.parametrize("number", ["01", "+1", "1.0", "1e0", "0x1", "1_0", "-1", "\u0661"])
def test_only_plain_digits_are_a_number(number: str) -> None:
    tree = read(HEAD.replace("version: 1", f"version: {number}").encode())

    with pytest.raises(ValidationError):
        Document.model_validate(tree.value)


@pytest.mark.parametrize("word", ["True", "yes", "on", "1", "TRUE"])
def test_only_true_and_false_are_truth_values(word: str) -> None:
    tree = read(HEAD.replace("ephi: true", f"ephi: {word}", 1).encode())

    with pytest.raises(ValidationError):
        Document.model_validate(tree.value)


def test_the_error_of_a_value_does_not_repeat_it() -> None:
    with pytest.raises(ValidationError) as caught:
        Document.model_validate({"version": Plain("1"), "agents": {"a": "hunter2"}})

    assert "hunter2" not in str(caught.value)
