"""A walk over elements: fields by their names, mixed content as free text."""

import re

from gateway.errors import Reason, Withheld
from gateway.masking.attachments import MIN_ENCODED
from gateway.masking.codecs.json_codec import Node
from gateway.masking.codecs.xml_codec import Element, local
from gateway.masking.fields.columns import is_decimal
from gateway.masking.fields.compact_dates import mask_compact_dates
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field, field_of
from gateway.masking.json.fields import LABELS, NOT_PAIRED, said_by
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.marks import mark
from gateway.masking.patients import is_patient_number
from gateway.masking.payload import Payload
from gateway.masking.text import MaskedText, TextMasker


def _words(text: str) -> list[str]:
    return text.split()


_ODD_NAME = re.compile(r"[^\x00-\x7f]|[0-9]{4}")
_LABELS = ("name", "key", "field", "column", "label", "keyword", "id")
_VALUES = frozenset({"value", "val", "v", "text"})
_PAIRED = frozenset(map(str.lower, LABELS))
# Whose namespaces documents of all kinds have; others may be of a site, or hold anything.
_NAMESPACE = re.compile(
    r"(?:https?://(?:(?:www\.)?w3\.org|schemas\.(?:microsoft|xmlsoap|openxmlformats)\.(?:com|org)"
    r"|docs\.oasis-open\.org|purl\.org|(?:www\.)?hl7\.org|(?:www\.)?opengis\.net)"
    r"|urn:(?:hl7-org|oasis|ihe):)[A-Za-z0-9/._:#-]{0,120}\Z"
)
# A word with a capital alone could be a name; `ssn`, `FIRST_NAME` and `firstName` are not.
_LABEL = re.compile(
    r"[a-z][A-Za-z0-9_.-]*\Z|[A-Z0-9_.-]{2,}\Z|[A-Za-z]+(?:[A-Z_][a-z0-9]+)+\Z"
    r"|[A-Z][a-z]+[A-Z]{2,4}\Z"
)
BLOCKS = frozenset(
    _words(
        "address article aside blockquote body br caption center col colgroup dd details"
        " dialog div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head"
        " header hr html item legend li list main nav ol option p paragraph pre section"
        " select summary table tbody td tfoot th thead title tr ul"
    )
)
"""Elements that part text: what stands before and after them is not one word."""
# Fields that are read as text where elements stand within it.
_READ = frozenset({None, Kind.TEXT})
_READ_LATER = frozenset({None, Kind.TEXT, Kind.DATE})
# How a document within a value begins, as `JsonWalk` has it.
_OPENING = frozenset("{[<MFB")
_TAIL = re.compile(r"[^\s\[\]]{1,40}\Z")
_HEAD = re.compile(r"\A[^\s\[\]]{1,40}")
_HIDDEN = re.compile(r"[^\W_]{3,}")
_Place = tuple[Element, int]


