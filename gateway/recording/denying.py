"""Changing the deny list: a recorded act by a named person.

Order: check → record durably → change the table. A crash between the last two leaves a record of a
change that did not take effect, and never the reverse.
"""

from dataclasses import dataclass

from gateway.errors import NotFound
from gateway.evidence import acts
from gateway.model.denial import identifier
from gateway.model.exchange import Receipt
from gateway.model.principal import Principal
from gateway.ports import Clock, DenyEntry, DenyRegister, DigestKeys, Journal
from gateway.recording.person import require_person


@dataclass(frozen=True, slots=True)
class Register:
    """The deny table, and what it takes to put a change on record."""

    table: DenyRegister
    journal: Journal
    digest_keys: DigestKeys
    clock: Clock


async def deny(
    register: Register, person: Principal, kind: str, value: str, reason: str
) -> Receipt:
    """Keep an identifier out from now on; every instance follows within 30 s.

    Args:
        register: what to change, and where to record it.
        person: who does it, from a verified token.
        kind: oid, azp, uti or session.
        value: the identifier.
        reason: for other operators, in clear in the table; a keyed digest in the record.

    Raises:
        ConfigurationError: the token is not a named person's.
        InvalidRequest: an unknown kind, or a value that cannot be an identifier of that kind.
        EvidenceUnavailable: it cannot be recorded, so it is not done.
        Unavailable: there is no digest key; it is not done.
        StoreError: recorded, and perhaps not done; do it again.
    """
    require_person(person)
    kind, value = identifier(kind, value)
    key = await register.digest_keys.current()
    receipt = await register.journal.append(
        acts.denylist("add", kind, value, acts.named(person), key.of("reason", reason.encode()))
    )
    at = register.clock.now().isoformat(timespec="seconds")
    await register.table.add(DenyEntry(kind, value, reason=reason, by=person.name, at=at))
    return receipt


async def relent(register: Register, person: Principal, kind: str, value: str) -> Receipt:
    """Keep an identifier out no longer.

    Raises:
        ConfigurationError: the token is not a named person's.
        InvalidRequest: an unknown kind, or a value that cannot be an identifier of that kind.
        NotFound: there is no such entry.
        EvidenceUnavailable: it cannot be recorded, so it is not done.
        StoreError: recorded, and perhaps not done; do it again.
    """
    require_person(person)
    kind, value = identifier(kind, value)
    entries = await register.table.entries()
    if not any((entry.kind, entry.value) == (kind, value) for entry in entries):
        raise NotFound("no such entry", advice="see `chaperone deny list`")
    receipt = await register.journal.append(
        acts.denylist("remove", kind, value, acts.named(person))
    )
    await register.table.remove(kind, value)
    return receipt
