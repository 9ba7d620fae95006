"""What a label says of the value beside it: a question, the name of a test, a key.

LOINC has codes for what a registration form asks (45394-4 `Last name`, 56799-0 `Address`), so a
value of an observation can be an identifier. A label is read as a whole: `Contact dermatitis` and
`Drug name` say nothing of anybody.
"""

import re
from functools import cache, lru_cache

from gateway.masking.fields.names import BIRTH, UNKNOWN, Field, named
from gateway.masking.kinds import Kind
from gateway.masking.marks import unmarked

MAX_LABEL = 160
"""Characters; what is longer is text, and would fill the memory."""
_SUBJECTS: tuple[tuple[Field, str], ...] = (
    (BIRTH, r"birth ?date|date of birth|birthday|dob|born|day of birth"),
    (Field(Kind.SSN), r"ssn|social security(?: number)?|tax(?:payer)? id(?:entification)?"),
    (Field(Kind.FAX), r"fax"),
    (Field(Kind.PHONE), r"(?:tele|cell |mobile )?phone|(?:mobile|cell) (?:number|no)|pager"),
    (Field(Kind.EMAIL), r"e-?mail"),
    (
        Field(Kind.ADDRESS),
        r"(?:street |mailing |home |postal )?address(?: line)?(?: ?[1-4])?|street|county|parish",
    ),
    (Field(Kind.ZIP), r"zip|postal code|zip code|postcode"),
    (Field(Kind.CITY), r"city|town|place of birth|birthplace"),
    (Field(Kind.MRN), r"mrn|medical record|chart (?:number|no)|patient id(?:entifier)?"),
    (
        Field(Kind.PLAN),
        (
            r"(?:medicare(?: or comparable)?|medicaid|policy|member|subscriber|insurance|group"
            r"|health plan|beneficiary)(?: policy| card| member)?"
            r" ?(?:id|identifier|number|no\.?|num|#)"
        ),
    ),
    (Field(Kind.VEHICLE), r"licen[sc]e plate|vin|vehicle identification|vehicle id"),
    (Field(Kind.LICENCE), r"(?:driver'?s'? )?licen[sc]e|passport|npi|dea"),
    (
        Field(Kind.ACCOUNT),
        r"(?:bank )?account|credit card|(?:claim|prescription|rx|invoice)(?= (?:n|id|#))",
    ),
    (Field(Kind.IP), r"ip address"),
    (Field(Kind.DEVICE), r"(?:device )?serial|udi|unique device identifier"),
    (
        Field(Kind.NAME),
        (
            r"(?:first |last |full |middle |maiden |family |given |birth |legal |preferred )?names?"
            r"|surname|middle initial|initials|next of kin|(?:emergency )?contact(?: person| name)?"
            r"|alias(?:es)?|nickname|(?:legal )?guardian|guarantor|interpreter|employer"
            r"|pcp|primary care (?:provider|physician)|responsible (?:party|person)"
            r"|(?:attending|referring|ordering|admitting|consulting|treating|family)"
            r" (?:physician|provider|doctor|clinician)"
            r"|(?:electronically )?(?:signed|recorded|reported|collected|verified|entered|ordered"
            r"|dictated|witnessed|authenticated|interpreted|reviewed|transcribed)"
            r"(?: electronically)? by"
        ),
    ),
)
_WHOSE = (
    r"(?:patient|mother|father|parent|guardian|contact|person|physician|doctor|provider|employer"
    r"|school|spouse|partner|relative|caregiver|insurer|insured|subscriber|child|nurse|clinician"
    r"|hospital|facility|kin|family|primary|usual|current|home|work|cell|mobile|emergency|referring"
    r"|attending|your|their|his|her|the|my|a|responsible|author|witness|interpreter|donor|next|of"
    r"|pharmacy|pcp|surgeon|teacher|sibling|brother|sister|son|daughter|husband|wife|informant"
    r"|member|personal|permanent|temporary|residence|residential|billing|contact|business|day|night"
    r"|evening|alternate|secondary|other|preferred|best|legal|phone)(?:'?s'?)?"
)
_BEFORE = (
    r"(?:(?:what|which|enter|please enter|provide)(?:'s| is| are| was| were)? )?"
    rf"(?:{_WHOSE} ){{0,4}}?"
)
_BEHIND = (
    r"(?: (?:address|number|numbers|no\.?|#|num|code|id|details|information))?"
    r"(?: ?- ?(?:home|work|cell|mobile|business|primary))?"
    rf"(?: (?:of|for)(?: {_WHOSE}){{1,4}}| (?:do|did|does|can|should|where|at|to) .{{1,60}})?"
    r" ?[?:.#]{0,2}\Z"
)
_BRACKETS = re.compile(r" ?\[[^\]]{0,40}\]")
# What one word may be the name of, without being asked for as a name: `mother`, `clinic`, `report`.
_TRUSTED = frozenset(
    {
        *(Kind.SSN, Kind.MRN, Kind.PHONE, Kind.FAX, Kind.EMAIL, Kind.PLAN, Kind.ACCOUNT),
        *(Kind.LICENCE, Kind.ZIP, Kind.VEHICLE, Kind.SECRET, Kind.BIOMETRIC),
    }
)
_NAMING = re.compile(r"name|nombre|apellido|pr[eé]nom|nome\b|naam|imi[eę]|surname", re.IGNORECASE)


def labelled(text: str) -> Field:
    """What a value is that stands beside this label; UNKNOWN where the label does not say.

    Labels are cached, so they must not be values themselves.
    """
    return _labelled(text) if len(text) <= MAX_LABEL else UNKNOWN


@cache
def _question() -> re.Pattern[str]:
    """Compiled when it is first asked for: a process that masks no labels does without."""
    subjects = "|".join(f"(?P<k{index}>{words})" for index, (_, words) in enumerate(_SUBJECTS))
    return re.compile(f"{_BEFORE}(?:{subjects}){_BEHIND}", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _labelled(text: str) -> Field:
    label = _BRACKETS.sub("", text).strip()
    if not label or unmarked(text) != text:
        return UNKNOWN
    match = _question().match(label)
    if match:
        return _SUBJECTS[int((match.lastgroup or "")[1:])][0]
    if " " in label:
        return UNKNOWN
    # A field's name such as `LAST_NAME` or `Nachname`, as a program writes it.
    field = named(label)
    if field.birth or field.kind in _TRUSTED:
        return field
    return field if field.kind is Kind.NAME and _NAMING.search(label) else UNKNOWN
