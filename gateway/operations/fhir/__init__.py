"""FHIR R4 REST requests as the data actions of Azure Health Data Services."""

from gateway.operations.fhir.classification import Pages, classify

__all__ = ["Pages", "classify"]
