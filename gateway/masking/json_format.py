"""JSON, FHIR JSON and NDJSON of both."""

import msgspec

from gateway.masking import json_codec
from gateway.masking.attachments import Attachments
from gateway.masking.fhir_walk import FhirWalk
from gateway.masking.formats import BOM
from gateway.masking.json_codec import Node
from gateway.masking.json_walk import JsonWalk
from gateway.masking.learning import learn
from gateway.masking.payload import Payload
from gateway.masking.rules_pass import RulesPass
from gateway.masking.ruling import Ruling
from gateway.masking.text import TextMasker

# Where one of these stands, an entry may name a person; only those are read twice.
_NAMING = (b'"family"', b'"given"', b'"birthDate"', b'"valueHumanName"')
_FHIR = b'"resourceType"'
MIN_SPLIT = 64 * 1024


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

    def line(self, line: bytes) -> bytes:
        """One line of NDJSON; an empty one stays."""
        return self.document(line) if line.strip() else line

    def learn(self, body: bytes) -> None:
        """Remember the names in NDJSON lines before any of them is masked."""
        for line in body.split(b"\n"):
            if any(mark in line for mark in _NAMING):
                learn(json_codec.decode(line), self._payload.known)

    def _masked(self, node: Node, body: bytes | None) -> bytes:
        """A tree masked and written; its keys are held against those in `body`."""
        idle = self._resources if _is_fhir(node) else self._others
        walk = idle.pop() if idle else self._walk(node)
        walk.keys = 0
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
        entries = json_codec.split_array(raw)
        for entry in entries:
            if any(mark in bytes(entry) for mark in _NAMING):
                learn(json_codec.decode(entry), self._payload.known)
        rest: dict[str, Node] = {
            name: None if name == "entry" else json_codec.decode(value)
            for name, value in head.items()
        }
        walk = FhirWalk(self._payload, self._text, self._attachments)
        masked = self._walked(walk, rest)
        items = [
            json_codec.encode(self._walked(walk, json_codec.decode(entry), "Bundle", "entry"))
            for entry in entries
        ]
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
        if self._rules is None:
            return walk.root(node, ".".join(names))
        node = self._rules.before(node, *names)
        walk.keys += self._rules.hidden
        return self._rules.after(walk.root(node, ".".join(names)))

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
