"""HL7 v2 fields by segment and position, with what stands in them.

Positions and data types are those of HL7 v2.5.1, chapters 2 to 11; later versions add fields at the
end. Fields that are not named here are judged by the form of their components; segments that are
not named here are free text.
"""

import re

from gateway.masking.fields.compact_dates import is_compact_date
from gateway.masking.fields.labels import labelled
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.kinds import Kind
from gateway.masking.recognition.name_lists import given_names, surnames
from gateway.masking.recognition.person_words import NOT_A_NAME

MAX_QUESTIONS = 2_000


def _words(text: str) -> list[str]:
    return text.split()


NAME = Field(Kind.NAME)
ORGANISATION = Field(Kind.NAME, vocabulary=True)
"""A name of no person; equal to no other field."""
ADDRESS = Field(Kind.ADDRESS)
PHONE = Field(Kind.PHONE)
DATE = Field(Kind.DATE)
BIRTH = Field(Kind.DATE, birth=True)
MRN = Field(Kind.MRN)
SSN = Field(Kind.SSN)
ID = Field(Kind.ID)
PLAN = Field(Kind.PLAN)
ACCOUNT = Field(Kind.ACCOUNT)
LICENCE = Field(Kind.LICENCE)
DEVICE = Field(Kind.DEVICE)
TEXT = Field(Kind.TEXT)


_LONG = re.compile(r"[0-9]{5}")
_OID = re.compile(r"[0-9](?:\.[0-9]{1,40}){3,}")


def _of(text: str, field: Field) -> dict[tuple[str, int], Field]:
    """`PID-5,9 NK1-2` to a table."""
    table: dict[tuple[str, int], Field] = {}
    for part in text.split():
        segment, _, numbers = part.partition("-")
        table |= {(segment, int(number)): field for number in numbers.split(",")}
    return table


