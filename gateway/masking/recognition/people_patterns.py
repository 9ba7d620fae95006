"""Names that a pattern gives away: in small letters behind a title, initials, whom one talks to.

Others want more than a pattern, and are found in prose alone (`names.py`).
"""

from gateway.masking.kinds import Kind
from gateway.masking.recognition import checks
from gateway.masking.recognition.recogniser import Recogniser

_WORD = r"[A-Z\xc3-\xc5][A-Za-z0-9\x80-\xff'-]{0,40}"
# Parameters of a query or form, and members of JSON or Python, that a log or a message quotes.
_NAMES = (
    r"(?:first|last|family|given|middle|maiden|full|patient|member|subscriber|guarantor|mother"
    r"|father|spouse)[_-]?names?|surname|forename"
)
_PARAMETER = r"(?P<name>[^&;\s\"'<>#,\[\]]{1,100})"
PEOPLE: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.NAME,
        r"\b(?i:dr|mr|mrs|ms)\b\.? (?P<name>[a-z]{2,30})\b",
        checks.listed_name,
    ),
    Recogniser(
        Kind.NAME,
        r"\b(?i:named|name is|name ?[:=]|patient ?:|pt ?:) ?"
        r"(?P<name>[a-z]{2,30}(?: [a-z]{2,30})?)\b",
        checks.listed_given_name,
    ),
    Recogniser(
        Kind.NAME,
        rf"[?&](?i:{_NAMES}|name|family|given)(?:(?::|%3A)[a-z]{{1,12}})?={_PARAMETER}",
    ),
    Recogniser(
        Kind.NAME,
        rf"\b(?i:{_NAMES}) ?[=:] ?[\"']?(?P<name>[^&;\s\"'<>#,\[\]]{{1,100}}"
        r"(?: [A-Z][A-Za-z'-]{1,30}){0,2})",
    ),
    # A row of a table that was pasted into text.
    Recogniser(
        Kind.NAME,
        r"\b(?i:(?:patient|first|last|full|given|family|middle|maiden|member|guarantor) ?name) ?"
        r"\t ?(?P<name>[^\t\n,;:\[\]]{2,60})",
    ),
    Recogniser(
        Kind.NAME,
        r"\b(?i:name|family|given)=(?P<name>[^&;\n\"'<>#,\[\]]{1,60})&",
    ),
    Recogniser(
        Kind.NAME,
        rf"\"(?i:{_NAMES}|name|family|given)\\?\" ?: ?\\?\"(?P<name>[^\"\\\n\[\]]{{1,100}})\\?\"",
    ),
    Recogniser(
        Kind.NAME,
        rf"'(?i:{_NAMES}|name|family|given)' ?: ?'(?P<name>[^'\\\n\[\]]{{1,100}})'",
    ),
    # A surname that is a word, by what its bearer does.
    Recogniser(
        Kind.NAME,
        r"\b(?i:mr|mrs)\b\.? (?P<name>[a-z]{3,30}) (?:has|is|was|had|reports|denies|takes|came"
        r"|says)\b",
        checks.common_surname,
    ),
    # Initials: with stops behind whom they are of, in brackets before a number or age.
    Recogniser(
        Kind.NAME,
        r"\b(?:[Pp]t|[Pp]atient|[Cc]lient|[Rr]esident|PT|PATIENT)\b\.?:? "
        r"(?P<name>[A-Z]\. ?[A-Z]\.(?: ?[A-Z]\.)?)",
        checks.initials,
    ),
    Recogniser(
        Kind.NAME,
        r"\b[Ii]nitials?(?: are| is|:)? (?P<name>[A-Z]\.? ?[A-Z]\.?(?: ?[A-Z]\b\.?)?)",
    ),
    Recogniser(
        Kind.NAME,
        r"\((?P<name>[A-Z]{2,3}),? \(?(?:(?i:mrn|dob|medical record|hospital number|chart|pt id"
        r"|empi|patient id|unit no|aged?|born)\b|MR ?#|[0-9]{1,3} ?(?:yo|y/o|[MF])\b)",
        needle=r"\([A-Z]{2}",
    ),
    # Whom one is to talk to, whatever the name.
    Recogniser(
        Kind.NAME,
        rf"\b(?:[Tt]ell|[Aa]sk|[Rr]emind|[Aa]dvise|[Ii]nform) (?P<name>{_WORD})"
        r" (?:to|that|about|not|she|he|if|whether)\b",
        checks.somebody,
    ),
)
