"""What the walk would do to a resource, recorded as a plan for all resources of its shape.

The recorder is the walk itself: where the walk masks a string, the recorder writes down a step and
leaves a mark in the tree. What the walk looks at besides the element itself, such as the system of
a telecom, is fixed: it belongs to the shape. What cannot be told from the shape has no plan.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Never, TypeAlias

from gateway.masking.attachments import Attachments
from gateway.masking.codecs.json_codec import Node, Number, encode
from gateway.masking.context import Context
from gateway.masking.fhir.elements import DATED, IDENTIFIER, WORDED, Special, codes, special_name
from gateway.masking.fhir.identifiers import LABELLED, YEARS
from gateway.masking.fhir.leaves import Leaves, Unplanned, members, slot
from gateway.masking.fhir.plan import (
    Guard,
    Plan,
    is_filled,
    is_narrative,
    is_no_age,
    is_old,
    is_young,
)
from gateway.masking.fhir.steps import Step, SteppedWalk
from gateway.masking.fhir.tables import Entry, Table, table_of
from gateway.masking.fhir.walk import FhirWalk
from gateway.masking.fields.fhir import NARRATIVE, PERSONAL, PERSONS
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field
from gateway.masking.json.walk import KEY, Node_, short
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.recognition.known import PHRASES
from gateway.masking.text import TextMasker

Parts: TypeAlias = tuple[TextMasker, Attachments]
_UNLEARNED = frozenset({Kind.ZIP, Kind.AGE, Kind.URL})
"""Kinds that are masked without being looked for in text."""


class Recorder(FhirWalk):
    """Records what is done to one resource, which it takes apart.

    Args:
        payload: of the same profile as those that the plan is for; it is counted in.
        text: asked for nothing.
        attachments: likewise.
        leaves: of the resource.
    """

    def __init__(
        self, payload: Payload, text: TextMasker, attachments: Attachments, leaves: Leaves
    ) -> None:
        super().__init__(payload, text, attachments)
        self._leaves = leaves
        self._field = UNKNOWN
        self._steps: list[Step] = []
        self._guards: list[Guard] = []
        self._fixed: set[int] = set()

    def plan(self, node: dict[str, Node], path: str) -> Plan:
        """The plan; the tree is of no use afterwards.

        Raises:
            Unplanned: there is none.
            Withheld: the resource cannot be masked at all.
        """
        self.object(node, UNKNOWN, short(path))
        self._keep(node)
        return self._leaves.plan(
            encode(node).decode(),
            self._fixed,
            tuple(self._steps),
            tuple(self._guards),
            self._payload,
        )

    def object(self, node: dict[str, Node], outer: Field, path: str) -> None:
        """The elements of an object; the type of a resource is fixed."""
        self._fix(node, "resourceType")
        if node.get("resourceType") == "Patient" and isinstance(node.get("id"), str):
            self._steps.append((SteppedWalk.patient, self._leaves.at(node, "id"), "", None))
        super().object(node, outer, path)

    def _elements(
        self, node: dict[str, Node], table: Table, value_field: Field | None = None
    ) -> None:
        self._enter()
        if self._resource in LABELLED:
            raise Unplanned
        odd = False
        for key, value in node.items():
            entry = table.entries.get(key) or table.find(
                key, FhirWalk.special.get(special_name(key))
            )
            if value_field is not None and key == "value":
                entry = (
                    *(None, entry[1], value_field, value_field.kind),
                    *(value_field, table_of(value_field, key), entry[6]),
                )
            special = self._special_of(key)
            self._outer, self._field = table.outer, entry[2]
            if special is None or not special(self, node, key, value, table.path):
                odd = odd or entry[6]
                self._element(node, key, value, entry)
        self._depth -= 1
        if odd and not all(map(KEY.match, node)):
            raise Unplanned

    def _element(self, node: dict[str, Node], key: str, value: Node, entry: Entry) -> None:
        """An element that nothing treats apart."""
        _, path, field, kind, inner, below, strange = entry
        if isinstance(value, str):
            self._string(node, key, value, field, path, strange=strange)
        elif isinstance(value, dict):
            if "resourceType" in value:
                self.object(value, inner, key)
            else:
                self._elements(value, below)
                if self._is_emptied(value):
                    self._gone.append((node, key))
        elif isinstance(value, list) and kind is not Kind.DATE and key not in DATED:
            self._list(value, inner, below, path, key)
        elif isinstance(value, list) or (kind and value is not None and type(value) is not bool):
            raise Unplanned

    def _list(self, items: list[Node], field: Field, below: Table, path: str, key: str) -> None:
        self._enter()
        value_field = self._value_field()
        constant = field.kind in self._constants and "." not in key
        for index, item in enumerate(items):
            if isinstance(item, dict) and "resourceType" not in item:
                self._elements(item, below, value_field)
            elif isinstance(item, str) and constant and field.kind:
                self._mark(items, index, field, path, key)
            elif isinstance(item, int | Number) and field is UNKNOWN:
                self._small(items, index, item)
            else:
                self._item(items, index, item, field, path)
        self._depth -= 1

    def _string(  # noqa: PLR0913  (what the table says of an element)
        self, node: dict[str, Node], key: str, value: str, field: Field, path: str, *, strange: bool
    ) -> None:
        """A single string, which the walk mostly treats without a call."""
        kind = field.kind
        if field is VOCABULARY:
            at = self._leaves.at(node, key)
            if not (at in self._fixed and value in codes):  # those stay as they are for good
                self._step(SteppedWalk.code, node, key, path, None)
        elif kind and not strange and kind in self._constants:
            self._mark(node, key, field, path, key)
        elif kind is Kind.DATE and not strange and self._years and not field.birth:
            self._step(SteppedWalk.dated, node, key, path, (field, self._resource))
        elif kind is Kind.ID and not strange and self._numbers:
            self._step(SteppedWalk.identified, node, key, path, field is IDENTIFIER)
        else:
            self._item(node, key, value, field, path)

    def string(
        self,
        holder: Node_,
        key: str | int,
        value: str,  # noqa: ARG002
        field: Field,
        path: str,
    ) -> str:
        """A string in general, as `_item` comes upon it."""
        if field is VOCABULARY:
            do = SteppedWalk.worded if path.endswith(WORDED) else SteppedWalk.listed
            return self._step(do, holder, key, path, None)
        if field.kind in _UNLEARNED and not self._payload.keeps(field.kind):
            return self._step(SteppedWalk.applied, holder, key, path, field.kind)
        plain = field.kind in {None, Kind.TEXT} and not field.vocabulary
        do = SteppedWalk.dated if plain and self._years else SteppedWalk.general
        return self._step(do, holder, key, path, (field, self._resource))

    def number(self, value: int | Number, field: Field, path: str) -> Never:  # noqa: ARG002
        """A number that its field masks."""
        raise Unplanned

    def array(self, node: list[Node], outer: Field, path: str) -> Never:  # noqa: ARG002
        """Lists in lists, which FHIR does not have."""
        raise Unplanned

    def _mark(self, holder: Node_, key: str | int, field: Field, path: str, name: str) -> None:
        kind = field.kind
        assert kind  # noqa: S101
        do = SteppedWalk.marked
        if kind is Kind.NAME and (name in PERSONAL or self._resource in PERSONS):
            do = SteppedWalk.named
        elif kind in PHRASES:
            do = SteppedWalk.numbered
        more = (path, kind), self._constants[kind], (field, self._resource)
        self._step(do, holder, key, path, more)

    def _step(self, do: Any, holder: Node_, key: str | int, path: str, more: Any) -> str:
        at = self._leaves.at(holder, key)
        self._steps.append((do, at, path, more))
        holder[key] = slot(at)  # type: ignore[index]
        return slot(at)

    def _fix(self, holder: dict[str, Node], key: str) -> None:
        """Make what stands there a part of the shape."""
        value = holder.get(key)
        if isinstance(value, str):
            self._fixed.add(self._leaves.at(holder, key))
        elif value is not None and not isinstance(value, bool):
            raise Unplanned  # what is in it may decide too, and is no leaf of its own

    def _fix_each(self, value: Node, key: str) -> None:
        """The same in every object of a list, or in one."""
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                self._fix(item, key)

    def _keep(self, node: Node) -> None:
        """What no step was for stays: numbers as leaves, strings as a part of the shape."""
        for key, value in members(node):
            assert isinstance(node, dict | list)  # noqa: S101
            at = self._leaves.find(node, key)
            if isinstance(value, dict | list):
                self._keep(value)
            elif isinstance(value, int | Number) and not isinstance(value, bool):
                if at is not None:
                    node[key] = Number(slot(at))  # type: ignore[index]
                elif not self._leaves.is_of_shape(node, key):
                    raise Unplanned  # it stands in another place than it was read from
            elif isinstance(value, str) and at is not None and value != slot(at):
                self._fixed.add(at)

    # What looks at more than one element.

    def _telecom(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        self._fix_each(value, "system")
        return super()._telecom(node, key, value, path)

    def _identifiers(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        self._fix_each(value, "system")
        for item in value if isinstance(value, list) else [value]:
            kinds = item.get("type") if isinstance(item, dict) else None
            self._fix_each(kinds.get("coding") if isinstance(kinds, dict) else None, "code")
        return super()._identifiers(node, key, value, path)

    def _reference(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str):
            return super()._reference(node, key, value, path)
        self._step(SteppedWalk.referring, node, key, f"{path}.{key}", None)
        return True

    def _display(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str) or "code" in node or "system" in node:
            return super()._display(node, key, value, path)
        at = self._leaves.at(node, "reference") if isinstance(node.get("reference"), str) else -1
        self._step(SteppedWalk.displayed, node, key, f"{path}.{key}", (at, path))
        return True

    def _narrative(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        codings = node.get("coding")
        if isinstance(value, dict) and isinstance(value.get("div"), str):
            if value["div"] == NARRATIVE:
                self._fix(value, "div")
            else:
                self._guards.append((is_narrative, self._leaves.at(value, "div")))
        elif isinstance(value, str) and isinstance(codings, list) and self._outer.kind is None:
            items = [item for item in codings if isinstance(item, dict)]
            if items:
                found = (self._leaves.find(item, "display") for item in items)
                places = tuple(at for at in found if at is not None and self._leaves.is_string(at))
                more = places, (self._field, self._resource)
                self._step(SteppedWalk.titled, node, key, f"{path}.{key}", more)
                return True
        return super()._narrative(node, key, value, path)

    def _url(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if isinstance(value, str):
            if "method" in node:
                self._step(SteppedWalk.linked, node, key, f"{path}.{key}", None)
                return True
            if "contentType" in node or "relation" in node or "data" in node:
                self._step(SteppedWalk.applied, node, key, f"{path}.{key}", Kind.URL)
                return True
        return super()._url(node, key, value, path)

    def _data(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str) or "origin" in node:
            return False
        self._fix(node, "contentType")
        kind = self._leaves.original(node, "contentType") or ""
        if "\\" in kind or not kind.isprintable():
            raise Unplanned
        self._step(SteppedWalk.attached, node, key, f"{path}.{key}", kind)
        return True

    def _birth(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str):
            return False
        if not (self._years or self._payload.keeps(Kind.DATE)):
            raise Unplanned
        at, path = self._leaves.at(node, key), f"{path}.{key}"
        if self._years and is_old(value, self._oldest):
            self._guards.append((is_old, at))
            self._payload.count(Kind.DATE, path)
            self._gone.append((node, key))
            return True
        self._guards.append((is_young if self._years else is_filled, at))
        self._step(SteppedWalk.born, node, key, path, None)
        return True

    def _answer(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        """A value that no code beside it asks for."""
        if self._outer.birth:
            raise Unplanned
        self._guards += self._leaves.silent(node.get("code", node.get("type")))
        return False

    def _location(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        """A structure, and no address."""
        if isinstance(value, str):
            raise Unplanned
        return False

    def _instant(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str) or self._payload.keeps(Kind.DATE):
            return False
        self._guards.append((is_filled, self._leaves.at(node, key)))
        self._step(SteppedWalk.instant, node, key, f"{path}.{key}", None)
        return True

    def _extensions(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        self._fix_each(value, "url")
        return super()._extensions(node, key, value, path)

    def large(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        """A number that must stay small."""
        self._small(node, key, value)
        return False

    def _small(self, holder: Node_, key: str | int, value: Node) -> None:
        if isinstance(value, int | Number) and not isinstance(value, bool):
            self._leaves.keep_small(self._leaves.at(holder, key))

    def version_tag(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """An entity tag."""
        if isinstance(value, str):
            self._step(SteppedWalk.tagged, node, key, f"{path}.{key}", None)
        return isinstance(value, str)

    def age(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        """A quantity, which is no age."""
        if isinstance(value, dict) and not self._payload.keeps(Kind.AGE):
            self._unit(value, "a")
        return False

    def bound(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        """A bound of a range, which is none of ages."""
        if isinstance(value, dict):
            self._unit(value, "")
        return False

    def _unit(self, value: dict[str, Node], missing: str) -> None:
        name = "code" if "code" in value else "unit"
        unit = value.get(name, missing)
        if not isinstance(unit, str) or unit in YEARS:
            raise Unplanned
        if name in value:
            self._guards.append((is_no_age, self._leaves.at(value, name)))

    special: ClassVar[dict[str, Special]] = {}


# The same elements are treated apart, each by what the recorder has in its place.
Recorder.special = {
    name: getattr(Recorder, method.__name__) for name, method in FhirWalk.special.items()
}


def recorded(
    node: Node, pieces: Sequence[str], path: str, context: Context, parts: Parts
) -> Plan | None:
    """The plan for all resources of the shape of one, None where there is none.

    Args:
        node: the resource, which is taken apart.
        pieces: of its text.
        path: of it.
        context: of the profile that the plan is for.
        parts: what masks texts and attachments; asked for nothing.

    Raises:
        Withheld: it is nested too deep.
    """
    if not isinstance(node, dict):
        return None
    try:
        return Recorder(Payload(context, b""), *parts, Leaves(node, pieces)).plan(node, path)
    except (Unplanned, RecursionError):  # the walk says what is nested too deep, and where
        return None
