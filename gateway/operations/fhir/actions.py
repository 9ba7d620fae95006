"""The data actions of the FHIR service in Azure Health Data Services.

Source: the resource provider operations of Microsoft.HealthcareApis, as the built-in roles "FHIR
Data Reader", "FHIR Data Writer" and "FHIR Data Contributor" list them
(learn.microsoft.com/azure/role-based-access-control/permissions/integration#microsofthealthcareapis).
Azure grants them for a whole service; a rule of a manifest names resource types and ids as well.
"""

from dataclasses import dataclass
from typing import Final

from gateway.model.operation import Effect

_RESOURCES: Final = "Microsoft.HealthcareApis/workspaces/fhirservices/resources"


@dataclass(frozen=True, slots=True)
class Grant:
    """A data action that a caller needs, and what using it does."""

    action: str
    effect: Effect


READ: Final = Grant(f"{_RESOURCES}/read", Effect.READ)
WRITE: Final = Grant(f"{_RESOURCES}/write", Effect.WRITE)
DELETE: Final = Grant(f"{_RESOURCES}/delete", Effect.DELETE)
HARD_DELETE: Final = Grant(f"{_RESOURCES}/hardDelete/action", Effect.DELETE)
EXPORT: Final = Grant(f"{_RESOURCES}/export/action", Effect.ACTION)
# It stores nothing: what it reads is the body and profiles.
VALIDATE: Final = Grant(f"{_RESOURCES}/resourceValidate/action", Effect.READ)
