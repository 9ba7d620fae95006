"""What somebody must hear about, each with the signal or log it rests on.

Alert rules lie with the workspace, out of reach of who operates the gateway.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import monitor

from gateway.model.signals import Signal
from infra.dynamic.lock import subscription
from infra.evidence import Evidence
from infra.monitoring import Monitoring
from infra.site import Site
from infra.state import PACKAGES

URGENT, HIGH, NOTICE = 0, 1, 3


@dataclass(frozen=True, slots=True)
class Alert:
    """A query over the workspace; a row is a reason to call.

    Attributes:
        key: stable, for resource names.
        summary: one sentence for who is called.
        query: Kusto; it asks for what has come in since the last look, of a day.
        severity: 0 (critical) to 4.
        minutes: window and interval.
    """

    key: str
    summary: str
    query: str
    severity: int
    minutes: int = 5


def _arrived(table: str, condition: str) -> str:
    """What came in since the last look, and a minute before: late rows count, none gets lost.

    By the time of its own a row that takes minutes to come in would be in no window. One row
    without a time is the answer, so that it belongs to the window that asks.
    """
    return (
        f"{table} | where ingestion_time() > ago(6m) | where {condition}"
        " | summarize Found = count() | where Found > 0"
    )


def _counted(signal: Signal) -> str:
    return _arrived("AppMetrics", f'Name == "{signal}" and Sum > 0')


def _spike(signal: Signal, filter_: str = "") -> str:
    """Over five times the hourly mean of the day before, and at least 50."""
    return (
        f'AppMetrics | where Name == "{signal}" {filter_}'
        "| summarize Now = sumif(Sum, TimeGenerated > ago(1h)),"
        " Before = sumif(Sum, TimeGenerated <= ago(1h)) / 23.0"
        "| where Now > 50 and Now > 5 * Before"
    )


_ASSIGNED: Final = "Microsoft.Authorization/roleAssignments/write"
_POLICIES: Final = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"
_VAULT: Final = "ResourceProvider == 'MICROSOFT.KEYVAULT'"
_DENIED = '| where tostring(Properties.effect) == "deny" '

SOURCES: Final = {
    "AppMetrics": "Component",
    "AppServiceAuditLogs": "WebApp",
    "StorageBlobLogs": "StorageAccount",
    "AzureDiagnostics": "Vault",
}
"""The table that a query reads, and the kind of resource whose telemetry or logs fill it."""

QUERIES: Final = (
    Alert(
        "manifest-activated",
        "Another manifest decides from now on.",
        _counted(Signal.MANIFEST_ACTIVATED),
        NOTICE,
    ),
    Alert(
        "manifest-rejected",
        "A manifest could not be used; the one before still decides.",
        _counted(Signal.MANIFEST_REJECTED),
        HIGH,
    ),
    Alert(
        "intent-without-outcome",
        "A request was sent and its end is not on record.",
        _counted(Signal.INTENT_UNANSWERED),
        HIGH,
    ),
    Alert(
        "verification-failed",
        "The evidence does not verify.",
        _counted(Signal.VERIFICATION_FAILED),
        URGENT,
    ),
    Alert(
        "outcome-unwritten",
        "An outcome could not be written; its answer was withheld.",
        _counted(Signal.OUTCOME_UNWRITTEN),
        URGENT,
    ),
    Alert(
        "policy-unlocked",
        "The evidence container's retention policy is not locked, or does not keep what it must.",
        _counted(Signal.POLICY_UNLOCKED),
        URGENT,
    ),
    Alert(
        "approval-stalled",
        "An approved request has not been carried out.",
        _counted(Signal.APPROVAL_STALLED),
        HIGH,
    ),
    Alert(
        "poison-message",
        "A queue message failed five times.",
        _counted(Signal.MESSAGE_POISONED),
        HIGH,
    ),
    Alert(
        "package-changed",
        "The gateway runs another package than the journal before.",
        _counted(Signal.PACKAGE_CHANGED),
        NOTICE,
    ),
    Alert(
        "denials-spike",
        "Far more requests are denied than yesterday.",
        _spike(Signal.DECISIONS, _DENIED),
        HIGH,
        minutes=60,
    ),
    Alert(
        "patients-spike",
        "Far more patients are read than yesterday.",
        _spike(Signal.PATIENTS_SEEN),
        HIGH,
        minutes=60,
    ),
    Alert(
        "package-published",
        "Somebody signed in to publish a package.",
        _arrived("AppServiceAuditLogs", "isnotempty(User)"),
        NOTICE,
    ),
    Alert(
        "package-stored",
        "A package was written to where the app starts from, by publishing or past it.",
        _arrived(
            "StorageBlobLogs",
            f"Category == 'StorageWrite' and tostring(split(ObjectKey, '/')[2]) == '{PACKAGES}'"
            " and StatusCode startswith '2'",
        ),
        NOTICE,
    ),
    Alert(
        "key-deleted",
        "A key or secret was deleted, disabled or purged.",
        _arrived(
            "AzureDiagnostics",
            f"{_VAULT} and OperationName in ('KeyDelete',"
            " 'KeyPurge', 'KeyUpdate', 'SecretDelete', 'SecretUpdate', 'SecretPurge',"
            " 'VaultDelete')",
        ),
        URGENT,
    ),
    Alert(
        "key-written",
        "A key or secret has a new version: a rotation, or an exchange.",
        _arrived(
            "AzureDiagnostics",
            f"{_VAULT} and OperationName in ('KeyCreate', 'KeyImport', 'KeyRestore', 'KeyRotate',"
            " 'SecretSet', 'SecretRestore')",
        ),
        NOTICE,
    ),
)


def build_alerts(site: Site, monitoring: Monitoring, evidence: Evidence) -> None:
    """Every query above, and role assignments on evidence and vaults."""
    for alert in QUERIES:
        _query(site, monitoring, alert)
    # A right on the group is one on all that lies in it: the vault of the evidence's key, too.
    _administrative(
        site,
        monitoring,
        "evidence-rights",
        site.evidence.id,
        (_ASSIGNED,),
        "Somebody was given a right on the evidence, or on the key that it is encrypted with.",
    )
    _administrative(
        site,
        monitoring,
        "vault-rights",
        site.gateway.id,
        (_ASSIGNED,),
        "Somebody was given a right on the gateway's vault, stores or app.",
    )
    _administrative(
        site,
        monitoring,
        "evidence-policy",
        evidence.account.id,
        tuple(f"{_POLICIES}/{one}" for one in ("write", "delete", "extend/action", "lock/action")),
        "The retention policy of the evidence was changed.",
    )
    watched = site.configuration.watched_scopes
    scopes = [pulumi.Output.from_input(one) for one in watched]
    for number, scope in enumerate(
        scopes or [pulumi.Output.concat("/subscriptions/", subscription())]
    ):
        # Emergency access passes the gateway by: what Azure shows of it is the right that is given.
        _administrative(
            site,
            monitoring,
            f"break-glass-{number}" if number else "break-glass",
            scope,
            # The second is what Privileged Identity Management writes when a role is activated.
            (_ASSIGNED, "Microsoft.Authorization/roleAssignmentScheduleRequests/write"),
            "Somebody was given a right where upstreams lie: emergency access, or a way round.",
        )


def _query(site: Site, monitoring: Monitoring, alert: Alert) -> None:
    period = "PT1H" if alert.minutes == 60 else f"PT{alert.minutes}M"  # noqa: PLR2004
    monitor.ScheduledQueryRule(
        f"alert-{alert.key}",
        rule_name=f"{site.configuration.name}-{alert.key}",
        resource_group_name=site.monitoring.name,
        location=site.location,
        kind="LogAlert",
        display_name=f"Chaperone: {alert.key}",
        description=alert.summary,
        enabled=True,
        severity=float(alert.severity),
        scopes=[monitoring.workspace.id],
        evaluation_frequency=period,
        window_size=period,
        override_query_time_range="P1D",
        # Tables come into being with their first row.
        skip_query_validation=True,
        auto_mitigate=False,
        criteria=monitor.ScheduledQueryRuleCriteriaArgs(
            all_of=[
                monitor.ConditionArgs(
                    query=alert.query,
                    time_aggregation="Count",
                    operator="GreaterThan",
                    threshold=0,
                    failing_periods=monitor.ConditionFailingPeriodsArgs(
                        number_of_evaluation_periods=1, min_failing_periods_to_alert=1
                    ),
                )
            ]
        ),
        actions=monitor.ActionsArgs(action_groups=[monitoring.receivers.id]),
        tags=site.tags,
    )


def _administrative(
    site: Site,
    monitoring: Monitoring,
    key: str,
    target: pulumi.Output[str],
    operations: Sequence[str],
    summary: str,
) -> None:
    """An alert on the activity log: that one of some operations was begun or done."""
    category = monitor.AlertRuleAnyOfOrLeafConditionArgs(field="category", equals="Administrative")
    leaves = [
        monitor.AlertRuleLeafConditionArgs(field="operationName", equals=operation)
        for operation in operations
    ]
    monitor.ActivityLogAlert(
        f"alert-{key}",
        activity_log_alert_name=f"{site.configuration.name}-{key}",
        resource_group_name=site.monitoring.name,
        location="global",
        description=summary,
        enabled=True,
        scopes=[target],
        condition=monitor.AlertRuleAllOfConditionArgs(
            all_of=[category, monitor.AlertRuleAnyOfOrLeafConditionArgs(any_of=leaves)]
        ),
        actions=monitor.ActionListArgs(
            action_groups=[monitor.ActionGroupArgs(action_group_id=monitoring.receivers.id)]
        ),
        tags=site.tags,
    )
