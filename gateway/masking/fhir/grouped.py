"""The walk that masks resources group by group; see `fhir.groups`."""

import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gateway.masking.attachments import Attachments
from gateway.masking.fhir.elements import MAX_CODES, MAX_SPACES, PLAIN_DATE, codes
from gateway.masking.fhir.groups import Groups, Run
from gateway.masking.fhir.steps import SteppedWalk, Values
from gateway.masking.fields.displays import display_use
from gateway.masking.fields.fhir import UNITS
from gateway.masking.generalise import zip3
from gateway.masking.kinds import Kind
from gateway.masking.marks import FIRST, is_mark, mark
from gateway.masking.payload import MAX_REMEMBERED, Payload
from gateway.masking.recognition.known import MAX_PHRASE
from gateway.masking.tally import Counted
from gateway.masking.text import TextMasker

Places: TypeAlias = Sequence[tuple[int, str]]
"""Places of leaves, and their paths."""
Use: TypeAlias = tuple[bool, bool]
"""What the display of a reference is; see `display_use`."""
_PLAIN_REFERENCE = re.compile(
    r"[A-Z][A-Za-z]{1,40}(?:/[A-Za-z0-9.-]{1,64}\Z|\?)|(?:#|urn:[a-z0-9][a-z0-9-]{0,31}:).+\Z"
)
"""References whose type is the same once they are masked."""


_NO_AREA, _PATIENT = mark(Kind.ZIP), "Patient"
_NO_USES: dict[int, Use] = {}


class PlainDates(dict[str, bool]):
    """Which strings of one payload are dates that begin with their year."""

    def __missing__(self, value: str) -> bool:
        if not PLAIN_DATE.match(value):
            return False
        if len(self) < MAX_REMEMBERED:
            self[value] = True
        return True


