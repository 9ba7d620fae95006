"""Groups of steps: what is done to most resources of a shape without a call for each string.

Most strings are what they mostly are: dates in full, codes and displays that the process has met,
values that are no marks yet. A resource of which all that holds is masked group by group. Any other
one is masked step by step, and nothing has been done to it by then.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from gateway.masking.fhir.elements import PLAIN_DATE, WORDED
from gateway.masking.fhir.reader import LINKS, Kept, link_form
from gateway.masking.fhir.steps import Step, SteppedWalk
from gateway.masking.fields.displays import display_use
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.profiles.operators import Operator
from gateway.masking.tally import Counted, Key

Display: TypeAlias = tuple[int, int, str, str]
"""Place of the display of a reference, that of the reference, path of both, path of the display."""


@dataclass(frozen=True, slots=True)
class Run:
    """Steps that may change places with each other, and one that may not.

    Attributes:
        names: places of names that are looked for in text.
        phrases: places and kinds of other values that are.
        ids: places of ids; what is counted where one is in a reference; what stands before it there
            where the reference is mostly a link.
        identifiers: places of those that are looked for in text.
        displays: of references.
        last: comes behind all of them, as it may look into text or number an id.
    """

    names: tuple[int, ...]
    phrases: tuple[tuple[int, Kind], ...]
    ids: tuple[tuple[int, Key | None, str], ...]
    identifiers: tuple[int, ...]
    displays: tuple[Display, ...]
    last: Step | None


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The steps of a plan in groups.

    Attributes:
        codes: places of words of code systems, and their paths.
        terse: places of those that are no displays, and text where they have many words.
        listed: places of those of which none may be a unit.
        patients: places of ids of patients.
        shown: places of displays of codes, and of texts that must be one, likewise.
        titles: places of the latter, and those of displays.
        displays: of references.
        dates: places of dates, which become years.
        instants: places of instants, which become the first one of a year, and what is counted.
        areas: places of ZIP codes, which keep three digits, and what is counted.
        fresh: places of what must be there, and no mark.
        runs: the other steps, in order.
        counted: what is masked in every resource, by path and kind.
        counted_surely: the same where leaves have the forms of `kept`.
        marks: what stands in place of the strings that all become the same.
        links: places of references that mostly have one form, and that form.
    """

    codes: tuple[tuple[int, str], ...]
    terse: tuple[int, ...]
    listed: tuple[int, ...]
    patients: tuple[int, ...]
    shown: tuple[tuple[int, str], ...]
    titles: tuple[tuple[int, Sequence[int]], ...]
    displays: tuple[Display, ...]
    dates: tuple[int, ...]
    instants: tuple[tuple[int, Key], ...]
    areas: tuple[tuple[int, Key], ...]
    fresh: tuple[int, ...]
    runs: tuple[Run, ...]
    counted: Counted
    counted_surely: Counted
    marks: Mapping[int, str]
    links: Mapping[int, Kept]

    @property
    def kept(self) -> dict[int, Kept]:
        """The forms that leaves mostly have."""
        dates = (*self.dates, *(at for at, _ in self.instants))
        fresh = dict.fromkeys(self.fresh, Kept.FRESH)
        return fresh | dict.fromkeys(dates, Kept.DATE) | {**self.links}


def grouped(steps: Sequence[Step], payload: Payload, strings: Sequence[str]) -> Groups | None:
    """The steps of a plan in groups; None for a profile that does not number ids.

    Args:
        steps: of the plan.
        payload: of the plan's profile; what is replaced in every resource is counted in it.
        strings: of the resource that the plan is recorded from, as they are written: what they look
            like, those of others mostly do.
    """
    if not payload.numbers_ids:
        return None
    grouping = _Grouping(payload, strings)
    for step in steps:
        if not grouping.takes(step):
            grouping.end(step)
    grouping.end(None)
    return grouping.groups()