FIELDS: dict[tuple[str, int], Field] = {
    # XPN, XCN, PPN and NDL: people
    **_of(
        "PID-5,6,9 NK1-2,26,30 GT1-3,4,16,42,45 IN1-6,16,30 IN2-3,7,9,22,40,49,52 IN3-8,14,16"
        " PD1-4 PV1-7,8,9,17,52 PV2-13,23 MRG-7 EVN-5 ACC-7,9 DG1-16 PR1-8,11,12 PDA-5"
        " ORC-10,11,12,19 OBR-10,16,28,32,33,34,35 OBX-16,25 TXA-5,9,10,11,22,23 SCH-12,16,20"
        " AIP-3 AIG-3 ROL-4 CTD-2 PRD-2 STF-3 RXA-10,27 RXD-10,11 RXE-13,14 RXG-10 RXO-14,15"
        " FT1-20,21,24 IAM-14,18 VAR-4 CON-24 OM1-17,27 QRD-8 CER-8 NTE-5 PRT-5 OBX-26 RF1-20"
        " PDA-9",
        NAME,
    ),
    # XON: organisations, their names looked for as a whole
    **_of(
        "NK1-13 GT1-21,51 IN1-4,9,11 IN2-69,70 PD1-3,14 ORC-21 OBX-23 AUT-3 PSH-3 PRA-2 CER-3"
        " PRT-8 RF1-19 PRD-10 IAM-23 FT1-32,33 ROL-14 RXO-32 RXD-30 AFF-2 EDU-6",
        ORGANISATION,
    ),
    # XAD and PL
    **_of(
        "PID-11,12,23 NK1-4,32,38 GT1-5,17,56 IN1-5,19,44,52 ORC-13,22,24 OBX-24 STF-11 PRD-3,4"
        " PV1-3,6,11,37,42,43 CTD-3,4 RXA-11,28 RXD-13 RXE-41,42 RXG-11 ACC-3,11 AIL-3 OBR-49"
        " SCH-14,15,18,19,22 FT1-16 ROL-11,13 PDA-2,3 OM1-28 PV2-1 PRT-9,14 PRD-11 RXD-31 RXO-33"
        " AFF-3 EDU-7",
        ADDRESS,
    ),
    # XTN
    **_of(
        "PID-13,14,40 NK1-5,6,31,40,41 GT1-6,7,18,46 IN1-7 IN2-50,53,58,63,64 IN3-19 ORC-14,23"
        " OBR-17 PRT-15 STF-10,15 PRD-5 SCH-13,17,21 CTD-5 ROL-12 ERR-12 OM1-29",
        PHONE,
    ),
    **_of("PID-7 NK1-16 GT1-8 IN1-18 STF-6", BIRTH),
    # TS, DT, DTM, DR and TQ; others are known by their form
    **_of(
        "PID-29,33 MSH-7 FHS-7 BHS-7 EVN-2,3,6 PV1-25,30,35,44,45 PV2-8,9,33"
        " OBR-6,7,8,14,22,27,36 OBX-12,14,19 ORC-7,9,15,27 DG1-5,19 PR1-5 AL1-6"
        " IN1-12,13,24,26,29,51 IN2-17,44,45 TXA-4,6,7,8 NK1-8,9 GT1-13,14,24,31,32 ACC-1 FT1-4,5"
        " SCH-11 SPM-17,18 RXA-3,4,16 RXD-3 RXE-18,32 RF1-7,8,9 AIS-4 AIG-8 AIL-6 AIP-6 IAM-11,13"
        " PRB-2,7,8,15,16 ROL-5,6",
        DATE,
    ),
    # CX and EI
    **_of("PID-2,3,4,21 MRG-1,2,4 NK1-12,33 STF-1,2 DB1-3 IN3-1", MRN),
    **_of("PID-19 GT1-12 NK1-37 IN2-2", SSN),
    **_of("PID-18 MRG-3,5,6 GT1-2,10,19,29 PV1-5,19,50,54 FT1-2 BLG-3", ACCOUNT),
    **_of("PID-20 STF-22 PRA-6 PRD-7 CTD-7 CER-4", LICENCE),
    **_of(
        "IN1-2,3,8,10,14,28,36,46,49 IN2-1,6,8,10,12,13,25,26,61 IN3-2 UB2-16 AUT-6 FT1-14",
        PLAN,
    ),
    **_of("RXA-15 RXD-18 RXG-19 RXE-43 OBX-18 PRT-16,17,18,19,20,21,22", DEVICE),
    **_of("MSH-8 FHS-8 BHS-8", Field(Kind.SECRET)),
    **_of(
        "SPM-30,31,32 OBR-53 CTI-1 IAM-7 ORC-31 DG1-22 PR1-19,20 SAC-2 PRT-1 MSH-10,13"
        " FHS-9,11,12 BHS-9,11,12 MSA-2 ORC-2,3,4,8 OBR-2,3,18,19,20,21,29 OBX-21"
        " TXA-12,13,14,15,16 SCH-1,2,5,23,24,26,27 SPM-2,3 ARV-3 RXE-15 RXD-7 DG1-20 FT1-3,23"
        " RF1-6,11 ROL-1 PRB-4 GOL-4 PTH-3 VAR-1 SAC-3,4,5 AL1-1 UB1-1 NPU-1",
        ID,
    ),
    **_of(
        "NTE-3 PV2-3,12 OBR-13,31,39 SCH-7 DG1-4 PR1-4 AL1-5 ORC-16 RXE-7,21 RXO-6,7 RXD-9,15"
        " ACC-8 RXA-9 RXG-9 FT1-7,8 SPM-14 IAM-5,17 VAR-6 FHS-10 BHS-10 FTS-2 BTS-2 MSA-3 ERR-7,8"
        " RF1-14,24 ARV-5 TQ1-10,11 GT1-47 ORC-18 IAR-4 CON-16 DSP-3 IN1-21,23 NK1-10 GT1-49"
        " IN2-46 QPD-3,4,5,6,7,8 QRF-5 PRB-18 UB2-17 GOL-17",
        TEXT,
    ),
    **_of(
        "MSH-3,4,5,6,9,11,12,15,16,17,18,19,20,21 FHS-3,4,5,6 BHS-3,4,5,6 FTS-1 BTS-1 EVN-1,4,7"
        " OBX-2,3,6,7,8,11 OBR-4,24,25 PID-8,10,15,16,17,22,24,26,27,28,34 DG1-3,6"
        " PV1-2,4,10,14,18,36,39,40,41 AL1-2,3,4 RXE-2 RXA-5 NTE-2 ORC-1,5 MSA-1 TXA-2,3,17,18,19"
        " PR1-3 NK1-3,7,35 GT1-11 IN1-15,17 ROL-2,3 SCH-6,8 AIS-3 SPM-4 IAM-2,3,4 RF1-1,2,3",
        VOCABULARY,
    ),
}
SEGMENTS = {name for name, _ in FIELDS} | set(
    _words(
        "ADD AIG APR ARV BLC BLG BPO BTX CDM CTI DRG DSC EDU ERR GOL GP1 GP2 IAR ISD LAN"
        " NSC NST ODS ODT OM2 OM3 OM4 OM7 ORG PRT QAK QID RGS RMI RQ1 RQD RXC RXR SFT SID"
        " TCC TCD TQ1 TQ2 UAC UB1 UB2 PES PEO PCR PSH"
    )
)
"""Segments of the standard whose other fields are judged by their form."""
LEARNED = frozenset({NAME, ORGANISATION, ADDRESS, PHONE, SSN, MRN, ACCOUNT, PLAN, LICENCE, DEVICE})
"""What is looked for in the text of a message."""
NUMBERED = frozenset({MRN, SSN, ID, PLAN, ACCOUNT, LICENCE, DEVICE})
"""Identifiers, the number itself in the first component."""
PAIRED = frozenset({("OBR", 29), ("ORC", 8), ("TXA", 13), ("SPM", 2), ("SPM", 3)})
"""EIP: two identifiers side by side, the number of each in its first subcomponent."""
ADDRESS_PARTS = (
    *(ADDRESS, ADDRESS, Field(Kind.CITY), VOCABULARY, Field(Kind.ZIP), VOCABULARY, VOCABULARY),
    *(ADDRESS, ADDRESS, ADDRESS),
)
"""Of XAD: street, other, city, state, ZIP, country, type, further, county, census tract."""
TYPED: dict[str, Field] = {
    # the type that OBX-2 gives OBX-5
    **dict.fromkeys(("DT", "TS", "DTM", "DR"), DATE),
    **dict.fromkeys(
        ("NM", "SN", "SI", "CE", "CF", "CWE", "CNE", "ID", "IS", "TM", "NA", "MA", "MO", "CQ"),
        VOCABULARY,
    ),
    **dict.fromkeys(("XPN", "PN", "XCN", "CN", "PPN", "XON"), NAME),
    **dict.fromkeys(("XAD", "AD", "SAD", "PL"), ADDRESS),
    **dict.fromkeys(("XTN", "TN"), PHONE),
    **dict.fromkeys(("CX", "CK"), MRN),
    **dict.fromkeys(("EI", "EIP", "HD"), ID),
}
_IDENTIFIERS: dict[str, Field] = {
    # HL7 table 0203
    **dict.fromkeys(("SS", "SB"), SSN),
    **dict.fromkeys(("DL", "PPN", "NPI", "DEA", "MD", "LN"), LICENCE),
    **dict.fromkeys(("AN", "BA", "VN"), ACCOUNT),
    **dict.fromkeys(("MC", "MA", "MB", "SN", "NIIP"), PLAN),
}


