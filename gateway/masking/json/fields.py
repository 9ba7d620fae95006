"""What members of JSON objects say of each other: labels beside values, fields above others."""

import re

from gateway.masking.codecs.json_codec import Node
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field, field_of
from gateway.masking.kinds import Kind
from gateway.masking.marks import unmarked

LABELS = (
    "name",
    "key",
    "field",
    "label",
    "question",
    "attribute",
    "property",
    "parameter",
    "column",
    "displayName",
    "Name",
    "Key",
)
MEASURED = Field()
"""Nothing is known of it but that its numbers count something; known by its identity."""
VALUES = (
    *("value", "Value", "answer", "val"),
    # Of a change that a log tells of, as those of Entra ID do.
    *("oldValue", "newValue", "old_value", "new_value", "old", "new", "before", "after"),
)
SECRET = Field(Kind.SECRET)
_VAULT = re.compile(r"https://[a-z0-9-]{3,24}\.vault\.[a-z.-]{3,40}/secrets/", re.IGNORECASE)
_KEYS = frozenset({"keys", "passwords", "secrets"})
"""Members that hold lists of `{"name": "default", "value": …}`, as of a function app's keys."""
NOT_PAIRED = frozenset({None, Kind.TEXT, Kind.PHOTO})
NUMBERED = frozenset(
    {
        *(Kind.SSN, Kind.MRN, Kind.PHONE, Kind.FAX, Kind.ZIP, Kind.PLAN, Kind.ACCOUNT),
        *(Kind.LICENCE, Kind.DEVICE, Kind.AGE, Kind.SECRET),
    }
)
"""Kinds that are written as numbers; a number named `provider` is a count."""


def is_secret_bundle(node: dict[str, Node], path: str) -> bool:
    """Whether an object's `value` is a secret: of Key Vault, by its id, or one of a list of keys.

    Args:
        node: the object.
        path: the name of the member that holds it.
    """
    if not isinstance(node.get("value"), str):
        return False
    identity = node.get("id")
    if isinstance(identity, str) and _VAULT.match(identity):
        return True
    return path in _KEYS and isinstance(node.get("name"), str)


def said_by(label: str) -> Field:
    """What a value is beside which this stands: a key, or a question in words.

    A mark in a label says what was there, and nothing of the value.
    """
    label = unmarked(label) if "[" in label else label
    field = field_of(label)
    return labelled(label) if field is UNKNOWN or field.kind in NOT_PAIRED else field


def outer_decides(outer: Field, inner: Field) -> bool:
    """Below `name` or `address`, a part such as `use` or `text` is still of that kind."""
    if outer.kind is None or inner.kind in {Kind.SECRET, outer.kind}:
        return False
    return inner.kind in {Kind.TEXT, Kind.ID} or (inner is VOCABULARY and outer.kind is Kind.TEXT)


def free(node: dict[str, Node], name: str) -> str:
    """A name like this one that no member of the object has."""
    number, fresh = 2, name
    while fresh in node:
        fresh = f"{name} {number}"
        number += 1
    return fresh
