"""Plans: what is done to every resource of one shape.

A resource in JSON is cut at its quotation marks. The pieces between them are strings in turn with
what stands around them. A plan says which pieces make the shape, being the same in all resources of
it, which are leaves, and which steps mask those. Where the same pieces stand at the same places, a
text is JSON of the same structure, whatever the leaves are, since no leaf holds a quotation mark.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

import msgspec
import orjson

from gateway.masking.fhir.elements import PLAIN_DATE, codes
from gateway.masking.fhir.grouped import GroupedWalk
from gateway.masking.fhir.groups import Groups
from gateway.masking.fhir.identifiers import YEARS
from gateway.masking.fhir.learning import Learned, learn_leaves
from gateway.masking.fhir.reader import Get, Leaves, Reader
from gateway.masking.fhir.steps import Step
from gateway.masking.fields.fhir import NARRATIVE
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN
from gateway.masking.generalise import year
from gateway.masking.json.date_parts import ISO
from gateway.masking.kinds import Kind
from gateway.masking.learning import Learner
from gateway.masking.marks import is_mark

BACKSLASH, QUOTE = "\x01", "\x02"
"""Stand for an escaped backslash and quotation mark in pieces; JSON has no such characters."""
Guard: TypeAlias = tuple[Callable[[str, str], bool], int]
"""What must hold for a leaf and `Payload.oldest`, and the place of the leaf, where the shape alone
does not say what is done."""


@dataclass(frozen=True, slots=True)
class Form:
    """A masked resource whose leaves are filled in.

    Attributes:
        parts: of it; every other one gives way to a leaf.
        order: takes those leaves out of all leaves.
    """

    parts: list[str]
    order: Get


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to every resource of one shape.

    Attributes:
        reader: of the shape; it gives the leaves.
        guards: what must hold besides.
        sure: the same for leaves of which the reader is sure.
        steps: what masks the leaves, in order.
        dated: takes out the dates, None where there are none: one that tells of an age over 89 goes
            with its element, which no plan does.
        coded: takes the codes out of the leaves; a step for one that is known as such does nothing.
        others: the steps but for those of codes.
        counted: what is removed or replaced in every resource of the shape, by path and kind.
        form: the masked resource.
        groups: the steps in groups, None where they are only done one by one.
        marked: the masked resource, where that is done in groups.
        learned: what is learned of a resource before any is masked, None where its text decides.
    """

    reader: Reader
    guards: tuple[Guard, ...]
    sure: tuple[Guard, ...]
    steps: tuple[Step, ...]
    dated: Get | None
    coded: Get
    others: tuple[Step, ...]
    counted: tuple[tuple[tuple[str, Kind], int], ...]
    form: Form
    groups: Groups | None
    marked: Form
    learned: Learned | None

    def sketch(
        self, values: Leaves, escapes: Sequence[int], oldest: str, *, sure: bool = False
    ) -> "Sketch | None":
        """A resource of the shape, None where the plan is not for it.

        Args:
            values: its leaves, without escapes.
            escapes: places of those that were written with some.
            oldest: the first year that may be shown, `Payload.oldest`.
            sure: leaves have the forms that the reader keeps.
        """
        if self.dated and min(self.dated(values)) < oldest:
            return None
        sure = sure and not escapes  # what is written with escapes may be anything
        for holds, at in self.sure if sure else self.guards:
            if not holds(values[at], oldest):
                return None
        return Sketch(self, values, escapes, sure=sure)


class Sketch:
    """A resource that a plan is for.

    Args:
        plan: of its shape.
        values: its leaves.
        escapes: places of leaves that were written with escapes.
        sure: leaves have the forms that the reader keeps.
    """

    __slots__ = ("_before", "_escapes", "_form", "_loose", "_plan", "_sure", "_values")

    def __init__(
        self, plan: Plan, values: Leaves, escapes: Sequence[int], *, sure: bool = False
    ) -> None:
        self._plan = plan
        self._form = plan.form
        self._values = [*values]
        self._before = values
        self._escapes = escapes
        self._sure = sure
        self._loose: Sequence[int] = ()

    def mask(self, walk: GroupedWalk) -> None:
        """Mask the leaves, as far as `walk.settle` has not to."""
        plan, values = self._plan, self._values
        known = codes.issuperset(plan.coded(values))
        if plan.groups:
            loose = walk.together(plan.groups, values, known=known, sure=self._sure)
            if loose is not None:
                self._loose, self._form = loose, plan.marked
                return
        self._loose = walk.take(plan.others if known else plan.steps, values)
        walk.count(plan.counted)

    def learn(self, known: Learner, *, everything: bool) -> bool:
        """Learn whom the resource names; False where its text has to be looked at for that."""
        learned = self._plan.learned
        if learned is None or (self._escapes and not (everything or learned.named)):
            return False
        return learn_leaves(learned, self._before, known, everything=everything)

    def text(self) -> bytes:
        """The masked resource, once all is settled."""
        values, form = self._values, self._form
        if self._loose or self._escapes:
            for at in {*self._loose, *self._escapes}:
                if at in self._escapes or values[at] is not self._before[at]:
                    values[at] = orjson.dumps(values[at]).decode()[1:-1]
        parts = form.parts.copy()
        parts[1::2] = form.order(values)
        return "".join(parts).encode()


def is_filled(value: str, oldest: str) -> bool:  # noqa: ARG001
    """There is anything."""
    return value != ""


def is_young(value: str, oldest: str) -> bool:
    """A birth date that leaves a year: of nobody over 89."""
    if PLAIN_DATE.match(value):
        return value[:4] >= oldest
    return value != "" and (is_mark(value) or year(value) >= oldest)


def is_old(value: str, oldest: str) -> bool:
    """A birth date of somebody over 89, or one that no year can be told of."""
    return value != "" and not is_young(value, oldest)


def is_plainly_young(value: str, oldest: str) -> bool:
    """`is_young` for a plain date."""
    return value[:4] >= oldest


def is_plainly_old(value: str, oldest: str) -> bool:
    """`is_old` for a plain date."""
    return value[:4] < oldest


def is_recent(value: str, oldest: str) -> bool:
    """No date that tells of an age over 89."""
    return value[:4] >= oldest or not ISO.match(value)


BIRTHS: Mapping[Callable[[str, str], bool], Callable[[str, str], bool]] = MappingProxyType(
    {is_young: is_plainly_young, is_old: is_plainly_old}
)
"""Guards for birth dates, and the same for plain ones. Of two plans that differ in them, both read
texts alike."""


def is_no_age(value: str, oldest: str) -> bool:  # noqa: ARG001
    """A unit of something else than ages."""
    return value not in YEARS


def asks_for_nothing(value: str, oldest: str) -> bool:  # noqa: ARG001
    """The name of a test whose result identifies nobody."""
    return labelled(value) is UNKNOWN


def is_narrative(value: str, oldest: str) -> bool:  # noqa: ARG001
    """A narrative that has not been replaced before."""
    return value != NARRATIVE


def unescape(leaves: Leaves) -> tuple[Leaves, Sequence[int]] | None:
    """Strings in place of how they are written, and where; None for one that is no JSON."""
    found: list[int] = []
    values = [*leaves]
    for at, value in enumerate(leaves):
        if "\\" in value or (not value.isprintable() and (BACKSLASH in value or QUOTE in value)):
            raw = value.replace(QUOTE, '\\"').replace(BACKSLASH, "\\\\")
            try:
                values[at] = msgspec.json.decode(f'"{raw}"', type=str)
            except (msgspec.DecodeError, UnicodeError):
                return None
            found.append(at)
    return tuple(values), found
