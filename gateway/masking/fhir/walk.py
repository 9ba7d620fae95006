"""A walk over FHIR R4 JSON: data types and elements first, then the form of values."""

import re
from collections.abc import Callable
from typing import ClassVar

from gateway.masking.codecs.json_codec import Node, Settled
from gateway.masking.fhir.elements import IDENTIFIER, MAX_CODES, FhirElements, Special
from gateway.masking.fhir.identifiers import FhirIdentifiers, asked
from gateway.masking.fhir.tables import EXTENDED_WORDS, table_of
from gateway.masking.fields.displays import display_use
from gateway.masking.fields.fhir import (
    CONTACT_KINDS,
    EXTENDED,
    INSTANT_ELEMENTS,
    INSTANTS,
    NAME_EXTENSIONS,
    NARRATIVE,
    NUMBERS,
    PLACE_EXTENSIONS,
    PRODUCT_IDENTIFIERS,
    REMOVED,
    VOCABULARY_EXTENSIONS,
)
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field, field_of
from gateway.masking.kinds import Kind

_NAMED = Field(Kind.NAME)
_ADDRESSED = Field(Kind.ADDRESS)
_AGES = (
    "onsetAge",
    "abatementAge",
    "deceasedAge",
    "performedAge",
    "ageAge",
    "valueAge",
    "valueQuantity",
)
# Made once: a Field is slow to make, and tables go by its identity.
_OF_KIND = {kind: Field(kind) for kind in Kind} | {Kind.ID: IDENTIFIER}


_POINTS = re.compile(r"[/?]")


