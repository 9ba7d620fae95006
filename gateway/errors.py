"""Every error the gateway raises on purpose.

    GatewayError
    ├── Denied                     policy, identity or a guardrail says no; the answer is final
    │   ├── Unauthenticated        no token, or one that is not good here (401)
    │   ├── Forbidden              known caller, not allowed (403)
    │   ├── Blocked                a guardrail refuses the payload or the operation (403)
    │   ├── ApprovalRequired       a person must decide first (403, never 202: see docs)
    │   └── Withheld               done or read, but the answer may not be shown (403)
    ├── InvalidRequest             the request itself is broken (400, 411, 413)
    ├── UpstreamError              the upstream could not be reached or understood
    │   ├── UpstreamUnreachable    nothing was sent (502)
    │   ├── UpstreamInterrupted    sent, the end unknown: INDETERMINATE in the evidence (502)
    │   │   └── ChangeInterrupted  the same of a change (403: nobody repeats it unasked)
    │   └── ResponseTooLarge       the answer is over the stated bound (413: ask for ranges)
    ├── Unavailable                a part of the gateway itself cannot work now (503)
    │   └── EvidenceUnavailable    nothing may be forwarded without a record
    ├── OutcomeUnrecorded          done upstream, but the outcome is not durable: nothing is shown
    ├── StoreError                 raised by storage adapters to their callers inside the gateway
    │   ├── AlreadyExists
    │   ├── NotFound
    │   ├── PreconditionFailed     lost a compare-and-swap, or the append position moved
    │   └── StoreUnavailable       failed or timed out; whether it was written is unknown
    └── ConfigurationError         a setting, manifest or deployment that must not start

HTTP status codes are the business of `gateway/ingress/problem.py` alone.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Stable codes that agents, records and tests see. A code is never renamed or reused."""

    # identity
    TOKEN_MISSING = "TokenMissing"  # noqa: S105 - a reason code
    TOKEN_INVALID = "TokenInvalid"  # noqa: S105
    TOKEN_EXPIRED = "TokenExpired"  # noqa: S105
    TOKEN_NOT_YET_VALID = "TokenNotYetValid"  # noqa: S105
    AUDIENCE_NOT_ACCEPTED = "AudienceNotAccepted"
    ISSUER_NOT_ACCEPTED = "IssuerNotAccepted"
    TENANT_NOT_ACCEPTED = "TenantNotAccepted"
    GROUP_OVERAGE = "GroupOverage"
    PRINCIPAL_DENIED = "PrincipalDenied"
    AGENT_UNKNOWN = "AgentUnknown"
    # the request
    REQUEST_INVALID = "RequestInvalid"
    TARGET_INVALID = "TargetInvalid"
    CONNECTION_NOT_FOUND = "ConnectionNotFound"
    LENGTH_REQUIRED = "LengthRequired"
    REQUEST_TOO_LARGE = "RequestTooLarge"
    OPERATION_UNKNOWN = "OperationUnknown"
    OPERATION_NOT_SUPPORTED = "OperationNotSupported"
    # policy
    NO_RULE_ALLOWS = "NoRuleAllows"
    RULE_DENIES = "RuleDenies"
    RULE_ERROR = "RuleError"
    APPROVAL_PENDING = "ApprovalPending"
    APPROVAL_UNAVAILABLE = "ApprovalUnavailable"
    APPROVAL_REJECTED = "ApprovalRejected"
    APPROVAL_EXPIRED = "ApprovalExpired"
    APPROVAL_REVOKED = "ApprovalRevoked"
    APPROVAL_LIMIT = "ApprovalLimit"
    APPROVAL_CLOSED = "ApprovalClosed"
    APPROVAL_INDETERMINATE = "ApprovalIndeterminate"
    REVIEWER_NOT_ACCEPTED = "ReviewerNotAccepted"
    PAGE_CHANGED = "PageChanged"
    # guardrails
    CREDENTIAL_NOT_ACCEPTED = "CredentialNotAccepted"
    FOREIGN_SOURCE = "ForeignSource"
    FOREIGN_TARGET = "ForeignTarget"
    MASKED_LESS = "MaskedLess"
    PUBLIC_ACCESS = "PublicAccess"
    STORED_ACCESS_POLICY = "StoredAccessPolicy"
    DELEGATION_KEY = "DelegationKey"
    GATEWAY_RESOURCE = "GatewayResource"
    PROTECTION_DISABLED = "ProtectionDisabled"
    MASKED_WRITEBACK = "MaskedWriteback"
    SEARCH_BY_MASKED_VALUE = "SearchByMaskedValue"
    TOKEN_NOT_RESOLVED = "TokenNotResolved"  # noqa: S105
    TOKEN_LIMIT = "TokenLimit"  # noqa: S105
    # answers
    CONTENT_WITHHELD = "ContentWithheld"
    MASKING_FAILED = "MaskingFailed"
    OUTCOME_UNRECORDED = "OutcomeUnrecorded"
    RESPONSE_TOO_LARGE = "ResponseTooLarge"
    UPSTREAM_UNREACHABLE = "UpstreamUnreachable"
    UPSTREAM_INTERRUPTED = "UpstreamInterrupted"
    UPSTREAM_CREDENTIAL_REFUSED = "UpstreamCredentialRefused"
    # the gateway itself
    EVIDENCE_UNAVAILABLE = "EvidenceUnavailable"
    POLICY_NOT_LOCKED = "PolicyNotLocked"
    MANIFEST_UNAVAILABLE = "ManifestUnavailable"
    DENY_LIST_UNAVAILABLE = "DenyListUnavailable"
    KEYS_UNAVAILABLE = "SigningKeysUnavailable"
    CREDENTIAL_UNAVAILABLE = "CredentialUnavailable"
    SIGN_IN_UNAVAILABLE = "SignInUnavailable"
    INTERNAL_ERROR = "InternalError"


