"""Masking of answers: until engines exist, what would need them is withheld."""

from gateway.masking.masker import WithholdingMasker

__all__ = ["WithholdingMasker"]
