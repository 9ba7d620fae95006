"""A walk over JSON: fields by name, every other string by recognisers, numbers as they are."""

import re

from gateway.masking.attachments import Attachments, is_encoded
from gateway.masking.codecs.json_codec import MAX_DEPTH, Node, Number, too_deep
from gateway.masking.fields.columns import column, is_header, is_plain, result_columns
from gateway.masking.fields.compact_dates import is_compact_date
from gateway.masking.fields.names import UNKNOWN, Field, field_of
from gateway.masking.fields.numbers import epoch_date, is_long, is_long_integer, is_measured
from gateway.masking.json.date_parts import ISO, mask_list, mask_parts, may_be_date
from gateway.masking.json.dicom import is_attribute, mask_data_set
from gateway.masking.json.fields import (
    LABELS,
    MEASURED,
    NOT_PAIRED,
    NUMBERED,
    SECRET,
    VALUES,
    free,
    is_secret_bundle,
    outer_decides,
    said_by,
)
from gateway.masking.kinds import Kind
from gateway.masking.marks import mark
from gateway.masking.patients import is_patient_number, patient_column
from gateway.masking.payload import Payload
from gateway.masking.profiles.operators import Operator
from gateway.masking.recognition.known import MAX_PHRASE, PHRASES
from gateway.masking.recognition.name_lists import is_called
from gateway.masking.text import TextMasker

KEY = re.compile(r"[A-Za-z_$@][A-Za-z_.$-]{0,60}[0-9]{0,2}(?:@odata\.[A-Za-z]{2,30})?\Z")
_NAMELIKE = re.compile(r"[A-Z][a-z']{2,}\Z")
_WORD = re.compile(r"[A-Za-z]{1,30}\Z|[A-Z]{1,10}[_-][A-Z_-]{1,30}\Z")
_SPACE = re.compile(r"\S\s+\S")
_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
_WHOLE = frozenset({Kind.ID, Kind.NAME})
"""Kinds of which no value has a fraction: what has one measures something."""
_OPENING = frozenset("{[<MFBIU")
"""How a document within a string begins: JSON, XML, HTML, HL7 v2; vCard, X12, EDIFACT."""
Node_ = dict[str, Node] | list[Node]
Waiting = tuple[Node_, str | int, str, str]


