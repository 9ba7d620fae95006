"""Which manifest is active: a pointer, and the journal record that makes it true.

The pointer is a small state blob that is swapped; by itself it proves nothing. It cites the record
of the activation, which stands in immutable storage and names the person and the digest.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import StoreError
from gateway.model.digest import sha256
from gateway.model.exchange import Receipt

POINTER = "active-manifest.json"
MAX_TRAIL = 100
"""Earlier activations that the pointer remembers; the journals hold all of them."""

ORDER = "activations/"
"""Below it in the evidence, one empty name for each activation: which came after which."""

_MAX_LINE = 64 * 1024
_NUMBERED = re.compile(r"activations/([0-9]{8})-([0-9a-f]{32})")
_STRICT = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)
_LENIENT = ConfigDict(extra="ignore", frozen=True, strict=True, hide_input_in_errors=True)

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Natural = Annotated[int, Field(ge=0)]


class Place(BaseModel):
    """Where a record stands in the journals."""

    model_config = _STRICT

    journal: Annotated[str, Field(pattern=r"^journal/[0-9a-z/-]{1,80}\.ndjson$")]
    seq: Natural
    offset: Natural
    length: Annotated[int, Field(ge=1, le=_MAX_LINE)]

    @classmethod
    def of(cls, receipt: Receipt) -> "Place":
        """The place that a journal's receipt names."""
        return cls(
            journal=receipt.journal,
            seq=receipt.seq,
            offset=receipt.offset,
            length=receipt.length,
        )


class Activation(BaseModel):
    """One manifest that was made active, and the record that says so."""

    model_config = _STRICT

    digest: Digest
    record: Place


class Pointer(BaseModel):
    """What is active now, and what was before, newest first."""

    model_config = _STRICT

    digest: Digest
    record: Place
    previous: Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")]
    trail: Annotated[list[Activation], Field(max_length=MAX_TRAIL)]

    @classmethod
    def parse(cls, data: bytes) -> "Pointer":
        """The pointer in a state blob.

        Raises:
            StoreError: it is none.
        """
        try:
            return cls.model_validate_json(data)
        except ValidationError:
            raise StoreError("the active-manifest pointer cannot be understood") from None

    @classmethod
    def to(cls, activation: Activation, before: "Pointer | None") -> "Pointer":
        """The pointer after an activation, given the one before."""
        return cls(
            digest=activation.digest,
            record=activation.record,
            previous=before.digest if before else "",
            trail=[before.activation, *before.trail][:MAX_TRAIL] if before else [],
        )

    @property
    def activation(self) -> Activation:
        """What is active."""
        return Activation(digest=self.digest, record=self.record)


class Person(BaseModel):
    """Who activated a manifest."""

    model_config = _LENIENT

    name: str
    oid: str


class Confirmation(BaseModel):
    """The part of an `activated` record that matters here; `evidence.schema` has the whole."""

    model_config = _LENIENT

    type: Literal["activated"]
    seq: Natural
    ts: str
    act: Literal["activated", "rolled-back"]
    manifest: Digest
    replaced: str
    actor: Person


def blob_name(digest: str) -> str:
    """Where a manifest is stored: `manifests/{hex}.yaml`."""
    return f"manifests/{digest.removeprefix('sha256:')}.yaml"


def order_name(number: int, place: Place) -> str:
    """The name that says that the activation recorded at `place` was the `number`th."""
    return f"{ORDER}{number:08}-{_mark_of(place)}"


def numbers(names: Iterable[str], place: Place) -> tuple[int, int]:
    """The number of the activation recorded at `place` among these names, and the highest.

    0 for one without a number: it is so new that its name is not written yet, or was given up.
    """
    found = [match for name in names if (match := _NUMBERED.fullmatch(name))]
    mine = [int(match[1]) for match in found if match[2] == _mark_of(place)]
    return max(mine, default=0), max((int(match[1]) for match in found), default=0)


def unnumbered(names: Iterable[str], pointer: Pointer) -> list[Place]:
    """The activations up to the pointer's that have no number among these names, oldest first.

    Back to the first that has one: numbers are given in the order of the pointers.
    """
    known = list(names)
    found: list[Place] = []
    for activation in (pointer.activation, *pointer.trail):
        if numbers(known, activation.record)[0]:
            break
        found.append(activation.record)
    return found[::-1]


def require_latest(names: Iterable[str], place: Place) -> None:
    """Pass an activation after which there was no other.

    Whoever can write the state account alone can set the pointer back to an earlier record, which
    is as genuine as any; the names in immutable storage say that it was replaced.

    Raises:
        StoreError: it was replaced.
    """
    mine, highest = numbers(names, place)
    if mine and mine < highest:
        raise StoreError("the active-manifest pointer cites an activation that was replaced")


def _mark_of(place: Place) -> str:
    return sha256(f"{place.journal} {place.seq}".encode()).removeprefix("sha256:")[:32]


def require_digest(data: bytes, digest: str) -> bytes:
    """`data` itself, if it is what the digest names.

    Raises:
        StoreError: it is something else.
    """
    if sha256(data) != digest:
        raise StoreError("the stored manifest does not have the digest that it is named by")
    return data


def confirm(activation: Activation, line: bytes) -> Confirmation:
    """The record that an activation cites, from the bytes that stand at its place.

    Raises:
        StoreError: they are not one whole line, or another record.
    """
    # Without its newline it may be cut short; with a second one it is two records.
    found = _confirmation(line) if line.endswith(b"\n") and line.count(b"\n") == 1 else None
    cited = (activation.record.seq, activation.digest)
    if found is None or (found.seq, found.manifest) != cited:
        raise StoreError("the journal does not confirm the activation that the pointer cites")
    return found


def _confirmation(line: bytes) -> Confirmation | None:
    try:
        return Confirmation.model_validate_json(line)
    except ValidationError:
        return None
