"""Steps: what is done to one string of a resource whose shape is known.

A step does what the walk does to the same element, so that both make the same bytes; it only finds
the element in a list, where the walk comes upon it in a tree. See `fhir.recorder`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from gateway.masking.attachments import Attachments
from gateway.masking.fhir.elements import (
    MAX_CODES,
    MAX_SPACES,
    PLAIN_DATE,
    WORDED,
    codes,
)
from gateway.masking.fhir.walk import FhirWalk
from gateway.masking.fields.displays import display_use
from gateway.masking.fields.fhir import UNITS
from gateway.masking.fields.names import VOCABULARY, Field
from gateway.masking.kinds import Kind
from gateway.masking.marks import FIRST
from gateway.masking.payload import MAX_REMEMBERED, Payload
from gateway.masking.recognition.known import MAX_PHRASE
from gateway.masking.text import TextMasker

Values: TypeAlias = list[Any]
"""The leaves of one resource; all of them that steps are for are strings."""
Step: TypeAlias = tuple[Callable[["SteppedWalk", Values, int, str, Any], None], int, str, Any]
"""(what is done, place of the leaf, its path, what else decides)."""
Rest: TypeAlias = tuple[Field, str]
"""Field of an element and type of the resource it stands in, for what the walk does in general."""
Mark: TypeAlias = tuple[tuple[str, Kind], str, Rest]
"""What is counted, and the mark, for a kind whose values all become one."""


class SteppedWalk(FhirWalk):
    """A walk that also takes resources as lists of leaves.

    Attributes:
        loose: places of leaves whose masked form may need escapes in JSON, in the order of steps.
    """

    def __init__(self, payload: Payload, text: TextMasker, attachments: Attachments) -> None:
        super().__init__(payload, text, attachments)
        self.loose: list[int] = []
        self._met: list[str] = []
        self._dates: dict[str, str] = {}
        self._ids: dict[str, str] = payload.numbers if payload.numbers_ids else {}

    def take(self, steps: Sequence[Step], values: Values) -> list[int]:
        """Mask the leaves of one resource in place, as far as `settle` has not to; the loose."""
        self.loose = []
        for do, at, path, more in steps:
            do(self, values, at, path, more)
        return self.loose

    def code(self, values: Values, at: int, path: str, more: Any) -> None:
        """A word of a code system."""
        if values[at] not in codes:
            self.worded(values, at, path, more)

    def worded(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """The display of a code."""
        value, waiting = values[at], len(self._coded) + len(self._words)
        # What has many words and is no display may be withheld as text.
        terse = path.endswith(WORDED) or value.count(" ") <= MAX_SPACES
        self.loose.append(at)
        if terse and value in self._text.clean:
            self._passed.append((values, at, value, path))
            return
        values[at] = self.string(values, at, value, VOCABULARY, path)
        if len(self._coded) + len(self._words) > waiting:
            self._met.append(value)
        elif value in codes and value not in UNITS:
            self._text.remember(value, is_code=True)

    def listed(self, values: Values, at: int, path: str, more: Any) -> None:
        """A word of a code system in a list, where a unit is a word as any other."""
        if values[at] not in codes or values[at] in UNITS:
            self.worded(values, at, path, more)

    def general(self, values: Values, at: int, path: str, more: Rest) -> None:
        """A string that nothing more is known of than its field."""
        self.loose.append(at)
        before = self._resource
        field, self._resource = more
        values[at] = self.string(values, at, values[at], field, path)
        self._resource = before

    def dated(self, values: Values, at: int, path: str, more: Rest) -> None:
        """A date, or a string that may be one; dates become years."""
        value = values[at]
        year = self._dates.get(value)
        if year is None:
            year = value[:4]
            if year < self._oldest or not PLAIN_DATE.match(value):
                self.general(values, at, path, more)
                return
            if len(self._dates) < MAX_REMEMBERED:
                self._dates[value] = year
        self._counts[path, Kind.DATE] += 1
        values[at] = year

    def named(self, values: Values, at: int, path: str, more: Mark) -> None:
        """A name of a person, redacted."""
        value = values[at]
        if not value or value[0] in FIRST:
            self.general(values, at, path, more[2])
            return
        self._names[value] = None
        self._counts[more[0]] += 1
        values[at] = more[1]

    def numbered(self, values: Values, at: int, path: str, more: Mark) -> None:
        """A number, a street or the like, redacted."""
        value = values[at]
        if not value or value[0] in FIRST:
            self.general(values, at, path, more[2])
            return
        if len(value) <= MAX_PHRASE and value not in self._phrases:
            self._phrases[value] = more[0][1]
        self._counts[more[0]] += 1
        values[at] = more[1]

    def marked(self, values: Values, at: int, path: str, more: Mark) -> None:
        """Another value, redacted."""
        value = values[at]
        if not value or value[0] in FIRST:
            self.general(values, at, path, more[2])
            return
        self._counts[more[0]] += 1
        values[at] = more[1]

    def count(self, counted: Iterable[tuple[tuple[str, Kind], int]]) -> None:
        """Count what every resource of a shape has."""
        for key, number in counted:
            self._counts[key] += number

    def identified(self, values: Values, at: int, path: str, more: bool) -> None:  # noqa: FBT001
        """A technical id, or the value of an Identifier, which is looked for in text."""
        if more:
            self._identifiers_met[values[at]] = None
        done = self._ids.get(values[at])
        if done is None:
            done = self._payload.identifier(values[at], path)
        else:
            self._counts[path, Kind.ID] += 1
        values[at] = done

    def referring(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """A reference to a resource."""
        value = values[at]
        done = self._targets.get(value)
        if done is None:
            done = self._references.target(value, path)
            if len(self._targets) < MAX_CODES:
                self._targets[value] = done
        elif done != value:
            self._counts[path, Kind.ID] += 1
        values[at] = done

    def patient(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """The id of a patient, which is masked by another step."""
        self._payload.about(values[at])

    def linked(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """The URL of a request."""
        values[at] = self._references.target(values[at], path)

    def displayed(self, values: Values, at: int, path: str, more: tuple[int, str]) -> None:
        """The display of a reference, which stands at the first of `more`, if there is one."""
        reference, inside = more
        target = values[reference] if reference >= 0 else ""
        coded, learned = display_use(target, inside)
        if coded:
            self.worded(values, at, path, None)
            return
        if learned:
            self.learn(Kind.NAME, values[at], path)
        values[at] = self._payload.apply(Kind.NAME, values[at], path)

    def titled(self, values: Values, at: int, path: str, more: tuple[Sequence[int], Rest]) -> None:
        """The text of a CodeableConcept: a word of the code system where a display is the same."""
        value = values[at]
        places, rest = more
        for place in places:
            if values[place] == value:
                self.worded(values, at, path, None)
                return
        self.general(values, at, path, rest)

    def applied(self, values: Values, at: int, path: str, more: Kind) -> None:
        """A value of a kind whatever it looks like."""
        values[at] = self._payload.apply(more, values[at], path)

    def attached(self, values: Values, at: int, path: str, more: str) -> None:
        """Base64 of a content type."""
        self._attached.append((values, at, values[at], more, path))

    def tagged(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """An entity tag."""
        self.loose.append(at)
        values[at] = self.masked_tag(values[at], path)

    def born(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """A birth date of somebody who is not over 89."""
        values[at] = self._payload.born(values[at], path)

    def instant(self, values: Values, at: int, path: str, more: Any) -> None:  # noqa: ARG002
        """An instant, which has no form with a year alone."""
        values[at] = self.masked_instant(values[at], path)
