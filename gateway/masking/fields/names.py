"""What a field's name says about its values: JSON keys, CSV headers, metadata names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from gateway.masking import linear
from gateway.masking.fields.words import hints, spellings
from gateway.masking.kinds import Kind
from gateway.masking.marks import unmarked


@dataclass(frozen=True, slots=True)
class Field:
    """What stands under a name.

    Attributes:
        kind: of its values; None where the name says nothing.
        birth: a date of birth, which may imply an age over 89.
        vocabulary: words of a code system or of software, not free text.
    """

    kind: Kind | None = None
    birth: bool = False
    vocabulary: bool = False


UNKNOWN = Field()
BIRTH = Field(Kind.DATE, birth=True)
VOCABULARY = Field(vocabulary=True)
_DATE = Field(Kind.DATE)
_SPLIT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+")
_S = r"(?:s|list)?"
# People and places that records name beside the patient, by what each does there.
_ROLES = (
    r"prescriber|dispenser|radiologist|pathologist|an(?:a)?esthesiologist|an(?:a)?esthetist|\w+ologist"
    r"|technician|technologist|therapist|pharmacist|phlebotomist|midwife|dentist|psychiatrist"
    r"|hospitalist|intensivist|counsell?or|diet[ic]+ian|caregiver|case_?manager|social_?worker"
    r"|teacher|pastor|witness|responsible_?party|legal_?representative|prsnl"
)
_NAMED = (
    rf"{_ROLES}|operators?|tech|interpreter|school|staff|personnel|rn|md|baby|newborn|infant|sibling|brother|sister|partner|proxy|poa"
    r"|attorney|individual|resident|staff_member|representative|institution(?:al)?"
    r"(?:_department)?|pharmacy|church|agency|practice|dependents?|resp(?:onsible)?_?party|login|p"
)
_WHOSE = (
    r"patient|member|subscriber|insured|guarantor|guardian|beneficiary|dependent|spouse|mother|father"
    r"|parent|child|contact|emergency_contact|kin|next_of_kin|employee|employer|customer|client"
    rf"|provider|physician|doctor|practitioner|surgeon|nurse|user|donor|recipient|{_ROLES}"
)
_DONE = (
    r"performed|collected|resulted|verified|approved|reviewed|entered|recorded|signed|co_?signed"
    r"|witnessed|administered|given|dispensed|documented|transcribed|modified|reported|requested"
    r"|prescribed|referred|seen|examined|assessed|interpreted|read|confirmed|checked|authenticated"
    r"|authori[sz]ed|prepared|registered|scheduled|assigned|completed|cancell?ed|edited|changed"
    r"|received|drawn|obtained|taken|charted|attested|submitted|supervised|assisted|filled|admitted"
    r"|discharged|delivered|treated|screened|interviewed|notified|consented|uploaded|validated"
    r"|released|amended|acknowledged|attended|accompanied|informed|translated|written|typed|created"
    r"|updated|ordered|dictated"
)
_AGED = (
    r"patient|anchor|member|subscriber|person|current|admission|admit|enroll?ment|baseline|diagnosis"
    r"|dx|death|onset|visit|encounter|index|mother|father|maternal|paternal|donor|recipient|subject"
    r"|participant|client|calculated|calc|reported|entry|exam|study|surgery|treatment"
)
# The first that fits decides. Names are split into words joined with "_"; plural forms included.
_RULES: tuple[tuple[Field, str], ...] = (
    (UNKNOWN, r"tokens"),  # that are counted; one is a secret
    (
        Field(Kind.SECRET),
        (
            r"\w*pass(?:word|wd|phrase|code)|pwd|\w*secret(?:_?(?:text|value|string))?"
            r"|(?:db|sql|pg|user|admin|root|smtp|ftp|sftp|redis|ldap|proxy|mysql|postgres|mongo)_?pass"
            r"|(?:api|access|account|private|shared|storage|master|host|function|subscription|primary"
            r"|secondary|signing|encryption|decryption|validation|hmac|auth|ssh|jwt|aes|rsa|symmetric"
            r"|webhook|admin|system|provisioning|stripe|sendgrid|twilio|openai)_?key[12]?"
            r"|connection_?string|credential"
            r"|(?:access|refresh|id|bearer|auth|session|csrf|sas|api|bot|github|gitlab|slack|deploy"
            r"|oauth2?|jwt|webhook|registration|pat|personal_access|security|secret|private|service"
            r"|admin|client|device)_?token|token|authorization"
            r"|set_cookie|cookie|sas|sas_ur[il]|signature|client_?assertion|pin|cvv|security_answer"
        ),
    ),
    (
        VOCABULARY,
        r"version|language|lang|locale|currency|gender|sex|race|ethnicity|marital(?:_status)?",
    ),
    (
        Field(Kind.SSN),
        r"ssn|social_?security(?:_?(?:number|no|num))?|ss_?(?:no|num|number)|itin|tax_id|tin|ein|national_id(?:entifier)?|nino",
    ),
    (
        Field(Kind.MRN),
        (
            r"mrn|medical_?record(?:_?(?:number|no|num|id))?|med_rec(?:_no)?|chart(?:_?(?:number|no|id))?"
            r"|patient_?(?:number|no|num|identifier)|emr_?id|ehr_?id|record_?(?:number|no)"
        ),
    ),
    (
        BIRTH,
        (
            r"(?:\w+_)?(?:dob|birth_?date|date_?of_?birth|birth_?day|birth_?time|birth_?date_?time"
            r"|birth_?year|year_?of_?birth|yob|(?:month|day|time)_of_birth|birth_?(?:yr|timestamp)"
            r"|date_?birth)|birth|born|b_?day|birth_?month|birth_?(?:mm|dd|yy)"
        ),
    ),
    (Field(Kind.EMAIL), r"e?_?mail|email_?address|mail_address|mailto|upn|user_principal_name"),
    (Field(Kind.FAX), r"fax|fax_?(?:number|num|no)"),
    (
        Field(Kind.PHONE),
        (
            r"(?:tele)?phone|tel|mobile|cell|cell_?phone|pager|sms|msisdn|telecom|(?:tele|mobile_|cell_)?phone_?(?:number|no|num)"
            r"|(?:contact|tel|mobile|cell|pager)_?(?:number|no)|whats_?app|callback(?:_number)?|(?:cell_?|mobile_?|home_?|work_?)?phone_?[0-9]"
        ),
    ),
    (Field(Kind.ZIP), r"zip|zip_?code|postal|postal_?code|post_?code|zip_?4|zcta"),
    (
        Field(Kind.CITY),
        r"city|city_name|town|town_name|village|municipality|birth_?place|place_of_birth|locality|hometown",
    ),
    (
        Field(Kind.IP),
        r"ip|ip_?(?:v[46]_?)?addr(?:ess)?|ipv[46]|remote_addr|client_ip|x_forwarded_for|source_ip",
    ),
    (
        Field(Kind.DEVICE),
        r"mac|mac_?addr(?:ess)?|imei|imsi|udi|serial|serial_?(?:number|no)|device_?(?:id|identifier|serial|name|number)|lot_?(?:number|no)|implant_id",
    ),
    (
        Field(Kind.ADDRESS),
        (
            r"address|addr|address_?(?:line)?_?[0-9]?|(?:line|addr|street)_?[0-9]|street|street_?(?:address|name|number|line)"
            r"|county|county_?(?:code|name)|parish|district|precinct|neighbou?rhood|apartment|apt|suite|house_?number|residence|fips|lat|latitude|lon|lng"
            r"|long|longitude|geo|geo_?(?:code|location|point)|geocode|coordinates?|position|altitude|gps|census_?(?:tract|block)|tract"
            r"|block_group|po_?box|(?:apartment|apt)_?(?:number|no)"
        ),
    ),
    (
        Field(Kind.VEHICLE),
        r"vin|vehicle_?(?:id|identification(?:_number)?)?|(?:license_)?plate(?:_?(?:number|no))?|registration_plate",
    ),
    (
        Field(Kind.LICENCE),
        (
            r"licen[sc]e|licen[sc]e_?(?:number|no|id)|dl|dl_?(?:number|no)|drivers?|driver_?s?_?licen[sc]e(?:_?(?:number|no))?|passport"
            r"|passport_?(?:number|no)|certificate(?:_?(?:number|no))?|npi|npi_?(?:number|no)|upin|dea|dea_?(?:number|no)|visa"
        ),
    ),
    (
        Field(Kind.PLAN),
        (
            r"(?:health_?plan|plan|member|subscriber|beneficiary|policy|group|insurance|insured|medicaid|medicare|payer|coverage)"
            r"(?:_?(?:id|number|no|num|identifier))|mbi|hic|hicn|subscriber|beneficiary|policy_?holder(?:_id)?|member_id"
        ),
    ),
    (
        Field(Kind.ACCOUNT),
        (
            r"acc(?:oun)?t(?:_?(?:id|number|no|num))?|iban|swift|bic|routing(?:_?(?:number|no))?|card(?:_?(?:number|no))?|credit_?card(?:_?(?:number|no))?"
            r"|pan|bank_account|icn|dcn|pre_?auth(?:ori[sz]ation)?|invoice(?:_?(?:id|number|no))|claim_?(?:id|number|no)|billing_?(?:id|number)|fin|guarantor_(?:id|number)"
        ),
    ),
    (
        Field(Kind.BIOMETRIC),
        r"biometrics?|finger_?prints?|voice_?prints?|retina(?:_scan)?|iris(?:_scan)?|face_?(?:id|print|encoding)",
    ),
    (
        Field(Kind.PHOTO),
        r"photo|picture|portrait|avatar|face_?image|image|thumbnail|photo_url|selfie|signature_image",
    ),
    (
        Field(Kind.NAME),
        (
            r"(?:\w+_)?(?:first|last|given|family|middle|maiden|full|sur|fore|nick|legal|preferred|patient|person|birth|user|display|customer|client|contact"
            r"|member|subscriber|insured|employee|employer|guardian|guarantor|spouse|mother|father|parent|relative|emergency_contact|next_of_kin|kin|provider"
            r"|physician|doctor|practitioner|clinician|nurse|surgeon|attending|referring|performer|author|owner|beneficiary|account_holder|holder)s?_?names?(?:_?[0-9])?"
            r"|name|names|first|last|given|family|middle|maiden|surname|forename|fname|lname|mname|initials?|(?:first|middle|last)_initials?|pt_?name|pat_?name|\w+_[flm]name|nom|prenom|apellidos?|nombres?|prefix|suffix|alias|aliases|aka"
            r"|patient|mother|father|spouse|wife|husband|next_?of_?kin|nok|emergency_?contact|guardian|guarantor|employer"
            r"|physician|doctor|attending|practitioner|clinician|nurse|surgeon|provider|pcp|referring|author|signed_by|dictated_by|created_by|updated_by|modified_by|ordered_by"
            r"|user|login|owner|contact|contact_?person|relative|child|children|parent|family_name|organi[sz]ation|organi[sz]ation_name|hospital|facility|clinic|institution"
            rf"|(?:\w+_)?(?:{_ROLES})|(?:\w+_)?(?:{_NAMED})s?_?names?|(?:\w+_)?(?:initials|signature)"
            r"|(?:user|my_?chart|portal|patient|network)_?login|school|workplace|staff|personnel|clergy"
            rf"|(?:{_WHOSE})s?_(?:names?_)?(?:first|last|given|family|middle|maiden|mi)(?:_(?:first|last|middle|mi))?"
            rf"|(?:\w+_)?(?:{_DONE})_?by(?:_(?:name|user|person|initials))?|also_known_as"
            r"|names?_(?:full|first|last|given|family|middle|maiden|preferred|prefix|suffix|formatted)"
            r"(?:_(?:formatted|key|name))?"
        ),
    ),
    (
        Field(Kind.URL),
        r"odata_(?:context|metadata|\w+_link)|(?:next|delta|web|self|edit|join)_?link|url|uri|website|web_?site|home_?page|href|link|profile_url|portal|blog",
    ),
    (
        Field(Kind.AGE),
        (
            r"age|age_?(?:y|yrs?|years?|in_y(?:ea)?rs|at_?\w+|of_\w+|on_\w+|num(?:ber)?|value|calc)"
            rf"|(?:\w+_)?(?:{_AGED})_?age(?:_(?:years?|yrs?|in_years|number|value))?"
        ),
    ),
    (
        Field(Kind.TEXT),
        (
            r"notes?|comments?|narrative|free_?text|text|message|msg|remarks?|impression|findings?|conclusion|history|hpi|summary|subjective"
            r"|objective|assessment|body|transcript|report|description|desc|details?|instructions?|title|subject|reason|content|memo|bio|about|question|answer|payload|div"
        ),
    ),
    # Durations and rates: `los_days`, `dwell_minutes`, `dose_per_day`.
    (
        UNKNOWN,
        r"\w+_per_\w+|(?:\w+_)?(?:day|week|month|hour|minute|second|milli|nano|milli_?second)s",
    ),
    (
        Field(Kind.DATE),
        (
            r"(?:\w+_)?(?:epoch|unix_?time|unix_?timestamp|epoch_?(?:s|ms|us|ns|sec|secs|seconds|milli|millis|time))"
            r"|when|lmp|edd|last_seen|next_visit|(?:\w+_)?(?:date|datetime|date_?time|dt|timestamp|ts|day|on|at|time)(?:_utc)?|admitted|admission|discharge|discharged|start|stop|end|begin|period"
            r"|year_of_\w+|(?:death|deceased|onset|diagnosis|diagnosed|dx|admission|admit|discharge"
            r"|surgery|accident|injury|retirement)_?(?:year|yr)"
            r"|deceased|death|death_?date|date_?of_?\w+|expires?|issued|created|updated|modified|effective|recorded|onset|abatement|collected|received"
        ),
    ),
    (
        VOCABULARY,
        (
            r"status|state|country|nation|code|codes|coding|system|type|kind|class|category|unit|units|uom|diagnosis|diagnoses|condition|conditions|problem|procedure"
            r"|medication|medications|drug|drugs|allergy|allergies|immunization|vaccine|test|test_name|component|specimen|severity|dose|dosage|route|frequency|role|format|content_type"
            r"|(?:reaction|allergen|diagnosis|dx|diag|procedure|severity|modifier)_?[0-9]{1,2}|reaction"
            r"|(?:\w+_)?concept_?id|sct(?:_?id)?|rx_?cui|cui|gtin|ndc_?11|snomed_?(?:ct|id)(?:_?id)?"
            r"|(?:reason|diagnosis|diag|procedure|proc|condition|drug|medication|med|test|lab|result|body_?site"
            r"|concept|event|observation|allergy|allergen|vaccine|specimen|service|encounter|unit|source"
            r"|status|type|class|category|reaction|outcome|order|component|dx|px|rev|revenue|billing)_?codes?"
            r"|\w+_(?:code|type|status|category|class|unit|units|display|system)|display|resource_?type|specialty|department|service|value_?set|icd(?:_?(?:9|10)(?:_?cm)?)?|snomed|loinc|rxnorm|cpt|ndc"
        ),
    ),
    (
        Field(Kind.ID),
        (
            r"id|ids|_id|uuid|guid|key|(?:partition|row|sort|hash|range|document|natural)_?key|identifier|identifiers|uid|barcode|\w+_(?:id|ids|uid|uuid|guid|identifier|number|no|ref|reference)|reference|object_id|mpi|empi|pid|case|visit|encounter|accession"
            # OMOP's columns for what a source system calls somebody or something.
            r"|(?:person|provider|visit|care_site|location|device_exposure|specimen)_source_value"
        ),
    ),
)
# Whoever's it is: `guarantorHomePhone` is a phone number too.
_BY_END = frozenset(
    {
        Kind.SECRET,
        Kind.SSN,
        Kind.MRN,
        Kind.EMAIL,
        Kind.FAX,
        Kind.PHONE,
        Kind.ZIP,
        Kind.CITY,
        Kind.ADDRESS,
        Kind.PLAN,
        Kind.LICENCE,
    }
)
MAX_NAME = 80
# Longer names would fill the memory, and name nothing.
_MAX_REMEMBERED = 2 * MAX_NAME
_COMPILED = tuple((field, re.compile(rf"(?:{pattern}){_S}\Z")) for field, pattern in _RULES)


def field_of(name: str) -> Field:
    """What values under `name` are. Names are cached, so they must not be values themselves."""
    return _field_of(name) if len(name) <= _MAX_REMEMBERED else UNKNOWN


def named(name: str) -> Field:
    """The same, where every word of the name is one that names fields: it can be shown."""
    return _named(name) if len(name) <= _MAX_REMEMBERED else UNKNOWN


@lru_cache(maxsize=4096)
def _field_of(name: str) -> Field:
    if unmarked(name) != name:
        return UNKNOWN  # what stood there named nothing, or its value is masked
    found = _named(name)
    return _first(hints(name)) if found is UNKNOWN else found


@lru_cache(maxsize=4096)
def _named(name: str) -> Field:
    if unmarked(name) != name:
        return UNKNOWN
    found = _said("_".join(word for word in _SPLIT.split(name) if word).lower())
    if found is not UNKNOWN and found != _DATE:
        return found
    said = _first(spellings(name))
    return said if found is UNKNOWN or said is BIRTH else found


def _first(names: Iterable[str]) -> Field:
    fields = map(_said, names)
    return next((field for field in fields if field is not UNKNOWN), UNKNOWN)


@cache
def _any_rule() -> linear.Pattern:
    """Compiled when it is first asked for: a process that masks no fields does without."""
    return linear.compiled(f"^(?:{'|'.join(f'(?:{rule})' for _, rule in _RULES)}){_S}$".encode())


@lru_cache(maxsize=4096)
def _said(whole: str) -> Field:
    """The field of a name, which is written in small letters with `_` between its words."""
    if not whole or len(whole) > MAX_NAME:
        return UNKNOWN
    words = whole.split("_")
    forms = {whole, whole.replace("_", "")}
    ends = {"_".join(words[start:]) for start in range(len(words))}
    # Most names of an unknown API have no rule: one look at all of them says so.
    search = _any_rule().search
    if not any(search(name.encode()) for name in forms | ends):
        return UNKNOWN
    for field, pattern in _COMPILED:
        if any(map(pattern.match, forms | ends if field.kind in _BY_END else forms)):
            return field
    return UNKNOWN
