"""Names of what the gateway measures: one vocabulary for telemetry, alerts and the workbook.

Signals carry counts, durations and the attributes named here, never values of requests: no body,
header, path, identifier of a person or token. `Signal.value` is the OpenTelemetry instrument name.
"""

from enum import StrEnum


class Signal(StrEnum):
    """An instrument.

    Histograms are in milliseconds unless they say otherwise; all others count events.
    """

    DECISIONS = "chaperone.decisions"
    """Decisions; attributes `effect`, `rule`, `reason`."""
    MASKING_TIME = "chaperone.masking.duration"
    """Histogram: masking one answer; attribute `format`."""
    APPEND_TIME = "chaperone.evidence.append.duration"
    """Histogram: one group commit."""
    APPROVAL_AGE = "chaperone.approval.age"
    """Histogram, seconds: from held to decided; attribute `end`."""
    JOURNAL_LAG = "chaperone.evidence.lag"
    """Gauge, seconds: age of the oldest record that the index does not have."""
    REQUEST_TIME = "chaperone.request.duration"
    """Histogram: one request through the pipeline; attributes `status`, `connection_kind`."""

    MANIFEST_ACTIVATED = "chaperone.manifest.activated"
    MANIFEST_REJECTED = "chaperone.manifest.rejected"
    INTENT_UNANSWERED = "chaperone.evidence.intent_without_outcome"
    OUTCOME_UNWRITTEN = "chaperone.evidence.outcome_unwritten"
    VERIFICATION_FAILED = "chaperone.evidence.verification_failed"
    POLICY_UNLOCKED = "chaperone.evidence.policy_unlocked"
    APPROVAL_STALLED = "chaperone.approval.stalled"
    MESSAGE_POISONED = "chaperone.queue.poison"
    BREAK_GLASS = "chaperone.break_glass"
    PACKAGE_CHANGED = "chaperone.package.changed"
    PATIENTS_SEEN = "chaperone.patients"
    """Distinct patients in answers, by keyed digest, as counted per answer."""