class GatewayError(Exception):
    """Base of all; `str()` is safe for agents and logs: never a value that came from a request.

    Attributes:
        reason: the stable code.
        advice: what the caller can do next, one sentence, or "".
        details: further safe facts, such as a rule id; shown to the agent and recorded.
    """

    default = Reason.INTERNAL_ERROR

    def __init__(
        self,
        message: str,
        *,
        reason: Reason | None = None,
        advice: str = "",
        details: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason or self.default
        self.advice = advice
        self.details = details


class Denied(GatewayError):
    """The gateway decided against the request; nothing (more) is forwarded."""

    default = Reason.NO_RULE_ALLOWS


class Unauthenticated(Denied):
    """No acceptable token."""

    default = Reason.TOKEN_INVALID


class Forbidden(Denied):
    """The principal is known and may not do this."""


class Blocked(Denied):
    """A guardrail refuses the operation whatever the rules say."""


class ApprovalRequired(Denied):
    """A person must decide before this is executed.

    `recorded` says that a `held` record stands already; another refusal needs none.
    """

    default = Reason.APPROVAL_PENDING
    recorded = False


class Withheld(Denied):
    """The answer exists and may not be shown."""

    default = Reason.CONTENT_WITHHELD


class InvalidRequest(GatewayError):
    """The request cannot be understood or is over a bound."""

    default = Reason.REQUEST_INVALID


class UpstreamError(GatewayError):
    """The upstream did not give a usable answer."""

    default = Reason.UPSTREAM_INTERRUPTED


class UpstreamUnreachable(UpstreamError):
    """No byte of the request was sent."""

    default = Reason.UPSTREAM_UNREACHABLE


class UpstreamInterrupted(UpstreamError):
    """The request may have taken effect; its end is unknown."""


class ChangeInterrupted(UpstreamInterrupted):
    """A change may or may not have taken effect; SDKs repeat a 502 unasked, so this is none."""


class ResponseTooLarge(UpstreamError):
    """The upstream's answer is over the bound."""

    default = Reason.RESPONSE_TOO_LARGE


class Unavailable(GatewayError):
    """A part that the gateway needs is not available; nothing is forwarded."""


class EvidenceUnavailable(Unavailable):
    """The journal cannot be written."""

    default = Reason.EVIDENCE_UNAVAILABLE


class OutcomeUnrecorded(GatewayError):
    """The upstream has answered, but the outcome is not durable."""

    default = Reason.OUTCOME_UNRECORDED


class StoreError(GatewayError):
    """A storage port failed; callers inside the gateway decide what that means."""


class AlreadyExists(StoreError):
    """Create-once lost: the name is taken."""


class NotFound(StoreError):
    """No such object."""


class PreconditionFailed(StoreError):
    """An ETag or an append position is not what the caller expected."""


class StoreUnavailable(StoreError):
    """The store failed or did not answer in time; the write may or may not have landed."""


class ConfigurationError(GatewayError):
    """The process must not start, or the manifest must not activate; says which and how to mend."""
