from gateway.policy.document import Document
from gateway.policy.schema import validate
from gateway.policy.syntax import read
from tests.fakes.manifest import HEAD


def faults(text: str) -> list[str]:
    result = validate(read(text.encode()))
    assert not isinstance(result, Document)
    return [str(fault) for fault in result]


def test_a_document_is_returned() -> None:
    assert isinstance(validate(read(HEAD.encode())), Document)


def test_keys_are_suggested_at_every_depth() -> None:
    text = (
        HEAD.replace("sponsor:", "sponsr:", 1)
        .replace("object_id:", "objectid:", 1)
        .replace("secret: clinic-key", "secert: clinic-key")
        .replace("pattern:", "patern:", 1)
    )

    found = "\n".join(faults(text))

    for word in ("sponsor", "secret", "pattern"):
        assert f'did you mean "{word}"?' in found


def test_a_key_below_something_unknown_gets_no_suggestion() -> None:
    (found,) = faults(HEAD + "unknown: {deeper: 1}\n")

    assert found.endswith(
        'unknown key "unknown"; known: agents, connections, groups, profiles, rules, version, '
        "workflows"
    )


def test_a_list_is_not_called_empty_because_its_items_are_wrong() -> None:
    found = faults(HEAD + 'rules: [{id: r, effect: deny, actions: ["*"], resources: ["a//b"]}]\n')

    assert len(found) == 1


def test_a_long_text_is_named_so() -> None:
    found = faults(HEAD + f"rules: [{{id: r, description: {'x' * 501}}}]\n")

    assert any("Text should have at most 500 characters" in fault for fault in found)


def test_too_many_entries_are_named_so() -> None:
    groups = ", ".join(["readers"] * 101)

    assert any(
        "at most 100 entries" in fault
        for fault in faults(HEAD + f"rules: [{{groups: [{groups}]}}]\n")
    )


def test_a_choice_that_is_no_text_is_refused() -> None:
    assert any(
        '"" is not one of deny' in fault for fault in faults(HEAD + "rules: [{effect: [deny]}]\n")
    )
