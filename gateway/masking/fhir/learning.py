"""Whom a resource of a known shape names, learned from its leaves and not from a tree.

What `learning` remembers of a tree is decided by names of elements alone, so by the shape; and so
is mostly whether a text is one that names anybody.
"""

import io
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gateway.masking import linear
from gateway.masking.codecs.json_codec import Node
from gateway.masking.kinds import Kind
from gateway.masking.learning import MAX_VALUE, Learner, learn

FHIR = b'"resourceType"'
_MARKS = ("family", "given", "birthDate", "valueHumanName")
"""Of what names a person, one is a key of the resource, or a whole string in it."""
_QUOTED = tuple(f'"{mark}"'.encode() for mark in _MARKS)
_FOUND = linear.compiled(f'"(?:{"|".join(_MARKS)})"'.encode())
_WORDS = frozenset(_MARKS)
_NAME = Kind.NAME


@dataclass(frozen=True, slots=True)
class Learned:
    """What is learned of the leaves of a shape.

    Attributes:
        named: an element that names a person is there.
        places: of leaves in the order in which they are learned, and their kinds.
        displays: places of displays, which are names where that says so which they are the display
            of: those of the references, -1 for none, and names of the elements.
        leaves: places of all of these.
    """

    named: bool
    places: tuple[tuple[int, Kind], ...]
    displays: tuple[tuple[int, int, str], ...]
    leaves: tuple[int, ...]


def may_name(text: bytes) -> bool:
    """Whether a JSON text may name a person: in FHIR, few elements do; elsewhere any member may."""
    if any(mark in text for mark in _QUOTED):
        return True
    return FHIR not in text and not text.isspace()


def that_may_name(lines: bytes) -> Iterator[bytes]:
    """Those lines for which `may_name` holds, found in one search."""
    place = 0
    found = _FOUND.search(lines)
    for line in io.BytesIO(lines):
        place += len(line)
        if found and found.start() < place:
            yield line
            found = _FOUND.search(lines, place)
        elif FHIR not in line and not line.isspace():
            yield line


class _Places:
    """What is learned of a tree whose strings are the numbers of its leaves."""

    def __init__(self) -> None:
        self.found: list[tuple[int, Kind]] = []
        self.displays: list[tuple[int, int, str]] = []

    def learn_name(self, value: str) -> None:
        """A name at a leaf."""
        self.found.append((int(value), Kind.NAME))

    def learn_phrase(self, value: str, kind: Kind) -> None:
        """Another value at a leaf."""
        self.found.append((int(value), kind))

    def learn_display(self, value: str, reference: str, inside: str) -> None:
        """The display of a reference at a leaf."""
        self.displays.append((int(value), int(reference or -1), inside))


def learned(tree: Node, keys: AbstractSet[str]) -> Learned | None:
    """What is learned of every resource of a shape, None where the shape does not say.

    Args:
        tree: of one of them, its strings replaced by the numbers of the leaves.
        keys: of all objects in it.
    """
    if "resourceType" not in keys:
        return None
    places = _Places()
    learn(tree, places)
    named = not _WORDS.isdisjoint(keys)
    leaves = [at for at, _ in places.found] + [at for at, _, _ in places.displays]
    return Learned(named, tuple(places.found), tuple(places.displays), tuple(leaves))


def learn_leaves(
    learned: Learned, values: Sequence[str], known: Learner, *, everything: bool
) -> bool:
    """Learn what the leaves of a resource name; False where its text has to be looked at.

    Args:
        learned: of the shape.
        values: the leaves as strings, without escapes.
        known: learns them.
        everything: of resources too for which `may_name` does not hold.
    """
    if not (everything or learned.named):
        # A string may be one of the words that the text is searched for.
        return _WORDS.isdisjoint(values)
    if not learned.leaves:
        return True
    if max(map(len, map(values.__getitem__, learned.leaves))) > MAX_VALUE:
        return False
    for at, kind in learned.places:
        if kind is _NAME:
            known.learn_name(values[at])
        else:
            known.learn_phrase(values[at], kind)
    for at, reference, inside in learned.displays:
        known.learn_display(values[at], values[reference] if reference >= 0 else "", inside)
    return True
