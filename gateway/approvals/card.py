"""The Adaptive Card that tells reviewers of a held request: facts in plain text, and one link.

Version 1.4 with one `Action.OpenUrl`, posted to a Teams workflow. The link says where the page is
and opens nothing. What the agent says is shown as `TextRun`, which is not Markdown, and labelled.
"""

from collections.abc import Sequence
from typing import Final

import orjson

from gateway.approvals.facts import Held
from gateway.model.canonical import Json
from gateway.model.digest import sha256

MAX_BYTES: Final = 20 * 1024
"""Teams refuses more than about 28 KB, everything around the card included."""
MAX_TEXT: Final = 600
MAX_ACCESSES: Final = 5


def card(held: Held, page_url: str) -> bytes:
    """The message for a Teams workflow, JSON, at most 20 KB.

    Args:
        held: sealed facts, masked already.
        page_url: of the reviewer's page.
    """
    body: list[Json] = [
        _text("A request waits for approval", weight="Bolder", size="Medium"),
        {"type": "FactSet", "facts": _facts(held)},
    ]
    shown = held.accesses[:MAX_ACCESSES]
    body += [_text(f"{access.action} on {access.resource}") for access in shown]
    if len(held.accesses) > len(shown):
        body.append(_text(f"and {len(held.accesses) - len(shown)} more: see the page"))
    for label, said in (("purpose", held.purpose), ("reason", held.reason)):
        if said:
            body.append(_text(f"The agent says, as its {label}:", is_subtle=True))
            body.append(_text(said))
    return _message(body, page_url)


def _facts(held: Held) -> list[Json]:
    pairs: Sequence[tuple[str, str]] = (
        ("Agent", held.agent),
        ("Answerable", held.sponsor),
        ("Operation", f"{held.operation} ({held.effect})"),
        ("Connection", held.connection),
        ("Rule", held.rule),
        ("Workflow", held.workflow),
        ("Open until", held.expires_at.strftime("%Y-%m-%d %H:%M UTC")),
    )
    return [{"title": title, "value": _plain(cut(value))} for title, value in pairs]


def _text(
    text: str, *, weight: str = "Default", size: str = "Default", is_subtle: bool = False
) -> Json:
    run: dict[str, Json] = {
        "type": "TextRun",
        "text": cut(text),
        "weight": weight,
        "size": size,
        "isSubtle": is_subtle,
    }
    return {"type": "RichTextBlock", "inlines": [run]}


def cut(text: str) -> str:
    """The text, or its beginning with the digest of the whole; the page has all of it."""
    if len(text) <= MAX_TEXT:
        return text
    return f"{text[:MAX_TEXT]} … [{len(text)} characters, {sha256(text.encode())[:23]}]"


def _plain(text: str) -> str:
    """Without the characters that are Markdown in a FactSet, which knows no TextRun."""
    return "".join(char if char.isalnum() or char in " .,:@/-_()+" else " " for char in text)


def _message(body: Sequence[Json], page_url: str) -> bytes:
    content: dict[str, Json] = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": list(body),
        "actions": [{"type": "Action.OpenUrl", "title": "Review", "url": page_url}],
    }
    data = orjson.dumps(
        {
            "type": "message",
            "attachments": [
                {
                    "contentType": "application/vnd.microsoft.card.adaptive",
                    "contentUrl": None,
                    "content": content,
                }
            ],
        }
    )
    if len(data) <= MAX_BYTES:
        return data
    digest = sha256(data)
    return _message(
        [_text(f"A request waits for approval; its facts are long ({digest})")], page_url
    )
