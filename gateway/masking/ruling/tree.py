"""Field rules over a JSON tree, before the ordinary walk, which leaves alone what is settled here.

Dates that move with their patient are settled here too, since only the tree says whose they are.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.json_codec import MAX_DEPTH, Node, Number, Settled, too_deep
from gateway.masking.fields.fhir import ELEMENTS
from gateway.masking.fields.names import UNKNOWN, field_of
from gateway.masking.kinds import Kind
from gateway.masking.patients import patient_of_record, patient_of_resource, patients_within
from gateway.masking.payload import DROPPED, Payload
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.paths import FieldPath
from gateway.masking.profiles.rules import FieldRule, Rules, State
from gateway.masking.ruling.value import Ruling

if TYPE_CHECKING:
    from gateway.masking.profiles.imported import ImportedConfiguration

_TYPE = re.compile(r"[A-Z][A-Za-z]{1,40}\Z")
_KEY = re.compile(r"[A-Za-z_$@][A-Za-z_.$-]{0,60}[0-9]{0,2}\Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.,+Z -]{0,30})?\Z")
_RESOURCE = "resourceType"


class _Gone:
    """In place of what a rule drops, until its member is removed."""


_GONE = _Gone()
_KEPT = FieldRule(FieldPath(""), operator=Operator.KEEP, level=-1)
_Made: TypeAlias = "Node | _Gone"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the pass is.

    Attributes:
        state: of the rules' automaton.
        depth: members from the root.
        rule: that decides here, None where none does.
        rank: of that rule, see `FieldRule.rank_at`.
        fhir: inside a resource, where nothing may be empty.
        path: as records show it.
    """

    state: State
    depth: int = 0
    rule: FieldRule | None = None
    rank: tuple[int, int, bool, int] = (0, 0, False, 0)
    fhir: bool = False
    path: str = ""

    def at(
        self, state: State, rule: FieldRule | None, path: str, *, fhir: bool = False
    ) -> "_Place":
        """One step further in; an outer rule goes on where no better one stands."""
        depth, fhir = self.depth + 1, fhir or self.fhir
        if rule is not None:
            rank = rule.rank_at(depth)
            if self.rule is None or rank < self.rank:
                return _Place(state, depth, rule, rank, fhir, path)
        return _Place(state, depth, self.rule, self.rank, fhir, path)


