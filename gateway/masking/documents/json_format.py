"""JSON, FHIR JSON and NDJSON of both."""

import io
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import zip_longest
from typing import TypeAlias

import msgspec

from gateway.masking.attachments import Attachments
from gateway.masking.codecs import json_codec
from gateway.masking.codecs.json_codec import Node
from gateway.masking.fhir.grouped import GroupedWalk
from gateway.masking.fhir.learning import FHIR, may_name, that_may_name
from gateway.masking.fhir.plan import Plan, Sketch
from gateway.masking.fhir.recorder import recorded
from gateway.masking.fhir.shapes import is_clean, shapes_of
from gateway.masking.fhir.walk import FhirWalk
from gateway.masking.formats import BOM
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.learning import learn
from gateway.masking.payload import Payload
from gateway.masking.ruling.tree import RulesPass
from gateway.masking.ruling.value import Ruling
from gateway.masking.text import TextMasker

ENTRY = ("Bundle", "entry")
"""Names of elements that lead to an entry."""
MIN_SPLIT = 64 * 1024
_PROBE = 100
_EMPTY = b'"entry":[]'
BATCH = 64
"""Entries of a Bundle that are in memory as trees at once."""
Item: TypeAlias = "Sketch | Node"
"""A resource as a sketch, or as a tree."""


