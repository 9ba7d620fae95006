"""One thing under test."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Contender:
    """Where it listens and what to say to it.

    Attributes:
        path: of a document, with `{size}` for its size.
        pid: root of the process tree whose CPU time is counted.
        sizes: of the documents that it is asked for.
        reaches: every request of it reaches the upstream stub, which counts them.
    """

    name: str
    origin: str
    path: str
    pid: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sizes: tuple[str, ...] = ("2k", "200k", "10m")
    reaches: bool = True

    def url(self, size: str) -> str:
        """A document's URL through this contender."""
        return f"{self.origin}{self.path.format(size=size)}"