class RulesPass:
    """Applies the field rules of a profile to trees of one payload, in place."""

    def __init__(self, payload: Payload, ruling: Ruling) -> None:
        self._payload = payload
        self._rules: Rules = payload.profile.rules
        self._ruling = ruling
        self._shifts = payload.shifts
        self.hidden = 0

    def takes_whole(self, *names: str) -> bool:
        """Whether what lies below this path is only masked with all that it lies in."""
        stands = any(self._rules.at(names[: end + 1]) for end in range(len(names)))
        return stands or self._payload.profile.imported is not None

    def before(self, node: Node, *names: str) -> Node:
        """The tree with everything settled that a rule decides; `hidden` counts keys within.

        Args:
            node: the tree.
            names: of the members that lead to it from the root.

        Raises:
            Withheld: a rule drops all of it, or nesting is too deep.
        """
        self.hidden = 0
        if self._payload.profile.imported is not None and _is_resource(node) and not names:
            return self._imported(node, self._payload.profile.imported)
        place = _Place(self._rules.start)
        for name in names:
            state, rule = self._rules.enter(place.state, name)
            place = place.at(state, rule, name, fhir=True)
        made = self._node(node, place, names[-1] if names else "")
        self._payload.patient = ""
        if isinstance(made, _Gone):
            raise Withheld(
                "A rule of the masking profile drops all of the content.",
                reason=Reason.CONTENT_WITHHELD,
            )
        return made

    def _imported(self, node: Node, configuration: "ImportedConfiguration") -> Node:
        """A resource by an imported configuration; of what that keeps, secrets still go."""
        self.hidden = written = _keys(node)
        self._payload.check()
        context = self._payload.context
        for patient in patients_within(node):
            self._payload.about(patient)
        done = configuration.apply(node, context.key, context.scope, context.today)
        for (_, path), number in done.counts.items():
            name = path.rpartition(".")[2]
            kind = (ELEMENTS.get(name) or field_of(name)).kind or Kind.TEXT
            self._payload.count(kind, path, number)
        if configuration.needs_key:
            self._payload.keyed()
        place = _Place(self._rules.start, rule=_KEPT, fhir=True)
        made = self._settled(done.tree, place, "")
        self.hidden = written
        return None if isinstance(made, _Gone) else made

    def after(self, node: Node) -> Node:
        """The masked tree without the members whose values the profile drops."""
        if self._payload.drops:
            made = _pruned(node, fhir=isinstance(node, dict) and _RESOURCE in node)
            return None if isinstance(made, _Gone) else made
        return node

    def _node(self, node: Node, place: _Place, name: str) -> _Made:
        """A node that no rule has decided on yet."""
        if isinstance(node, dict):
            return self._object(node, place)
        if place.rule is not None:
            return self._settled(node, place, name)
        if isinstance(node, list):
            items = [self._node(item, place, name) for item in node]
            return _kept(node, items, fhir=place.fhir)
        if self._shifts and isinstance(node, str) and self._payload.patient and _DATE.match(node):
            return self._moved(node, name, place.path)
        return node

    def _object(self, node: dict[str, Node], place: _Place) -> _Made:
        outside = self._payload.patient
        kind = node.get(_RESOURCE)
        if isinstance(kind, str) and _TYPE.match(kind):
            state, rule = self._rules.resource(place.state, kind)
            place = place.at(state, rule, kind, fhir=True)
            self._payload.patient = patient_of_resource(node) or outside
            self._payload.about(self._payload.patient)
        elif not place.fhir:
            self._payload.patient = patient_of_record(node) or outside
            self._payload.about(self._payload.patient)
        if place.rule is not None:
            made = self._settled(node, place, "")
        else:
            made = self._members(node, place)
        self._payload.patient = outside
        return made

    def _members(self, node: dict[str, Node], place: _Place) -> _Made:
        """The members of an object that no rule decides on as a whole."""
        if place.depth > MAX_DEPTH:
            raise too_deep()
        gone: list[str] = []
        for key, value in node.items():
            made = self._node(value, self._inner(place, key), key)
            if isinstance(made, _Gone):
                gone.append(key)
            elif made is not value:
                node[key] = made
        for key in gone:
            del node[key]
            self.hidden += 1
        for key in gone:
            if f"_{key}" in node:  # what FHIR says about a primitive value goes with it
                self.hidden += 1 + _keys(node.pop(f"_{key}"))
        return _GONE if gone and place.fhir and not node else node

    def _inner(self, place: _Place, key: str) -> _Place:
        state, rule = self._rules.enter(place.state, key)
        known = place.fhir or key in ELEMENTS or field_of(key) is not UNKNOWN
        shown = key if known and "." not in key else "*"
        # As the walk writes it: the last two names.
        return place.at(state, rule, f"{place.path.rpartition('.')[2]}.{shown}".lstrip("."))

    def _settled(self, node: Node, place: _Place, name: str) -> _Made:
        made = self._ruled(node, place, name)
        return made if isinstance(made, _Gone) else Settled(made)

    def _ruled(self, node: Node, place: _Place, name: str) -> _Made:
        """A node that a rule decides on, itself or by what it lies in; nothing in it is settled."""
        rule = place.rule
        if rule is None or self._drops(rule):
            self.hidden += _keys(node)
            self._payload.count((rule and rule.kind) or Kind.TEXT, place.path)
            return _GONE
        if isinstance(node, list):
            items = [self._ruled(item, place, name) for item in node]
            return _kept(node, items, fhir=place.fhir)
        if isinstance(node, dict):
            return self._ruled_object(node, place, rule)
        return self._leaf(node, rule, name, place.path)

    def _ruled_object(self, node: dict[str, Node], place: _Place, rule: FieldRule) -> _Made:
        if place.depth > MAX_DEPTH:
            raise too_deep()
        self.hidden += len(node)
        kept: dict[str, Node] = {}
        for key, value in node.items():
            if key == _RESOURCE and place.fhir:
                kept[key] = value
                continue
            made = self._ruled(value, self._inner(place, key), key)
            if not isinstance(made, _Gone):
                fresh = key if _KEY.match(key) else self._ruling.key(rule, key, "*")
                kept[_free(kept, fresh)] = made
        return kept if kept or not (node and place.fhir) else _GONE

    def _leaf(self, node: Node, rule: FieldRule, name: str, path: str) -> _Made:
        if node is None or isinstance(node, bool) or (rule.keeps and not isinstance(node, str)):
            return node
        text = node.text if isinstance(node, Number) else str(node)
        made = self._ruling.value(rule, text, name, path)
        if made == DROPPED:
            return _GONE
        return node if made == text else made

    def _drops(self, rule: FieldRule) -> bool:
        operator = rule.operator
        if operator is None and rule.kind is not None:
            operator = self._payload.profile.operators[rule.kind]
        return operator is Operator.DROP

    def _moved(self, value: str, name: str, path: str) -> Node:
        """A date of a known patient, moved; the walk sees to birth dates that say too much."""
        field = ELEMENTS.get(name) or field_of(name)
        if not field.birth:
            return Settled(self._payload.apply(Kind.DATE, value, path))
        born = self._payload.born(value, path)
        return Settled(born) if born else value


def _is_resource(node: Node) -> bool:
    return isinstance(node, dict) and isinstance(node.get(_RESOURCE), str)


def _kept(node: list[Node], items: list[_Made], *, fhir: bool) -> _Made:
    """A list without what went; gone itself where a resource would be left with an empty one."""
    node[:] = [item for item in items if not isinstance(item, _Gone)]
    return _GONE if items and not node and fhir else node


def _keys(node: Node) -> int:
    """Keys of the objects in `node`; those in what is settled have been counted."""
    match node:
        case dict():
            return len(node) + sum(map(_keys, node.values()))
        case list():
            return sum(map(_keys, node))
        case _:
            return 0


def _free(node: dict[str, Node], name: str) -> str:
    number, fresh = 2, name
    while fresh in node:
        fresh = f"{name} {number}"
        number += 1
    return fresh


def _pruned(node: Node, *, fhir: bool) -> _Made:
    if isinstance(node, str):
        return _GONE if node == DROPPED else node
    if isinstance(node, list):
        return _kept(node, [_pruned(item, fhir=fhir) for item in node], fhir=fhir)
    if not isinstance(node, dict):
        return node
    fhir = fhir or _RESOURCE in node
    gone: list[str] = []
    for key, value in node.items():
        made = _pruned(value, fhir=fhir)
        if isinstance(made, _Gone):
            gone.append(key)
    for key in gone:
        node.pop(key, None)  # which may have gone with the value that it says something about
        if fhir:
            node.pop(f"_{key}", None)
    return _GONE if gone and fhir and not node else node
