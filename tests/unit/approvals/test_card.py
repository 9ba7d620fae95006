import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.approvals.card import MAX_BYTES, MAX_TEXT, card, cut
from gateway.approvals.facts import HeldAccess
from tests.unit.approvals.build import HELD

URL = "https://gateway.example/approvals/" + "a" * 32


def content(data: bytes) -> dict[str, Any]:
    message = json.loads(data)
    (attachment,) = message["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    found: dict[str, Any] = attachment["content"]
    return found


def nodes(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return [value, *(node for item in value.values() for node in nodes(item))]
    return [node for item in value for node in nodes(item)] if isinstance(value, list) else []


def test_a_card_has_one_link_and_nothing_that_acts() -> None:
    found = content(card(HELD, URL))
    assert (found["type"], found["version"]) == ("AdaptiveCard", "1.4")
    assert found["actions"] == [{"type": "Action.OpenUrl", "title": "Review", "url": URL}]
    kinds = {node["type"] for node in nodes(found["body"]) if "type" in node}
    assert kinds == {"RichTextBlock", "TextRun", "FactSet"}


def test_it_says_who_wants_what_and_until_when() -> None:
    text = card(HELD, URL).decode()
    for word in ("triage-bot", "dr.lee@example.org", "Delete Container", "deletes-ask", "13:00"):
        assert word in text


def test_what_the_agent_says_is_labelled_and_is_no_markdown() -> None:
    said = "[approve](https://evil.example) **now**"
    body = content(card(replace(HELD, reason=said), URL))["body"]
    runs = [node["text"] for node in nodes(body) if node.get("type") == "TextRun"]
    assert "The agent says, as its reason:" in runs
    assert runs[runs.index("The agent says, as its reason:") + 1] == said


def test_the_facts_hold_no_markdown() -> None:
    held = replace(HELD, agent="[a](b)", rule="*x*", sponsor="<at>all</at>")
    facts = next(node for node in nodes(content(card(held, URL))) if node.get("type") == "FactSet")
    assert not set("[]*<>`|#~") & set("".join(fact["value"] for fact in facts["facts"]))


def test_a_long_text_is_cut_and_named_by_its_digest() -> None:
    text = "x" * (MAX_TEXT + 1)
    assert cut(text[:MAX_TEXT]) == text[:MAX_TEXT]
    assert cut(text).startswith("x" * MAX_TEXT + " … [601 characters, sha256:")
    assert cut(text) != cut(text + "x")


@given(st.text(max_size=8000), st.integers(0, 40))
def test_a_card_is_never_too_large(text: str, count: int) -> None:
    accesses = tuple(HeldAccess("a" * 256, text, "read") for _ in range(count))
    held = replace(HELD, reason=text, purpose=text, accesses=accesses, rule=text, sponsor=text)
    data = card(held, URL)
    assert len(data) <= MAX_BYTES
    assert content(data)["actions"][0]["url"] == URL


def test_facts_that_are_too_long_leave_the_link() -> None:
    wide = "\U0001f9ec" * 600
    held = replace(
        HELD,
        accesses=tuple(HeldAccess(wide, wide, "read") for _ in range(5)),
        reason=wide,
        purpose=wide,
    )
    held = replace(held, agent="é" * 600, sponsor="é" * 600, rule="é" * 600)
    data = card(held, URL)
    assert len(data) <= MAX_BYTES
