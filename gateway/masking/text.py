"""Text: secrets and identifiers found by recognisers, names in prose, what fields have named."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.profiles.patterns import PatternScan
from gateway.masking.recognition import folding
from gateway.masking.recognition.paragraphs import (
    Paragraph,
    Paragraphs,
    Shown,
    joined,
    paragraphs_of,
)
from gateway.masking.recognition.scan import scanner

MAX_CACHED = 20_000
MAX_CACHED_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class MaskedText:
    """A masked text and how many values of each kind were replaced."""

    text: str
    counts: tuple[tuple[Kind, int], ...] = ()


class TextMasker:
    """Masks the texts of one payload; equal texts are masked once.

    Attributes:
        patterned: patterns of one's own are looked for too, so any word may be a value.
        clean: codes and displays that stayed as they are, as long as no more names are known.
        displays: of codes, with their words; nothing but a known name in one would be masked.
    """

    def __init__(self, payload: Payload, *, with_re2: bool = True) -> None:
        self._payload = payload
        self._identifiers = payload.profile.scans
        scan = scanner(identifiers=self._identifiers, with_re2=with_re2)
        profile = payload.profile
        self.patterned = bool(profile.patterns)
        if profile.patterns:
            # A pattern of one's own may look across lines, or at the beginning of a text.
            own = PatternScan(scan, profile.patterns, profile.operators)
            self._prose = Paragraphs(own, profile.kept, split=False)
            self._codes = Paragraphs(own, profile.kept, prose=False)
        else:
            self._prose = paragraphs_of(scan, profile.kept, prose=True)
            self._codes = paragraphs_of(scan, profile.kept, prose=False)
        self.displays = self._codes.displays
        self._cache: dict[tuple[str, bool], MaskedText] = {}
        self._learned = 0
        self.clean: set[str] = set()

    @property
    def knows_more(self) -> bool:
        """Whether names have become known since texts were masked last."""
        return self._payload.known.size != self._learned

    def mask(self, text: str, path: str) -> str:
        """One text, counted."""
        found = self.many([text])[0]
        self.count(found, path)
        return found.text

    def cleared(self, value: str, path: str) -> str:
        """A value that stays, without what recognisers find in it; no names are looked for."""
        (item,) = self._codes.read([value])[0]
        if not item.spans:
            return value
        done = self._replaced(item)
        self.count(MaskedText(done.text, done.counts), path)
        return done.text

    def count(self, masked: MaskedText, path: str) -> None:
        """Count what was replaced in a text at one more place."""
        for kind, number in masked.counts:
            self._payload.count(kind, path, number)

    def remember(self, display: str, *, is_code: bool = False) -> None:
        """Remember the display of a code that a walk has found nothing in.

        Args:
            display: the text.
            is_code: it reads like a code, which nothing is looked for in.
        """
        if is_code:
            self._codes.remember(display, frozenset())
            return
        item = self._codes.read([display])[0][0]
        if not item.spans and _reads_as_written(display):
            self._codes.remember(display, item.words)

    def finds(self, text: str) -> bool:
        """Whether anything in a text, read as prose, may identify somebody or is a secret."""
        read = self._prose.read([text], self._payload.context.session_names)
        return any(item.spans for item in read[0]) or not _reads_as_written(text)

    def touched(self, displays: Iterable[str]) -> set[str]:
        """Those of some known displays that something named by a field may be in."""
        if not self._identifiers:
            return set()
        firsts, known = self._payload.known.firsts, self.displays
        found = {text: known.get(text) for text in displays}
        return {text for text, words in found.items() if words is None or words & firsts}

    def many(self, texts: Sequence[str], *, coded: bool = False) -> list[MaskedText]:
        """Every text masked, in one pass over those that are new.

        Names that one text introduces by title or label are masked in all of them.

        Args:
            texts: to be masked.
            coded: they are codes, displays of codes or single words, in which only recognisers and
                what fields have named are looked for; anything else is read as prose.
        """
        known = self._payload.known
        if not coded:
            known.expect_prose()
        if known.size != self._learned:
            self._cache.clear()
            self.clean.clear()
            self._learned = known.size
        new = [text for text in dict.fromkeys(texts) if (text, coded) not in self._cache]
        made = dict(zip(new, self._masked(new, coded=coded), strict=True)) if new else {}
        answer = [self._cache.get((text, coded)) or made[text] for text in texts]
        if known.size == self._learned and len(self._cache) < MAX_CACHED:
            if coded:
                self.clean.update(
                    text
                    for text, done in made.items()
                    # A reference is one wherever it stands.
                    if done.text == text and (" " in text or "/" not in text)
                )
            self._cache.update(
                ((text, coded), done)
                for text, done in made.items()
                if len(text) <= MAX_CACHED_LENGTH
            )
        return answer

    def _masked(self, texts: Sequence[str], *, coded: bool) -> list[MaskedText]:
        """Texts as they are, and once more as they read, where something else stands there."""
        done = self._recognised(texts, coded=coded)
        plain: dict[int, str] = {}
        for index, item in enumerate(done):
            if "%" in item.text or not item.text.isascii():
                text = folding.folded(folding.unescaped(item.text))
                if text is not item.text:
                    plain[index] = text
        if not plain:
            return done
        again = self._recognised(list(plain.values()), coded=coded)
        for (index, text), found in zip(plain.items(), again, strict=True):
            before = done[index]
            if found.text != text:
                encoded = folding.unescaped(before.text) is not before.text
                shown = folding.escaped(found.text) if encoded else found.text
                done[index] = MaskedText(shown, before.counts + found.counts)
        return done

    def _recognised(self, texts: Sequence[str], *, coded: bool) -> list[MaskedText]:
        self._payload.check()
        if self._identifiers and not coded:
            payload = self._payload
            read = self._prose.read(texts, payload.context.session_names, payload.check)
        else:
            read = self._codes.read(texts)
        known = self._payload.known
        for items in read:
            for item in items:
                # Names that a text introduces are looked for in the others too.
                for name in item.names:
                    known.learn_name(name)
        return [self._shown(text, items) for text, items in zip(texts, read, strict=True)]

    def _shown(self, text: str, items: Sequence[Paragraph]) -> MaskedText:
        """A text masked paragraph by paragraph; most of them stay as they are."""
        firsts: AbstractSet[bytes] = frozenset()
        if self._identifiers:
            known = self._payload.known
            firsts = known.firsts
            if known.spans_lines and len(items) > 1:
                items = [joined(items)]
        counts: dict[Kind, int] = {}
        pieces: list[str] = []
        for item in items:
            if not item.spans:
                if not item.has_any(firsts):
                    pieces.append(item.text)
                    continue
                done = Shown(item.text, item.data, (), _words=item.words)
            else:
                done = self._replaced(item)
                for kind, number in done.counts:
                    counts[kind] = counts.get(kind, 0) + number
            named = done.has_any(firsts)
            pieces.append(self._unnamed(done, counts) if named else done.text)
        if not counts:
            return MaskedText(text)
        return MaskedText("".join(pieces), tuple(counts.items()))

    def _replaced(self, item: Paragraph) -> Shown:
        """A paragraph with its spans replaced, remembered where that is so in every payload."""
        payload = self._payload
        # Ages over 89 are of a day.
        profile, today = payload.profile, payload.context.today
        found = item.shown
        if found and found[0] is profile and found[1] == today:
            return found[2]
        data = item.data
        counts: dict[Kind, int] = {}
        pieces: list[bytes] = []
        end, lasting = 0, True
        for start, stop, kind in item.spans:
            done = self._replacement(kind, data[start:stop], counts)
            lasting = lasting and kind not in profile.varied
            pieces += [data[end:start], done]
            end = stop
        masked = b"".join([*pieces, data[end:]])
        # A span that cut a character in two leaves nothing of it behind.
        text = masked.decode("utf-8", "ignore")
        shown = Shown(text, masked, tuple(counts.items()))
        if lasting:
            item.shown = profile, today, shown
        return shown

    def _unnamed(self, done: Shown, counts: dict[Kind, int]) -> str:
        """A paragraph with what fields have named replaced, counted in `counts`."""
        replace = partial(self._replacement, counts=counts)
        masked = self._payload.known.mask(done.data, replace, done.words)
        return masked.decode("utf-8", "ignore")

    def _replacement(self, kind: Kind, value: bytes, counts: dict[Kind, int]) -> bytes:
        """What stands in place of a value, counted in `counts`."""
        before = value.decode("utf-8", "replace")
        after = self._payload.replace(kind, before)
        if after == before:
            return value
        counts[kind] = counts.get(kind, 0) + 1
        return after.encode()


def _reads_as_written(text: str) -> bool:
    """Whether no character of a text stands for another one."""
    if "%" not in text and text.isascii():
        return True
    return folding.folded(folding.unescaped(text)) is text
