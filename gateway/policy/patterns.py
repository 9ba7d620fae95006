"""Action and resource patterns; matching takes time linear in text times pattern, no regex."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.policy.vocabulary import privileged

ANY_SEGMENTS = "**"


def wildcard(parts: Sequence[str], text: str) -> bool:
    """Whether `text` is the `parts` in order with anything between them (`*` was the separator)."""
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not text.startswith(first):
        return False
    if not text.endswith(last):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


@dataclass(frozen=True, slots=True)
class ActionPattern:
    """An action with the wildcards of Azure role definitions: `*` is anything, "/" included.

    https://learn.microsoft.com/azure/role-based-access-control/role-definitions
    """

    text: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "ActionPattern":
        """Case does not matter in Azure's action names."""
        lower = text.lower()
        return cls(lower, tuple(lower.split("*")))

    @property
    def exact(self) -> bool:
        """Without a wildcard."""
        return len(self.parts) == 1

    def matches(self, action: str) -> bool:
        """Whether `action`, in lower case, is meant."""
        return wildcard(self.parts, action)

    def grants(self, action: str) -> bool:
        """Whether a rule with this pattern can let a matching action pass.

        One of the gateway's own must be named as such, or a rule for all of Azure would open it.
        """
        return privileged(self.parts[0]) or not privileged(action)


@dataclass(frozen=True, slots=True)
class ResourcePattern:
    """`connection/container/blob…`: `*` is one segment or a part of one, `**` any number of them.

    Case matters, as it does to Azure Storage.
    """

    text: str
    segments: tuple[str, ...]
    prefix: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "ResourcePattern":
        """`prefix` is what stands before a final `**` where the rest has no wildcard, else ()."""
        segments = tuple(text.split("/"))
        head = segments[:-1]
        simple = segments[-1] == ANY_SEGMENTS and not any("*" in part for part in head)
        return cls(text, segments, head if simple else ())

    @property
    def literal(self) -> bool:
        """Without a wildcard."""
        return "*" not in self.text

    def matches(self, segments: tuple[str, ...]) -> bool:
        """Whether the resource with these segments is meant."""
        if self.prefix:
            return segments[: len(self.prefix)] == self.prefix
        if self.literal:
            return segments == self.segments
        return _glob(self.segments, segments)

    def covers(self, other: "ResourcePattern") -> bool:
        """Whether every resource that `other` means is meant here too; False where unsure."""
        if self.text in {other.text, ANY_SEGMENTS}:
            return True
        if other.literal:
            return self.matches(other.segments)
        # A prefix covers whatever starts with it, wildcards behind it or not.
        return bool(self.prefix) and other.segments[: len(self.prefix)] == self.prefix


def _glob(pattern: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    """Two pointers with one restart point: the last `**` takes one segment more at a time."""
    at = here = 0
    restart: tuple[int, int] | None = None
    while here < len(segments):
        if at < len(pattern) and pattern[at] == ANY_SEGMENTS:
            restart = (at, here)
            at += 1
        elif at < len(pattern) and wildcard(pattern[at].split("*"), segments[here]):
            at, here = at + 1, here + 1
        elif restart is not None:
            restart = (restart[0], restart[1] + 1)
            at, here = restart[0] + 1, restart[1]
        else:
            return False
    return all(part == ANY_SEGMENTS for part in pattern[at:])


@lru_cache(maxsize=64)
def located(connection: str, path: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """A resource's segments, and whether they climb; every stage of a request asks again."""
    segments = segments_of(connection, path)
    return segments, climbs(segments)


def segments_of(connection: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """A resource's segments; a blob name's "/" separates them as any other does."""
    return (connection, *"/".join(path).split("/")) if path else (connection,)


def climbs(segments: tuple[str, ...]) -> bool:
    """Whether a dot segment is among them, which a server may resolve to another place."""
    text = "/".join(("", *segments, "")).replace("\\", "/")
    return "/./" in text or "/../" in text
