"""A FHIR R4 request, taken apart: what was judged is what is composed for the upstream again.

Interactions and their forms: https://hl7.org/fhir/R4/http.html, search: .../search.html.
"""

from dataclasses import dataclass, field
from enum import StrEnum

TOKEN_PARAMETER = "_page"  # noqa: S105 - a query parameter
"""Of the gateway's own `next` links; its value is sealed, see `Page`."""


class Interaction(StrEnum):
    """What is asked; the words are FHIR's own where it has one."""

    CAPABILITIES = "capabilities"
    READ = "read"
    VREAD = "vread"
    HISTORY_INSTANCE = "history-instance"
    HISTORY_TYPE = "history-type"
    SEARCH = "search-type"
    CREATE = "create"
    CONDITIONAL_CREATE = "conditional-create"
    UPDATE = "update"
    CONDITIONAL_UPDATE = "conditional-update"
    PATCH = "patch"
    DELETE = "delete"
    CONDITIONAL_DELETE = "conditional-delete"
    EVERYTHING = "$everything"
    VALIDATE = "$validate"
    EXPORT = "$export"
    BATCH = "batch"
    TRANSACTION = "transaction"


class Where(StrEnum):
    """Where the parameters of a request stand."""

    QUERY = "query"
    FORM = "form"
    IF_NONE_EXIST = "if-none-exist"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a request, decoded.

    Attributes:
        name: as it was sent, modifier and chain included: `subject:Patient.family:exact`.
        value: likewise; may hold ePHI.
        compares: search parameter whose element the value is compared with, `family`; "" for one
            that controls the answer, such as `_count`.
        modifier: `exact`, "" for none.
    """

    name: str
    value: str = field(repr=False)
    compares: str = ""
    modifier: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What a `next` link of the gateway's holds, sealed: the request, and where to go on.

    Attributes:
        path: segments of the request that was asked first.
        query: its parameters, as the agent sent them; tokens in them are not opened.
        token: the upstream's continuation token, which may hold values.
    """

    path: tuple[str, ...]
    query: str = field(repr=False)
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One request of a batch or transaction.

    Attributes:
        method: HTTP method.
        call: what it was judged to be.
        resource: the body as canonical JSON, b"" for none.
        full_url: `urn:uuid:…`, by which other entries name what this one creates; "" for none.
        if_match: the version that it is about, "" for any.
    """

    method: str
    call: "FhirCall"
    resource: bytes = field(default=b"", repr=False)
    full_url: str = ""
    if_match: str = ""


@dataclass(frozen=True, slots=True)
class FhirCall:
    """A recognised request.

    Attributes:
        interaction: what is asked.
        path: decoded segments, each of a form that needs no encoding.
        parameters: in order, without `_format` and `_pretty`.
        where: where the parameters stand.
        types: resource types that the answer may hold; () for any answer without resources.
        query: the parameters as the agent sent them, for the next page.
        continuation: the upstream's token of the page asked for, "" for the first.
        entries: of a batch or transaction.
    """

    interaction: Interaction
    path: tuple[str, ...]
    parameters: tuple[Parameter, ...] = ()
    where: Where = Where.QUERY
    types: frozenset[str] = frozenset()
    query: str = field(default="", repr=False)
    continuation: str = field(default="", repr=False)
    entries: tuple[Entry, ...] = ()

    @property
    def calls(self) -> "tuple[FhirCall, ...]":
        """This call and those of its entries."""
        return (self, *(entry.call for entry in self.entries))

    @property
    def stores(self) -> bool:
        """Whether the request's body, or what it names, changes what is stored."""
        return self.interaction in _STORING


_STORING = frozenset(
    {
        Interaction.CREATE,
        Interaction.CONDITIONAL_CREATE,
        Interaction.UPDATE,
        Interaction.CONDITIONAL_UPDATE,
        Interaction.PATCH,
        Interaction.DELETE,
        Interaction.CONDITIONAL_DELETE,
        Interaction.BATCH,
        Interaction.TRANSACTION,
    }
)

_TYPES = """
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse
    AuditEvent Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement
    CarePlan CareTeam CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse
    ClinicalImpression CodeSystem Communication CommunicationRequest CompartmentDefinition
    Composition ConceptMap Condition Consent Contract Coverage CoverageEligibilityRequest
    CoverageEligibilityResponse DetectedIssue Device DeviceDefinition DeviceMetric DeviceRequest
    DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference
    EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare
    EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
    FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService
    ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation
    ImplementationGuide InsurancePlan Invoice Library Linkage List Location Measure MeasureReport
    Media Medication MedicationAdministration MedicationDispense MedicationKnowledge
    MedicationRequest MedicationStatement MedicinalProduct MedicinalProductAuthorization
    MedicinalProductContraindication MedicinalProductIndication MedicinalProductIngredient
    MedicinalProductInteraction MedicinalProductManufactured MedicinalProductPackaged
    MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition
    MessageHeader MolecularSequence NamingSystem NutritionOrder Observation ObservationDefinition
    OperationDefinition Organization OrganizationAffiliation Patient PaymentNotice
    PaymentReconciliation Person PlanDefinition Practitioner PractitionerRole Procedure Provenance
    Questionnaire QuestionnaireResponse RelatedPerson RequestGroup ResearchDefinition
    ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment
    RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
    StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer
    SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
    SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet
    VerificationResult VisionPrescription
"""
RESOURCE_TYPES = frozenset(_TYPES.split())
"""Types of FHIR R4 that a request may name. Not `Parameters` and `OperationOutcome`: not stored."""
