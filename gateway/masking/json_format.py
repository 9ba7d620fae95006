"""JSON, FHIR JSON and NDJSON of both."""

import msgspec

from gateway.masking import json_codec
from gateway.masking.attachments import Attachments
from gateway.masking.fhir_walk import FhirWalk
from gateway.masking.formats import BOM
from gateway.masking.json_codec import Node
from gateway.masking.json_walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.learning import learn
from gateway.masking.payload import Payload
from gateway.masking.rules_pass import RulesPass
from gateway.masking.ruling import Ruling
from gateway.masking.text import TextMasker

# Where one of these stands, an entry may name a person; only those are read twice.
_NAMING = (b'"family"', b'"given"', b'"birthDate"', b'"valueHumanName"')
_FHIR = b'"resourceType"'
MIN_SPLIT = 64 * 1024
BATCH = 64
"""Entries of a Bundle that are in memory as trees at once."""


class JsonMasker:
    """Masks JSON documents of one payload."""

    def __init__(self, payload: Payload, text: TextMasker, attachments: Attachments) -> None:
        self._payload = payload
        self._text = text
        self._attachments = attachments
        profile = payload.profile
        needed = profile.rules or profile.imported or payload.drops or payload.shifts
        self._rules = RulesPass(payload, Ruling(payload, text)) if needed else None
        # Walks that are done remember what they have seen; one within another is a new one.
        self._resources: list[JsonWalk] = []
        self._others: list[JsonWalk] = []

    def document(self, body: bytes) -> bytes:
        """A whole JSON document, masked.

        Raises:
            Withheld: it is not JSON, has a key twice, or is nested too deep.
        """
        body = body.removeprefix(BOM)
        if json_codec.has_minus_zero(body):
            json_codec.decode(body)  # which is the stricter reader
            return self._masked(json_codec.careful(body), None)
        if len(body) >= MIN_SPLIT and body.lstrip()[:1] == b"{" and b'"entry"' in body:
            head = json_codec.split_object(body)
            whole = self._rules is not None and self._rules.takes_whole("Bundle", "entry")
            if (
                bytes(head.get("resourceType", b"")) == b'"Bundle"'
                and "entry" in head
                and not whole
            ):
                return self._bundle(body, head)
        return self._masked(json_codec.decode(body), body)

    def lines(self, lines: list[bytes]) -> list[bytes]:
        """Lines of NDJSON; empty ones stay."""
        done: list[bytes] = []
        for start in range(0, len(lines), BATCH):
            done += self._lines(lines[start : start + BATCH])
        return done

    def _lines(self, lines: list[bytes]) -> list[bytes]:
        """Lines that are walked together, where they are all FHIR and nothing in them is odd."""
        whole = b"\n".join(lines)
        if json_codec.has_minus_zero(whole) or len(whole) >= MIN_SPLIT * BATCH:
            return [self.document(line) if line.strip() else line for line in lines]
        nodes = [json_codec.decode(line) if line.strip() else None for line in lines]
        if not all(_is_fhir(node) for node in nodes if node is not None):
            return [self.document(line) if line.strip() else line for line in lines]
        walk = self._resources.pop() if self._resources else self._walk(nodes[0])
        walk.keys = 0
        present: list[Node] = [node for node in nodes if node is not None]
        masked = iter(self._walked_all(walk, present))
        json_codec.check_keys(whole, walk.keys, filter(bytes.strip, lines))
        self._resources.append(walk)
        return [
            json_codec.encode(next(masked)) if node is not None else line
            for line, node in zip(lines, nodes, strict=True)
        ]

    def learn(self, body: bytes) -> None:
        """Remember the names in NDJSON lines before any of them is masked."""
        self._payload.known.later(lambda: self._learn(body.split(b"\n")))

    def _learn(self, texts: list[bytes]) -> None:
        """Remember the names in JSON texts."""
        for text in texts:
            # In FHIR, few elements name somebody; in any other line a member may.
            if any(mark in text for mark in _NAMING) or (_FHIR not in text and text.strip()):
                learn(json_codec.decode(text), self._payload.known, fhir=_FHIR in text)

    def _masked(self, node: Node, body: bytes | None) -> bytes:
        """A tree masked and written; its keys are held against those in `body`."""
        idle = self._resources if _is_fhir(node) else self._others
        walk = idle.pop() if idle else self._walk(node)
        walk.keys = 0
        if self._payload.keeps(Kind.ID) and not self._payload.keeps(Kind.MRN):
            # An id that is a record number too comes before the element that says so.
            learn(node, self._payload.known)
        masked = self._walked(walk, node)
        if body is not None:
            json_codec.check_keys(body, walk.keys)
        idle.append(walk)
        return json_codec.encode(masked)

    def _bundle(self, body: bytes, head: dict[str, msgspec.Raw]) -> bytes:
        """A large Bundle entry by entry, so that its tree is never whole in memory."""
        raw = head["entry"]
        if bytes(raw)[:1] != b"[":
            raise json_codec.not_json()
        entries = [bytes(entry) for entry in json_codec.split_array(raw)]
        self._payload.known.later(lambda: self._learn(entries))
        rest: dict[str, Node] = {
            name: None if name == "entry" else json_codec.decode(value)
            for name, value in head.items()
        }
        walk = FhirWalk(self._payload, self._text, self._attachments)
        masked = self._walked(walk, rest)
        items: list[bytes] = []
        for start in range(0, len(entries), BATCH):
            trees = json_codec.decode_all(entries[start : start + BATCH])
            items.append(json_codec.encode(self._walked_all(walk, trees, "Bundle", "entry"))[1:-1])
        json_codec.check_keys(body, walk.keys)
        members = [
            json_codec.encode(name)
            + b":"
            + (b"[" + b",".join(items) + b"]" if name == "entry" else json_codec.encode(value))
            for name, value in (masked.items() if isinstance(masked, dict) else ())
        ]
        return b"{" + b",".join(members) + b"}"

    def _walked(self, walk: JsonWalk, node: Node, *names: str) -> Node:
        """A tree through the field rules, where there are any, and the walk.

        `names` lead to it from the root of a resource.
        """
        return self._walked_all(walk, [node], *names)[0]

    def _walked_all(self, walk: JsonWalk, nodes: list[Node], *names: str) -> list[Node]:
        """Likewise for trees that stand beside each other."""
        if self._rules is None:
            return walk.roots(nodes, ".".join(names))
        done: list[Node] = []
        for node in nodes:
            ruled = self._rules.before(node, *names)
            walk.keys += self._rules.hidden
            done.append(self._rules.after(walk.root(ruled, ".".join(names))))
        return done

    def _walk(self, node: Node) -> JsonWalk:
        if _is_fhir(node):
            return FhirWalk(self._payload, self._text, self._attachments)
        return JsonWalk(
            self._payload,
            self._text,
            self._attachments,
            FhirWalk(self._payload, self._text, self._attachments),
        )


def _is_fhir(node: Node) -> bool:
    return isinstance(node, dict) and isinstance(node.get("resourceType"), str)