def field_at(segment: str, number: int, kind: str) -> Field:
    """What stands in a field; `kind` is what OBX-2 says of OBX-5."""
    if segment == "OBX" and number == 5:  # noqa: PLR2004
        return TYPED.get(kind, TEXT)
    if segment == "QPD" and number > 2:  # noqa: PLR2004
        return TEXT
    return FIELDS.get((segment, number), UNKNOWN if segment in SEGMENTS else TEXT)


_LETTERS = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '.-]){1,40}\Z")
_NUMBERED = re.compile(r"[A-Za-z]{0,4}-?[0-9]{6,15}\Z")
_MIXED = re.compile(r"(?=.{0,40}[A-Za-z])(?=(?:.{0,40}?[0-9]){5})[A-Za-z0-9-]{6,40}\Z")
_NUMBER = re.compile(r"[A-Za-z]{0,4}[0-9]{2,15}\Z")
_DEGREES = frozenset({"MD", "DO", "RN", "NP", "PA", "PHD", "DR", "MR", "MRS", "MS", "DDS", "PROF"})
_PLAIN = frozenset(_words("ST TX FT NM SN SI CE CF CWE CNE ID IS DT TS DTM CX CK")) | {""}
"""Types of OBX-2 that say nothing of whose a value is."""


def is_person(components: list[str], *, custom: bool = False) -> bool:
    """Whether components that nothing is known of are a person's: `12^Doe^Jane`, `Doe^Jane^^^MD`.

    In a site's own segment (`custom`) a surname is enough.

    A coded value has a code, a text and the name of a code system in the same places.
    """
    if any(part.strip(". ").upper() in _DEGREES for part in components[2:]):
        return True
    names = components[1:3] if _NUMBER.match(components[0]) else components[:2]
    if len(names) < 2 or not all(_LETTERS.match(part) for part in names):  # noqa: PLR2004
        return False
    if len(components) > 2 and len(names[1]) > 1 and _NUMBER.match(components[0]):  # noqa: PLR2004
        return all(part.istitle() for part in names)  # code systems are written in capitals
    family, given = (part.strip().lower() for part in names)
    if family in NOT_A_NAME:
        return False
    return given.partition(" ")[0] in given_names() or (
        custom and family in surnames() and given not in NOT_A_NAME
    )


