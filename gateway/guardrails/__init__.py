"""Guardrails: what no rule can allow, one file per concern."""

from gateway.guardrails.screening import screen

__all__ = ["screen"]
