"""Identifiers in text: what 164.514(b)(2)(i) names, found by form, check digit and context.

Order matters: at one place the first recogniser that fits decides. Sources: SSA RM 10201.035 (SSN),
CMS (NPI, MBI), DEA, 49 CFR 565.15 (VIN), ISO/IEC 7812 (cards), USPS Publication 28 (addresses).
"""

from gateway.masking import checks
from gateway.masking.kinds import Kind
from gateway.masking.recogniser import Recogniser

_MONTH = (
    r"(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?"
    r"|[Aa]ug(?:ust)?|[Ss]ept?(?:ember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?"
    r"|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?"
    r"|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[89][0-9]{2}|20[0-9]{2})"
_TIME = (
    r"(?:(?:T|[ ]{1,2}|, ?| at )[0-2]?[0-9]:?[0-5][0-9](?::?[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?: ?[AaPp]\.?[Mm]\.?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
)
_STATES = (
    "A[LKZRSP]|C[AOT]|D[EC]|F[LM]|G[AU]|HI|I[DLNA]|K[SY]|LA|M[EDAINSOTHP]|N[EVHJMYCD]|O[HKR]|P[ARW]"
    "|RI|S[CD]|T[NX]|UT|V[TAI]|W[AVIY]"
)
_STREETS = (
    "Alley|Annex|Arcade|Avenue|Ave|Av|Bayou|Bend|Boulevard|Blvd|Branch|Bridge|Brook|Brooks|Burg"
    "|Bypass|Camp|Canyon|Cape|Causeway|Center|Centers|Circle|Circles|Cir|Cliff|Cliffs|Club|Common"
    "|Corner|Corners|Course|Court|Courts|Ct|Cove|Coves|Creek|Crescent|Crest|Crossing|Crossroad"
    "|Curve|Dale|Dam|Divide|Drive|Drives|Dr|Estate|Estates|Expressway|Expy|Extension|Extensions"
    "|Fall|Falls|Ferry|Field|Fields|Flat|Flats|Ford|Fords|Forest|Forge|Forges|Fork|Forks|Fort"
    "|Freeway|Fwy|Garden|Gardens|Gateway|Glen|Glens|Green|Greens|Grove|Groves|Harbor|Harbors|Haven"
    "|Heights|Hts|Highway|Hwy|Hill|Hills|Hollow|Inlet|Island|Islands|Isle|Junction|Junctions|Key"
    "|Keys"
    "|Knoll|Knolls|Lake|Lakes|Land|Landing|Lane|Ln|Light|Lights|Loaf|Lock|Locks|Lodge|Loop|Mall"
    "|Manor|Manors|Meadow|Meadows|Mews|Mill|Mills|Mission|Motorway|Mount|Mountain|Mountains|Neck"
    "|Orchard|Oval|Overpass|Park|Parks|Parkway|Pkwy|Pass|Passage|Path|Pike|Pine|Pines|Place|Pl"
    "|Plain"
    "|Plains|Plaza|Point|Points|Port|Ports|Prairie|Radial|Ramp|Ranch|Rapid|Rapids|Rest|Ridge|Ridges"
    "|River|Road|Rd|Roads|Route|Row|Rue|Run|Shoal|Shoals|Shore|Shores|Skyway|Spring|Springs|Spur"
    "|Square|Sq|Squares|Station|Stravenue|Stream|Street|St|Streets|Summit|Terrace|Ter|Throughway"
    "|Trace|Track|Trafficway|Trail|Trl|Tunnel|Turnpike|Underpass|Union|Unions|Valley|Valleys|Via"
    "|Viaduct|View|Views|Village|Villages|Ville|Vista|Walk|Walks|Wall|Way|Ways|Well|Wells"
)
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|#)\.? ?#?[A-Za-z0-9-]{1,8})?"
_WORD = r"[A-Z\xc3-\xc5][A-Za-z0-9\x80-\xff'-]{0,40}"
_CAPITALISED = r"[A-Z\xc3-\xc5][a-z\x80-\xff'][A-Za-z0-9\x80-\xff'-]{0,40}"
_NAME = (
    r"(?:[A-Z][A-Z'-]{1,40}, [A-Z][A-Z'-]{1,40}\b"
    rf"|{_WORD}(?: {_WORD}| [A-Z]\b\.?){{0,2}}"
    rf"(?:, {_CAPITALISED}(?: [A-Z]\b\.?| {_CAPITALISED})?)?)"
)
_NUMBER = r"(?P<{kind}>[A-Za-z]{{0,6}}[-#]?[0-9][0-9A-Za-z-]{{3,24}})"
_AFTER = r"(?: ?(?:is|was|of|=))?[\"']?[ \t]{0,4}[:#=.-]{0,2}[ \t]{0,4}[\"']?"


def _labelled(kind: Kind, labels: str) -> Recogniser:
    """A number after its label, such as `Acct # 12345`."""
    value = _NUMBER.format(kind=kind.replace("-", "_"))
    return Recogniser(
        kind, rf"(?i:\b(?:{labels})(?: ?(?:id|number|num|no|nr|#))?\b\.?){_AFTER}{value}"
    )


CONTACTS: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.EMAIL,
        r"[A-Za-z0-9._%+\x80-\xff-]{1,64}@(?:[A-Za-z0-9\x80-\xff-]{1,63}\.){1,8}[A-Za-z\x80-\xff-]{2,24}",
    ),
    Recogniser(
        Kind.URL, r"\b(?i:https?|ftps?|sftp)://[^\s\"'<>\\\x00\[\]]{1,900}", checks.personal_url
    ),
    Recogniser(
        Kind.URL, r"\bwww\.[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,6}(?:/[^\s\"'<>\\\x00]*)?"
    ),
    Recogniser(Kind.IP, r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3,40}\b", checks.ip),
    Recogniser(Kind.IP, r"\b[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}\b", checks.ip),
    Recogniser(Kind.DEVICE, r"\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b"),
)
NUMBERS: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.SSN,
        r"(?i:\b(?:ssn|ss ?#|social ?(?:security)?(?: ?(?:number|num|no|#))?)\b\.?)"
        rf"{_AFTER}(?P<ssn>[0-9Xx*]{{3}}[- ]?[0-9Xx*]{{2}}[- ]?[0-9]{{4}})\b",
    ),
    Recogniser(Kind.SSN, r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b"),
    Recogniser(Kind.SSN, r"\b[0-9]{3} [0-9]{2} [0-9]{4}\b"),
    _labelled(
        Kind.MRN,
        r"mrn|mr ?#|medical ?record|med ?rec|patient ?(?:id|number|no|#)|chart|record ?(?:id"
        r"|number|no|#)",
    ),
    _labelled(
        Kind.PLAN,
        r"(?:health ?)?(?:plan|member|subscriber|beneficiary|policy|group|insurance|medicare"
        r"|medicaid)"
        r"(?: ?(?:id|number|no|#))|mbi|hicn?|payer id",
    ),
    _labelled(Kind.ACCOUNT, r"acc(?:oun)?t|a/c|invoice|billing|claim|bank|routing|iban"),
    _labelled(
        Kind.LICENCE,
        r"(?:driver'?s?,? )?licen[sc]e|dl ?#|certificate|passport|npi|dea(?: ?(?:number|no|#))"
        r"|registration",
    ),
    _labelled(Kind.VEHICLE, r"(?:license )?plate|vin|vehicle"),
    _labelled(Kind.DEVICE, r"serial|s/n|udi|imei|device|lot|implant|pacemaker"),
    _labelled(
        Kind.ID,
        r"(?:visit|encounter|case|accession|rx|prescription|referral|specimen|order|fin|csn"
        r"|admission|study)(?: ?(?:id|number|no|#))",
    ),
    Recogniser(
        Kind.PLAN,
        r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y]{2}[0-9]{2}\b",
    ),
    Recogniser(Kind.VEHICLE, r"\b[A-HJ-NPR-Z0-9]{17}\b", checks.vin),
    Recogniser(Kind.LICENCE, r"\b[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}\b", checks.dea),
    Recogniser(Kind.DEVICE, r"\(01\)[0-9]{14}(?:\([0-9]{2}\)[A-Za-z0-9/-]{1,20}){0,4}"),
    Recogniser(Kind.ACCOUNT, r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b"),
    Recogniser(
        Kind.PHONE,
        r"(?i:\b(?:phone|telephone|tel|mobile|cell|call|pager?|contact|home|work"
        r"|reach(?:ed)?(?: \w+)? at)\b\.?)"
        r"(?: ?(?:number|no|#))?[ :#.-]{1,3}(?P<phone>\+?[0-9(][0-9().\x2f -]{5,18}[0-9])",
    ),
    Recogniser(
        Kind.FAX,
        r"(?i:\bfax\b\.?)(?: ?(?:number|no"
        r"|#))?[ :#.-]{1,3}(?P<fax>\+?[0-9(][0-9().\x2f -]{5,18}[0-9])",
    ),
    Recogniser(
        Kind.PHONE,
        r"(?:\+?1[-. ]?)?(?:\([0-9]{3}\)[-. ]?"
        r"|\b[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}\b(?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6})?",
    ),
    Recogniser(Kind.PHONE, r"\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,4}\)?){2,6}[0-9]"),
    Recogniser(Kind.ACCOUNT, r"\b[0-9](?:[ -]?[0-9]){11,18}\b", checks.card),
    Recogniser(Kind.LICENCE, r"\b[12][0-9]{9}\b", checks.npi),
    Recogniser(Kind.PHONE, r"\b[2-9][0-9]{2}[2-9][0-9]{6}\b"),
    Recogniser(Kind.MRN, r"\b(?:MRN|MR|PAT)[-#]?[0-9]{4,14}\b"),
)
TIMES: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.DATE,
        rf"\b{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?|[/.](?:0?[1-9]"
        rf"|1[0-2])[/.](?:0?[1-9]|[12][0-9]|3[01])){_TIME}\b",
    ),
    Recogniser(
        Kind.DATE,
        rf"\b(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|[12][0-9]|3[01])[-/.](?:{_YEAR}"
        rf"|[0-9]{{2}}){_TIME}\b",
    ),
    Recogniser(Kind.DATE, rf"\b{_MONTH}\.? {_DAY}(?:,? {_YEAR})?\b{_TIME}"),
    Recogniser(
        Kind.DATE, rf"\b{_DAY}(?: of)?[ -]{_MONTH}\.?(?:,?[ -](?:{_YEAR}|[0-9]{{2}}))?\b{_TIME}"
    ),
    Recogniser(Kind.DATE, rf"\b{_MONTH}\.?,? {_YEAR}\b"),
    Recogniser(
        Kind.DATE,
        rf"(?i:\b(?:dob|d\.o\.b\.?|born|birth ?date|date of birth|admitted|discharged|died"
        rf"|expired|seen|visit|dated?|on)\b)"
        rf"(?: on)?[ :]{{1,3}}(?P<date>(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|[12][0-9]"
        rf"|3[01])(?:[-/.](?:{_YEAR}|[0-9]{{2}}))?|[12][0-9]{{7}})\b",
    ),
    Recogniser(
        Kind.AGE,
        r"\b(?P<age>9[0-9]|1[0-4][0-9])[ -]?(?i:years?|yrs?|y/?o|y\.o\.?|yr-old)\b",
    ),
    Recogniser(
        Kind.AGE, r"(?i:\b(?:age[ds]?|aged)\b)(?: of| is|:)? ?(?P<age>9[0-9]|1[0-4][0-9])\b"
    ),
)
PLACES: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.ADDRESS,
        rf"\b[0-9]{{1,6}}[A-Za-z]? (?:[NSEW]{{1,2}}\.? |North |South |East "
        rf"|West )?(?:{_WORD} ){{0,4}}(?:{_STREETS})\b\.?{_UNIT}",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"\b[0-9]{{1,6}} {_WORD}(?: {_WORD}){{0,2}},? (?:Apt|Apartment|Suite|Ste"
        rf"|Unit)\.? ?#?[A-Za-z0-9-]{{1,8}}",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"(?i:\b(?:lives|living|resides|residing|address)\b:?)(?: (?:at"
        rf"|on))? ?(?P<address>[0-9]{{1,6}} {_WORD}(?: {_WORD}){{0,4}})",
    ),
    Recogniser(
        Kind.ADDRESS,
        r"\b(?i:P\. ?O\. ?Box|PO Box|Unit [0-9]{1,5} Box|PSC [0-9]{1,5},? Box) ?[0-9]{1,8}\b",
    ),
    Recogniser(
        Kind.CITY,
        rf"\b(?P<city>{_WORD}(?: {_WORD}){{0,2}}), ?(?:{_STATES})"
        rf"(?: (?P<zip>[0-9]{{5}}(?:-[0-9]{{4}})?))?\b",
    ),
    Recogniser(Kind.ZIP, rf"\b(?:{_STATES}),? {{1,2}}(?P<zip>[0-9]{{5}}(?:-[0-9]{{4}})?)\b"),
    Recogniser(
        Kind.ZIP, r"(?i:\b(?:zip|postal)(?: ?code)?\b)[ :#]{1,3}(?P<zip>[0-9]{5}(?:-[0-9]{4})?)\b"
    ),
    Recogniser(Kind.ZIP, r"\b[0-9]{5}-[0-9]{4}\b"),
)
PEOPLE: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.NAME,
        rf"\b(?P<name>{_WORD}(?: [A-Z]\b\.?)?(?: {_WORD}){{0,2}}),?[ \n]{{1,2}}(?:is"
        rf"|was) an? [0-9]{{1,3}}[ -]?(?:years?|yrs?|y/?o|months?|weeks?|days?)\b",
    ),
    Recogniser(
        Kind.NAME,
        rf"\b(?:Mr|Mrs|Ms|Mx|Miss|Dr|DR|MR|MRS|MS|Doctor|Prof|Professor|Rev|Sgt|Nurse|Judge"
        rf"|Capt)\b\.? (?P<name>(?:[A-Z]\. ?)?{_WORD}(?: [A-Z]\b\.?)?(?: {_WORD}){{0,2}})",
    ),
    Recogniser(
        Kind.NAME,
        r"(?i:\b(?:(?:patient|pt|client|member|subscriber|guarantor|mother|father|spouse|wife"
        r"|husband|son|daughter"
        r"|brother|sister|partner|guardian|physician|provider|doctor|attending|surgeon|nurse"
        r"|contact|next of kin"
        r"|emergency contact|insured|employer|first|last|full|maiden|family|given|middle)?[ -]?name"
        r"|patient|pt|client|next of kin|emergency contact|guarantor|guardian|attending"
        r"|referred by|pcp|signed|dictated by|re))"
        rf"[\"']?[ \t]{{0,2}}[:=][ \t]{{0,4}}[\"']?(?P<name>{_NAME})",
    ),
    Recogniser(
        Kind.NAME,
        rf"(?i:\b(?:(?:patient|client|his|her|their|my|whose) name is|named|called|i am|i'm"
        rf"|this is|patient is|for patient|on patient|patient))"
        rf" (?P<name>{_WORD}(?: [A-Z]\b\.?)? {_WORD}(?: {_WORD})?)",
    ),
    Recogniser(
        Kind.NAME,
        rf"\b(?P<name>{_WORD}(?: [A-Z]\b\.?)? {_WORD}),? (?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-C)?"
        rf"|Ph\.?D|D\.?D\.?S|LCSW|APRN|FACP|Esq)\b",
    ),
)
IDENTIFIERS: tuple[Recogniser, ...] = (*CONTACTS, *NUMBERS, *TIMES, *PEOPLE, *PLACES)
