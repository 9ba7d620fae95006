"""What a check of a deployment found, and what its answers mean; values in, findings out."""

import base64
import binascii
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, Final, TypeAlias

import orjson

from gateway.adapters.rights_probe import Right
from gateway.evidence.retention import Retention, fault

_SKEW_WARNING: Final = timedelta(seconds=30)
_SKEW_LIMIT: Final = timedelta(seconds=60)
"""Tokens are refused beyond CHAPERONE_TOKEN_LEEWAY_SECONDS, 60 unless set."""
_CERTIFICATE_DAYS: Final = 14
_CHECKPOINT_AGE: Final = timedelta(hours=2)
_HSTS_SECONDS: Final = 180 * 24 * 3600
CLOSED: Final = frozenset({"AuthorizationFailure", "ForbiddenByConnection", "ForbiddenByFirewall"})

Rights: TypeAlias = Mapping[str, tuple[Right, str]]
"""What was found by probe, and the service's own word for it."""


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    DEVELOPMENT = "development only"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report.

    Attributes:
        check: what was looked at.
        state: how it ended.
        says: what was found, one sentence.
        fix: what to do, "" where there is nothing.
    """

    check: str
    state: State
    says: str
    fix: str = ""


def good(check: str, says: str) -> Finding:
    """Nothing to do."""
    return Finding(check, State.OK, says)


def report(findings: list[Finding]) -> dict[str, Any]:
    """The document of `--json`."""
    return {"ok": not failed(findings), "findings": [asdict(found) for found in findings]}


def failed(findings: list[Finding]) -> bool:
    """Whether anything is wrong."""
    return any(found.state is State.FAILED for found in findings)


def evidence_rights(found: Rights, *, emulator: bool) -> list[Finding]:
    """What the identity may do with evidence: read it, add to it, and change nothing of it."""
    missing = "assign the role of the evidence writer on the container: `pulumi up`"
    wide = "take the wider role away: the evidence writer's alone is needed here"
    return _rights("evidence", found, {"read", "add"}, (missing, wide), emulator=emulator)


def state_rights(found: Rights) -> list[Finding]:
    """What the identity may do with state: everything that the probes try."""
    missing = "assign *Storage Blob Data Owner* on the state account: `pulumi up`"
    return _rights("state", found, set(found), (missing, ""))


def vault_rights(found: Rights) -> list[Finding]:
    """What the gateway's identity may do with secrets that are not its own: nothing."""
    wide = "take the wider role away: the secret reader's is assigned secret by secret"
    return _rights("vault", found, set(), ("", wide))


def upstream_rights(client_id: str, found: Rights) -> list[Finding]:
    """What an identity for upstreams may do with the gateway's own stores: nothing."""
    wide = "take its role away: an identity for upstreams has no right on the gateway's own"
    return _rights(f"upstream {client_id}", found, set(), ("", wide))


def not_tried(check: str) -> Finding:
    """What a person's own rights say nothing about."""
    says = "looked at with --as-gateway alone, where the app's identities are at hand"
    return Finding(check, State.SKIPPED, says)


def _rights(
    what: str,
    found: Rights,
    needed: Collection[str],
    fixes: tuple[str, str],
    *,
    emulator: bool = False,
) -> list[Finding]:
    """One finding for each right; `fixes` for one that is missing, and one too many."""
    findings = []
    for name, (right, word) in found.items():
        check, wanted = f"{what}: {name}", name in needed
        if right is Right.UNKNOWN:
            fix = "check that it exists, and the way there (private endpoint, DNS)"
            findings.append(Finding(check, State.FAILED, f"cannot be tried ({word})", fix))
        elif wanted is (right is Right.GRANTED):
            findings.append(good(check, f"{right} as it must be ({word})"))
        elif wanted:
            findings.append(Finding(check, State.FAILED, f"refused ({word})", fixes[0]))
        elif emulator:
            says = "granted: the emulator knows account keys and no roles"
            findings.append(Finding(check, State.DEVELOPMENT, says))
        else:
            says = f"granted ({word}): too wide"
            findings.append(Finding(check, State.FAILED, says, fixes[1]))
    return findings


def policy(found: Retention, floor_days: int) -> Finding:
    """The retention policy of the evidence container."""
    check = "evidence policy"
    if wrong := fault(found, floor_days):
        fix = "pulumi config set chaperone:allowIrreversibleLock true && pulumi up"
        return Finding(check, State.FAILED, wrong, fix)
    says = f"locked, {found.days} days, protected appends: {found.protected_append}"
    if found.legal_hold and found.protected_append != "all":
        fix = "set the hold with allowProtectedAppendWritesAll, or appends stop"
        return Finding(check, State.WARNING, f"{says}; a legal hold is on", fix)
    return good(check, says)


def checkpoint(newest: datetime | None, now: datetime, *, development: bool) -> Finding:
    """When the evidence was last signed; an idle gateway signs once an hour."""
    check = "checkpoint"
    if newest is not None and now - newest <= _CHECKPOINT_AGE:
        return good(check, f"the last one is of {newest:%Y-%m-%d %H:%M:%S} UTC")
    says = "none yet" if newest is None else f"the last one is of {newest:%Y-%m-%d %H:%M:%S} UTC"
    if development:
        return Finding(check, State.DEVELOPMENT, says)
    fix = "see in the app's log why the timer `attest` fails: the key, or evidence that was changed"
    return Finding(check, State.FAILED, says, fix)


