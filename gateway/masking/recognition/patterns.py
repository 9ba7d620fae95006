"""Identifiers in text: what 164.514(b)(2)(i) names, found by form, check digit and context.

Order matters: at one place the first recogniser that fits decides. Sources: SSA RM 10201.035 (SSN),
CMS (NPI, MBI), DEA, 49 CFR 565.15 (VIN), ISO/IEC 7812 (cards), USPS Publication 28 (addresses).
"""

from gateway.masking.kinds import Kind
from gateway.masking.recognition import checks
from gateway.masking.recognition.contact_patterns import CONTACTS
from gateway.masking.recognition.foreign_dates import FOREIGN
from gateway.masking.recognition.people_patterns import PEOPLE
from gateway.masking.recognition.recogniser import Recogniser
from gateway.masking.recognition.time_patterns import TIMES

_STATES = (
    "A[LKZRSP]|C[AOT]|D[EC]|F[LM]|G[AU]|HI|I[DLNA]|K[SY]|LA|M[EDAINSOTHP]|N[EVHJMYCD]|O[HKR]|P[ARW]"
    "|RI|S[CD]|T[NX]|UT|V[TAI]|W[AVIY]"
)
_PLAIN_STATES = "AK|AZ|FL|GA|IL|KS|KY|MN|ND|NH|NJ|NV|NY|OH|TN|TX|UT|VT|WA|WI|WV|WY"
_STREETS = (
    "Promenade|Esplanade|Byway|Close|Concourse|Crossroads|Cutoff|Quay|Wharf|Trafficway|Freeway"
    "|Alley|Annex|Arcade|Avenue|Ave|Av|Bayou|Bend|Boulevard|Blvd|Branch|Bridge|Brook|Brooks|Burg"
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
_SOME_UNIT = (
    r"\.?,? (?:Apt|Apartment|Suite|Ste|Unit|Room|Rm|Floor|Fl|Lot|Trlr|#)\.? ?#?[A-Za-z0-9-]{1,8}"
)
_UNIT = rf"(?:{_SOME_UNIT})?"
# Military mail: APO, FPO or DPO for the town; AE, AP or AA for the state (Publication 28, 238).
_MILITARY_POST = r",? (?:APO|FPO|DPO),? (?:AE|AP|AA)(?:,? [0-9]{5}(?:-[0-9]{4})?)?"
_MILITARY = rf"(?:{_MILITARY_POST}\b)?"
_IN_WORD = r"A-Za-z0-9\x80-\xff'-"
_WORD = rf"[A-Z\xc3-\xc5][{_IN_WORD}]{{0,40}}"
_ROADS = r"stra\xc3\x9fe|strasse|str\.|gasse|platz|allee|weg|straat|laan|gatan|vej"
# Of a street's name: a word, an abbreviation with its stop, an ordinal.
_PART = rf"(?:(?:Jr|Sr|St|Dr|Mt|Ft|[NSEW]{{1,2}})\.|{_WORD}|[0-9]{{1,3}}(?:st|nd|rd|th))"
_HOUSE = rf"[0-9]{{1,6}} (?:[NSEW]\. )?{_WORD}(?: {_PART}){{0,5}}"
# A numbered road of a county or a state.
_ROAD = (
    r"[0-9]{2,6} (?:FM|RM|County (?:Road|Rd\.?|Highway|Hwy\.?)|State (?:Road|Route|Highway|Hwy)"
    r"|US (?:Highway|Hwy|Route)|Highway|Hwy\.?|Route|Rte\.?) [0-9]{1,5}[A-Z]?"
)
_NUMBER = (
    r"(?P<{kind}>#?(?:[A-Za-z]{{1,8}}[-_]?){{0,2}}[0-9][0-9A-Za-z]*(?:[-_][0-9A-Za-z]+)*"
    r"(?: [0-9]{{2,6}}\b){{0,3}})"
)
_AFTER = (
    r"[\"')]?(?: ?(?:is|was|of|are|ending|ending in))?[ \t]{0,4}"
    r"(?:[:#=.-]{1,2}[ \t]{0,4}){0,2}[\"'(]?"
)
_STATE_NAMES = (
    "Alabama|Alaska|Arizona|Arkansas|California|Colorado|Connecticut|Delaware|Florida|Georgia"
    "|Hawaii|Idaho|Illinois|Indiana|Iowa|Kansas|Kentucky|Louisiana|Maine|Maryland|Massachusetts"
    "|Michigan|Minnesota|Mississippi|Missouri|Montana|Nebraska|Nevada|New Hampshire|New Jersey"
    "|New Mexico|New York|North Carolina|North Dakota|Ohio|Oklahoma|Oregon|Pennsylvania"
    "|Rhode Island|South Carolina|South Dakota|Tennessee|Texas|Utah|Vermont|Virginia|Washington"
    "|West Virginia|Wisconsin|Wyoming|District of Columbia|Puerto Rico"
)


def _labelled(kind: Kind, labels: str, check: checks.Check = checks.numbered) -> Recogniser:
    """A number after its label, such as `Acct # 12345`."""
    value = _NUMBER.format(kind=kind.replace("-", "_"))
    return Recogniser(
        kind,
        rf"(?i:\b(?:{labels})(?: ?(?:id|numbers?|num|no|nr)\b| ?#)?\.?){_AFTER}{value}",
        check,
    )


NUMBERS: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.SSN,
        r"(?i:\b(?:ssn|ss ?#|ssi ?#|itin|tin|social ?(?:security)?(?: ?(?:number|num|no|#))?)\b\.?)"
        rf"(?: ?#)?{_AFTER}(?P<ssn>[0-9Xx*]{{3}}[-. ]?[0-9Xx*]{{2}}[-. ]?[0-9]{{4}})\b",
    ),
    Recogniser(
        Kind.SSN,
        r"(?i:\b(?:ssn|social security(?: number)?)\b)[^0-9\[\n\x00]{0,30}(?P<ssn>[0-9]{4})\b",
    ),
    Recogniser(
        Kind.SSN,
        r"(?i:\blast (?:4|four)(?: digits?)?(?: of)?(?: (?:his|her|their|the))?(?: ssn"
        r"| social(?: security)?(?: number)?))[^0-9\[\n\x00]{0,10}(?P<ssn>[0-9]{4})\b",
    ),
    _labelled(
        Kind.MRN,
        r"mrn|mr ?#|medical ?record|med\.? ?rec|(?:patient|pt|hosp(?:ital)?|chart|record|emr|ehr"
        r"|unit|epic|cerner|facility|clinic|nhs|chi) ?(?:id|identifier|number|no|#)|chart|empi"
        r"|uhid|hrn",
        checks.short_number,
    ),
    Recogniser(Kind.SSN, r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b"),
    Recogniser(Kind.SSN, r"\b[0-9]{3} [0-9]{2} [0-9]{4}\b"),
    Recogniser(Kind.PLAN, r"\b(?:HMO|PPO|EPO|HPBN?|INS|MBR|POL)-?[0-9]{5,12}\b"),
    _labelled(
        Kind.PLAN,
        r"(?:health ?)?(?:plan|member|membership|subscriber|beneficiary|policy|group|insurance"
        r"|ins\.?|medicare|medicaid|hmo|ppo|coverage)(?: ?(?:policy|plan|member|card|group))?"
        r"(?: ?(?:id|number|no|code|#))|mbi|hicn?|payer id",
    ),
    _labelled(
        Kind.PLAN,
        r"(?:(?:health|insurance|ins\.?|medical|dental) ?)?(?:plan|policy|insurance|coverage|member"
        r"|subscriber|medicare|medicaid|hmo|ppo)(?: policy| plan)?|ins|group|hpbn?|bcbs|uhc|aetna"
        r"|cigna|humana|anthem|tricare|blue (?:cross|shield)(?: blue shield)?|united ?healthcare"
        r"|kaiser|medi-cal|molina|centene|oscar|ambetter|wellcare|payer|payor"
        r"|insured(?: under| by)?",
        checks.long_number,
    ),
    _labelled(
        Kind.ACCOUNT,
        r"acc(?:oun)?t|a/c|invoice|billing|claim|bank(?: account)?|routing|aba|iban|swift|bic"
        r"|(?:credit |debit )?card|statement",
    ),
    Recogniser(
        Kind.VEHICLE,
        r"(?i:\b(?:license |licence |number |registration )?plates?(?: ?(?:number|no|#))?\b\.?)"
        rf"{_AFTER}(?P<vehicle>[A-Z0-9]{{1,4}}[ -]?[A-Z0-9]{{2,5}}(?:[ -][A-Z0-9]{{1,4}})?)\b",
        checks.has_digit,
    ),
    _labelled(
        Kind.LICENCE,
        r"(?:driver'?s?'?,? )?licen[sc]e|(?:ca |ny |tx |fl )?dl ?#?|certificate|certification"
        r"|passport|npi|dea(?: ?(?:number|no|#))?|registration|upin|permit|visa|badge",
    ),
    # A driving licence or identity card of a state: `ID NC 3318824`.
    Recogniser(
        Kind.LICENCE,
        rf"\b(?:ID|DL)[: #]{{1,2}}(?:{_STATES})[ -](?P<license>[A-Z]?[0-9]{{5,12}})\b",
    ),
    _labelled(Kind.VEHICLE, r"vin|vehicle"),
    _labelled(
        Kind.DEVICE,
        r"serial|s/n|sn|udi|gtin|imei|imsi|iccid|device|lot|implant|pacemaker|model and serial"
        r"|mac(?: address)?",
    ),
    _labelled(
        Kind.ID,
        r"(?:visit|encounter|case|accession|rx|prescription|referral|specimen|order|csn"
        r"|admission|study|subject|participant|sample|request|authori[sz]ation|auth|site|employee"
        r"|badge|student|military|service|tax|file|ticket|tracking|confirmation|reference|ref"
        r"|appointment|transaction|voter|client|person|customer|record)"
        r"(?: ?(?:id|identifier|number|num|no|nr|#))|accession|fin|csn|rx ?#|identifier|\bid",
    ),
    # Words that are often no label want five digits, or four and letters.
    _labelled(
        Kind.ID,
        r"visit|encounter|case|claim|order|accession|specimen|sample|referral|prescription|rx"
        r"|record|autopsy|necropsy|cytology|pathology|surgical path(?:ology)?|coroner|subject"
        r"|participant|ticket|request|confirmation|admission|authori[sz]ation|badge|barcode"
        r"|bar code|ref(?:erence)?|label|wristband|tag|chip|file",
        checks.undated_number,
    ),
    # So does its name, whatever is numbered: `booking no. 4410982`.
    Recogniser(
        Kind.ID,
        rf"(?i:\b(?:no\.|nbr\.?|num\.)) ?[:#]? ?{_NUMBER.format(kind='id')}",
        checks.undated_number,
    ),
    # No quantity begins with a zero.
    Recogniser(Kind.ID, r"\b0[0-9]{6,9}\b", whole=True),
    # A number sign makes any long number somebody's or something's own.
    Recogniser(
        Kind.ID,
        r"#[ ]?(?P<id>[A-Za-z]{0,5}-?[0-9]{5,}(?:-[0-9A-Za-z]+)*)\b",
        needle="#[ A-Za-z0-9-]",
    ),
    # References of FHIR in messages: `Patient/4412 not found`.
    Recogniser(
        Kind.ID,
        r"\b(?:Patient|Person|RelatedPerson|Practitioner|Encounter|Coverage|Account|Group)"
        r"/(?P<id>[A-Za-z0-9.-]{1,64})",
        checks.reference_id,
    ),
    Recogniser(
        Kind.PLAN,
        r"\b[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9][0-9]-?[AC-HJKMNP-RT-Y]{2}[0-9]{2}\b",
    ),
    Recogniser(Kind.VEHICLE, r"\b[A-HJ-NPR-Z0-9]{17}\b", checks.vin),
    Recogniser(Kind.LICENCE, r"\b[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}\b", checks.dea),
    Recogniser(Kind.DEVICE, r"\(01\)[0-9]{14}(?:\([0-9]{2,4}\)[A-Za-z0-9/-]{1,20}){0,6}"),
    Recogniser(
        Kind.ACCOUNT,
        r"\b[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b",
        checks.iban,
    ),
    Recogniser(
        Kind.PHONE,
        r"(?i:\b(?:phone|telephone|tel|mobile|cell|call(?:ed|ing)?|pager?|beeper|contact|home|work|sms|text(?:ed)?|voicemail|dial|ph"
        r"|callback|call back|landline|hotline|reach(?:ed)?(?: \w+)? at)\b\.?)"
        r"(?: ?(?:number|no|#))?[ :#.-]{1,3}(?P<phone>\+?[0-9(][0-9().\x2f -]{5,18}[0-9]"
        r"(?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6})?)",
    ),
    # Short numbers: a pager's, an extension, those of one's own area.
    Recogniser(
        Kind.PHONE,
        r"(?i:\b(?:pager|beeper|vocera|voalte|ext\.?|extension|x)) ?(?:(?:number|no|#|is)\.?)?"
        r"[ :#.]{0,3}(?P<phone>[0-9]{4,6})\b",
    ),
    Recogniser(Kind.PHONE, r"\b[2-9][0-9]{2}-[0-9]{4}\b", checks.local_phone, whole=True),
    Recogniser(
        Kind.FAX,
        r"(?i:\bfax\b\.?)(?: ?(?:number|no"
        r"|#))?[ :#.-]{1,3}(?P<fax>\+?[0-9(][0-9().\x2f -]{5,18}[0-9])",
    ),
    Recogniser(
        Kind.PHONE,
        r"(?:\+?1[-. ]?)?(?:\([0-9]{3}\)[-. ]?"
        r"|\b[0-9]{3}[-./ ])[0-9]{3}[-. ][0-9]{4}\b(?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6})?",
    ),
    Recogniser(Kind.PHONE, r"\+[1-9][0-9]{0,2}(?:[ .-]?\(?[0-9]{1,5}\)?){2,6}[0-9]"),
    # National forms with a trunk prefix: British, French, German, Australian and the like.
    Recogniser(
        Kind.PHONE,
        r"(?:\(0[0-9]{1,4}\) ?[0-9]{3,4}[ -]?[0-9]{3,4}"
        r"|\b0[1-9][0-9]{1,3}[ -][0-9]{3,4}[ -]?[0-9]{3,4}"
        r"|\b0[1-9](?:[ .-][0-9]{2}){4}|\b0[1-9][ -][0-9]{4}[ -][0-9]{4}"
        r"|\b001[- .][0-9]{3}[- .][0-9]{3}[- .][0-9]{4}(?:x[0-9]{1,6})?)\b",
    ),
    Recogniser(Kind.ACCOUNT, r"\b[0-9](?:[ -]?[0-9]){11,18}\b", checks.card, whole=True),
    Recogniser(Kind.LICENCE, r"\b[12][0-9]{9}\b", checks.npi, whole=True),
    Recogniser(Kind.PHONE, r"\b[2-9][0-9]{2}[2-9][0-9]{6}\b", whole=True),
    Recogniser(Kind.MRN, r"\b(?:MRN|MR|PAT)[-#]?[0-9]{4,14}\b"),
    Recogniser(
        Kind.MRN,
        r"\bMR:? (?P<mrn>(?:[A-Z]{1,4}-?)?[0-9][0-9A-Z]*(?:-[0-9A-Z]{1,9}){0,3})\b",
        checks.undated_number,
    ),
)
PLACES: tuple[Recogniser, ...] = (
    Recogniser(Kind.ADDRESS, rf"\b{_ROAD}\b"),
    Recogniser(
        Kind.ADDRESS,
        rf"\b[0-9]{{1,6}}[A-Za-z]?(?:-[0-9]{{1,5}})? (?:[NSEW]{{1,2}}\.? |North |South |East "
        rf"|West )?(?:[0-9]{{1,3}}(?:st|nd|rd|th) )?(?:{_PART} ){{0,5}}(?:{_STREETS})\b{_UNIT}\.?",
    ),
    Recogniser(
        Kind.ADDRESS,
        r"\b[0-9]{1,5} (?:[nsew]\.? )?[a-z]{2,20}(?: [a-z]{2,20})? "
        r"(?:street|avenue|boulevard|road|ave|blvd|rd)\b",
    ),
    # `st`, `dr` and `ct` are words of notes too, so that somebody has to live there.
    Recogniser(
        Kind.ADDRESS,
        r"(?i:\b(?:lives|living|resides|residing|address|home|moved to)\b:?)(?: is)?"
        r"(?: (?:at|on))? "
        r"(?P<address>[0-9]{1,5} (?:[nsew]\.? )?(?:[a-z]{2,20}|[0-9]{1,3}(?:st|nd|rd|th))"
        r"(?: [a-z]{2,20})? (?:st|dr|ln|ct|pl|cir|ter|way|lane|drive|court|place|hwy|pkwy))\b",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"\b(?:on|along|near|off|at) (?P<address>(?:{_WORD} ){{1,3}}(?:Street|Avenue|Boulevard"
        r"|Lane|Road|Drive|Parkway|Highway|Turnpike|Blvd|Ave|Rd|Ln|Pkwy|Hwy))\b",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"\b(?:[Rr]ue|Calle|Via|Viale|Avenida|Rua|Piazza|Plaza|Carrer) (?:[a-z]{{1,3}} ){{0,2}}"
        rf"{_WORD}(?: {_WORD}){{0,2}},? [0-9]{{1,5}}\b",
    ),
    Recogniser(
        Kind.ADDRESS,
        r"\b[0-9]{1,4}(?: ?bis)?,? (?:rue|avenue|boulevard|place|chemin|all\xc3\xa9e)"
        rf" (?:[a-z]{{1,3}}['. ]){{0,2}}{_WORD}(?: {_WORD}){{0,2}}",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"\b{_WORD}(?:{_ROADS}) [0-9]{{1,4}} ?[a-z]?\b",
        needle=rf"(?:{_ROADS}) [0-9]",
        lead=f"[{_IN_WORD}]{{1,41}}",
    ),
    Recogniser(
        Kind.ADDRESS,
        r"[-+]?\b[0-9]{1,3}\.[0-9]{4,10}(?:\xc2\xb0)? ?[NS]?, ?[-+]?[0-9]{1,3}\.[0-9]{4,10}",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"\b[0-9]{{1,6}} {_WORD}(?: {_WORD}){{0,2}},? (?:Apt|Apartment|Suite|Ste"
        rf"|Unit)\.? ?#?[A-Za-z0-9-]{{1,8}}",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"(?i:\b(?:lives|living|resides|residing|address)\b:?)(?: (?:at"
        rf"|on))? ?(?P<address>{_ROAD}|{_HOUSE}{_SOME_UNIT}|{_HOUSE})",
    ),
    Recogniser(
        Kind.ADDRESS,
        rf"\b(?i:P\.? ?O\.? ?B(?:ox|\.)|POB|Post Office Box|Postal Box|Lock ?box"
        r"|(?:mail|mailing|postal|lives at|address)(?: address)?(?: is)?:? Box"
        r"|(?:Unit|PSC|CMR|RR|R\.R\.|RFD|RD|HC|HCR|Rural Route|Star Route|Route|Rte\.?"
        r"|Highway Contract(?: Route)?) ?#?[0-9]{1,5},? Box)(?: (?:no\.? ?|number ))? ?#?"
        rf"[0-9]{{1,8}}[A-Z]?\b{_MILITARY}",
    ),
    Recogniser(Kind.ADDRESS, rf"\b(?:Unit|PSC|CMR) ?#?[0-9]{{1,5}}{_MILITARY_POST}\b"),
    Recogniser(
        Kind.ADDRESS, r"\b(?:APO|FPO|DPO),? (?:AE|AP|AA)(?:,? (?P<zip>[0-9]{5}(?:-[0-9]{4})?))?\b"
    ),
    # In small letters, where somebody lives.
    *(
        Recogniser(
            Kind.CITY,
            r"(?i:\b(?:lives?|living|resid(?:es?|ing|ents?)|born|moved)) (?:in|to|of) "
            rf"(?P<city>{words})\b",
            checks.town,
        )
        for words in ("[a-z]{2,20} [a-z]{2,20}", "[a-z]{4,20}")
    ),
    Recogniser(
        Kind.CITY,
        rf"\b(?P<city>{_WORD}(?: {_WORD}){{0,2}}, ?(?:{_STATES}|{_STATE_NAMES}))\b"
        rf"(?:,? {{1,2}}(?P<zip>[0-9]{{5}}(?:-[0-9]{{4}})?)\b)?",
        needle=rf", ?(?:{_STATES}|{_STATE_NAMES})\b",
        lead=f"[ {_IN_WORD}]{{1,125}}",
    ),
    # Without a comma, behind a preposition; of the codes, those that abbreviate nothing in notes.
    Recogniser(
        Kind.CITY,
        rf"\b(?:in|from|of|near|to|at) (?P<city>{_WORD}(?: {_WORD}){{0,2}} (?:{_PLAIN_STATES}))\b",
        needle=rf" (?:{_PLAIN_STATES})\b",
        lead=rf"(?:in|from|of|near|to|at) [ {_IN_WORD}]{{1,125}}",
        check=checks.town_of_a_state,
    ),
    # Without a comma the ZIP code behind the state says that it is a town.
    Recogniser(
        Kind.CITY,
        rf"\b(?P<city>{_WORD}(?: {_WORD}){{0,2}} (?:{_STATES}))"
        rf" {{1,2}}(?P<zip>[0-9]{{5}}(?:-[0-9]{{4}})?)\b",
        needle=r"\b[0-9]{5}",
        lead=rf"[ {_IN_WORD}]{{1,125}} (?:{_STATES}) {{1,2}}",
    ),
    Recogniser(
        Kind.ZIP, rf"\b(?:{_STATES}|{_STATE_NAMES}),? {{1,2}}(?P<zip>[0-9]{{5}}(?:-[0-9]{{4}})?)\b"
    ),
    Recogniser(
        Kind.ZIP,
        r"(?i:\b(?:zip|postal|post)(?: ?codes?)?\b)(?: is"
        r"| of)?[ :#]{1,3}(?P<zip>[0-9]{5}(?:-[0-9]{4})?)\b",
    ),
    # With a third part it is the number of a drug (NDC).
    Recogniser(Kind.ZIP, r"\b[0-9]{5}-[0-9]{4}(?:-[0-9]{1,2})?\b", checks.zip_code),
    # Postcodes of the United Kingdom and Canada.
    Recogniser(Kind.ZIP, r"\b[A-Z]{1,2}[0-9][A-Z0-9]? [0-9][ABD-HJLNP-UW-Z]{2}\b"),
    Recogniser(Kind.ZIP, r"\b[ABCEGHJ-NPRSTVXY][0-9][A-Z] [0-9][A-Z][0-9]\b"),
)
IDENTIFIERS: tuple[Recogniser, ...] = (
    *CONTACTS,
    *NUMBERS,
    *TIMES,
    *FOREIGN,
    *PLACES,
    *PEOPLE,
)
