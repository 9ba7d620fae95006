"""FHIR R4 elements by name, with the paragraph of 164.514(b)(2)(i) each is masked under.

Data types decide more than resources do: a HumanName is a name wherever it stands. Elements that
are not named here are treated by the form of their values: dates to years, text as free text.
"""

from gateway.masking.fields.names import BIRTH, UNKNOWN, VOCABULARY, Field
from gateway.masking.kinds import Kind


def _words(text: str) -> list[str]:
    return text.split()


NAME = Field(Kind.NAME)
ADDRESS = Field(Kind.ADDRESS)
TEXT = Field(Kind.TEXT)
DEVICE = Field(Kind.DEVICE)
ID = Field(Kind.ID)
DATE = Field(Kind.DATE)
PLACE = Field(vocabulary=True)
"""A state or a country: a word that may stay, unless it is a number; known by its identity."""
ELEMENTS: dict[str, Field] = {
    # (A) names
    **dict.fromkeys(
        _words(
            "name alias family given prefix suffix valueHumanName authorString author publisher"
            " signer"
            " mothersMaidenName recorderString asserterString enteredBy"
        ),
        NAME,
    ),
    # (B) places below a state
    **dict.fromkeys(
        _words("address valueAddress line district county position birthPlace"), ADDRESS
    ),
    **dict.fromkeys(("state", "country"), PLACE),
    "city": Field(Kind.CITY),
    "postalCode": Field(Kind.ZIP),
    # (C) dates; others are known by words in their names, or by their form
    **dict.fromkeys(
        _words(
            "authored creation dateAccessed dateAsserted dateWritten detected expiry"
            " lastOccurrence lastPerformed nextScheduled sent started time useBy validTo"
            " whenHandedOver whenPrepared"
        ),
        DATE,
    ),
    **dict.fromkeys(("birthDate", "bornDate", "bornPeriod", "bornString", "birthTime"), BIRTH),
    # (I), (J) plan and account numbers
    **dict.fromkeys(("subscriberId", "preAuthRef", "policyHolder", "dependent"), Field(Kind.PLAN)),
    "account": Field(Kind.ACCOUNT),
    **dict.fromkeys(("businessArrangement", "network"), Field(Kind.PLAN)),
    # (M) devices
    **dict.fromkeys(
        _words(
            "udiCarrier deviceIdentifier carrierHRF carrierAIDC distinctIdentifier serialNumber"
            " lotNumber udi"
        ),
        DEVICE,
    ),
    # (P) biometrics
    "sourceIdentityCertificate": Field(Kind.BIOMETRIC),
    "proxyIdentityCertificate": Field(Kind.BIOMETRIC),
    # what a server sends along with a notification: mostly credentials
    "header": Field(Kind.SECRET),
    # known by their form, also below names and addresses
    **dict.fromkeys(("period", "start", "end", "_given", "_family", "_line", "valueUri"), UNKNOWN),
    # technical ids, (R)
    **dict.fromkeys(("id", "versionId", "valueId", "uid", "valueUuid", "valueOid"), ID),
    # free text
    **dict.fromkeys(
        _words(
            "text div comment comments description conclusion patientInstruction instruction"
            " valueString"
            " valueMarkdown contentString summary title subtitle detail textEquivalent"
            " disposition note"
            " extraDetails availabilityExceptions answer reasonString purpose usage copyright"
            " administrationInstruction preparationInstruction moodCode prognosis"
        ),
        TEXT,
    ),
    # words of code systems and of FHIR itself
    **dict.fromkeys(
        _words(
            "code status system unit version use gender language type intent priority mode"
            " resourceType"
            " contentType comparator linkId rank criticality verificationStatus clinicalStatus"
            " class"
            " category valueCode valueCanonical valueUnsignedInt profile"
            " method"
            " color currency timezone start_type display category kind severity subtype site route"
            " vaccineCode medicationCodeableConcept cvx manufacturer modality docStatus"
            # times of day without a date
            " availableStartTime availableEndTime openingTime closingTime timeOfDay valueTime"
        ),
        VOCABULARY,
    ),
}
INSTANTS = frozenset(
    _words(
        "lastUpdated timestamp issued recorded created_instant effectiveInstant ifModifiedSince"
        " lastModified"
    )
)
"""Elements of the type `instant`, which has no form with a year alone."""
INSTANT_ELEMENTS = frozenset(
    {
        ("DocumentReference", "date"),
        *(
            (resource, element)
            for resource in ("Appointment", "AppointmentResponse", "Slot")
            for element in ("start", "end")
        ),
        ("Subscription", "end"),
    }
)
"""(resource, element) likewise, where other resources have a `dateTime` of that name."""
REMOVED: dict[str, Kind] = {
    "photo": Kind.PHOTO,
    "_birthDate": Kind.DATE,
    "longitude": Kind.ADDRESS,
    "latitude": Kind.ADDRESS,
    "altitude": Kind.ADDRESS,
    "hash": Kind.ID,
}
"""Elements without a masked form."""
NARRATIVE = '<div xmlns="http://www.w3.org/1999/xhtml">[text]</div>'
CONTACT_KINDS: dict[str, Kind] = {
    "phone": Kind.PHONE,
    "sms": Kind.PHONE,
    "pager": Kind.PHONE,
    "fax": Kind.FAX,
    "email": Kind.EMAIL,
    "url": Kind.URL,
}
IDENTIFIER_KINDS: dict[str, Kind] = {
    # HL7 table 0203
    "SS": Kind.SSN,
    "SB": Kind.SSN,
    "MR": Kind.MRN,
    "MRT": Kind.MRN,
    "PI": Kind.MRN,
    "DL": Kind.LICENCE,
    "PPN": Kind.LICENCE,
    "NPI": Kind.LICENCE,
    "DEA": Kind.LICENCE,
    "MD": Kind.LICENCE,
    "MB": Kind.PLAN,
    "MC": Kind.PLAN,
    "MA": Kind.PLAN,
    "SN": Kind.PLAN,
    "AN": Kind.ACCOUNT,
    "BA": Kind.ACCOUNT,
    "SNO": Kind.DEVICE,
}
SYSTEM_KINDS: tuple[tuple[str, Kind], ...] = (
    ("us-ssn", Kind.SSN),
    ("2.16.840.1.113883.4.1", Kind.SSN),
    ("us-npi", Kind.LICENCE),
    ("us-mbi", Kind.PLAN),
    ("us-medicare", Kind.PLAN),
    ("mrn", Kind.MRN),
)
UNITS = frozenset(
    _words(
        "mm[Hg] % [in_i] [ft_i] [lb_av] [oz_av] [degF] [pH] {score} {#} {ratio} {INR} 10*3/uL"
        " 10*6/uL 10*9/L 10*12/L mL/min/{1.73_m2} {nominal} [IU]/L [IU]/mL"
    )
)
"""Units (UCUM) whose signs no other code has: no name in them is anybody's."""
PERSONAL = frozenset(
    _words(
        "family given display authorString recorderString asserterString enteredBy signer"
        " mothersMaidenName"
    )
)
"""Elements that hold names of people, whatever the resource."""
PERSONS = frozenset({"Patient", "Person", "RelatedPerson", "Practitioner"})
NAMED = PERSONS | {"Organization", "Location", "PractitionerRole", "Group", "CareTeam", "Device"}
PLACE_REFERENCES = frozenset(
    _words(
        "location coverage payor insurer managingOrganization serviceProvider organization facility"
        " custodian manufacturer origin destination requestingOrganization issuingOrganization"
        " network sponsor marketingAuthorizationHolder healthcareService"
    )
)
"""References to what is no person: their displays are masked, and no word of them is looked for."""
CLINICAL_REFERENCES = frozenset(
    _words(
        "result reasonReference medicationReference condition procedureReference basedOn partOf"
        " hasMember"
        " derivedFrom specimen addresses diagnosisReference itemReference conditionReference"
        " reference"
        " medication outcomeReference supportingInfo imagingStudy"
    )
)
"""Elements whose references point to findings, not to people or places."""
VOCABULARY_EXTENSIONS = (
    "us-core-race",
    "us-core-ethnicity",
    "us-core-birthsex",
    "us-core-genderIdentity",
    "us-core-sex",
    "data-absent-reason",
    "iso21090-EN-qualifier",
    "iso21090-EN-representation",
    "iso21090-EN-use",
)
"""Extensions whose strings are words of a code system."""
PLACE_EXTENSIONS = ("geolocation", "census-tract")
NAME_EXTENSIONS = ("mothersMaidenName", "own-name", "partner-name", "own-prefix", "fathers-family")
EXTENDED = frozenset(
    {
        *(Kind.SSN, Kind.MRN, Kind.PHONE, Kind.FAX, Kind.EMAIL, Kind.PLAN, Kind.ACCOUNT),
        *(Kind.LICENCE, Kind.ADDRESS, Kind.SECRET),
    }
)
"""What an extension's own name says of its value, where it is one of these."""
NUMBERS = ("valueInteger", "valuePositiveInt", "valueUnsignedInt", "valueInteger64", "valueDecimal")
"""Numbers that no unit makes a measurement."""
PRODUCT_IDENTIFIERS = (
    *("component", "authorisationReferenceNumber", "crossReference", "outerPackaging"),
    *("immediatePackaging", "organismId", "parentSubstanceId", "nTerminalModificationId"),
    "cTerminalModificationId",
)
"""Elements of the type Identifier whose names do not say so."""
