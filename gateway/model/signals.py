"""What the gateway measures: one vocabulary for telemetry, alerts and the workbook.

Signals carry counts, durations and the attributes named here, never values of requests: no body,
header, path, identifier of a person or token. `Signal.value` is the OpenTelemetry instrument name.
Whatever an attribute's value is given as, `vetted` lets only words of this vocabulary through.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.errors import Reason
from gateway.model.connection import ConnectionKind


class Signal(StrEnum):
    """An instrument.

    Histograms are in milliseconds unless they say otherwise; all others count events.
    """

    DECISIONS = "chaperone.decisions"
    """Requests by what became of them; attributes `effect`, `rule`, `reason`."""
    MASKING_TIME = "chaperone.masking.duration"
    """Histogram: masking one answer; attribute `format`."""
    APPEND_TIME = "chaperone.evidence.append.duration"
    """Histogram: one group commit."""
    APPROVAL_AGE = "chaperone.approval.age"
    """Histogram, seconds: from held to decided; attribute `end`."""
    JOURNAL_LAG = "chaperone.evidence.lag"
    """Gauge, seconds: since the index was last known to have every record."""
    REQUEST_TIME = "chaperone.request.duration"
    """Histogram: one request through the pipeline; attributes `status`, `connection_kind`."""
    EVENTS = "chaperone.events"
    """What operators count beside decisions; attributes `event`, `reason`."""

    MANIFEST_ACTIVATED = "chaperone.manifest.activated"
    MANIFEST_REJECTED = "chaperone.manifest.rejected"
    INTENT_UNANSWERED = "chaperone.evidence.intent_without_outcome"
    OUTCOME_UNWRITTEN = "chaperone.evidence.outcome_unwritten"
    VERIFICATION_FAILED = "chaperone.evidence.verification_failed"
    POLICY_UNLOCKED = "chaperone.evidence.policy_unlocked"
    APPROVAL_STALLED = "chaperone.approval.stalled"
    MESSAGE_POISONED = "chaperone.queue.poison"
    """A message that failed five times; attribute `step`."""
    PACKAGE_CHANGED = "chaperone.package.changed"
    PATIENTS_SEEN = "chaperone.patients"
    """Patients whom the fields of a masked answer name, distinct in it; attribute
    `connection_kind`."""


class Step(StrEnum):
    """A span: one piece of work of one exchange. All steps of an exchange are one trace."""

    REQUEST = "request"
    UPSTREAM = "upstream"
    NOTIFY = "notify"
    EXECUTE = "execute"


class Attribute(StrEnum):
    """A name that a signal or span may carry."""

    EFFECT = "effect"
    RULE = "rule"
    REASON = "reason"
    FORMAT = "format"
    END = "end"
    STATUS = "status"
    CONNECTION_KIND = "connection_kind"
    EVENT = "event"
    STEP = "step"


class Outcome(StrEnum):
    """Values of `effect`: what became of a request."""

    ALLOW = "allow"
    APPROVE = "approve"
    DENY = "deny"
    FAIL = "fail"


OTHER: Final = "other"
"""In place of a value that the vocabulary does not have."""

RULE_ID: Final = r"^[a-z0-9][a-z0-9._-]{0,63}$"
"""Ids of rules: operators' words in the manifest, never a request's."""

FORMATS: Final = frozenset(
    {"csv", "html", "hl7v2", "json", "multipart", "ndjson", "text", "tsv", "xml"}
)
ENDS: Final = frozenset({"approved", "rejected", "expired"})
STATUSES: Final = frozenset({"1xx", "2xx", "3xx", "4xx", "5xx", "refused", "failed"})
EVENTS: Final = frozenset({"approvals", "approvals-sweep", "refused", "unauthenticated"})
MISHAPS: Final = frozenset(
    {
        "ClaimLost",
        "ForeignMark",
        "ForeignTicket",
        "HoldInterrupted",
        "LeaseKept",
        "MessageLost",
        "NoticeLost",
        "Poison",
        "ReleaseLost",
        "ReservationKept",
        "ResultLost",
        "UnknownTicket",
    }
)
"""Labels of `ports.Meter` that are no reason codes."""

Attributes = Mapping[Attribute, str]
NOTHING: Final[Attributes] = {}

_WORDS: Final[Mapping[Attribute, frozenset[str]]] = {
    Attribute.EFFECT: frozenset(Outcome),
    Attribute.REASON: frozenset(Reason) | MISHAPS,
    Attribute.FORMAT: FORMATS,
    Attribute.END: ENDS,
    Attribute.STATUS: STATUSES,
    Attribute.CONNECTION_KIND: frozenset(ConnectionKind),
    Attribute.EVENT: EVENTS,
    Attribute.STEP: frozenset(Step),
}
_RULE: Final = re.compile(RULE_ID)

NAMES: Final[Mapping[Signal | Step, frozenset[Attribute]]] = {
    Signal.DECISIONS: frozenset({Attribute.EFFECT, Attribute.RULE, Attribute.REASON}),
    Signal.MASKING_TIME: frozenset({Attribute.FORMAT}),
    Signal.APPROVAL_AGE: frozenset({Attribute.END}),
    Signal.REQUEST_TIME: frozenset({Attribute.STATUS, Attribute.CONNECTION_KIND}),
    Signal.EVENTS: frozenset({Attribute.EVENT, Attribute.REASON}),
    Signal.MESSAGE_POISONED: frozenset({Attribute.STEP}),
    Signal.PATIENTS_SEEN: frozenset({Attribute.CONNECTION_KIND}),
    Step.REQUEST: frozenset(
        {
            Attribute.CONNECTION_KIND,
            Attribute.EFFECT,
            Attribute.REASON,
            Attribute.RULE,
            Attribute.STATUS,
        }
    ),
    Step.UPSTREAM: frozenset({Attribute.CONNECTION_KIND, Attribute.STATUS}),
}
"""What each may carry; what is not named carries nothing."""


def vetted(signal: Signal | Step, attributes: Attributes) -> dict[str, str]:
    """The attributes that the signal may carry; a value outside the vocabulary becomes `other`.

    An empty value is left out.
    """
    allowed = NAMES.get(signal, frozenset())
    return {
        name.value: _word(name, value)
        for name, value in attributes.items()
        if value and name in allowed
    }


def status_class(status: int) -> str:
    """`2xx` for 204 and so on; `other` for what is no HTTP status."""
    word = f"{status // 100}xx"
    return word if word in STATUSES else OTHER


def _word(name: Attribute, value: str) -> str:
    if name is Attribute.RULE:
        # `$` would let a line feed through.
        return str(value) if _RULE.match(value) and not value.endswith("\n") else OTHER
    return str(value) if value in _WORDS[name] else OTHER
