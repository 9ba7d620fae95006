"""One payload while it is masked: its operators, what it has taught, and what was done."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import count

from gateway.errors import Reason, Withheld
from gateway.masking.context import Context
from gateway.masking.date_shift import shifted
from gateway.masking.generalise import age, oldest_year, shown_year, year, zip3
from gateway.masking.kinds import Kind
from gateway.masking.marks import FIRST, is_mark, mark
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.profile import Profile, TextUse
from gateway.masking.recognition.known import Known
from gateway.masking.structure import structure
from gateway.masking.tally import Counted, Summary, Tally, summary
from gateway.masking.tokens import Tokeniser

MAX_REMEMBERED = 50_000
MAX_LENGTH = 200
MAX_PATIENTS = 10_000
"""Whom records count; of a payload about more, they say this many."""
DROPPED = "\ufdd0dropped\ufdd1"
"""Stands in place of a dropped value until its field is removed; noncharacters, so in no text."""
UNSALTED = b"chaperone-no-salt"
"""Keys the tags of payloads where there is no secret, so that they repeat; protects nothing."""
# What is asked for every value: members of an enumeration are slow to look up.
_ID, _DATE, _KEEP, _NUMBER = Kind.ID, Kind.DATE, Operator.KEEP, Operator.NUMBER
_MASK, _SHIFT, _GENERALISE = TextUse.MASK, Operator.DATE_SHIFT, Operator.GENERALISE
_HARMLESS = re.compile(
    r"[0-9A-Za-z .,'/#_-]{0,19}\Z|[0-9TZ:.+ -]{0,40}\Z"
    r"|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z"
)
"""Values that are too short for a secret without a label, dates, and UUIDs."""


def numbers(body: bytes, salt: bytes) -> defaultdict[str, str]:
    """What stands for the ids of one payload: the next number for each that is new.

    Args:
        body: of the payload.
        salt: a secret of the deployment, b"" where there is none.
    """
    return defaultdict(_numbered(body, salt).__next__)


def _numbered(body: bytes, salt: bytes) -> Iterator[str]:
    # Numbers of one payload must not be taken for those of another in joined files.
    # Keyed, since against a plain digest of the payload its content could be guessed.
    tag = hashlib.blake2b(body, digest_size=4, key=salt or UNSALTED, person=b"masked-id")
    del body
    head = f"masked-{tag.hexdigest()}-"
    for number in count(1):
        yield f"{head}{number}"


class Payload:
    """Applies the operators of a profile to the values of one payload and counts them.

    Attributes:
        context: the circumstances.
        profile: the rules.
        known: names and other values that fields of this payload have named.
        withholds_text: free text is replaced whole.
        depth: how many attachments deep this payload lies.
        patient: whose dates come next, "" where that is not known; decides how far they move.
        patients: numbers of those whom fields have named, at most `MAX_PATIENTS`.
        tally: how many values were replaced or removed, by path and kind.
        shaped: how many resources were masked of which the same is counted besides.
        constants: marks of the kinds whose values all become the same mark.
        gives_years: dates become their years.
        keeps_ids: technical ids stay as they are.
        numbers_ids: technical ids are numbered.
        numbers: what stands for ids that have been numbered.
        oldest: the first year that may be shown of a date, in four digits.
        cleared: (value, path) → a value that stays, without the secrets in it.
    """

    def __init__(self, context: Context, body: bytes) -> None:
        self.context = context
        self.profile: Profile = context.resolved
        masks_text = self.profile.text is _MASK
        accepted = masks_text and context.accept_free_text
        self.withholds_text = not accepted and (context.ephi or not masks_text)
        self.known = Known()
        self.depth = 0
        self.patient = ""
        self.patients: set[str] = set()
        self._operators: Mapping[Kind, Operator] = self.profile.operators
        self._for_ids = self._operators[_ID]
        self.keeps_ids = self._for_ids is _KEEP
        self.numbers_ids = self._for_ids is _NUMBER
        self.drops = self.profile.drops
        self.shifts = self._operators[_DATE] is _SHIFT
        self._tokeniser = _tokeniser(context, needed=self.profile.makes_tokens)
        self._tokens = 0
        self.tally: Tally = defaultdict(int)
        self.shaped: dict[Counted, int] = {}
        self.constants = self.profile.constants
        self.gives_years = self._operators[_DATE] is _GENERALISE
        self.numbers = numbers(body, context.salt)
        self._until = context.clock() + context.seconds
        self._made: dict[tuple[Kind, str], str] = {}
        self.cleared: Callable[[str, str], str] | None = None
        self.oldest = oldest_year(context.today)

    def check(self) -> None:
        """Stop where the work has taken too long; asked between the parts of a payload.

        Raises:
            Withheld: it has.
        """
        if self.context.clock() > self._until:
            raise Withheld(
                f"Masking the content took longer than {self.context.seconds:g} seconds.",
                reason=Reason.MASKING_FAILED,
                advice="Ask for less at once: a page, a range of rows, fewer fields.",
            )

    def apply(self, kind: Kind, value: str, path: str) -> str:
        """What stands in place of a value of this kind, counted; DROPPED where nothing may."""
        if self._operators[kind] is _KEEP:
            return self.show(value, path)
        shifts = self.shifts and kind is Kind.DATE and bool(value)
        replaced = (
            self.operate(Operator.DATE_SHIFT, kind, value) if shifts else self.replace(kind, value)
        )
        if replaced != value:
            self.tally[path, kind] += 1
            if not replaced:
                return DROPPED
        return replaced

    def replace(self, kind: Kind, value: str) -> str:
        """What stands in place of a value in text; marks and tokens stay as they are.

        Text may be about several patients, so a date in it becomes a year instead of moving.
        """
        if kind in self.constants and value and value[0] not in FIRST:
            return self.constants[kind]
        operator = self._operators[kind]
        if operator is Operator.KEEP or not value:
            return value
        made = self._made.get((kind, value))
        if made is None:
            shown = Operator.GENERALISE if operator is Operator.DATE_SHIFT else operator
            made = self.operate(shown, kind, value, self.profile.replacements.get(kind, ""))
            if len(self._made) < MAX_REMEMBERED and len(value) <= MAX_LENGTH:
                self._made[kind, value] = made
        return made

    def operate(self, operator: Operator, kind: Kind, value: str, replacement: str = "") -> str:  # noqa: PLR0911
        """What an operator makes of a value; "" where that is nothing."""
        if operator is Operator.KEEP or is_mark(value):
            return value
        match operator:
            case Operator.NUMBER:
                return self.numbers[value]
            case Operator.GENERALISE:
                return self._generalise(kind, value)
            case Operator.TOKENISE | Operator.HASH if self._tokeniser:
                self._tokens += 1
                make = self._tokeniser.token
                return (make if operator is Operator.TOKENISE else self._tokeniser.keyed_hash)(
                    kind, value
                )
            case Operator.DATE_SHIFT:
                return self._shifted(value) or shown_year(value, self.oldest) or mark(kind)
            case Operator.REPLACE:
                return replacement
            case Operator.DROP:
                return ""
            case Operator.STRUCTURE:
                return structure(value)
            case _:
                return mark(kind)

    def _shifted(self, value: str) -> str:
        """A date of a known patient, moved as all of that patient's are; "" for every other."""
        if not self.patient or not self._tokeniser:
            return ""
        moved = shifted(value, self._tokeniser.shift(self.patient))
        self._tokens += bool(moved)
        return moved

    def born(self, value: str, path: str, operator: Operator | None = None) -> str:
        """What stands in place of a birth date, "" where nothing may.

        Args:
            value: the date.
            path: where, for the counts.
            operator: None for the profile's operator for dates.
        """
        operator = operator or self._operators[Kind.DATE]
        if operator is Operator.KEEP:
            return self.show(value, path)
        if not value or is_mark(value):
            return value
        found = shown_year(value, self.oldest)
        if operator is Operator.DATE_SHIFT:
            # Who is over 89 has no birth date here, moved or not.
            found = found and (self._shifted(value) or found)
        elif operator is not Operator.GENERALISE:
            found = self.operate(operator, Kind.DATE, value, self._replacement(operator))
            found = "" if found == mark(Kind.DATE) else found
        if found != value:
            self.tally[path, Kind.DATE] += 1
        return found

    def _replacement(self, operator: Operator) -> str:
        return self.profile.replacements.get(Kind.DATE, "") if operator is Operator.REPLACE else ""

    def identifier(self, value: str, path: str, operator: Operator | None = None) -> str:
        """What stands in place of a technical id, itself valid as a FHIR id; see `born`."""
        operator = operator or self._for_ids
        if operator is _KEEP:
            return self.show(value, path)
        if not value or (value[0] in FIRST and is_mark(value)):
            return value
        self.tally[path, _ID] += 1
        if operator is _NUMBER:
            return self.numbers[value]
        if self._tokeniser and operator in {Operator.TOKENISE, Operator.HASH}:
            self._tokens += 1
            sealed = operator is Operator.TOKENISE
            return self._tokeniser.id_token(value) if sealed else self._tokeniser.id_hash(value)
        return self.numbers[value]

    def show(self, value: str, path: str) -> str:
        """A value that stays, but for secrets in it."""
        if self.cleared is None or _HARMLESS.match(value):
            return value
        return self.cleared(value, path)

    def about(self, patient: str) -> None:
        """The payload holds something about a patient; "" for nobody."""
        if patient and len(self.patients) < MAX_PATIENTS:
            self.patients.add(patient)

    def keyed(self) -> None:
        """Something was made with the token key elsewhere."""
        self._tokens += 1

    def undropped(self, body: bytes) -> bytes:
        """A masked body without what stands for dropped values, in formats without a tree."""
        return body.replace(DROPPED.encode(), b"") if self.drops else body

    def count(self, kind: Kind, path: str, number: int = 1) -> None:
        """Count values that were replaced or removed elsewhere."""
        self.tally[path, kind] += number

    def tells_of_age(self, value: str) -> bool:
        """Whether a date has a year that tells of an age over 89."""
        return "" < year(value) < self.oldest

    def keeps(self, kind: Kind) -> bool:
        """Whether values of this kind stay as they are."""
        return self._operators[kind] is Operator.KEEP

    @property
    def counts(self) -> dict[str, int]:
        """Masked values by kind."""
        return self.summary()[0]

    @property
    def total(self) -> int:
        """How many values have been masked so far, `shaped` apart."""
        return sum(self.tally.values())

    @property
    def paths(self) -> tuple[tuple[str, str, int], ...]:
        """(path, kind, count); a path that could itself be a value is written `*`."""
        return self.summary()[1]

    def summary(self) -> Summary:
        """`counts` and `paths`, the most frequent of them first."""
        return summary(self.tally, self.shaped)

    def count_shaped(self, taken: Mapping[Counted, int]) -> None:
        """Count resources of which the same is counted.

        Args:
            taken: how many there were.
        """
        for counted, times in taken.items():
            if self.depth:  # what a document within this one counts may be asked for by itself
                counted.add(self.tally, times)
            else:
                self.shaped[counted] = self.shaped.get(counted, 0) + times

    @property
    def key_version(self) -> str:
        """Of the token key, where a token was made."""
        return self.context.key.version if self._tokens and self.context.key else ""

    def _generalise(self, kind: Kind, value: str) -> str:
        match kind:
            case Kind.DATE:
                return shown_year(value, self.oldest) or mark(kind)
            case Kind.ZIP:
                return zip3(value) or mark(kind)
            case Kind.AGE:
                return age(value) or mark(kind)
            case _:
                return mark(kind)


def _tokeniser(context: Context, *, needed: bool) -> Tokeniser | None:
    if not needed:
        return None
    if context.key is None:
        raise Withheld(
            "The masking profile makes tokens, and there is no key for them.",
            reason=Reason.MASKING_FAILED,
        )
    return Tokeniser(context.key, context.scope)
