"""Field rules of a profile, looked up by path, column or segment.

Paths are followed by an automaton that is made as it is walked: one look-up per member, however
many rules there are. Names that no rule has are one symbol to it, so hostile names cannot grow it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.masking.kinds import Kind
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.paths import ANY, CHOICE, ONE, FieldPath

MAX_STATES = 5_000
_Threads = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """What is done with a field.

    Attributes:
        path: where.
        kind: what its values are; None leaves that to the field's name.
        operator: what is done; None leaves that to the profile's operator for the kind.
        replacement: for `replace`.
        level: 0 for the profile's own, 1 for those of the profile it extends, and so on.
        order: in its profile.
    """

    path: FieldPath
    kind: Kind | None = None
    operator: Operator | None = None
    replacement: str = ""
    level: int = 0
    order: int = 0

    @property
    def keeps(self) -> bool:
        """Whether it exempts the field."""
        return self.operator is Operator.KEEP

    def rank_at(self, depth: int) -> tuple[int, int, bool, int]:
        """Sorts rules for one value; the least decides.

        The profile's own rules go over those it extends; a deeper field over what it lies in; an
        exempting rule over others for the same field; then the first in the file.
        """
        return self.level, -depth, not self.keeps, self.order


class State:
    """How far the paths have been followed, and where each name leads from here."""

    __slots__ = ("next", "threads")

    def __init__(self, threads: _Threads) -> None:
        self.threads = threads
        self.next: dict[str, tuple[State, FieldRule | None]] = {}


class Rules:
    """The rules of one profile; immutable but for what it remembers of its look-ups."""

    def __init__(self, rules: Iterable[FieldRule] = ()) -> None:
        self.all: tuple[FieldRule, ...] = tuple(rules)
        self._trees = [rule for rule in self.all if rule.path.segments]
        named = [rule.path.segments for rule in self._trees]
        names = {name for segments in named for name in segments} - {ANY, ONE}
        self._literals = frozenset(name for name in names if not name.endswith(CHOICE))
        self._choices = tuple(name.removesuffix(CHOICE) for name in names - self._literals)
        self._states: dict[_Threads, State] = {}
        self._columns = _first((rule.path.column, rule) for rule in self.all if rule.path.column)
        self._fields = _first((rule.path.field, rule) for rule in self.all if rule.path.field)
        self.start = self._state({(index, 0) for index in range(len(self._trees))})

    def __bool__(self) -> bool:
        return bool(self.all)

    def column(self, header: str) -> FieldRule | None:
        """The rule for a column of a table."""
        return self._columns.get(header.strip().lower())

    def segment(self, name: str, number: int) -> FieldRule | None:
        """The rule for a field of an HL7 v2 segment."""
        return self._fields.get((name, number))

    def enter(self, state: State, name: str) -> tuple[State, FieldRule | None]:
        """One member further: the new state, and the rule for that member if there is one."""
        symbol = name if name in self._literals else self._others(name)
        found = state.next.get(symbol)
        if found is None:
            found = self._entered(state, name)
            state.next[symbol] = found
        return found

    def resource(self, state: State, kind: str) -> tuple[State, FieldRule | None]:
        """The same for a FHIR resource: its paths start anew, those from outside go on."""
        inner, rule = self.enter(self.start, kind)
        return self._state({*state.threads, *inner.threads}), rule

    def at(self, names: Sequence[str]) -> FieldRule | None:
        """The rule that decides on the field of this path, for formats that keep no state."""
        state, found = self.start, None
        for depth, name in enumerate(names, 1):
            state, rule = self.enter(state, name)
            if rule and (found is None or rule.rank_at(depth) < found[1]):
                found = (rule, rule.rank_at(depth))
        return found[0] if found else None

    def _others(self, name: str) -> str:
        """One symbol for all names that match the same choices; mostly none."""
        return "|".join(stem for stem in self._choices if _is_choice(stem, name))

    def _entered(self, state: State, name: str) -> tuple[State, FieldRule | None]:
        fitting = {ONE, name, *(stem + CHOICE for stem in self._choices if _is_choice(stem, name))}
        threads: set[tuple[int, int]] = set()
        for index, place in state.threads:
            segments = self._trees[index].path.segments
            if place < len(segments) and segments[place] == ANY:
                threads.add((index, place))
            elif place < len(segments) and segments[place] in fitting:
                threads.add((index, place + 1))
        ended = [
            self._trees[index]
            for index, place in threads
            if place == len(self._trees[index].path.segments)
        ]
        return self._state(threads), min(ended, key=lambda rule: rule.rank_at(0), default=None)

    def _state(self, threads: set[tuple[int, int]]) -> State:
        """The state of these threads; where any number of names may follow, also none."""
        whole = set(threads)
        waiting = list(threads)
        while waiting:
            index, place = waiting.pop()
            segments = self._trees[index].path.segments
            if place < len(segments) and segments[place] == ANY and (index, place + 1) not in whole:
                whole.add((index, place + 1))
                waiting.append((index, place + 1))
        key = frozenset(whole)
        if len(self._states) > MAX_STATES:
            self._states.clear()
        return self._states.setdefault(key, State(key))


def _is_choice(stem: str, name: str) -> bool:
    return name.startswith(stem) and name[len(stem) : len(stem) + 1].isupper()


def _first(pairs: Iterable[tuple[object, FieldRule]]) -> dict[object, FieldRule]:
    """For each place the rule that decides."""
    found: dict[object, FieldRule] = {}
    for place, rule in pairs:
        if place not in found or rule.rank_at(0) < found[place].rank_at(0):
            found[place] = rule
    return found


NO_RULES = Rules()