class MarkupWalk:
    """Masks the elements of one document in place; `finish` does what was gathered."""

    def __init__(self, payload: Payload, walk: JsonWalk, text: TextMasker) -> None:
        self.payload = payload
        self.walk = walk
        self._text = text
        self._values: list[Node] = []
        self._scanned: list[tuple[int, str]] = []
        self._sinks: list[tuple[Element, int | str]] = []
        self._runs: list[tuple[list[_Place], list[str]]] = []
        self._documents: list[tuple[int, str, Field, str]] = []
        # How deep an element lies below the text it belongs to, by identity: the tree is alive.
        self._inner: dict[int, int] = {}
        self._breaks: list[tuple[_Place, _Place]] = []
        self._names: set[str] = set()
        self._noted: set[str] = set()

    def root(self, root: Element) -> None:
        """Mask a document.

        Raises:
            Withheld: a name in it could be a value.
        """
        self.element(root, UNKNOWN)
        self.finish()

    def element(self, element: Element, outer: Field) -> None:
        """Mask an element by its name, below one of the field `outer`."""
        field = self._field(element, outer)
        self.attributes(element, field)
        self._about(local(element.name), element.text)
        if element.text and element.elements and field.kind in _READ:
            self.narrative(element)
            return
        said = _said_beside(element)
        for index, child in enumerate(element.children):
            if isinstance(child, Element):
                paired = said.kind and child.local.lower() in _VALUES
                self.element(child, said if paired else field)
            elif child.strip():
                self.value(element, index, child, field, self.path(element.local))

    def attributes(self, element: Element, field: Field) -> None:
        """Mask the attributes of an element: those that hold its value, and others by name."""
        for name, value in element.attributes.items():
            self.note(name)
            plain = local(name)
            self._about(plain, value)
            if name.startswith("xmlns") and _NAMESPACE.match(value):
                continue
            if name.startswith(("xmlns", "xsi:", "xml:")):
                own = VOCABULARY
            elif plain in _LABELS and field_of(value) is not UNKNOWN and _LABEL.match(value):
                own = VOCABULARY  # the name of a field
            else:
                own = field if plain.lower() in _VALUES else field_of(plain)
            self.value(element, name, value, own, self.path(plain))

    def _about(self, name: str, number: str) -> None:
        if is_patient_number(name):
            self.payload.about(number.strip())

    def value(self, element: Element, key: int | str, value: str, field: Field, path: str) -> None:
        """Mask one value; white space around it stays."""
        plain = value.strip()
        if not plain or (field.kind is None and is_decimal(plain)):
            return
        place = len(self._values)
        self._values.append(plain)
        self._sinks.append((element, key))
        reads = field.kind is Kind.TEXT and not self.payload.withholds_text
        if reads or (field.kind is None and " " in plain):
            plain = mask_compact_dates(plain, self.payload.apply, path)
        if field.kind in {None, Kind.TEXT}:
            self._scanned.append((place, path))
        if field.kind in _READ_LATER and (plain[0] in _OPENING or len(plain) >= MIN_ENCODED):
            # A document within: all names that stand outside it are known at the end.
            self._documents.append((place, plain, field, path))
            return
        self._values[place] = self.walk.string(self._values, place, plain, field, path)

    def replace(self, element: Element, key: int | str, value: str) -> None:
        """Put a value that is masked already in its place; white space around it stays."""
        self._values.append(value.strip())
        self._sinks.append((element, key))

    def narrative(self, element: Element) -> None:
        """Mask all text below an element as free text; withheld, one mark stands for all of it."""
        if self.payload.withholds_text:
            if element.children != [mark(Kind.TEXT)]:
                self.payload.count(Kind.TEXT, self.path(element.local))
            element.children = [mark(Kind.TEXT)]
            return
        before: list[_Place] = []
        for run in self._parted(element):
            if before and self._broken(before[-1], run[0]):
                self._breaks.append((before[-1], run[0]))
            before = run
            self._runs.append((run, [_at(place) for place in run]))
            for inner, index in run:
                if _at((inner, index)).strip():
                    self.value(inner, index, _at((inner, index)), _FREE, self.path(inner.local))

    def finish(self) -> None:
        """Put every masked value in its place.

        Raises:
            Withheld: a name of an element or attribute could be a value.
        """
        self._check_names()
        for place, plain, inside, path in self._documents:
            self._values[place] = self.walk.string(self._values, place, plain, inside, path)
        texts = ["".join(pieces) for _, pieces in self._runs]
        self._text.many(texts)  # what they introduce is a name in all of the document
        self.walk.settle()
        self._scan_again()
        for (element, key), done in zip(self._sinks, self._values, strict=True):
            if isinstance(key, str):
                element.attributes[key] = _spaced(element.attributes[key], str(done))
            else:
                element.children[key] = _spaced(_at((element, key)), str(done))
        self._join()
        self._mend_breaks()

    def _broken(self, before: _Place, after: _Place) -> bool:
        """Whether nothing but a line break stands between two texts of one element."""
        element, index = before
        between = element.children[index + 1 : after[1]] if element is after[0] else []
        return [item.local.lower() for item in between if isinstance(item, Element)] == ["br"]

    def _mend_breaks(self) -> None:
        """Mask what a line break cuts in two, so that neither half is anything by itself."""
        cuts: list[tuple[_Place, _Place, str, str]] = []
        for before, after in self._breaks:
            tail, head = _TAIL.search(_at(before)), _HEAD.search(_at(after))
            if tail and head:
                cuts.append((before, after, tail[0], head[0]))
        whole = self._text.many([first + second for *_, first, second in cuts], coded=True)
        halves = self._text.many([half for cut in cuts for half in cut[2:]], coded=True)
        for index, (before, after, first, second) in enumerate(cuts):
            alone = [item.text for item in halves[2 * index : 2 * index + 2]] == [first, second]
            # A break before may have taken the text that this one stands behind.
            if whole[index].text == first + second or not alone or not _at(before).endswith(first):
                continue
            self._text.count(whole[index], "*")
            _put(before, _at(before).removesuffix(first) + whole[index].text)
            _put(after, _at(after).removeprefix(second))

    def _join(self) -> None:
        """Where the text of a run is masked otherwise than its pieces, it counts: it is read.

        Where it shows a piece that is masked by itself, or something that is masked once its
        neighbours are, they have hidden it: then the pieces count, and what stands across them.
        """
        runs = [(places, pieces) for places, pieces in self._runs if len(places) > 1]
        read = self._dated(["".join(pieces) for _, pieces in runs])
        put = self._dated(["".join(map(_at, places)) for places, _ in runs])
        twice = self._dated([whole.text for whole in read])
        for (places, pieces), whole, again, joined in zip(runs, read, twice, put, strict=True):
            found = [_at(place) for place in places]
            hides = again.text != whole.text or _shows(whole.text, pieces, found)
            masked = joined if hides else whole
            if masked.text != "".join(found):
                self._text.count(masked, "*")
                for element, index in places:
                    element.children[index] = ""
                # In the outermost element, so that it is text among elements as before.
                place = min(places, key=lambda place: self._inner.get(id(place[0]), 0))
                _put(place, masked.text)

    def _dated(self, texts: list[str]) -> list[MaskedText]:
        return self._text.many(
            [mask_compact_dates(text, self.payload.apply, "*") for text in texts]
        )

    def _scan_again(self) -> None:
        """Look for names that were learned after a value was judged, a single word even."""
        again = self._text.many([str(self._values[place]) for place, _ in self._scanned])
        for (place, path), masked in zip(self._scanned, again, strict=True):
            if masked.text != self._values[place]:
                self._text.count(masked, path)
                self._values[place] = masked.text

    def path(self, name: str) -> str:
        """A name for records, `*` where it could itself be a value."""
        return name if field_of(name) is not UNKNOWN else "*"

    def note(self, name: str) -> None:
        """Remember a name to be looked at."""
        if name not in self._noted:
            self._noted.add(name)
            if _ODD_NAME.search(name):
                self._names.add(name)

    def _field(self, element: Element, outer: Field) -> Field:
        self.note(element.name)
        label = next((v for k, v in element.attributes.items() if local(k) in _LABELS), "")
        said = field_of(label) if _LABEL.match(label) else UNKNOWN
        own = field_of(element.local)
        field = said if said.kind and own.kind in {None, Kind.TEXT, Kind.ID} else own
        inherits = field is UNKNOWN or (
            field.kind in {Kind.TEXT, Kind.ID} and outer.kind not in {None, Kind.SECRET}
        )
        return outer if inherits and outer.kind else field

    def _parted(self, element: Element) -> list[list[_Place]]:
        """The text below an element, in runs that a reader sees as one."""
        runs: list[list[_Place]] = [[]]

        def gather(inner: Element, depth: int) -> None:
            self._inner[id(inner)] = depth
            block = inner.local.lower() in BLOCKS
            if block:
                runs.append([])
            for index, child in enumerate(inner.children):
                if isinstance(child, str):
                    runs[-1].append((inner, index))
                    continue
                self.note(child.name)
                field = self.narrative_field(child)
                if field.kind not in _READ:
                    # Its name says what it holds, whatever text stands around it.
                    runs.append([])
                    self.element(child, field)
                    continue
                self.narrative_attributes(child)
                gather(child, depth + 1)
            if block:
                runs.append([])

        gather(element, 0)
        return [run for run in runs if run]

    def narrative_field(self, element: Element) -> Field:
        """What the name of an element within free text says that it holds."""
        return self._field(element, UNKNOWN)

    def narrative_attributes(self, element: Element) -> None:
        """Mask the attributes of an element within free text."""
        self.attributes(element, UNKNOWN)

    def _check_names(self) -> None:
        names = sorted(self._names)
        spaced = [re.sub(r"[_.:-]+", " ", name) for name in names]
        done = self._text.many(spaced)
        if any(masked.text != name for masked, name in zip(done, spaced, strict=True)):
            raise Withheld(
                "A name of an element in the XML looks like a value.",
                reason=Reason.MASKING_FAILED,
            )


