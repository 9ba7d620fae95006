"""Dates and ages over 89 in text, in English; those of other languages: `foreign_dates.py`."""

from gateway.masking import checks
from gateway.masking.kinds import Kind
from gateway.masking.recogniser import Recogniser

_MONTH = (
    r"(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|May|[Jj]une?|[Jj]uly?"
    r"|[Aa]ug(?:ust)?|[Ss]ept?(?:ember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?"
    r"|JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEPT?(?:EMBER)?"
    r"|OCT(?:OBER)?|NOV(?:EMBER)?|DEC(?:EMBER)?)"
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:1[89][0-9]{2}|20[0-9]{2})"
_SHORT_YEAR = r"(?:'|\xe2\x80\x99)[0-9]{2}"
_WEEKDAY = (
    r"(?:(?:Mon(?:day)?|Tue(?:s(?:day)?)?|Wed(?:nesday)?|Thu(?:rs(?:day)?)?|Fri(?:day)?"
    r"|Sat(?:urday)?|Sun(?:day)?)\.?,? )?"
)
_TIME = (
    r"(?:(?:T|[ ]{1,2}|, ?| at )[0-2]?[0-9]:?[0-5][0-9](?::?[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?: ?[AaPp]\.?[Mm]\.?)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?)?"
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
    Recogniser(
        Kind.DATE,
        rf"\b{_WEEKDAY}{_MONTH}\.? {_DAY}(?:(?:,| of)? (?:{_YEAR}|{_SHORT_YEAR}))?\b{_TIME}",
    ),
    Recogniser(
        Kind.DATE,
        rf"\b{_WEEKDAY}{_DAY}(?: of)?[ -]{_MONTH}\.?(?:,?[ -](?:{_YEAR}|{_SHORT_YEAR}"
        rf"|[0-9]{{2}}))?\b{_TIME}",
    ),
    Recogniser(Kind.DATE, rf"\b{_MONTH}\.?,?(?: of)? (?:{_YEAR}|{_SHORT_YEAR})\b"),
    Recogniser(Kind.DATE, rf"\b(?:0?[1-9]|1[0-2])/{_YEAR}\b"),
    Recogniser(Kind.DATE, rf"\b(?i:last|next|this past|this coming) {_MONTH}\b(?: {_DAY}\b)?"),
    Recogniser(
        Kind.DATE,
        rf"\b(?i:this|early|late|mid|since|until|till|in|during|around|by|of)[ -]"
        rf"(?P<date>{_MONTH}\b\.?(?: {_DAY}\b)?(?:,? (?:{_YEAR}|{_SHORT_YEAR})\b{_TIME})?)",
        checks.month,
    ),
    Recogniser(
        Kind.DATE,
        rf"(?i:\b(?:dob|d\.o\.b\.?|born|birth ?date|date of birth|admitted|discharged|died"
        rf"|expired|seen|visit|dated?|on)\b)"
        rf"(?: on)?[ :]{{1,3}}(?P<date>(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|[12][0-9]"
        rf"|3[01])(?:[-/.](?:{_YEAR}|[0-9]{{2}}))?|[12][0-9]{{7}})\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:since|until|till|scheduled for|(?:notes?|labs|letter|report) of|chemo|infusion"
        r"|surgery|biopsy|evaluated))"
        rf" (?P<date>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])(?:/(?:{_YEAR}|[0-9]{{2}}))?)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:started|stopped|began|initiated|performed|placed|removed|scheduled|diagnosed"
        r"|readmitted|transferred|hospitali[sz]ed|delivered|implanted|vaccinated))"
        rf" (?P<date>(?:0?[1-9]|1[0-2])/(?:1[0-9]|2[0-9]|3[01])(?:/(?:{_YEAR}|[0-9]{{2}}))?)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"\b(?P<date>(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])) "
        r"(?i:visit|appointment|appt|admission|discharge|encounter|note|infusion|injection|scan|mri"
        r"|ct|labs|biopsy|surgery|procedure|echo)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:since|until|till|before|after|from|for|by))"
        r" (?P<date>0[1-9]/(?:0[1-9]|[12][0-9]|3[01]))\b",
    ),
    Recogniser(
        Kind.AGE,
        r"\b(?P<age>9[0-9]|1[0-4][0-9])[ -]?(?i:years?|yrs?|y/?o|y\.o\.?|yr-old)\b",
    ),
    Recogniser(
        Kind.AGE,
        r"(?i:\b(?:ninety(?:[ -](?:one|two|three|four|five|six|seven|eight|nine))?"
        r"|(?:a |one )?hundred"
        r"(?:[ -]and[ -](?:[a-z]+)|[ -](?:one|two|three|four|five|six|seven|eight|nine|ten))?)"
        r"(?:[ -]years?(?:[ -]old)?|[ -]y/?o))\b",
    ),
    Recogniser(Kind.AGE, r"\b(?i:nonagenarian|centenarian|supercentenarian)\b"),
    Recogniser(
        Kind.AGE,
        r"\b(?P<age>9[0-9]|1[0-4][0-9])[ -](?i:male|female|man|woman|gentleman|lady|m|f)\b",
        checks.has_digit,
    ),
    Recogniser(
        Kind.AGE, r"(?i:\b(?:age[ds]?|aged)\b)(?: of| is|:)? ?(?P<age>(?:9[0-9]|1[0-4][0-9])\b\+?)"
    ),
)
