"""The leaves of a resource: strings and numbers, in its tree and in the pieces of its text."""

import re
from collections.abc import Mapping, Sequence

from gateway.masking.codecs.json_codec import Node, Number
from gateway.masking.fhir.elements import PLAIN_DATE
from gateway.masking.fhir.groups import Groups, grouped
from gateway.masking.fhir.identifiers import questions
from gateway.masking.fhir.learning import learned
from gateway.masking.fhir.plan import BIRTHS, Form, Guard, Plan, asks_for_nothing, is_recent
from gateway.masking.fhir.reader import NUMBER, Kept, Numeral, Reader, getter
from gateway.masking.fhir.steps import Step, SteppedWalk
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN
from gateway.masking.json.walk import Node_
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload

_OPEN, _CLOSE = "\ue000", "\ue001"
_SLOT = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_DATED = frozenset({SteppedWalk.dated, SteppedWalk.general})
_CODES = frozenset({SteppedWalk.code, SteppedWalk.listed})


class Unplanned(Exception):
    """What is done to a resource cannot be told from its shape."""


class Leaves:
    """The leaves of one resource, numbered: strings in order, then numbers.

    Args:
        node: its tree.
        pieces: of its text, cut at quotation marks.

    Raises:
        Unplanned: the pieces are not those of the tree, as where a key has escapes.
    """

    def __init__(self, node: Node, pieces: Sequence[str]) -> None:
        self._pieces = pieces
        self._strings: list[int] = []
        self._numbers: dict[int, list[tuple[Node_, str | int, str]]] = {}
        self._places: dict[tuple[int, str | int], int] = {}
        # Leaves are found by the identity of what holds them, which must stay where it is.
        self._holders: list[Node_] = []
        self._next = 1
        self._visit(node)
        if self._next != len(pieces) or _OPEN in "".join(pieces):
            raise Unplanned
        self._numerals: list[Numeral] = []
        self._shared: set[tuple[int, str | int]] = set()
        for piece, found in self._numbers.items():
            self._number(piece, found)
        keys: set[str] = set()
        self._learned = learned(self._numbered(node, keys), keys)

    def at(self, holder: Node_, key: str | int) -> int:
        """The number of a leaf.

        Raises:
            Unplanned: none stands there.
        """
        found = self._places.get((id(holder), key))
        if found is None:
            raise Unplanned
        return found

    def find(self, holder: Node_, key: str | int) -> int | None:
        """The number of a leaf, None where none stands there."""
        return self._places.get((id(holder), key))

    def is_of_shape(self, holder: Node_, key: str | int) -> bool:
        """Whether a number stands there that belongs to the shape, beside other ones."""
        return (id(holder), key) in self._shared

    def original(self, holder: Node_, key: str) -> str | None:
        """A string as it was read, None where none stands there."""
        found = self._places.get((id(holder), key))
        if found is None or found >= len(self._strings):
            return None
        return self._pieces[self._strings[found]]

    def silent(self, concept: Node) -> list[Guard]:
        """What must hold for a concept whose words ask for nothing that identifies.

        Raises:
            Unplanned: they ask, or it is a word by itself.
        """
        if isinstance(concept, str):
            raise Unplanned
        found: list[Guard] = []
        for holder, key in questions(concept):
            if labelled(self.original(holder, key) or "") is not UNKNOWN:
                raise Unplanned
            found.append((asks_for_nothing, self.at(holder, key)))
        return found

    def is_string(self, at: int) -> bool:
        """Whether a leaf is a string."""
        return at < len(self._strings)

    def keep_small(self, at: int) -> None:
        """A number is to be one of less than nine digits."""
        place = at - len(self._strings)
        had = self._numerals[place]
        self._numerals[place] = Numeral(had.piece, had.head, had.tail, small=True)

    def plan(
        self,
        text: str,
        fixed: set[int],
        steps: tuple[Step, ...],
        guards: tuple[Guard, ...],
        payload: Payload,
    ) -> Plan:
        """The plan, from the masked text with slots for its leaves.

        `payload` has counted what is removed or replaced in every resource of the shape.
        """
        strings = [self._pieces[place] for place in self._strings]
        groups = grouped(steps, payload, strings)
        dated = _dated(steps, groups) if payload.gives_years else []
        if payload.gives_years:
            rare = (at for do, at, _, _ in steps if do is SteppedWalk.dated and at not in dated)
            guards += tuple((is_recent, at) for at in rare)
        births = {
            at
            for holds, at in guards
            if groups and holds in BIRTHS and PLAIN_DATE.match(strings[at])
        }
        kept = groups.kept | dict.fromkeys(births, Kept.DATE) if groups else {}
        sure = [(BIRTHS[holds] if at in births else holds, at) for holds, at in guards]
        frozen = frozenset(self._strings[at] for at in fixed if at < len(self._strings))
        return Plan(
            Reader(self._pieces, self._strings, frozen, self._numerals, kept),
            guards,
            tuple(sure),
            steps,
            getter(dated) if dated else None,
            getter([step[1] for step in steps if step[0] in _CODES]),
            tuple(step for step in steps if step[0] is not SteppedWalk.code),
            tuple(payload.tally.items()),
            _form(text, {}),
            groups,
            _form(text, groups.marks if groups else {}),
            self._learned,
        )

    def _visit(self, node: Node) -> None:
        match node:
            case dict():
                self._holders.append(node)
                for key, value in node.items():
                    if self._next >= len(self._pieces) or self._pieces[self._next] != key:
                        raise Unplanned
                    self._next += 2
                    self._leaf(node, key, value)
            case list():
                self._holders.append(node)
                for index, value in enumerate(node):
                    self._leaf(node, index, value)
            case _:
                pass

    def _numbered(self, node: Node, keys: set[str]) -> Node:
        """A tree with the numbers of its strings in place of them; its keys are added to `keys`."""
        if not isinstance(node, dict | list):
            return node
        made: dict[str | int, Node] = {}
        for key, value in members(node):
            is_leaf = isinstance(value, str)
            made[key] = str(self.at(node, key)) if is_leaf else self._numbered(value, keys)
        if isinstance(node, list):
            return list(made.values())
        keys.update(node)
        return {str(key): value for key, value in made.items()}

    def _leaf(self, holder: Node_, key: str | int, value: Node) -> None:
        if isinstance(value, str):
            if _OPEN in value:  # however it is written, it would be taken for a slot
                raise Unplanned
            self._places[id(holder), key] = len(self._strings)
            self._strings.append(self._next)
            self._next += 2
        elif isinstance(value, int | Number) and not isinstance(value, bool):
            text = value.text if isinstance(value, Number) else str(value)
            self._numbers.setdefault(self._next - 1, []).append((holder, key, text))
        else:
            self._visit(value)

    def _number(self, piece: int, found: list[tuple[Node_, str | int, str]]) -> None:
        """Where one number stands by itself, it is a leaf; several belong to the shape."""
        text = self._pieces[piece]
        match = NUMBER.search(text)
        if len(found) > 1 or match is None or match[0] != found[0][2]:
            self._shared.update((id(holder), key) for holder, key, _ in found)
            return
        holder, key, _ = found[0]
        self._places[id(holder), key] = len(self._strings) + len(self._numerals)
        head, tail = text[: match.start()], text[match.end() :]
        self._numerals.append(Numeral(piece, head, tail, small=False))


def slot(at: int) -> str:
    """What stands for a leaf in the masked text."""
    return f"{_OPEN}{at}{_CLOSE}"


def _form(text: str, marks: Mapping[int, str]) -> Form:
    """A masked text whose slots are filled in, but for those of `marks`, as they stay the same."""
    text = _SLOT.sub(lambda found: marks.get(int(found[1]), found[0]), text)
    parts = _SLOT.split(text)
    return Form(parts, getter([int(part) for part in parts[1::2]]))


def _dated(steps: Sequence[Step], groups: Groups | None) -> list[int]:
    """The places of dates, but for those of birth, which guards look at."""
    found = {at for do, at, _, more in steps if do in _DATED and more[0].kind is Kind.DATE}
    found.update(at for do, at, _, _ in steps if do is SteppedWalk.instant)
    births = {at for do, at, _, _ in steps if do is SteppedWalk.born}
    return sorted(found.union(groups.dates if groups else ()) - births)


def members(node: Node) -> list[tuple[str | int, Node]]:
    """Of an object or an array, with their keys or indexes."""
    match node:
        case dict():
            return list(node.items())
        case list():
            return list(enumerate(node))
        case _:
            return []