_FREE = Field(Kind.TEXT)


def _said_beside(element: Element) -> Field:
    """What `<key>ssn</key><value>…</value>` says of the value; UNKNOWN where it says nothing."""
    children = element.elements
    labels = [child.text.strip() for child in children if child.local.lower() in _PAIRED]
    values = sum(child.local.lower() in _VALUES for child in children)
    field = said_by(labels[0]) if len(labels) == values == 1 else UNKNOWN
    return UNKNOWN if field.kind in NOT_PAIRED else field


def _at(place: _Place) -> str:
    element, index = place
    return str(element.children[index])


def _shows(text: str, pieces: list[str], found: list[str]) -> bool:
    """Whether a text shows a word of a piece that is masked where the piece stands by itself."""
    hidden: set[str] = set()
    for one, other in zip(pieces, found, strict=True):
        if one != other:
            hidden.update(_HIDDEN.findall(one))
            hidden.difference_update(_HIDDEN.findall(other))
    return any(word in text for word in hidden)


def _put(place: _Place, text: str) -> None:
    element, index = place
    element.children[index] = text


def _spaced(before: str, done: str) -> str:
    if before and not (before[0].isspace() or before[-1].isspace()):
        return done
    head = before[: len(before) - len(before.lstrip())]
    return head + done + before[len(before.rstrip()) :] if before.strip() else before
