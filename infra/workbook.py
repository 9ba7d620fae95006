"""The workbook: what an operator looks at first."""

import json

from pulumi_azure_native import applicationinsights

from gateway.model.signals import Signal
from infra.monitoring import Monitoring
from infra.site import Site, stable_id


def build_workbook(site: Site, monitoring: Monitoring) -> applicationinsights.Workbook:
    """Decisions, times, approvals and lag, over the workspace."""
    return applicationinsights.Workbook(
        "workbook",
        resource_name_=stable_id(site.configuration.name, "workbook"),
        resource_group_name=site.monitoring.name,
        location=site.location,
        kind="shared",
        category="workbook",
        display_name=f"Chaperone ({site.configuration.name})",
        version="Notebook/1.0",
        source_id=monitoring.workspace.id,
        serialized_data=monitoring.workspace.id.apply(serialised),
        tags=site.tags,
    )


def serialised(workspace: str) -> str:
    """The workbook's content as JSON, over the workspace with this id wherever it is opened."""
    items = [
        _text("Counts and times only: telemetry holds no path, header, body or identifier."),
        _chart("Decisions by effect", _by(Signal.DECISIONS, "effect")),
        _chart("Decisions by rule", _by(Signal.DECISIONS, "rule")),
        _chart("Request time, ms (mean)", _mean(Signal.REQUEST_TIME)),
        _chart("Masking time, ms (mean)", _mean(Signal.MASKING_TIME)),
        _chart("Append time, ms (mean)", _mean(Signal.APPEND_TIME)),
        _chart("Approvals: seconds until decided (mean)", _mean(Signal.APPROVAL_AGE)),
        _chart("Mishaps that were got over", _by(Signal.EVENTS, "reason")),
        _chart("Lag of the index, seconds", _mean(Signal.JOURNAL_LAG)),
        _chart("Patients in answers", _by(Signal.PATIENTS_SEEN, "connection_kind")),
    ]
    content = {"version": "Notebook/1.0", "items": items, "fallbackResourceIds": [workspace]}
    return json.dumps(content, sort_keys=True)


def _by(signal: Signal, attribute: str) -> str:
    return (
        f'AppMetrics | where Name == "{signal}"'
        f" | summarize Count = sum(Sum) by bin(TimeGenerated, 5m), tostring(Properties.{attribute})"
    )


def _mean(signal: Signal) -> str:
    return (
        f'AppMetrics | where Name == "{signal}"'
        " | summarize Mean = sum(Sum) / sum(ItemCount) by bin(TimeGenerated, 5m)"
    )


def _text(words: str) -> dict[str, object]:
    return {"type": 1, "content": {"json": words}, "name": "about"}


def _chart(title: str, query: str) -> dict[str, object]:
    return {
        "type": 3,
        "name": title,
        "content": {
            "version": "KqlItem/1.0",
            "title": title,
            "query": query,
            "size": 1,
            "queryType": 0,
            "resourceType": "microsoft.operationalinsights/workspaces",
            "visualization": "timechart",
            "timeContext": {"durationMs": 86_400_000},
        },
    }