class JsonWalk:
    """Masks trees of one payload in place.

    Strings for the recognisers are gathered and masked together; `settle` does the rest of them.

    Attributes:
        keys: of all objects seen, as they were written.
    """

    def __init__(
        self,
        payload: Payload,
        text: TextMasker,
        attachments: Attachments,
        resources: "JsonWalk | None" = None,
    ) -> None:
        self.keys = 0
        self._attachments = attachments
        self._resources = resources
        self._payload = payload
        self._text = text
        self._depth = 0
        self._pending: list[Waiting] = []
        self._coded: list[Waiting] = []
        self._words: list[Waiting] = []
        self._passed: list[Waiting] = []
        self._renamed: list[dict[str, Node]] = []
        # Names of members that are met again and again, and say nothing of whose a record is.
        self._unnumbered: set[str] = set()

    def finds(self, text: str) -> bool:
        """See `TextMasker.finds`."""
        return self._text.finds(text)

    def root(self, node: Node, path: str = "") -> Node:
        """The masked tree."""
        return self.roots([node], path)[0]

    def roots(self, nodes: list[Node], path: str = "") -> list[Node]:
        """The masked trees of one payload that are like each other, in one go."""
        for index in range(len(nodes)):
            self.visit(nodes, index, path)
        self.settle()
        return nodes

    def visit(self, nodes: list[Node], index: int, path: str = "") -> None:
        """Mask one of some trees in place, as far as `settle` has not to."""
        self._item(nodes, index, nodes[index], UNKNOWN, path)

    def settle(self) -> None:
        """Mask the strings that have been gathered."""
        self._settle_texts()
        renamed, self._renamed = self._renamed, []
        for node in renamed:
            self._rename(node)

    def _settle_texts(self) -> None:
        # Prose first: a name that it introduces is masked in the others too.
        prose, self._pending = self._pending, []
        self._settle_some(prose, coded=False)
        coded, self._coded = self._coded, []
        words, self._words = self._words, []
        if words and self._payload.known:
            coded += words
        passed, self._passed = self._passed, []
        if passed and self._text.knows_more:
            coded += passed
        self._settle_some(coded, coded=True)

    def _settle_some(self, pending: list[Waiting], *, coded: bool) -> None:
        if not pending:
            return
        masked = self._text.many([text for _, _, text, _ in pending], coded=coded)
        for (holder, key, _, path), done in zip(pending, masked, strict=True):
            holder[key] = done.text  # type: ignore[index]
            if done.counts:
                self._text.count(done, path)

    def object(self, node: dict[str, Node], outer: Field, path: str) -> None:
        """Mask the members of an object; a FHIR resource among others is one all the same."""
        if self._resources and isinstance(node.get("resourceType"), str):
            before = self._resources.keys
            self._resources.root(node)
            self.keys += self._resources.keys - before
            return
        self.keys += len(node)
        self._enter()
        odd = False
        table = (
            self._table(node)
            or self._pair(node, path)
            or mask_parts(node, outer, self._payload, path)
            or self._data_set(node, path)
        )
        for key, value in node.items():
            if key in table:
                odd = odd or not KEY.match(key)
                continue
            field = field_of(key)
            if key not in self._unnumbered:
                self._about(value, key)
            # A member may be called after somebody: `{"Doe": …}`.
            odd = odd or not KEY.match(key) or (field is UNKNOWN and bool(_NAMELIKE.match(key)))
            apart = outer is UNKNOWN or outer.kind is Kind.ID
            measured = field is UNKNOWN and apart and is_measured(key)
            if odd and outer.kind is Kind.NAME and field is UNKNOWN and is_called(key):
                self.learn(Kind.NAME, key, path)
            # A name that is not known to be one could be a value; records show none.
            name = "*" if field is UNKNOWN or "." in key else key
            if (field.kind is None and not field.vocabulary) or outer_decides(outer, field):
                field = outer if outer.kind or field is UNKNOWN else field
            if measured:
                field = MEASURED
            self._item(node, key, value, field, f"{path}.{name}" if path else name)
        self._depth -= 1
        if odd:
            self._renamed.append(node)

    def _table(self, node: dict[str, Node]) -> tuple[str, ...]:
        """Mask the rows of a query's result by their columns; the keys that are done."""
        found = result_columns(node)
        if found is None:
            return ()
        key, names, rows = found
        fields = [column(name) for name in names]
        self._column_names(node, key)
        for row in node[rows] if isinstance(node[rows], list) else []:  # type: ignore[union-attr]
            if not isinstance(row, list) or len(row) > len(fields):
                return (key,)
        patient = patient_column(names)
        for row in node[rows]:  # type: ignore[union-attr]
            if patient is not None and patient < len(row):  # type: ignore[arg-type]
                self._about(row[patient], names[patient])  # type: ignore[index]
            for index, cell in enumerate(row):  # type: ignore[arg-type]
                path = names[index] if fields[index] is not UNKNOWN else "*"
                self._item(row, index, cell, fields[index], path)  # type: ignore[arg-type]
        return key, rows

    def _pair(self, node: dict[str, Node], path: str) -> tuple[str, ...]:
        """Mask `{"name": "ssn", "value": …}` by what the one says of the other; the keys done."""
        label = next((key for key in LABELS if isinstance(node.get(key), str)), "")
        if is_secret_bundle(node, path):
            return ("value",) if self.paired(node, "value", SECRET, path) else ()
        if not label:
            return ()
        field = said_by(str(node[label]))
        if field.kind in NOT_PAIRED:
            return ()
        done = [key for key in VALUES if key in node and self.paired(node, key, field, path)]
        return (label, *done) if done else ()

    def _data_set(self, node: dict[str, Node], path: str) -> tuple[str, ...]:
        """Mask the attributes of a data set of DICOM; the tags that are done."""
        done, members = mask_data_set(node, path, self._item)
        self.keys += members
        return done

    def paired(self, node: dict[str, Node], key: str, field: Field, path: str) -> bool:
        """Mask a single value of a field that something else names; whether there is one."""
        value = node.get(key)
        numeric = isinstance(value, int | Number) and not isinstance(value, bool)
        if not isinstance(value, str) and not (numeric and field.kind in NUMBERED):
            return False
        self._item(node, key, value, field, path)
        return True

    def _header(self, node: list[Node]) -> list[Field]:
        """The fields of rows below a first row that names columns; empty where there are none."""
        if len(node) < 2 or not all(isinstance(row, list) for row in node):  # noqa: PLR2004
            return []
        head: list[Node] = node[0] if isinstance(node[0], list) else []
        names = [name for name in head if isinstance(name, str)]
        if len(names) != len(head) or any(len(row) != len(head) for row in node):  # type: ignore[arg-type]
            return []
        fields = [column(name) for name in names]
        return fields if is_header(names) and all(field is not UNKNOWN for field in fields) else []

    def _column_names(self, node: dict[str, Node], key: str) -> None:
        """Names of columns stay where they are written like names; the rest is looked into."""
        columns = node[key]
        for index, item in enumerate(columns if isinstance(columns, list) else []):
            if isinstance(item, dict):
                self.keys += len(item)
                for part, value in item.items():
                    if not isinstance(value, str) or not is_plain(value):
                        self._item(item, part, value, UNKNOWN, "*")
            elif isinstance(item, str) and not is_plain(item):
                self._item(columns, index, item, UNKNOWN, "*")  # type: ignore[arg-type]

    def array(self, node: list[Node], outer: Field, path: str) -> None:
        """Mask the items of an array."""
        self._enter()
        fields = self._header(node) if outer is UNKNOWN else []
        mask_list(node, outer, self._payload, path)
        for index, value in enumerate(node):
            if not fields:
                self._item(node, index, value, outer, path)
            elif index and isinstance(value, list):
                for place, cell in enumerate(value):
                    self._item(value, place, cell, fields[place], path)
        self._depth -= 1

    def _about(self, value: Node, name: str) -> None:
        """Note whose a record is, where a member or column of this name says so."""
        if not is_patient_number(name):
            self._unnumbered.add(name)
        elif isinstance(value, str | int | Number) and value and not isinstance(value, bool):
            self._payload.about(value.text if isinstance(value, Number) else str(value))

    def _enter(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise too_deep()

    def _item(self, holder: Node_, key: str | int, value: Node, field: Field, path: str) -> None:
        if isinstance(value, str):
            done = self.string(holder, key, value, field, path)
            if done is not value:
                holder[key] = done  # type: ignore[index]
        elif isinstance(value, dict):
            self.object(value, field, short(path))
        elif isinstance(value, list):
            self.array(value, field, path)
        elif isinstance(value, int | Number) and not isinstance(value, bool):
            if field.kind:
                holder[key] = self.number(value, field, path)  # type: ignore[index]
            elif field is UNKNOWN and is_long_integer(value):
                holder[key] = self._payload.identifier(str(value), path)  # type: ignore[index]

    def string(self, holder: Node_, key: str | int, value: str, field: Field, path: str) -> str:  # noqa: PLR0911
        """What stands in place of a string, now or after `settle`."""
        kind = field.kind
        if kind is None or kind is Kind.TEXT:
            return self._unnamed(holder, key, value, field, path)
        if field.birth:
            return self._payload.born(value, path) or mark(Kind.DATE)
        if self._payload.keeps(kind):
            if kind is Kind.ID:
                return self.kept_id(value, path)
            return self.scanned(holder, key, value, path)
        self.learn(kind, value, path)
        if kind is Kind.DATE and not may_be_date(value):
            return self.scanned(holder, key, value, path)
        if kind is Kind.ID:
            return self._payload.identifier(value, path)
        if kind is Kind.DATE:
            value = epoch_date(value) or value
        return self._payload.apply(kind, value, path)

    def _unnamed(self, holder: Node_, key: str | int, value: str, field: Field, path: str) -> str:
        """A string that no kind is known of, by its form."""
        bare = not field.vocabulary and field is not MEASURED
        if ISO.match(value) or (bare and len(value) == 8 and is_compact_date(value)):  # noqa: PLR2004
            return self._payload.apply(Kind.DATE, value, path)
        if bare and is_long(value):
            return self._payload.identifier(value, path)
        if field.kind is Kind.TEXT or (not field.vocabulary and _SPACE.search(value)):
            return self.free_text(holder, key, value, path)
        return self.scanned(holder, key, value, path, coded=field.vocabulary)

    def kept_id(self, value: str, path: str) -> str:
        """An id in a profile that shows ids, unless it is a number that the profile hides.

        It becomes a numbered id as a whole, so that it stays valid and references follow.
        """
        hidden = self._payload.known.has_phrase(value) or (
            not _UUID.match(value) and self._text.many([value], coded=True)[0].text != value
        )
        return self._payload.identifier(value, path, Operator.NUMBER) if hidden else value

    def free_text(self, holder: Node_, key: str | int, value: str, path: str) -> str:
        """Text that nobody structured: withheld, or masked where a rule accepts it."""
        if self._payload.withholds_text:
            return self._payload.apply(Kind.TEXT, value, path)
        return self.scanned(holder, key, value, path)

    def scanned(
        self, holder: Node_, key: str | int, value: str, path: str, *, coded: bool = False
    ) -> str:
        """A string for the recognisers, in the next batch; base64 is looked into at once.

        A single word is read as a code is: names in it are found where a field has named them.
        """
        if coded and value in self._text.clean:
            self._passed.append((holder, key, value, path))
            return value
        if is_encoded(value):
            return self._attachments.embedded(value, path)
        if not value:
            return value
        if value[0] in _OPENING or value[0].isspace() or not value.isprintable():
            done = self._attachments.document(value, path)
            if done is not None:
                return done
        if _WORD.match(value) and not self._text.patterned:
            # No recogniser finds one word of letters; it may be part of a name known by then.
            batch = self._words
        else:
            batch = self._coded if coded or not _SPACE.search(value) else self._pending
        batch.append((holder, key, value, path))
        return value

    def learn(self, kind: Kind, value: str, path: str) -> None:  # noqa: ARG002
        """Remember a named value, to be found in the payload's text."""
        if kind is Kind.NAME:
            self._payload.known.learn_name(value)
        elif kind in PHRASES and len(value) <= MAX_PHRASE:
            self._payload.known.learn_phrase(value, kind)

    def number(self, value: int | Number, field: Field, path: str) -> Node:
        """What stands in place of a number whose field names a kind."""
        kind = field.kind
        text = value.text if isinstance(value, Number) else str(value)
        measures = kind in _WHOLE and "." in text
        if kind is None or kind is Kind.TEXT or measures or self._payload.keeps(kind):
            return value
        if kind is Kind.AGE:
            done = self._payload.apply(kind, text.partition(".")[0], path)
            return value if done == text.partition(".")[0] else done
        if kind is Kind.ID:
            return self._payload.identifier(text, path)
        if field.birth:
            made = self._payload.born(text, path) or mark(kind)
            return value if made == text else made
        if kind is Kind.DATE:
            if len(text) < 5 and not self._payload.tells_of_age(text):  # noqa: PLR2004
                return value
            text = epoch_date(text) or text
        return self._payload.apply(kind, text, path)

    def _rename(self, node: dict[str, Node]) -> None:
        """Names of members that look like values are masked too; the order stays."""
        names = list(node)
        odd = [name for name in names if not (KEY.match(name) or is_attribute(name, node[name]))]
        masked = dict(zip(odd, self._text.many(odd, coded=True), strict=True))
        if all(done.text == name for name, done in masked.items()):
            return
        members = list(node.items())
        node.clear()
        for name, value in members:
            done = masked.get(name)
            fresh = name if done is None else done.text
            if done:
                self._text.count(done, "*")
            node[free(node, fresh)] = value


def short(path: str) -> str:
    """The last name of a path: what is said of paths is bounded."""
    return path.rpartition(".")[2]
