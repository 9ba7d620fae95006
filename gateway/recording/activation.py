"""Activating a manifest: a recorded act by a named person, never a half one.

Order: check → store the bytes under their digest → record durably → move the pointer → number the
activation. A manifest with a fault or an error lint never gets past the first step; a crash before
the pointer moves leaves a record of an activation that did not take effect, which is harmless, and
never the reverse. The number, in the evidence, keeps the pointer from being set back unnoticed.
"""

import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from gateway.errors import (
    AlreadyExists,
    ConfigurationError,
    NotFound,
    PreconditionFailed,
    StoreError,
    StoreUnavailable,
)
from gateway.evidence import acts
from gateway.model.exchange import Receipt
from gateway.model.own import Own
from gateway.model.principal import Principal
from gateway.policy.active import (
    ORDER,
    POINTER,
    Activation,
    Confirmation,
    Place,
    Pointer,
    blob_name,
    confirm,
    numbers,
    order_name,
    require_digest,
    unnumbered,
)
from gateway.policy.compiler import check_own, compile_manifest
from gateway.policy.faults import Fault, ManifestInvalid, Position
from gateway.policy.lint import Lint, Severity, lint
from gateway.policy.manifest import parse
from gateway.policy.policy import Policy
from gateway.ports import EvidenceStore, Journal, StateStore
from gateway.recording.person import require_person

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Activated:
    """What an activation did.

    Attributes:
        digest: of the manifest that is active now.
        previous: of the one before, "" for none.
        receipt: where the record stands.
        warnings: lints that do not keep a manifest from being activated.
    """

    digest: str
    previous: str
    receipt: Receipt
    warnings: tuple[Lint, ...]


@dataclass(frozen=True, slots=True)
class Stores:
    """Where an activation is written, and what the deployment keeps to itself."""

    store: EvidenceStore
    state: StateStore
    journal: Journal
    own: Own


@dataclass(frozen=True, slots=True)
class Entry:
    """One activation of the past; `record` is None where the journal does not confirm it."""

    activation: Activation
    record: Confirmation | None


def examine(data: bytes, own: Own) -> tuple[Policy, tuple[Lint, ...]]:
    """The policy in `data` with its warnings, if it may be activated.

    Raises:
        ManifestInvalid: a fault, an error lint, or what `check_own` refuses.
    """
    manifest = parse(data)
    check_own(manifest, own)
    policy = compile_manifest(manifest)
    lints = lint(manifest, policy)
    errors = [item for item in lints if item.severity is Severity.ERROR]
    if errors:
        raise ManifestInvalid(
            Fault(Position(item.line, 1), item.rule, item.message) for item in errors
        )
    return policy, lints


async def activate(
    stores: Stores, person: Principal, data: bytes, *, expected_previous: str | None = None
) -> Activated:
    """Make the manifest in `data` the active one.

    Args:
        stores: where to write.
        person: who does it, from a verified token.
        data: the file.
        expected_previous: digest that must be active now ("" for none); None for any.

    Raises:
        ConfigurationError: it may not be activated; says why, with lines.
        StoreError: not done, or not known to be done; `active` tells.
        EvidenceUnavailable: it cannot be recorded, so it is not done.
    """
    return await _activate(stores, person, data, "activated", expected_previous)


async def rollback(
    stores: Stores, person: Principal, digest: str, *, expected_previous: str | None = None
) -> Activated:
    """Make a stored earlier manifest the active one again; recorded as every activation is.

    Raises:
        ConfigurationError: no such manifest is stored, or this gateway cannot use it any more.
        StoreError: not done, or not known to be done.
        EvidenceUnavailable: it cannot be recorded, so it is not done.
    """
    if not _DIGEST.fullmatch(digest):
        raise ConfigurationError(
            "a manifest's digest is sha256: and 64 hex digits", advice="see `manifest history`"
        )
    try:
        data = await stored(stores.store, digest)
    except NotFound:
        raise ConfigurationError(
            "no manifest with this digest is stored", advice="see `manifest history`"
        ) from None
    return await _activate(stores, person, data, "rolled-back", expected_previous)