class GroupedWalk(SteppedWalk):
    """A walk that takes most resources in groups of leaves."""

    def __init__(self, payload: Payload, text: TextMasker, attachments: Attachments) -> None:
        super().__init__(payload, text, attachments)
        self._plain_dates = PlainDates()
        self._uses: dict[tuple[str, str], Use | None] = {}
        self._taken: dict[Counted, int] = {}
        self._shown: list[tuple[Values, Places, list[int]]] = []

    def together(  # noqa: C901, PLR0912  (the hot loop: no call for each group)
        self, groups: Groups, values: Values, *, known: bool, sure: bool = False
    ) -> list[int] | None:
        """Mask the leaves of one resource in place, as far as `settle` has not to.

        Leaves that all become the same stay as they are: the form of the plan has their marks.

        Args:
            groups: of its plan.
            values: the leaves.
            known: all words of code systems are known as such.
            sure: leaves have the forms of `Groups.kept`.

        Returns:
            Places of the loose; None for a resource that is not as most are, which is as it was.
        """
        if not (sure or self._are_kept(groups, values)):
            return None
        for at in groups.listed:
            if values[at] in UNITS:
                return None
        uses = _NO_USES
        places: Places | None = groups.shown
        if places or groups.displays or not known:
            uses = {}
            places = self._words_in(groups, values, uses, known=known)
            if places is None:
                return None
        loose: list[int] = []
        self.loose = loose
        for at in groups.patients:
            self._payload.about(values[at])
        for at, key in groups.areas:
            area = zip3(values[at]) or _NO_AREA
            if area != values[at]:
                self._counts[key] += 1
                values[at] = area
        for run in groups.runs:
            self._run(run, values, uses, sure)
        for at in groups.dates:
            values[at] = values[at][:4]
        for at, key in groups.instants:
            made = f"{values[at][:4]}-01-01T00:00:00Z"
            if made != values[at]:
                self._counts[key] += 1
                values[at] = made
        if places:
            self._shown.append((values, places, loose))
        counted = groups.counted_surely if sure else groups.counted
        self._taken[counted] = self._taken.get(counted, 0) + 1
        return loose

    def _are_kept(self, groups: Groups, values: Values) -> bool:
        """Whether dates are plain ones, and nothing is missing or a mark that must be there."""
        dates = self._plain_dates
        for at in groups.dates:
            if not dates[values[at]]:
                return False
        for at, _ in groups.instants:
            if not dates[values[at]]:
                return False
        for at in groups.fresh:
            value = values[at]
            if not value or (value[0] in FIRST and is_mark(value)):
                return False
        return True

    def _run(  # noqa: C901, PLR0912  (likewise)
        self,
        run: Run,
        values: Values,
        uses: Mapping[int, Use],
        sure: bool,  # noqa: FBT001
    ) -> None:
        if run.names:
            names = self._names
            for at in run.names:
                names[values[at]] = None
        if run.phrases:
            phrases = self._phrases
            for at, kind in run.phrases:
                value = values[at]
                if value not in phrases and len(value) <= MAX_PHRASE:
                    phrases[value] = kind
        for at in run.identifiers:
            self._identifiers_met[values[at]] = None
        numbers, targets = self._ids, self._targets
        for at, key, sign in run.ids:
            value = values[at]
            if key is None:
                values[at] = numbers[value]
                continue
            if sign and sure:
                head, _, target = value.rpartition(sign)
                if head == _PATIENT and target not in self._payload.patients:
                    self._payload.about(target)
                values[at] = f"{head}{sign}{numbers[target]}"
                continue
            done = targets.get(value)
            if done is None:
                done = self._references.target(value, key[0])
                if len(targets) < MAX_CODES:
                    targets[value] = done
            elif done != value:
                self._counts[key] += 1
            values[at] = done
        for at, _, _, path in run.displays:
            coded, learned = uses[at]
            if not coded:
                if learned:
                    self._names[values[at]] = None
                self._counts[path, Kind.NAME] += 1
                values[at] = self._constants[Kind.NAME]
        if run.last:
            do, at, path, more = run.last
            do(self, values, at, path, more)

    def _words_in(  # noqa: C901, PLR0911  (likewise)
        self, groups: Groups, values: Values, uses: dict[int, Use], *, known: bool
    ) -> Places | None:
        """Displays of codes, None where one is not known to be nothing else.

        Args:
            groups: of the plan.
            values: the leaves.
            uses: of displays of references, to be filled in.
            known: all words of code systems are known as such.
        """
        found: Places = groups.shown
        displays = self._text.displays
        for at, _ in found:
            if values[at] not in displays:
                return None
        for at, places in groups.titles:
            if values[at] not in [values[place] for place in places]:
                return None
        more = [] if known else self._codes_in(groups, values)
        if more is None:
            return None
        for at, reference, inside, path in groups.displays:
            use = self._use(values[reference], inside)
            if use is None:
                return None
            uses[at] = use
            value = values[at]
            if use[0]:
                more.append((at, path))
            elif not value or (value[0] in FIRST and is_mark(value)):
                return None
        for at, _ in more:
            if values[at] not in displays:
                return None
        return (*found, *more) if more else found

    def _codes_in(self, groups: Groups, values: Values) -> list[tuple[int, str]] | None:
        """Words of code systems that are not known as such; None where one may be text."""
        if any(values[at].count(" ") > MAX_SPACES for at in groups.terse):
            return None
        return [item for item in groups.codes if values[item[0]] not in codes]

    def _use(self, reference: str, inside: str) -> Use | None:
        """What the display of a reference is; None where the reference as it is cannot tell."""
        key = reference, inside
        use = self._uses.get(key)
        if use is None and _PLAIN_REFERENCE.match(reference):
            use = display_use(reference, inside)
            if len(self._uses) < MAX_CODES:
                self._uses[key] = use
        return use

    def settle(self) -> None:
        """Count what every resource of a shape has, and mask what has been gathered."""
        if self._taken:
            self._payload.count_shaped(self._taken)
            self._taken.clear()
        texts = self._pending or self._coded or self._words or self._met or self._shown
        if texts or self._attached or self._renamed:
            super().settle()

    def _settle_texts(self) -> None:
        """Look at displays once more, since they may hold a name that is known by now."""
        met, words = self._met, self._words
        if met:
            self._met = []
        super()._settle_texts()
        if self._shown:
            shown, self._shown = self._shown, []
            self._look_again(shown)
        if met:
            text = self._text
            # One word by itself has not been looked at where nobody is known by name.
            unseen = set() if self._payload.known else {word for _, _, word, _ in words}
            for display in met:
                if display in text.clean or display in unseen:
                    text.remember(display)

    def _look_again(self, shown: list[tuple[Values, Places, list[int]]]) -> None:
        """Mask those displays that the process remembers in which somebody known is named."""
        touched = self._text.touched(
            {values[at] for values, places, _ in shown for at, _ in places}
        )
        if not touched:
            return
        for values, places, loose in shown:
            for at, path in places:
                if values[at] in touched:
                    loose.append(at)
                    self._coded.append((values, at, values[at], path))
        super()._settle_texts()