class FhirWalk(FhirElements):
    """Masks resources of one payload in place."""

    def _telecom(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        return self._parts(node, key, value, f"{path}.{key}", self._contact_kind, Kind.PHONE)

    def _contact_kind(self, point: dict[str, Node]) -> Kind:
        system = point.get("system")
        return CONTACT_KINDS.get(system if isinstance(system, str) else "", Kind.PHONE)

    def _identifiers(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        return self._parts(node, key, value, f"{path}.{key}", self._kind_of, Kind.MRN)

    def _parts(  # noqa: PLR0913, PLR0917 - as for every special element, and two kinds
        self,
        node: dict[str, Node],
        key: str,
        value: Node,
        path: str,
        kind_of: Callable[[dict[str, Node]], Kind],
        otherwise: Kind,
    ) -> bool:
        """ContactPoints or Identifiers: their `value` is of their kind, the rest as usual.

        What is none is of the kind `otherwise`. Each is walked once: a key that is counted twice
        would hide one that is written twice.
        """
        holder, places = (value, range(len(value))) if isinstance(value, list) else (node, (key,))
        for place in places:
            item = holder[place]  # type: ignore[index]
            if isinstance(item, dict):
                self._elements(item, table_of(UNKNOWN, path), _OF_KIND[kind_of(item)])
            else:
                self._item(holder, place, item, _OF_KIND[otherwise], path)
        return True

    def _reference(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if isinstance(value, dict) and "value" in value:  # an Identifier, as in Claim.related
            return self._identifiers(node, key, value, path)
        if not isinstance(value, str):
            return False
        done = self._targets.get(value)
        if done is None:
            done = self._references.target(value, f"{path}.{key}")
            if len(self._targets) < MAX_CODES:
                self._targets[value] = done
        elif done != value:
            self._payload.count(Kind.ID, f"{path}.{key}")
        node[key] = done
        return True

    def _display(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str):
            return False
        inside = path
        path = f"{path}.{key}"
        if "code" in node or "system" in node:
            if self._outer.kind in {None, Kind.TEXT}:
                self._item(node, key, value, VOCABULARY, path)
                return True
            return False
        reference = node.get("reference")
        coded, learned = display_use(reference if isinstance(reference, str) else "", inside)
        if coded:
            self._item(node, key, value, VOCABULARY, path)
            return True
        if learned:
            self.learn(Kind.NAME, value, path)
        node[key] = self._payload.apply(Kind.NAME, value, path)
        return True

    def _narrative(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if isinstance(value, dict) and "div" in value and not isinstance(value["div"], Settled):
            self.keys += len(value)
            if self._payload.keeps(Kind.NAME):
                self.keys -= len(value)
                return False
            if value.get("div") != NARRATIVE:
                self._payload.count(Kind.TEXT, f"{path}.{key}")
            node[key] = {"status": "empty", "div": NARRATIVE}
            self.keys += sum(self._keys_in(item) for item in value.values())
            return True
        codings = node.get("coding")
        if isinstance(value, str) and isinstance(codings, list) and self._outer.kind is None:
            displays = [item.get("display") for item in codings if isinstance(item, dict)]
            if value in displays or not displays:
                self._item(node, key, value, VOCABULARY, f"{path}.{key}")
                return True
        return False

    def _url(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str):
            return False
        path = f"{path}.{key}"
        if "method" in node:
            node[key] = self._references.target(value, path)
        elif "contentType" in node or "relation" in node or "data" in node:
            node[key] = self._payload.apply(Kind.URL, value, path)
        else:
            named = any(name.startswith(("value", "extension")) for name in node)
            self._item(node, key, value, VOCABULARY if named else UNKNOWN, path)
        return True

    def _data(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str) or "origin" in node:
            return False  # SampledData has numbers there
        path = f"{path}.{key}"
        kind = node.get("contentType")
        kind = kind if isinstance(kind, str) else ""
        self._attached.append((node, key, value, kind, path))
        return True

    def _size(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:  # noqa: ARG002
        if "contentType" not in node or isinstance(value, dict | list):
            return False
        self._gone.append((node, key))  # of the original bytes
        return True

    def _remove(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        kind = REMOVED[key]
        if self._payload.keeps(kind):
            return False
        self.keys += self._keys_in(value)
        self._payload.count(kind, f"{path}.{key}")
        self._gone.append((node, key))
        return True

    def _birth(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str):
            return False
        born = self._payload.born(value, f"{path}.{key}")
        node[key] = born
        if not born:
            self._gone.append((node, key))
        return True

    def _answer(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """A value beside a code that asks for an identifier: LOINC 45394-4, `Last name`."""
        field = self._outer if self._outer.birth else asked(node.get("code", node.get("type")))
        if field.birth:
            return self._birth(node, key, value, path)
        return field is not UNKNOWN and self.paired(node, key, field, f"{path}.{key}")

    def _location(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """Where a created resource lies, in a transaction's response; a subscription's search."""
        if not isinstance(value, str) or not _POINTS.search(value):
            return False
        node[key] = self._references.target(value, f"{path}.{key}")
        return True

    def _contact(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """A ContactPoint where other resources have a structure of that name."""
        points = value if isinstance(value, list) else [value]
        if not all(isinstance(point, dict) and "value" in point for point in points):
            return False
        return self._telecom(node, key, value, path)

    def _component(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """An Identifier where other resources have a structure of that name."""
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, dict) and isinstance(item.get("value"), str) for item in items):
            return False
        return self._identifiers(node, key, value, path)

    def _maybe_instant(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """Elements that are an `instant` in some resources, right below them."""
        if path != self._resource or (path, key) not in INSTANT_ELEMENTS:
            return False
        return self._instant(node, key, value, path)

    def _position(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        """Co-ordinates: without them nothing is left that is valid."""
        if not isinstance(value, dict) or "longitude" not in value:
            return False
        if self._payload.keeps(Kind.ADDRESS):
            return False
        self.keys += self._keys_in(value)
        self._payload.count(Kind.ADDRESS, f"{path}.{key}")
        self._gone.append((node, key))
        return True

    def _instant(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, str) or self._payload.keeps(Kind.DATE):
            return False
        made = self.masked_instant(value, f"{path}.{key}")
        if not made:
            self._gone.append((node, key))
        node[key] = made
        return True

    def masked_instant(self, value: str, path: str) -> str:
        """The first instant of a year, "" where nothing may stand there."""
        if self._years and self._payload.tells_of_age(value):
            self._payload.count(Kind.DATE, path)
            return ""
        found = self._payload.replace(Kind.DATE, value)
        made = f"{found}-01-01T00:00:00Z" if found.isdigit() else found
        if made != value:
            self._payload.count(Kind.DATE, path)
        return made

    def _extensions(self, node: dict[str, Node], key: str, value: Node, path: str) -> bool:
        if not isinstance(value, list):
            return False
        path = f"{path}.{key}"
        kept: list[Node] = []
        outer = self._outer
        for item in value:
            url = item.get("url") if isinstance(item, dict) else None
            name = url.rpartition("/")[2] if isinstance(url, str) else ""
            if name in PLACE_EXTENSIONS and not self._payload.keeps(Kind.ADDRESS):
                self.keys += self._keys_in(item)
                self._payload.count(Kind.ADDRESS, path)
                continue
            kept.append(item)
            if isinstance(item, dict):
                self.object(item, _extended(name, outer), path)
                if self._gone and self._gone[-1][0] is item:
                    kept.pop()  # nothing is left of it but its name
            else:
                self._item(kept, len(kept) - 1, item, UNKNOWN, path)
        node[key] = kept
        if value and not kept:
            self._gone.append((node, key))  # FHIR has no empty lists
        return True

    special: ClassVar[dict[str, Special]] = {
        "telecom": _telecom,
        "valueContactPoint": _telecom,
        "identifier": _identifiers,
        "valueIdentifier": _identifiers,
        "reference": _reference,
        "fullUrl": _reference,
        "display": _display,
        "text": _narrative,
        "url": _url,
        "data": _data,
        "size": _size,
        "extension": _extensions,
        "modifierExtension": _extensions,
        "birthDate": _birth,
        **dict.fromkeys(("valueString", "valueDateTime"), _answer),
        **dict.fromkeys(("location", "criteria"), _location),
        "contact": _contact,
        **dict.fromkeys(PRODUCT_IDENTIFIERS, _component),
        **dict.fromkeys(("requisition", "predecessor"), _identifiers),
        **dict.fromkeys(("low", "high"), FhirIdentifiers.bound),
        **dict.fromkeys(NUMBERS, FhirIdentifiers.large),
        **dict.fromkeys(("etag", "ifMatch", "ifNoneMatch"), FhirIdentifiers.version_tag),
        **dict.fromkeys(_AGES, FhirIdentifiers.age),
        **dict.fromkeys(REMOVED, _remove),
        **dict.fromkeys((*INSTANTS, "valueInstant", "when"), _instant),
        **dict.fromkeys({element for _, element in INSTANT_ELEMENTS}, _maybe_instant),
        "position": _position,
    }


def _extended(name: str, outer: Field) -> Field:
    """What the values of an extension are, by the last part of its URL and what it is within."""
    if name in VOCABULARY_EXTENSIONS:
        return EXTENDED_WORDS
    if any(part in name for part in NAME_EXTENSIONS):
        return _NAMED
    if name.startswith("iso21090-ADXP"):
        return _ADDRESSED
    said = field_of(name)
    if said.kind in EXTENDED or said.birth:
        return said
    return _NAMED if labelled(name.replace("-", " ")).kind is Kind.NAME else outer
