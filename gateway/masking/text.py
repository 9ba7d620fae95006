"""Text: secrets and identifiers found by recognisers, names in prose, what fields have named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.masking import folding, prose
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.scan import Span, scanner
from gateway.masking.user_patterns import PatternScan, Scan

_BETWEEN = b"\n\x00\n"
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
    """

    def __init__(self, payload: Payload, *, with_re2: bool = True) -> None:
        self._payload = payload
        self._identifiers = payload.profile.scans
        scan: Scan = scanner(identifiers=self._identifiers, with_re2=with_re2)
        patterns = payload.profile.patterns
        self._scanner = PatternScan(scan, patterns, payload.profile.operators) if patterns else scan
        self.patterned = bool(patterns)
        self._cache: dict[tuple[str, bool], MaskedText] = {}
        self._learned = 0
        self.clean: set[str] = set()

    def mask(self, text: str, path: str) -> str:
        """One text, counted."""
        found = self.many([text])[0]
        self.count(found, path)
        return found.text

    def count(self, masked: MaskedText, path: str) -> None:
        """Count what was replaced in a text at one more place."""
        for kind, number in masked.counts:
            self._payload.count(kind, path, number)

    def many(self, texts: Sequence[str], *, coded: bool = False) -> list[MaskedText]:
        """Every text masked, in one pass over those that are new.

        Names that one text introduces by title or label are masked in all of them.

        Args:
            texts: to be masked.
            coded: they are codes, displays of codes or single words, in which only recognisers and
                what fields have named are looked for; anything else is read as prose.
        """
        known = self._payload.known
        if known.size != self._learned:
            self._cache.clear()
            self.clean.clear()
            self._learned = known.size
        new = [text for text in dict.fromkeys(texts) if (text, coded) not in self._cache]
        made = dict(zip(new, self._masked(new, coded=coded), strict=True)) if new else {}
        answer = [self._cache.get((text, coded)) or made[text] for text in texts]
        if known.size == self._learned and len(self._cache) < MAX_CACHED:
            if coded:
                self.clean.update(text for text, done in made.items() if done.text == text)
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
        data = [text.encode() for text in texts]
        spans = self._spans(data)
        if self._identifiers and not coded:
            spans = [
                self._with_names(text, found) for text, found in zip(texts, spans, strict=True)
            ]
        for piece, found in zip(data, spans, strict=True):
            for start, end, kind in found:
                if kind is Kind.NAME:
                    self._payload.known.learn_found(piece[start:end].decode("utf-8", "replace"))
        return [
            self._replaced(text, piece, found)
            for text, piece, found in zip(texts, data, spans, strict=True)
        ]

    def _with_names(self, text: str, spans: list[Span]) -> list[Span]:
        """The spans of the scan, and those of people and places in prose."""
        named = prose.find(text, self._payload.context.session_names)
        named = [span for span in named if not self._payload.keeps(span[2])]
        return prose.merged([*spans, *named]) if named else spans

    def _spans(self, data: Sequence[bytes]) -> list[list[Span]]:
        """The scan's findings for each piece, offsets within the piece."""
        found: list[list[Span]] = [[] for _ in data]
        place, begin = 0, 0
        for start, end, kind in self._scanner.spans(_BETWEEN.join(data)):
            if self._payload.keeps(kind):
                continue
            while start >= begin + len(data[place]) + len(_BETWEEN):
                begin += len(data[place]) + len(_BETWEEN)
                place += 1
            found[place].append((start - begin, end - begin, kind))
        return found

    def _replaced(self, text: str, data: bytes, spans: Sequence[Span]) -> MaskedText:
        known = self._payload.known
        if not spans and not (self._identifiers and known.touches(data)):
            return MaskedText(text)
        counts: Counter[Kind] = Counter()

        def replace(kind: Kind, value: bytes) -> bytes:
            before = value.decode("utf-8", "replace")
            after = self._payload.replace(kind, before)
            counts[kind] += after != before
            return value if after == before else after.encode()

        pieces: list[bytes] = []
        end = 0
        for start, stop, kind in spans:
            pieces += [data[end:start], replace(kind, data[start:stop])]
            end = stop
        masked = b"".join([*pieces, data[end:]])
        if self._identifiers:
            masked = known.mask(masked, replace)
        # A span that cut a character in two leaves nothing of it behind.
        return MaskedText(masked.decode("utf-8", "ignore"), tuple(counts.items()))
