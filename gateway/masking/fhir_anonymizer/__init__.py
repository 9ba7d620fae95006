"""Configuration files of Microsoft's FHIR anonymizer, run as masking profiles."""

from gateway.masking.fhir_anonymizer.anonymizer import Anonymized, Anonymizer, load

__all__ = ["Anonymized", "Anonymizer", "load"]
