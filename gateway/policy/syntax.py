"""Strict YAML: bytes to plain values with the position of each, and nothing clever.

YAML 1.1 turns `no` into false, `010` into 8 and `1e5…` GUIDs into floats. Here every scalar stays
the text that was written; the schema decides later what is a number. Anchors, aliases, tags, merge
keys, directives, duplicate keys and several documents are refused.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from gateway.policy.faults import Fault, ManifestInvalid, Path, Position, dotted

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 12
MAX_NODES = 60_000
MAX_SCALAR = 4096

# libyaml reads the same events some ten times faster; its wheels are what is pinned.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_START = Position(1, 1)
MISSING = object()
"""What is not in the tree, as opposed to None, which is an empty value in the file."""


class Plain(str):
    """A scalar written without quotes: the only form that can be a number or a truth value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """A document as dicts, lists, strings and None.

    Attributes:
        value: the root.
        positions: where each key (of a mapping) or item (of a list) stands, by path.
        faults: what was refused on the way, so that later checks can add to it.
    """

    value: object
    positions: Mapping[Path, Position]
    faults: tuple[Fault, ...]

    def at(self, path: Path) -> Position:
        """The position of `path`, or of its nearest ancestor that is in the file."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, _START)

    def fault(self, path: Path, message: str) -> Fault:
        """A fault at `path`."""
        return Fault(self.at(path), dotted(path), message)


def read(data: bytes) -> Tree:
    """The one document in `data`.

    Raises:
        ManifestInvalid: too large, too deep, not UTF-8, not YAML, or not exactly one document.
    """
    if len(data) > MAX_BYTES:
        raise ManifestInvalid([Fault(_START, "", f"a manifest has at most {MAX_BYTES} bytes")])
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ManifestInvalid([Fault(Position(line, 1), "", "not UTF-8")]) from None
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        raise ManifestInvalid(
            [Fault(_position(error.problem_mark), "", f"not YAML: {error.problem}")]
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError):
        raise ManifestInvalid([Fault(_START, "", "not YAML: unreadable characters")]) from None


def step(value: object, part: str | int) -> object:
    """The entry `part` of a mapping or list, or MISSING."""
    if isinstance(value, dict):
        return value.get(part, MISSING)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return MISSING


def _position(mark: object) -> Position:
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    return Position(int(line) + 1, int(column) + 1)


@dataclass(slots=True)
class _Reader:
    events: Iterator[yaml.Event]
    positions: dict[Path, Position] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    nodes: int = 0

    def document(self) -> Tree:
        value: object = None
        documents = 0
        for event in self.events:
            match event:
                case yaml.DocumentStartEvent():
                    documents += 1
                    if documents > 1:
                        raise ManifestInvalid([self._fault(event, (), "only one document")])
                    if event.version or event.tags:
                        self.faults.append(self._fault(event, (), "no %YAML or %TAG directives"))
                    value = self._node(next(self.events), ())
                case _:
                    continue
        return Tree(value, self.positions, tuple(self.faults))

    def _node(self, event: yaml.Event, path: Path) -> object:
        self._bound(event, path)
        if getattr(event, "anchor", None) is not None:
            self.faults.append(self._fault(event, path, "anchors and aliases are not allowed"))
        if getattr(event, "tag", None) is not None:
            self.faults.append(self._fault(event, path, "tags are not allowed"))
        match event:
            case yaml.ScalarEvent():
                return self._scalar(event, path)
            case yaml.SequenceStartEvent():
                return self._sequence(path)
            case yaml.MappingStartEvent():
                return self._mapping(path)
            case _:
                return None

    def _bound(self, event: yaml.Event, path: Path) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ManifestInvalid([self._fault(event, (), f"more than {MAX_NODES} values")])
        if len(path) > MAX_DEPTH:
            raise ManifestInvalid([self._fault(event, (), f"nested over {MAX_DEPTH} levels")])

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> str | None:
        text = str(event.value)
        if len(text) > MAX_SCALAR:
            self.faults.append(self._fault(event, path, f"over {MAX_SCALAR} characters"))
            return ""
        if event.style is not None and event.style != "":
            return text
        return None if text in {"", "~", "null"} else Plain(text)

    def _sequence(self, path: Path) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            here = (*path, len(items))
            self.positions[here] = _position(event.start_mark)
            items.append(self._node(event, here))
        return items

    def _mapping(self, path: Path) -> dict[str, object]:
        entries: dict[str, object] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._node(event, (*path, ""))
            if key is None and isinstance(event, yaml.ScalarEvent):
                # `null: …` and `~: …` are words here, as every other key is.
                key = str(event.value)
            if not isinstance(key, str):
                self.faults.append(self._fault(event, path, "a key is a plain word"))
                self._node(next(self.events), (*path, ""))
                continue
            here = (*path, str(key))
            if str(key) in entries:
                line = self.positions[here].line
                self.faults.append(
                    self._fault(event, here, f"the key stands twice; it is on line {line} already")
                )
            self.positions[here] = _position(event.start_mark)
            entries[str(key)] = self._node(next(self.events), here)
        return entries

    def _fault(self, event: yaml.Event, path: Path, message: str) -> Fault:
        return Fault(_position(event.start_mark), dotted(path), message)
