"""Asking a person before an operation is carried out."""

from gateway.approvals.closed import ClosedApprovals

__all__ = ["ClosedApprovals"]
