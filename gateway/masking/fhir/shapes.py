"""Shapes of resources that the process has met, and the plans for them.

Of FHIR resources most are like another one: the same elements with other values. The second of a
shape is recorded as a plan, and what comes after it is masked by that plan, without a tree. What
has no plan goes through the walk. What is remembered of a resource is what belongs to its shape,
for the life of the process and up to a number of pieces; it is never written anywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import msgspec

from gateway.masking.fhir.plan import BACKSLASH, QUOTE, Plan, Sketch, unescape
from gateway.masking.fhir.reader import Leaves, Reader
from gateway.masking.profiles.profile import Profile

MAX_TEXT = 256 * 1024
"""Bytes of a resource that a plan may be for."""
MAX_PIECES = 300_000
"""Of the plans of one profile together; a long piece counts as several."""
_PIECE = 64
"""Characters of a shape and its masked form that count as one piece."""
_MAX_TYPE = 64
MAX_ALIKE = 12
"""Plans for resources of one type and number of pieces; where there are more, some give way."""
MAX_SEEN = 20_000
MAX_PROFILES = 16
_TYPE = '"resourceType"'
_TYPED = f'{_TYPE}:"'
_LENGTH = len(_TYPED)
_NONE: tuple[int, ...] = ()
MAX_FAST = 500_000
"""Characters of the shapes under one profile that have a regular expression."""
_PATIENCE = 16
_BACKSLASH, _QUOTE = BACKSLASH.encode(), QUOTE.encode()
# As numbers: a search for bytes first finds out, at some cost, that they are no number.
_SLASH, _STAND_INS = ord("\\"), (ord(BACKSLASH), ord(QUOTE))
_CONTROL = bytes(range(32))
_NUMERIC = b"0123456789+-.eE"
_Key = tuple[str, int, str]
Cut: TypeAlias = tuple[list[str], bool]
"""The pieces of a JSON text without control characters, and whether something is escaped."""
Record: TypeAlias = Callable[[Sequence[str]], Plan | None]


class Shapes:
    """The plans for resources under one profile."""

    def __init__(self) -> None:
        self._plans: dict[_Key, tuple[Plan, ...]] = {}
        self._seen: set[int] = set()
        self._missed: dict[_Key, int] = {}
        self._pieces = 0
        self._fast = 0

    def sketch(self, body: bytes, path: str, oldest: str, *, clean: bool = False) -> Sketch | None:
        """A resource that there is a plan for; None where the walk has to see to it.

        Args:
            body: its text, which may be anything.
            path: of it.
            oldest: the first year that may be shown, `Payload.oldest`.
            clean: it has no control characters; see `is_clean`.
        """
        clean = clean or (len(body) <= MAX_TEXT and is_clean(body))
        found = _decoded(body, clean=clean)
        if found is None:
            return None
        text, escaped = found
        key = _key(path, text)
        plans = self._plans.get(key)
        if plans is None:
            return None
        if not clean:
            return self._sketched(_cut(body), key, plans, oldest)
        before: Reader | None = None
        leaves: tuple[Leaves, bool] | None = None
        escapes: Sequence[int] = _NONE
        for place, plan in enumerate(plans):
            if plan.reader is not before:
                before, leaves = plan.reader, plan.reader.leaves(text)
                if leaves and escaped:
                    read = unescape(leaves[0])
                    leaves, escapes = ((read[0], leaves[1]), read[1]) if read else (None, _NONE)
            if leaves is None:
                continue
            sketch = plan.sketch(leaves[0], escapes, oldest, sure=leaves[1])
            if sketch is not None:
                if place > 1:
                    self._move(key, plans, place)
                return sketch
        return self._sketched((text.split('"'), escaped), key, plans, oldest)

    def _sketched(
        self, cut: Cut | None, key: _Key, plans: tuple[Plan, ...], oldest: str
    ) -> Sketch | None:
        """A resource whose shape does not come often, or that is written with white space."""
        if cut is None:
            return None
        for place, plan in enumerate(plans):
            sketch = _fitting(plan, cut, oldest)
            if sketch is not None:
                if place > 1:
                    self._move(key, plans, place)
                self._hasten(plan.reader)
                return sketch
        return None

    def _move(self, key: _Key, plans: tuple[Plan, ...], place: int) -> None:
        """What comes often is looked at first."""
        self._plans[key] = (plans[place], *plans[:place], *plans[place + 1 :])

    def _hasten(self, reader: Reader) -> None:
        more = 0 if reader.is_fast else reader.size
        if reader.is_due and self._fast + more <= MAX_FAST:
            self._fast += more
            reader.hasten()

    def meet(self, body: bytes, path: str, oldest: str, record: Record) -> None:
        """Remember a resource that there was no plan for; of the second like it, record one.

        Args:
            body: its text, which has been read as JSON.
            path: of it.
            oldest: the first year that may be shown, `Payload.oldest`.
            record: makes a plan from its pieces, None where there is none.
        """
        cut = _cut(body)
        if cut is None:
            return
        pieces = cut[0]
        key = _key(path, '"'.join(pieces))
        around = "".join(pieces[::2]).encode().translate(None, _NUMERIC)
        mark = hash((key, around))
        if mark not in self._seen:
            _bounded(self._seen)
            self._seen.add(mark)
            return
        _bounded(self._missed)
        missed = self._missed[key] = self._missed.get(key, 0) + 1
        if missed > MAX_ALIKE and missed % _PATIENCE:
            return
        plan = record(pieces)
        # One that its own resource does not fit is for ages over 89 and the like.
        if plan and _fitting(plan, cut, oldest):
            self._add(key, plan)

    def _add(self, key: _Key, plan: Plan) -> None:
        size = _size(plan, key[1])
        if self._pieces + size > MAX_PIECES:
            self._plans, self._missed, self._pieces, self._fast = {}, {}, 0, 0
        plans = self._plans.get(key, ())
        for other in plans:
            if other.reader.key == plan.reader.key:  # they differ in what must hold besides
                plan = replace(plan, reader=other.reader)
        kept = plans[: MAX_ALIKE - 1]
        self._plans[key] = (plan, *kept)
        for gone in plans[len(kept) :]:
            self._pieces -= _size(gone, key[1])
            shared = any(plan.reader is gone.reader for plan in self._plans[key])
            self._fast -= gone.reader.size if gone.reader.is_fast and not shared else 0
        self._pieces += size


def _fitting(plan: Plan, cut: Cut, oldest: str) -> Sketch | None:
    """A resource from its pieces, where the plan is for it."""
    pieces, escaped = cut
    values = plan.reader.leaves_of(pieces)
    if values is None:
        return None
    if not escaped:
        return plan.sketch(values, _NONE, oldest)
    found = unescape(values)
    return found and plan.sketch(*found, oldest)


def _size(plan: Plan, pieces: int) -> int:
    """What a plan takes of `MAX_PIECES`."""
    return max(pieces, (plan.reader.size + sum(map(len, plan.form.parts))) // _PIECE)


def _bounded(found: set[int] | dict[_Key, int]) -> None:
    if len(found) >= MAX_SEEN:
        found.clear()


_known: dict[int, tuple[Profile, Shapes]] = {}


def shapes_of(profile: Profile) -> Shapes | None:
    """What the process knows of shapes under a profile, None where the walk is to do it all."""
    found = _known.get(id(profile))
    if found is not None and found[0] is profile:
        return found[1]
    # What a profile puts in place of values goes into JSON as it is.
    if not all(
        text.isprintable() and not {'"', "\\"} & {*text} for text in profile.replacements.values()
    ):
        return None
    if len(_known) >= MAX_PROFILES:
        _known.clear()
    shapes = Shapes()
    _known[id(profile)] = profile, shapes
    return shapes


def is_clean(body: bytes) -> bool:
    """Whether there are no control characters, as in any compact JSON text."""
    return len(body.translate(None, _CONTROL)) == len(body)


def _decoded(body: bytes, *, clean: bool) -> tuple[str, bool] | None:
    """A JSON text to be cut, and whether something in it is escaped; None for an odd one."""
    if len(body) > MAX_TEXT:
        return None
    if not clean and (_STAND_INS[0] in body or _STAND_INS[1] in body):
        return None
    escaped = _SLASH in body
    if escaped:
        body = body.replace(b"\\\\", _BACKSLASH).replace(b'\\"', _QUOTE)
    try:
        return body.decode(), escaped
    except UnicodeDecodeError:
        return None


def _cut(body: bytes) -> Cut | None:
    """The pieces of a JSON text; None for an odd one."""
    if not is_clean(body):
        try:
            body = msgspec.json.format(body, indent=-1)  # which no control character comes through
        except (msgspec.DecodeError, RecursionError):
            return None
    found = _decoded(body, clean=False)
    return found and (found[0].split('"'), found[1])


def _key(path: str, text: str) -> _Key:
    """What plans are looked up by: path, number of quotation marks, and the type."""
    found = text.find(_TYPED)
    if found >= 0:
        begin = found + _LENGTH
    else:  # written with white space, or there is none
        start = text.find(_TYPE)
        begin = text.find('"', start + len(_TYPE)) + 1 if start >= 0 else -1
    end = text.find('"', begin, begin + _MAX_TYPE) if begin > 0 else -1
    return path, text.count('"'), text[begin:end] if end > 0 else ""
