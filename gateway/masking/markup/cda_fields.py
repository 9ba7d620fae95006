"""Elements of CDA R2 and C-CDA, and what they hold."""

from gateway.masking.fields.names import VOCABULARY, Field
from gateway.masking.kinds import Kind


def _words(text: str) -> list[str]:
    return text.split()


NAMESPACE = "urn:hl7-org:v3"
PARTS: dict[str, Field] = {
    # AD: parts below a state
    **dict.fromkeys(
        _words(
            "streetAddressLine deliveryAddressLine houseNumber houseNumberNumeric direction"
            " streetName streetNameBase streetNameType streetAddressLine additionalLocator"
            " unitID unitType careOf postBox precinct county censusTract buildingNumberSuffix"
            " deliveryInstallationType deliveryInstallationArea deliveryInstallationQualifier"
            " deliveryMode deliveryModeIdentifier delimiter"
        ),
        Field(Kind.ADDRESS),
    ),
    "city": Field(Kind.CITY),
    "postalCode": Field(Kind.ZIP),
    "state": VOCABULARY,
    "country": VOCABULARY,
}
"""Parts of an address."""
PERSONS = frozenset(
    _words(
        "patient assignedPerson informationRecipient guardianPerson associatedPerson"
        " relatedPerson subject personalRelationship maintainedEntity holder"
    )
)
"""Elements whose `name` is a person's."""
PRODUCTS = frozenset({"manufacturedMaterial", "manufacturedLabeledDrug", "labeledDrug", "material"})
"""Elements whose `name` is a product's."""
THINGS = frozenset({"MANU", "MMAT", "MAT", "DEV", "CHEM", "FOOD", "TERM", "MODDV", "CER"})
"""Class codes of things: a name below them is a word."""
TIMES = frozenset(
    _words(
        "effectiveTime time birthTime deceasedTime existenceTime expirationTime"
        " availabilityTime activityTime awarenessTime signatureTime useablePeriod validTime"
        " dateTime statusTime"
    )
)
"""Points and intervals of time (TS, IVL_TS, PIVL_TS)."""
TIME_TYPES = frozenset({"TS", "IVL_TS", "PIVL_TS", "EIVL_TS", "SXCM_TS", "SXPR_TS", "TS.DATETIME"})
TYPED = {
    "AD": "addr",
    **dict.fromkeys(("PN", "EN", "ON", "TN"), "name"),
    "TEL": "telecom",
    "II": "id",
}
"""Data types of a `value`, and the element that most often has each."""
PERSONAL_TYPES = frozenset({"PN", "EN"})
TEMPLATES = frozenset({"templateId", "typeId", "realmCode"})
"""Identifiers of the standard, not of anybody."""
FREE_TEXT = frozenset(
    _words("text title originalText desc thumbnail signatureText notes subtitle caption")
)
WORDS = frozenset({"softwareName", "manufacturerModelName", "languageCode"})
CODES = frozenset(
    _words(
        "code codeSystem codeSystemVersion sdtcValueSet valueSet valueSetVersion classCode"
        " moodCode typeCode determinerCode nullFlavor use unit operator mediaType"
        " representation negationInd inversionInd contextConductionInd contextControlCode"
        " institutionSpecified independentInd qualifier type language"
        " integrityCheckAlgorithm compression partType alignment borderWidth align valign"
        " colspan rowspan border styleCode listType xmlns"
    )
)
"""Attributes with words of the standard."""
IDENTIFIERS: tuple[tuple[str, Kind], ...] = (
    # object identifiers of identifier systems (HL7 OID registry)
    ("2.16.840.1.113883.4.1", Kind.SSN),
    ("2.16.840.1.113883.4.2", Kind.SSN),
    ("2.16.840.1.113883.4.6", Kind.LICENCE),
    ("2.16.840.1.113883.4.3", Kind.LICENCE),
    ("2.16.840.1.113883.4.330", Kind.LICENCE),
    ("2.16.840.1.113883.4.572", Kind.PLAN),
    ("2.16.840.1.113883.4.927", Kind.PLAN),
    ("2.16.840.1.113883.3.3719", Kind.DEVICE),
)


def kind_of(root: str, *, patient: bool) -> Kind:
    """What an identifier is, by the system that gave it."""
    for system, kind in IDENTIFIERS:
        if root == system or root.startswith(f"{system}."):
            return kind
    return Kind.MRN if patient else Kind.ID