async def stored(store: EvidenceStore, digest: str) -> bytes:
    """The manifest with this digest.

    Raises:
        NotFound: none is stored.
        StoreError: it cannot be read, or what is stored there is something else.
    """
    return require_digest(await store.read(blob_name(digest)), digest)


async def read_pointer(state: StateStore) -> tuple[Pointer, str] | None:
    """The pointer and its ETag, None before the first activation.

    Raises:
        StoreError: it cannot be read or understood.
    """
    try:
        found = await state.get(POINTER)
    except NotFound:
        return None
    return Pointer.parse(found.data), found.etag


async def history(store: EvidenceStore, state: StateStore) -> AsyncIterator[Entry]:
    """Activations that the pointer remembers, the active one first, each checked in its journal.

    Raises:
        StoreError: the pointer cannot be read.
    """
    found = await read_pointer(state)
    if found is None:
        return
    pointer = found[0]
    for activation in (pointer.activation, *pointer.trail):
        place = activation.record
        try:
            line = await store.read(place.journal, place.offset, place.length)
            yield Entry(activation, confirm(activation, line))
        except StoreError:
            yield Entry(activation, None)


async def _activate(
    stores: Stores,
    person: Principal,
    data: bytes,
    act: Literal["activated", "rolled-back"],
    expected_previous: str | None,
) -> Activated:
    require_person(person)
    policy, warnings = examine(data, stores.own)
    found = await read_pointer(stores.state)
    before = found[0] if found else None
    previous = before.digest if before else ""
    if expected_previous is not None and expected_previous != previous:
        raise PreconditionFailed(
            "another manifest is active than expected", advice="see `manifest active`, then decide"
        )
    await _store(stores.store, policy.digest, data)
    actor = acts.person(person.tenant, person.object_id, person.name, person.application)
    receipt = await stores.journal.append(acts.activated(policy.digest, previous, actor, act))
    pointer = Pointer.to(Activation(digest=policy.digest, record=Place.of(receipt)), before)
    await _swap(stores.state, pointer, found[1] if found else None)
    await _number(stores.store, pointer)
    return Activated(policy.digest, previous, receipt, warnings)


async def _store(store: EvidenceStore, digest: str, data: bytes) -> None:
    try:
        await store.put(blob_name(digest), data)
    except (AlreadyExists, StoreUnavailable) as error:
        # The same bytes may be there from before, or from a write whose answer was lost.
        try:
            await stored(store, digest)
        except NotFound:
            raise error from None


async def _swap(state: StateStore, pointer: Pointer, etag: str | None) -> None:
    try:
        await state.swap(POINTER, pointer.model_dump_json().encode(), etag)
    except PreconditionFailed:
        # A client library may have sent it twice: the first one landed, the second one lost.
        if not await _landed(state, pointer):
            raise PreconditionFailed(
                "somebody else activated a manifest at the same time; this one is recorded but "
                "not active",
                advice="see `manifest active`, then decide",
            ) from None
    except StoreUnavailable:
        if not await _landed(state, pointer):
            raise


async def _number(store: EvidenceStore, pointer: Pointer) -> None:
    """Number an activation, and those before it whose operators have not come to it yet.

    An operator who is slow would otherwise number an activation above the one that replaced it,
    and every instance would take the newer one for set back. Whoever numbers one of them at the
    same time counts from the same number and writes the same name.
    """
    try:
        names = [blob.name async for blob in store.list(ORDER)]
        _, highest = numbers(names, pointer.record)
        for number, place in enumerate(unnumbered(names, pointer), start=highest + 1):
            with suppress(AlreadyExists):
                await store.put(order_name(number, place), b"activated\n")
    except StoreUnavailable as error:
        raise StoreUnavailable(
            "the manifest is active, but its activation has no number yet: the pointer could be "
            "set back to an earlier one unnoticed",
            advice="activate it once more",
        ) from error


async def _landed(state: StateStore, pointer: Pointer) -> bool:
    found = await read_pointer(state)
    return found is not None and found[0] == pointer
