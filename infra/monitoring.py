"""Where telemetry and resource logs go, and who hears an alert.

The workspace lies in a resource group of its own: who operates the gateway reads it at most. The
Functions host would report every request with its path, which may hold ePHI: `host.json` turns
that off. Resource logs of storage and vault hold URLs and are kept: classify the workspace as
ePHI.
"""

from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_azure_native import applicationinsights, monitor, operationalinsights

from infra.site import Site

WORKSPACE_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The workspace and what reports to it."""

    workspace: operationalinsights.Workspace
    insights: applicationinsights.Component
    receivers: monitor.ActionGroup


def build_monitoring(site: Site) -> Monitoring:
    """Workspace, Application Insights and the action group."""
    workspace = operationalinsights.Workspace(
        "workspace",
        workspace_name=site.name("log"),
        resource_group_name=site.monitoring.name,
        location=site.location,
        sku=operationalinsights.WorkspaceSkuArgs(name="PerGB2018"),
        retention_in_days=WORKSPACE_DAYS,
        features=operationalinsights.WorkspaceFeaturesArgs(
            disable_local_auth=True, enable_log_access_using_only_resource_permissions=False
        ),
        tags=site.tags,
        opts=pulumi.ResourceOptions(protect=site.configuration.production),
    )
    insights = applicationinsights.Component(
        "insights",
        resource_name_=site.name("appi"),
        resource_group_name=site.monitoring.name,
        location=site.location,
        application_type="web",
        kind="web",
        ingestion_mode="LogAnalytics",
        workspace_resource_id=workspace.id,
        disable_local_auth=True,
        disable_ip_masking=False,
        tags=site.tags,
    )
    receivers = monitor.ActionGroup(
        "receivers",
        action_group_name=site.name("ag"),
        group_short_name="chaperone",
        resource_group_name=site.monitoring.name,
        location="global",
        enabled=True,
        email_receivers=[
            monitor.MicrosoftCommonEmailReceiverArgs(
                name=f"receiver-{number}", email_address=address, use_common_alert_schema=True
            )
            for number, address in enumerate(site.configuration.alert_emails, 1)
        ],
        tags=site.tags,
    )
    return Monitoring(workspace, insights, receivers)


def log_everything(
    label: str, target: pulumi.Input[str], workspace: pulumi.Input[str]
) -> monitor.DiagnosticSetting:
    """All resource logs and metrics of a resource, to the workspace."""
    return monitor.DiagnosticSetting(
        f"{label}-log",
        name="chaperone",
        resource_uri=target,
        workspace_id=workspace,
        logs=[monitor.DiagnosticsLogSettingsArgs(category_group="allLogs", enabled=True)],
        metrics=[monitor.DiagnosticsMetricSettingsArgs(category="AllMetrics", enabled=True)],
    )