class JsonMasker:
    """Masks JSON documents of one payload."""

    def __init__(self, payload: Payload, text: TextMasker, attachments: Attachments) -> None:
        self._payload = payload
        self._text = text
        self._attachments = attachments
        profile = payload.profile
        needed = profile.rules or profile.imported or payload.drops or payload.shifts
        self._rules = RulesPass(payload, Ruling(payload, text)) if needed else None
        self._shapes = None if needed else shapes_of(profile)
        # An id that is a record number too comes before the element that says so.
        self._learns = payload.keeps_ids and not payload.keeps(Kind.MRN)
        self._oldest = payload.oldest
        # Walks that are done remember what they have seen; one within another is a new one.
        self._resources: list[GroupedWalk] = []
        self._others: list[JsonWalk] = []

    def document(self, body: bytes) -> bytes:
        """A whole JSON document, masked.

        Raises:
            Withheld: it is not JSON, has a key twice, or is nested too deep.
        """
        body = body.removeprefix(BOM)
        if body.find(b'"entry"') >= 0 and body.find(b'"Bundle"') >= 0 and body.lstrip()[:1] == b"{":
            body = json_codec.compact(body)
            head = json_codec.split_object(body)
            small = len(body) < MIN_SPLIT and (self._rules is not None or self._learns)
            whole = small or (
                self._rules is not None and self._rules.takes_whole("Bundle", "entry")
            )
            if (
                bytes(head.get("resourceType", b"")) == b'"Bundle"'
                and "entry" in head
                and not whole
            ):
                return self._bundle(body, head)
        if self._learns:
            node = json_codec.exact(body)
            learn(node, self._payload.known)
            return self._masked(node, body)
        return self._masked(self._read([body])[0], body)

    def lines(self, lines: list[bytes]) -> list[bytes]:
        """Lines of NDJSON that names have been learned from; empty ones stay."""
        done: list[bytes] = []
        for start in range(0, len(lines), BATCH):
            done += self._lines(lines[start : start + BATCH])
        return done

    def _lines(self, lines: list[bytes]) -> list[bytes]:
        """Lines that are walked together, where they are all FHIR and not too large for it."""
        present = [line for line in lines if line.strip()]
        items = self._read(present) if sum(map(len, lines)) < MIN_SPLIT * BATCH else []
        if not items or not all(map(_is_fhir, items)):
            return [self.document(line) if line.strip() else line for line in lines]
        masked = iter(self._together(items, present, foreseen=True))
        return [next(masked) if line.strip() else line for line in lines]

    def _read(self, texts: list[bytes], *names: str, clean: bool = False) -> list[Item]:
        """Resources as sketches, or as trees where there is no plan for them.

        Args:
            texts: of each.
            names: of elements that lead to them.
            clean: they have no control characters.
        """
        path, shapes, oldest = ".".join(names), self._shapes, self._oldest
        items: list[Item] = []
        clean = clean or is_clean(b"".join(texts))
        for text in texts:
            sketch = shapes.sketch(text, path, oldest, clean=clean) if shapes else None
            if sketch:
                items.append(sketch)
                continue
            items.append(json_codec.exact(text))
            if shapes and (names or _is_fhir(items[-1])):
                shapes.meet(text, path, oldest, partial(self._plan, text, path))
        return items

    def _together(
        self, items: list[Item], texts: list[bytes], *names: str, foreseen: bool = False
    ) -> list[bytes]:
        """Resources masked and written; `names` lead to them from the root of what they are in.

        Args:
            items: the resources.
            texts: of each.
            names: of elements.
            foreseen: names are going to be learned from all of them before they are looked for.
        """
        self._payload.check()
        walk = self._resources.pop() if self._resources else self._stepper()
        walk.keys = 0
        # An attachment is looked into before what stands behind it has been walked.
        ahead = None if foreseen else self._ahead(texts, items, *names)
        trees: list[Node] = []
        walked: list[bytes] = []
        for item, text in zip(items, texts, strict=True):
            if isinstance(item, Sketch):
                item.mask(walk)
            else:
                trees.append(item)
                self._walked(walk, trees, len(walked), *names)
                walked.append(text)
        if ahead:
            self._payload.known.never(ahead)
        walk.settle()
        if walked:
            json_codec.check_keys(b"\n".join(walked), walk.keys, walked)
        self._resources.append(walk)
        others = iter(trees)
        return [
            item.text() if isinstance(item, Sketch) else json_codec.encode(next(others))
            for item in items
        ]

    def _plan(self, text: bytes, path: str, pieces: Sequence[str]) -> Plan | None:
        """A plan for resources of the shape of one."""
        parts = self._text, self._attachments
        return recorded(json_codec.exact(text), pieces, path, self._payload.context, parts)

    def learn(self, body: bytes) -> None:
        """Remember the names in NDJSON lines before any of them is masked."""
        known = self._payload.known
        known.later(lambda: self._learn(that_may_name(body), ""))
        if not self._payload.withholds_text:
            lines = filter(bytes.strip, io.BytesIO(body))
            known.later(lambda: self._learn(lines, "", everything=True), for_prose=True)

    def _learn(self, texts: Iterable[bytes], path: str, *, everything: bool = False) -> None:
        """Remember the names in JSON texts, all of which may name a person."""
        shapes, oldest, known = self._shapes, self._oldest, self._payload.known
        for line in texts:
            text = line.rstrip()  # which the readers do not expect
            sketch = shapes.sketch(text, path, oldest) if shapes else None
            if not (sketch and sketch.learn(known, everything=everything)):
                learn(json_codec.decode(text), known, fhir=FHIR in text)

    def _learn_items(
        self, texts: list[bytes], items: list[Item], *names: str, everything: bool = False
    ) -> None:
        """The same for texts of which some may name nobody, and the first have been read."""
        for text, item in zip_longest(texts, items):
            known = self._payload.known
            if isinstance(item, Sketch) and item.learn(known, everything=everything):
                continue
            if everything or may_name(text):
                self._learn([text], ".".join(names), everything=everything)

    def _ahead(self, texts: list[bytes], items: list[Item], *names: str) -> Callable[[], None]:
        """Learn whom texts name if something is looked into before all of them are walked."""
        shown = not self._payload.withholds_text
        work = partial(self._learn_items, texts, items, *names, everything=shown)
        self._payload.known.later(work, for_prose=shown)
        return work

    def _masked(self, node: Item, body: bytes) -> bytes:
        """A document masked and written; its keys are held against those in `body`."""
        if isinstance(node, Sketch):
            return self._alone(node, body)
        if _is_fhir(node):
            return self._together([node], [body])[0]
        self._payload.check()
        walk = self._others.pop() if self._others else self._other()
        walk.keys = 0
        nodes: list[Node] = [node]
        ahead = self._ahead([body], [])
        self._walked(walk, nodes, 0)
        self._payload.known.never(ahead)
        walk.settle()
        json_codec.check_keys(body, walk.keys)
        self._others.append(walk)
        return json_codec.encode(nodes[0])

    def _bundle(self, body: bytes, head: dict[str, msgspec.Raw]) -> bytes:
        """A Bundle entry by entry, so that its tree is never whole in memory."""
        raw = head["entry"]
        if bytes(raw)[:1] != b"[":
            raise json_codec.not_json()
        entries = [bytes(entry) for entry in json_codec.split_array(raw)]
        bare, place = _without(body, bytes(raw))
        tree: Node = None
        alike = self._shapes and bare.count(_EMPTY) == 1 and bare.endswith(_EMPTY, 0, place)
        # What has been split and is compact has no control characters.
        outer = self._read([bare], clean=True) if alike else []
        batch = entries[:BATCH]
        read = self._read(batch, *ENTRY, clean=True)
        more = len(entries) > BATCH
        if more:
            # An entry may be looked into before the one that names its patient is walked.
            self._payload.known.later(partial(self._learn_items, entries, read, *ENTRY))
            self._ahead(entries, read, *ENTRY)
        if not alike:
            tree = self._head(bare, head)
        elif isinstance(outer[0], Sketch):
            # What is around the entries is a resource like others.
            bare = self._alone(outer[0], bare)
        else:
            bare = self._together(outer, [bare])[0]
        items = self._together(read, batch, *ENTRY, foreseen=more)
        for start in range(BATCH, len(entries), BATCH):
            batch = entries[start : start + BATCH]
            read = self._read(batch, *ENTRY, clean=True)
            items += self._together(read, batch, *ENTRY, foreseen=True)
        if tree is None:
            before, found, behind = bare.partition(_EMPTY)
            assert found  # noqa: S101  (no step takes it away)
            return before + _EMPTY[:-1] + b",".join(items) + b"]" + behind
        members = [
            json_codec.encode(name)
            + b":"
            + (b"[" + b",".join(items) + b"]" if name == "entry" else json_codec.encode(value))
            for name, value in (tree.items() if isinstance(tree, dict) else ())
        ]
        return b"{" + b",".join(members) + b"}"

    def _alone(self, sketch: Sketch, text: bytes) -> bytes:
        """One resource that there is a plan for, masked and written; `text` is its own."""
        self._payload.check()
        walk = self._resources.pop() if self._resources else self._stepper()
        ahead = self._ahead([text], [sketch])
        sketch.mask(walk)
        self._payload.known.never(ahead)
        walk.settle()
        self._resources.append(walk)
        return sketch.text()

    def _head(self, bare: bytes, head: dict[str, msgspec.Raw]) -> Node:
        """A Bundle without its entries, masked; `bare` is its text."""
        rest: dict[str, Node] = {
            name: None if name == "entry" else json_codec.exact(bytes(value))
            for name, value in head.items()
        }
        walk = self._resources.pop() if self._resources else self._stepper()
        walk.keys = 0
        heads: list[Node] = [rest]
        self._walked(walk, heads, 0)
        walk.settle()
        json_codec.check_keys(bare, walk.keys)
        self._resources.append(walk)
        return heads[0]

    def _walked(self, walk: JsonWalk, nodes: list[Node], index: int, *names: str) -> None:
        """One of some trees through the field rules, where there are any, and the walk.

        `names` lead to it from the root of a resource.
        """
        path = ".".join(names)
        if self._rules is None:
            walk.visit(nodes, index, path)
            return
        ruled = self._rules.before(nodes[index], *names)
        walk.keys += self._rules.hidden
        nodes[index] = self._rules.after(walk.root(ruled, path))

    def _stepper(self) -> GroupedWalk:
        return GroupedWalk(self._payload, self._text, self._attachments)

    def _other(self) -> JsonWalk:
        resources = FhirWalk(self._payload, self._text, self._attachments)
        return JsonWalk(self._payload, self._text, self._attachments, resources)


def _without(body: bytes, entries: bytes) -> tuple[bytes, int]:
    """A Bundle with no entries in place of those it has, and where that place ends."""
    # A search for many bytes takes longer than one for the first of them.
    start = body.find(entries[:_PROBE])
    if not body.startswith(entries, start):
        start = body.find(entries)
    return body[:start] + b"[]" + body[start + len(entries) :], start + 2


def _is_fhir(item: Item) -> bool:
    # There are plans for FHIR alone.
    return isinstance(item, Sketch) or (
        isinstance(item, dict) and isinstance(item.get("resourceType"), str)
    )