class _Grouping:
    """Groups while steps are put into them."""

    def __init__(self, payload: Payload, strings: Sequence[str]) -> None:
        self._payload = payload
        self._strings = strings
        self._links: dict[int, Kept] = {}
        self._counted = Counter(payload.tally)
        self._linked: Counter[Key] = Counter()
        self._codes: list[tuple[int, str]] = []
        self._listed: list[int] = []
        self._patients: list[int] = []
        self._words: list[tuple[int, str]] = []
        self._titles: list[tuple[int, Sequence[int]]] = []
        self._displays: list[Display] = []
        self._dates: list[int] = []
        self._instants: list[tuple[int, Key]] = []
        self._fresh: list[int] = []
        self._areas: list[tuple[int, Key]] = []
        self._runs: list[Run] = []
        self._marks: dict[int, str] = {}
        self._start()

    def _start(self) -> None:
        self._names: list[int] = []
        self._phrases: list[tuple[int, Kind]] = []
        self._ids: list[tuple[int, Key | None, str]] = []
        self._identifiers: list[int] = []
        self._shown: list[Display] = []

    def takes(self, step: Step) -> bool:  # noqa: C901, PLR0912  (one case for each kind of step)
        """Put a step into its group; False where it has none."""
        do, at, path, more = step
        years, constants = self._payload.gives_years, self._payload.constants
        if do is SteppedWalk.code:
            self._codes.append((at, path))
        elif do is SteppedWalk.listed:
            self._codes.append((at, path))
            self._listed.append(at)
        elif do is SteppedWalk.patient:
            self._patients.append(at)
        elif do is SteppedWalk.worded and path.endswith(WORDED):
            self._words.append((at, path))
        elif do is SteppedWalk.titled:
            self._words.append((at, path))
            self._titles.append((at, more[0]))
        elif do is SteppedWalk.born and years:
            # A guard of the plan says that whoever was born then is not over 89.
            self._date(at, path)
        elif do is SteppedWalk.dated and (more[0].kind is Kind.DATE or self._is_date(at)):
            self._date(at, path)
        elif do is SteppedWalk.instant and years:
            self._instants.append((at, (path, Kind.DATE)))
        elif do is SteppedWalk.identified:
            self._ids.append((at, None, ""))
            if more:
                self._identifiers.append(at)
            self._fresh.append(at)
            self._counted[path, Kind.ID] += 1
        elif do is SteppedWalk.referring:
            self._refer(at, (path, Kind.ID))
        elif do is SteppedWalk.displayed and Kind.NAME in constants:
            self._display(at, path, *more)
        elif do is SteppedWalk.applied and more in constants:
            self._mark(at, (path, more), constants[more])
        elif do is SteppedWalk.applied and more is Kind.ZIP and self._generalises(more):
            self._fresh.append(at)
            self._areas.append((at, (path, more)))
        elif do in {SteppedWalk.named, SteppedWalk.numbered, SteppedWalk.marked}:
            self._mark(at, *more[:2])
            if do is SteppedWalk.named:
                self._names.append(at)
            elif do is SteppedWalk.numbered:
                self._phrases.append((at, more[0][1]))
        else:
            return False
        return True

    def end(self, last: Step | None) -> None:
        """End a run with a step that is in no group."""
        if last or self._ids or self._names or self._phrases or self._shown:
            self._runs.append(
                Run(
                    tuple(self._names),
                    tuple(self._phrases),
                    tuple(self._ids),
                    tuple(self._identifiers),
                    tuple(self._shown),
                    last,
                )
            )
        self._start()

    def groups(self) -> Groups:
        """All groups."""
        return Groups(
            tuple(self._codes),
            tuple(at for at, path in self._codes if not path.endswith(WORDED)),
            tuple(self._listed),
            tuple(self._patients),
            tuple(self._words),
            tuple(self._titles),
            tuple(self._displays),
            tuple(self._dates),
            tuple(self._instants),
            tuple(self._areas),
            tuple(self._fresh),
            tuple(self._runs),
            Counted(tuple(self._counted.items())),
            Counted(tuple((self._counted + self._linked).items())),
            self._marks,
            self._links,
        )

    def _is_date(self, at: int) -> bool:
        return PLAIN_DATE.match(self._strings[at]) is not None

    def _date(self, at: int, path: str) -> None:
        self._dates.append(at)
        self._counted[path, Kind.DATE] += 1

    def _refer(self, at: int, key: Key) -> None:
        form = link_form(self._strings[at])
        self._ids.append((at, key, LINKS[form] if form else ""))
        if form:
            self._links[at] = form
            self._linked[key] += 1

    def _mark(self, at: int, key: Key, mark: str) -> None:
        self._fresh.append(at)
        self._marks[at] = mark
        self._counted[key] += 1

    def _display(self, at: int, path: str, reference: int, inside: str) -> None:
        if reference >= 0:
            self._displays.append((at, reference, inside, path))
            self._shown.append((at, reference, inside, path))
            return
        coded, learned = display_use("", inside)
        if coded:
            self._words.append((at, path))
            return
        self._mark(at, (path, Kind.NAME), self._payload.constants[Kind.NAME])
        if learned:
            self._names.append(at)

    def _generalises(self, kind: Kind) -> bool:
        return self._payload.profile.operators[kind] is Operator.GENERALISE
