"""Equal values in the same place of a table or of messages: judged once, counted each time."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeAlias

from gateway.masking.codecs.json_codec import Node
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.tally import Tally

MAX_LENGTH: Final = 200
MAX_ENTRIES: Final = 50_000
Waiting = tuple[int, str, str]
"""Index of a part, how it reads unmasked, and how it is written unmasked."""
Counts = tuple[tuple[tuple[str, Kind], int], ...]
"""How many values were masked, by path and kind."""


class Entry:
    """What one value becomes.

    Attributes:
        parts: pieces of what is written; those that wait are known when the memo settles.
        waiting: the pieces that the walk looks into together with others.
        text: what is written, once the memo has settled.
        repeats: how often the value came again.
        counts: what masking it once counts.
        lasting: equal values become the same, as long as no more names are known.
        shown: where and what it was, once it is remembered though more names may change it.
    """

    __slots__ = ("counts", "lasting", "parts", "repeats", "shown", "text", "waiting")

    def __init__(self, parts: list[Node] | None = None) -> None:
        self.parts: list[Node] = [] if parts is None else parts
        self.waiting: list[Waiting] = []
        self.text = ""
        self.repeats = 0
        self.counts: Counts = ()
        self.lasting = True
        self.shown: tuple[Place, str] | None = None


class Joined:
    """What a value becomes whose parts are remembered by themselves.

    Attributes:
        cells: in order.
    """

    __slots__ = ("cells",)

    def __init__(self, cells: "list[Cell]") -> None:
        self.cells = cells

    @property
    def text(self) -> str:
        """What is written, once the memo has settled."""
        return "".join(texts(self.cells))


Cell: TypeAlias = str | Entry | Joined
"""What a value becomes: at once, or when the memo settles."""


def texts(cells: Iterable[Cell]) -> list[str]:
    """What is written for each of some cells, once the memo has settled."""
    return [cell if isinstance(cell, str) else cell.text for cell in cells]


class Place:
    """A column of a table, a field of a segment: equal values become the same here.

    Attributes:
        judge: what a value that is new here becomes.
        escaped: masked text as it may be written here.
        at_once: what a value becomes whose form alone decides that, counted; None for every other
            value. Such values are not remembered.
        entries: what is remembered.
    """

    __slots__ = ("at_once", "entries", "escaped", "judge")

    def __init__(
        self,
        judge: Callable[[str], Entry],
        escaped: Callable[[str], str] = lambda text: text,
        at_once: Callable[[str], Cell | None] | None = None,
    ) -> None:
        self.judge = judge
        self.escaped = escaped
        self.at_once = at_once
        self.entries: dict[str, Entry] = {}


class Memo:
    """Remembers what the values of one payload became, within bounds.

    What depends on the names that are known is forgotten when there are more of them.
    """

    def __init__(self, payload: Payload, walk: JsonWalk) -> None:
        self._payload = payload
        self._walk = walk
        self._places: dict[int, Place] = {}
        self._size = 0
        self._new: list[tuple[Place, str, Entry]] = []
        self._shown: list[Entry] = []
        self._tally: Tally = defaultdict(int)
        self._names = 0

    def met(self, place: Place, value: str) -> Cell:
        """What a value becomes that stands at a place."""
        entry = place.entries.get(value)
        if entry is None:
            return self.judged(place, value)
        entry.repeats += 1
        return entry

    def judged(self, place: Place, value: str) -> Cell:
        """What a value becomes that `place` does not remember."""
        if place.at_once is not None:
            cell = place.at_once(value)
            if cell is not None:
                return cell
        entry = self._counted(place, value)
        if entry.waiting:
            self._new.append((place, value, entry))
        else:
            entry.text = _joined(entry.parts)
            if entry.text == value:
                self._new.append((place, value, entry))
        if entry.lasting and len(value) <= MAX_LENGTH:
            place.entries[value] = entry
            self._places[id(place)] = place
            self._size += 1
        return entry

    def settle(self, met: Iterable[Cell]) -> None:
        """Mask what waits, so that every entry has its text.

        Args:
            met: what values have become since the last time, as often as they came.
        """
        judged = self._known()
        self._walk.settle()
        new, self._new = self._new, []
        kept: list[Entry] = []
        for place, value, entry in new:
            if entry.waiting:
                _finish(place, entry)
            if entry.text != value and not entry.repeats:
                place.entries.pop(value, None)  # text that may never come again
                continue
            if entry.text != value:
                entry.counts = self._again(place, value)
            entry.shown = place, value
            kept.append(entry)
        names = self._known()
        if names != self._names:
            # What is new has been looked for all names but those that text has just introduced.
            late = kept if names != judged else []
            self._look_again(met, late)
            self._names = self._known()
            kept = [] if late else kept
        self._shown += kept
        if self._size > MAX_ENTRIES:
            self.forget()

    def _look_again(self, met: Iterable[Cell], new: Iterable[Entry]) -> None:
        """More names are known: judge anew what has been remembered, and forget it."""
        old = {id(entry) for entry in self._shown}
        entries = _entries(met)
        times = Counter(id(entry) for entry in entries if entry.shown and id(entry) in old)
        again: list[tuple[Entry, Place, str, int]] = []
        for entry in (*self._shown, *new):
            place, value = entry.shown or (None, "")
            entry.shown = None
            if place is None or place.entries.pop(value, None) is None:
                continue
            count = times[id(entry)]
            entry.repeats -= count
            self._count(entry)
            if count:
                again.append((entry, place, value, count))
        self._shown.clear()
        self._judge_anew(again)

    def _judge_anew(self, again: list[tuple[Entry, Place, str, int]]) -> None:
        """Judge remembered values, and how often they came, as if they were new."""
        payload = self._payload
        tally, payload.tally = payload.tally, defaultdict(int)
        try:
            fresh = [place.judge(value) for _, place, value, _ in again]
            self._walk.settle()
        finally:
            payload.tally = tally
        for (entry, place, value, times), made in zip(again, fresh, strict=True):
            _finish(place, made)
            entry.text = made.text
            for key, count in self._again(place, value) if made.text != value else ():
                tally[key] += count * times

    def forget(self) -> None:
        """Count what came again, and remember nothing; everything has settled."""
        for place in self._places.values():
            for entry in place.entries.values():
                self._count(entry)
            place.entries.clear()
        self._places.clear()
        self._shown.clear()
        self._size = 0

    def _known(self) -> int:
        """How many names are known; asked only where something has looked for them."""
        known = self._payload.known
        return known.size if known.used else 0

    def _counted(self, place: Place, value: str) -> Entry:
        """A new entry with what masking it has counted."""
        payload = self._payload
        tally, payload.tally = payload.tally, self._tally
        try:
            entry = place.judge(value)
        finally:
            payload.tally = tally
        if self._tally:
            entry.counts = tuple(self._tally.items())
            for key, count in entry.counts:
                tally[key] += count
            self._tally.clear()
        return entry

    def _count(self, entry: Entry) -> None:
        """Add what an entry counts to the payload's counts, once for each time it came again."""
        for key, count in entry.counts if entry.repeats else ():
            self._payload.tally[key] += count * entry.repeats
        entry.repeats = 0

    def _again(self, place: Place, value: str) -> Counts:
        """What masking a value counts, with what the walk finds in it."""
        payload = self._payload
        tally, payload.tally = payload.tally, defaultdict(int)
        try:
            place.judge(value)
            self._walk.settle()
        finally:
            payload.tally, once = tally, payload.tally
        return tuple(once.items())


def _entries(cells: Iterable[Cell]) -> Iterator[Entry]:
    """The entries among some cells, those that are joined included."""
    for cell in cells:
        if isinstance(cell, Entry):
            yield cell
        elif isinstance(cell, Joined):
            yield from _entries(cell.cells)


def _finish(place: Place, entry: Entry) -> None:
    """Write out an entry that has waited."""
    parts = entry.parts
    for index, plain, written in entry.waiting:
        done = str(parts[index])
        parts[index] = written if done == plain else place.escaped(done)
    entry.text = _joined(parts)
    entry.parts, entry.waiting = [], []


def _joined(parts: list[Node]) -> str:
    return "".join(map(str, parts))
