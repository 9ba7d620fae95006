"""A session that answers from a script, and notes what it was asked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What a site says."""

    status_code: int
    content: Any = None

    @property
    def text(self) -> str:
        return json.dumps(self.content)

    def json(self) -> Any:
        return self.content


@dataclass
class Session:
    """Gives these answers one after the other, or raises them."""

    script: list[Answer | Exception]
    asked: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    def request(self, method: str, url: str, **rest: Any) -> Any:
        query = "&".join(f"{key}={value}" for key, value in (rest.get("params") or {}).items())
        self.asked.append(f"{method} {url}{'?' if query else ''}{query}")
        self.headers.append(rest["headers"])
        if rest.get("data") is not None:
            self.sent.append(rest["data"].read())
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step


def bearer(subscription: str) -> Mapping[str, str]:
    """Names the subscription that is signed in to."""
    return {"Authorization": f"Bearer for {subscription}"}