def key(name: str, value: str, size: int) -> Finding:
    """A key from the vault: base64 of enough bytes; the value is not shown."""
    check = f"key {name}"
    fix = f"store {size} random bytes, base64 encoded, in that secret"
    try:
        length = len(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return Finding(check, State.FAILED, "readable, and not base64", fix)
    if length < size:
        return Finding(check, State.FAILED, f"readable, and only {length} bytes", fix)
    return good(check, f"readable, {length} bytes")


def clock(date_header: str, before: datetime, after: datetime) -> Finding:
    """This machine's clock against a server's Date (RFC 9110 section 6.6.1), to the second."""
    check = "clock"
    try:
        there = parsedate_to_datetime(date_header)
        skew = max(before - there, there - after, timedelta())
    except (TypeError, ValueError):
        return Finding(check, State.WARNING, "the gateway's answers have no date", "")
    if skew > _SKEW_LIMIT:
        fix = "synchronise the clock: tokens are refused beyond the leeway"
        return Finding(check, State.FAILED, f"differs by {skew.total_seconds():.0f} s", fix)
    state = State.WARNING if skew > _SKEW_WARNING else State.OK
    return Finding(check, state, f"differs by {skew.total_seconds():.0f} s from the gateway's")


def hsts(header: str) -> Finding:
    """Strict-Transport-Security of the pages (RFC 6797)."""
    check, ages = "HSTS", [part.strip() for part in header.lower().split(";")]
    found = next((age[8:] for age in ages if age.startswith("max-age=")), "")
    if found.isdigit() and int(found) >= _HSTS_SECONDS:
        return good(check, header)
    fix = "something before the gateway removes or weakens its header"
    return Finding(check, State.FAILED, header or "no Strict-Transport-Security", fix)


def tls(version: str, expires: datetime, now: datetime) -> Finding:
    """Protocol and certificate of a connection whose certificate was accepted."""
    check, days = "TLS", (expires - now).days
    if version not in {"TLSv1.2", "TLSv1.3"}:
        return Finding(check, State.FAILED, version, "set minTlsVersion to 1.2 on the app")
    says = f"{version}, certificate good for {days} more days"
    if days < _CERTIFICATE_DAYS:
        return Finding(check, State.WARNING, says, "renew the certificate")
    return good(check, says)


def readiness(status: int, body: bytes) -> Finding:
    """The answer of `/readyz`."""
    check = "readyz"
    try:
        components = orjson.loads(body)["components"]
        bad = [f"{name}: {state}" for name, state in components.items() if state != "ok"]
        names = ", ".join(components)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        fix = "check that the address is the gateway's and that the app runs"
        return Finding(check, State.FAILED, f"status {status}, not the gateway's answer", fix)
    if status == 200 and not bad:  # noqa: PLR2004 - HTTP
        return good(check, f"ready: {names}")
    fix = "see the operator's guide for these reasons, and the app's log"
    return Finding(check, State.FAILED, "; ".join(bad) or f"status {status}", fix)


def challenge(status: int, header: str, audiences: tuple[str, ...]) -> Finding:
    """The answer to a request without a token: 401 that names where to get which one."""
    check = "challenge"
    if status != 401 or "resource_id=" not in header:  # noqa: PLR2004 - HTTP
        fix = "nothing before the gateway may answer or let pass requests without a token"
        return Finding(check, State.FAILED, f"status {status} without a token", fix)
    named = header.split("resource_id=", 1)[1].split(maxsplit=1)[0].rstrip(",").lower()
    if audiences and named not in audiences:
        fix = "the address leads to another gateway, or CHAPERONE_AUDIENCES differ there"
        return Finding(check, State.FAILED, f"names {named}, not one of our audiences", fix)
    return good(check, f"401, tokens are wanted for {named}")


def token(name: str, value: str, audience: str) -> Finding:
    """A token of the identity: whether it is for the service; it is not verified, and not shown."""
    check = f"identity: {name}"
    try:
        part = value.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        found = str(claims["aud"]).rstrip("/")
        who = str(claims.get("oid") or claims.get("appid") or "unknown")
    except (IndexError, KeyError, TypeError, ValueError):
        return Finding(check, State.WARNING, "a token that says nothing about itself", "")
    if found != audience.rstrip("/"):
        fix = "the identity's tokens are for another service: check the cloud's addresses"
        return Finding(check, State.FAILED, f"a token for {found}", fix)
    return good(check, f"a token for {found} as {who}")


def exposure(what: str, status: int | None, word: str, *, emulator: bool) -> Finding:
    """An anonymous look at a store of the gateway's from here."""
    check = f"{what} from here"
    if emulator:
        return Finding(check, State.DEVELOPMENT, "the emulator listens on this machine alone")
    if status is None:
        return good(check, f"not reachable ({word})")
    if status < 400:  # noqa: PLR2004 - HTTP
        fix = "turn public access off on the account, its containers and the vault"
        return Finding(check, State.FAILED, f"readable by anybody (status {status})", fix)
    if word in CLOSED:
        return good(check, f"refused by the network rules ({word})")
    fix = "only the app's subnet needs a way there, unless this runs inside of it"
    return Finding(check, State.WARNING, f"reachable, and refused ({status} {word})", fix)
