"""Dates and ages over 89 in text, in English; those of other languages: `foreign_dates.py`."""

from gateway.masking.kinds import Kind
from gateway.masking.recognition import checks
from gateway.masking.recognition.recogniser import Recogniser

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
    r"(?:(?:T|[ ]{1,2}|, ?| at | ?@ ?)(?:(?:[0-2]?[0-9]:[0-5][0-9]|[0-2][0-9][0-5][0-9])"
    r"(?::?[0-5][0-9](?:\.[0-9]{1,9})?)?"
    r"(?: ?[AaPp]\.?[Mm]\.?| ?h(?:rs?|ours)?\b)?(?:Z| ?[+-][0-9]{2}:?[0-9]{2})?"
    r"|[01]?[0-9](?:[0-5][0-9])? ?[AaPp]\.?[Mm]\b))?"
)
# `20-22`, `3rd and 5th`: the other day of two.
_TO = rf"(?: ?(?:-|\xe2\x80\x93|to|through|thru|and|&) ?{_DAY}\b)?"
_SLASHED = r"(?:0?[1-9]|1[0-2])/(?:0?[1-9]|[12][0-9]|3[01])"
# The same where scores are told too: none out of 4, 5, 6, 9, 10 or 15.
_UNSCORED = r"(?:0?[1-9]|1[0-2])/(?:0?[1-378]|1[1-46-9]|2[0-9]|3[01])"
# The same where shares are told too: no half, third or quarter.
_WHOLE = (
    r"(?:(?:[4-9]|1[0-2]|0[1-9])/(?:0?[1-9]|[12][0-9]|3[01])"
    r"|[1-3]/(?:0[1-9]|[5-9]|[12][0-9]|3[01]))"
)
# Neither of the two.
_SURE = (
    r"(?:(?:[4-9]|1[0-2]|0[1-9])/(?:0?[1-378]|1[1-46-9]|2[0-9]|3[01])"
    r"|[1-3]/(?:0[1-9]|[78]|1[1-46-9]|2[0-9]|3[01]))"
)
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):?[0-5][0-9]\b(?: ?(?:[AaPp]\.?[Mm]\b|h(?:rs?|ours)?\b))?"
_ANY_YEAR = rf"(?:{_YEAR}|{_SHORT_YEAR})"
_OF_A = r"(?:'|\xe2\x80\x99)?s?(?:'|\xe2\x80\x99)?"
# Days of which everybody knows when they are in a year (or looks it up).
_HOLIDAY = (
    rf"(?:(?:Christmas|X-?[Mm]as|New Year{_OF_A}|Easter)(?: (?:Eve|Day|Sunday|Monday))?"
    r"|Thanksgiving(?: Day| Eve)?|Hallowe'?en|Juneteenth|Good Friday|Ash Wednesday|Palm Sunday"
    r"|Mardi Gras|Cinco de Mayo|Hanukkah|Passover|Rosh Hashanah|Yom Kippur|Diwali"
    r"|(?:Labor|Memorial|Independence|Veterans|President|Columbus|MLK|Martin Luther King"
    rf"|Valentine|St\.? Patrick|Mother|Father|Boxing|Canada|Anzac){_OF_A} Day"
    r"|(?:Lunar|Chinese) New Year|Eid(?: al-(?:Fitr|Adha))?)"
)
TIMES: tuple[Recogniser, ...] = (
    Recogniser(
        Kind.DATE,
        rf"\b{_YEAR}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12][0-9]|3[01]))?|[/.](?:0?[1-9]"
        rf"|1[0-2])[/.](?:0?[1-9]|[12][0-9]|3[01])){_TIME}\b",
    ),
    Recogniser(Kind.DATE, rf"\b{_YEAR}[-/ ]{_MONTH}[-/ ]{_DAY}\b{_TIME}"),
    Recogniser(
        Kind.DATE,
        rf"\b(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|[12][0-9]|3[01])[-/.](?:{_YEAR}"
        rf"|[0-9]{{2}}){_TIME}\b",
    ),
    # As C's `ctime`, the Unix `date` and logs write it; a single digit has two spaces before.
    Recogniser(
        Kind.DATE,
        rf"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? {_MONTH} {{1,2}}{_DAY} [0-2][0-9]:[0-5][0-9]"
        rf":[0-5][0-9](?: [A-Z]{{3,5}})?(?: [+-][0-9]{{4}})? {_YEAR}\b",
    ),
    Recogniser(Kind.DATE, rf"\b{_MONTH}  [1-9] [0-2][0-9]:[0-5][0-9](?::[0-5][0-9])?\b"),
    Recogniser(
        Kind.DATE,
        rf"\b{_WEEKDAY}{_MONTH}\.? {_DAY}\b{_TO}(?:(?:,| of)? {_ANY_YEAR})?\b{_TIME}",
    ),
    Recogniser(Kind.DATE, rf"\b{_MONTH}[-/]{_DAY}[-/](?:{_ANY_YEAR}|[0-9]{{2}})\b{_TIME}"),
    Recogniser(
        Kind.DATE,
        rf"\b{_WEEKDAY}{_DAY}(?: of)?[ /-]{_MONTH}\.?(?:,?[ /-](?:{_ANY_YEAR}|[0-9]{{2}}))?\b"
        rf"{_TIME}",
    ),
    Recogniser(Kind.DATE, rf"\b{_DAY}{_MONTH}(?:{_YEAR}|[0-9]{{2}})\b{_TIME}"),
    Recogniser(Kind.DATE, rf"\b{_MONTH}\.?,?(?: of)?[ -]{_ANY_YEAR}\b"),
    Recogniser(Kind.DATE, rf"\b(?:0?[1-9]|1[0-2])[/-]{_YEAR}\b"),
    Recogniser(Kind.DATE, rf"\b(?i:last|next|this past|this coming) {_MONTH}\b(?: {_DAY}\b)?"),
    # A weekday counted from today is a day; `on Mondays` and `by Friday` are none.
    Recogniser(
        Kind.DATE,
        r"\b(?i:last|this past|this coming) (?i:mon|tues|wednes|thurs|fri|satur|sun)day\b",
    ),
    Recogniser(Kind.DATE, rf"\b(?i:last|this past|next) {_HOLIDAY}\b"),
    Recogniser(Kind.DATE, rf"\b{_HOLIDAY}(?: week(?:end)?)?,? (?:of |in )?{_ANY_YEAR}\b"),
    Recogniser(
        Kind.DATE,
        rf"\b(?i:on|since|until|till|before|after|around|over|by) (?:the )?"
        rf"(?P<date>{_HOLIDAY}(?:,? {_ANY_YEAR})?)\b",
    ),
    Recogniser(
        Kind.DATE,
        rf"\b(?i:this|early|late|mid|since|until|till|in|during|around|by|of)[ -]"
        rf"(?P<date>{_MONTH}\b\.?(?:[ /-]{_DAY}\b{_TO})?(?:(?:,? (?:of )?|[/-])"
        rf"{_ANY_YEAR}\b{_TIME})?)",
        checks.month,
    ),
    Recogniser(
        Kind.DATE,
        rf"(?i:\b(?:dob|d\.o\.b\.?|born|birth ?date|date of birth|admitted|admit|discharged|died"
        rf"|expired|seen|visit|dated?|dos|lmp|edd|edc|on)\b)(?: on)?[ :]{{1,3}}(?P<date>"
        rf"(?:(?:0?[1-9]|[12][0-9]|3[01])[-/.](?:0?[1-9]|[12][0-9]|3[01])(?:[-/.](?:{_YEAR}"
        rf"|[0-9]{{2}}))?|[12][0-9]{{7}}){_TIME})\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:since|until|till|scheduled for|(?:notes?|labs|letter|report) of|chemo|infusion"
        r"|surgery|biopsy|evaluated))"
        rf" (?P<date>{_SLASHED}(?:/(?:{_YEAR}|[0-9]{{2}}))?{_TIME})\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:started|stopped|began|initiated|performed|placed|removed|scheduled|diagnosed"
        r"|readmitted|transferred|hospitali[sz]ed|delivered|implanted|vaccinated|after|before|from"
        r"|for|by|out|due|next|missed|sent|arrived|returned|fell|injured|onset|refilled|given))"
        r" (?P<date>(?:0?[1-9]|1[0-2])/(?:1[1-9]|2[0-9]|3[01])"
        rf"(?:/(?:{_YEAR}|[0-9]{{2}}))?{_TIME})\b",
    ),
    Recogniser(
        Kind.DATE,
        rf"\b(?P<date>{_SLASHED}) "
        r"(?i:visit|appointment|appt|admission|discharge|encounter|note|infusion|injection|scan|mri"
        r"|ct|labs|biopsy|surgery|procedure|echo)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:since|until|till|before|after|from|for|by))"
        r" (?P<date>0[1-9]/(?:0[1-9]|[12][0-9]|3[01]))\b",
    ),
    # A year that may tell of an age over 89; one that does not stays.
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:born(?: in| about| circa)?|birth year:?|year of birth:?|dob:?)) "
        rf"(?P<date>1[89][0-9]{{2}}(?:[-/.][0-9]{{1,2}}[-/.][0-9]{{1,2}}|-[0-9]{{2}})?{_TIME})\b",
    ),
    # What ends the sentence there is no strength, dose or share.
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:before|after|started|stopped|began|placed|removed|out|due|next|missed|given))"
        rf" (?P<date>{_SLASHED}(?:(?:,| and| &) {_SLASHED})?)[?.;,)]",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:adm|drawn|collected|resulted|appt|rtc|rescheduled|rebooked|effective|eff|lkw"
        rf"|hospitali[sz]ed)\b)(?: on)?[ :]{{1,2}}(?P<date>{_WHOLE}(?:/(?:{_YEAR}|[0-9]{{2}}))?)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"(?i:\b(?:yesterday|tomorrow|slot|meeting|hearing|called|faxed|mailed|e-?mailed|signed"
        rf"|notari[sz]ed|refilled|filled|shipped|ordered|moved|expires))"
        rf" (?P<date>{_SURE}(?:/(?:{_YEAR}|[0-9]{{2}}))?)\b",
    ),
    # A weekday before, a time of day behind, two ends of a time.
    Recogniser(
        Kind.DATE,
        r"\b(?i:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sun)(?:day)?\.?,?|sat[.,]{1,2}) "
        rf"(?P<date>{_WHOLE}(?:/(?:{_YEAR}|[0-9]{{2}}))?)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"\b(?i:mon|tues|wednes|thurs|fri|satur|sun)day,? the "
        r"(?P<date>(?:[12]?[0-9]|3[01])(?:st|nd|rd|th))\b",
    ),
    Recogniser(Kind.DATE, rf"\b(?P<date>{_UNSCORED}(?: ?@ ?| at ){_CLOCK})"),
    Recogniser(
        Kind.DATE,
        rf"\b(?i:last)(?: [A-Za-z]{{2,12}}){{1,2}} (?P<date>{_UNSCORED}"
        rf"(?:/(?:{_YEAR}|[0-9]{{2}}))?(?: {_CLOCK})?)\b",
    ),
    Recogniser(
        Kind.DATE,
        r"\b(?i:from|between) "
        rf"(?P<date>{_UNSCORED} ?(?:-|\xe2\x80\x93|to|through|thru|until|and) ?{_UNSCORED})\b",
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
        r"\b(?P<age>9[0-9]|1[0-4][0-9])[ -](?i:male|female|man|woman|gentleman|lady)\b",
    ),
    # `92F with CHF`, not the `98 F` of a temperature: what is told of somebody follows, or the
    # article stands before.
    Recogniser(
        Kind.AGE,
        r"\b(?P<age>9[0-9]|1[0-4][0-9])(?:[ -]?[MF]|[mf])(?:,? (?:with|w/|who|pt|patient|c/o"
        r"|s/p|p/w|h/o|hx|admitted|presents?|presented|presenting|here|from|status|found|brought|transferred"
        r"|seen|being)\b)",
    ),
    Recogniser(
        Kind.AGE,
        r"\b(?P<age>9[0-9]|1[0-4][0-9])[ -]?M[,;.)]",
    ),
    Recogniser(
        Kind.AGE,
        r"\b(?:[Aa]n?|[Oo]ur|[Tt]his|[Tt]he|[Pp]t|[Pp]atient) (?P<age>9[0-9]|1[0-4][0-9])"
        r"[ -]?[MFmf]\b",
    ),
    Recogniser(
        Kind.AGE, r"(?i:\b(?:age[ds]?|aged)\b)(?: of| is|:)? ?(?P<age>(?:9[0-9]|1[0-4][0-9])\b\+?)"
    ),
    Recogniser(Kind.AGE, r"\b(?P<age>9[0-9]|1[0-4][0-9])(?:st|nd|rd|th) birthday\b"),
    Recogniser(
        Kind.AGE,
        r"(?i:\b(?:died|passed(?: away| on)?|deceased|expired|lived))[^0-9.;\n\[\x00]{0,40}"
        r" (?:at|to) "
        r"(?P<age>9[0-9]|1[0-4][0-9])[.,;)]",
    ),
)
