"""Blob service REST requests as Azure RBAC accesses."""

from gateway.operations.blob.classification import classify

__all__ = ["classify"]