def is_mixed_number(component: str) -> bool:
    """Whether a component that nothing is known of is a number with letters, as identifiers are."""
    return _MIXED.match(component) is not None


def is_custom_number(value: str) -> bool:
    """Whether a whole field of a site's own segment is a number, as identifiers are."""
    return _NUMBERED.match(value) is not None and not is_compact_date(value)


class Questions:
    """What the text of OBX-3 asks OBX-5 for: `45394-4^Last name^LN`."""

    def __init__(self, separators: Separators) -> None:
        self._separators = separators
        self._fields: dict[str, Field] = {}

    def asked(self, fields: list[str]) -> Field:
        """What an OBX asks for; UNKNOWN where for nothing."""
        if len(fields) < 6 or fields[2] not in _PLAIN:  # noqa: PLR2004
            return UNKNOWN
        question = fields[3]
        found = self._fields.get(question)
        if found is None:
            if len(self._fields) >= MAX_QUESTIONS:
                self._fields.clear()
            found = self._fields[question] = self._asked(question)
        return found

    def _asked(self, question: str) -> Field:
        separators = self._separators
        components = question.split(separators.component)
        texts = components[1:2] + components[4:5] or components
        said = (labelled(separators.plain(text)) for text in texts)
        return next((field for field in said if field is not UNKNOWN), UNKNOWN)


COMMON_PLACES = frozenset(
    _words(
        "office clinic ward room bed floor unit building department hospital main home lab"
        " laboratory pharmacy radiology surgery outpatient inpatient emergency er ed or icu nicu"
        " picu ccu maternity pediatrics cardiology oncology recovery triage waiting north south"
        " east west"
    )
)
"""What a location may be called whose name says nothing: it is no word to look for in text."""
_SSN_FORM = re.compile(r"[0-9]{3}-[0-9]{2}-[0-9]{4}")


def is_number(component: str, index: int) -> bool:
    """Whether a component beside an identifier is one itself: digits that are no date, no OID."""
    if _SSN_FORM.search(component):
        return True
    plain = _LONG.search(component) and not is_compact_date(component)
    # The fourth is who assigned the identifier.
    return bool(plain) and index != 3 and not _OID.search(component)  # noqa: PLR2004


def identifier(field: Field, components: list[str]) -> Field:
    """An identifier's field by the type in its fifth component (CX.5)."""
    kind = components[4] if len(components) > 4 else ""  # noqa: PLR2004
    return _IDENTIFIERS.get(kind, field)
