"""What stands around a capitalised word and says whether it is a place."""

import re

from gateway.masking.recognition.backwards import backwards
from gateway.masking.recognition.place_words import SOURCES

NOT_FIRST = frozenset(
    """the a an our at in on to from and for with by of seen visited admitted is was his her their
    latest current best what which when where how can should please recommended guidelines
    management patient pt does can will has did would do are""".split()
)
PLAIN_NAMES = frozenset(
    """city general community county memorial mercy children's childrens women's veterans university
    regional district state methodist baptist presbyterian lutheran catholic jewish""".split()
)
# What is done at a place of care. What is made with `backwards` is matched on the text before a
# word, reversed.
_CARE = (
    r"(?:seen|treated|admitted|evaluated|present(?:s|ed|ing)?|hospitali[sz]ed|referred|transferred"
    r"|discharged|diagnosed|followed|monitored|assessed|observed|examined|operated|implanted"
    r"|performed|done|scheduled|reviewed|discussed|care|visit(?:s|ed|ing)?|appointment|consult\w*"
    r"|follow-?up|follow(?:s|ing)? up|labs?|imaging|surgery|procedure|notes?|records?|works?|worked"
    r"|employed|attend(?:s|ed|ing)?|stud(?:ies|ied|ying)|born|died|deliver(?:ed|y)|arrived|came"
    r"|brought|went|goes|took|taken|sent|received|enrolled|checked in|stay(?:ed|ing|s)?|room"
    r"|dx'?d|tx'?d|dx|tx|f/u|resident|resid(?:es?|ed|ing)|liv(?:es?|ed|ing))"
)
# The same, less sure: what follows has to end in a word for a place.
_MOVED = (
    r"(?:home|arranged|accepted|transport(?:ed)?|placement|bed|driven|picked up|referral|specimen"
    r"|results?|slides?|moved|call(?:ed|ing|s)?|letter|fax(?:ed)?|nurse|employed|job|shift)"
)
VISIT = backwards(
    rf"(?i:\b(?:(?:{_CARE}|{_MOVED})\b[^.;?!\n]{{0,24}}\b(?:at|to|in|from|with|under|by|via)|at|@|visit(?:ed|s|ing)?"
    rf"|attend(?:ed|s|ing)?|left|transport(?:ed)?|(?:source|facility|location|site|clinic|hospital"
    rf"|lab|pharmacy|agency|employer|school|snf):) (?:the |our |a |your )?)\Z"
)
VISIT_OF_ALL = backwards(rf"(?i:\b{_CARE}\b[^.;?!\n]{{0,24}}\b(?:at|to|from) (?:the )?)\Z")
AT = backwards(
    rf"(?i:(?:\bat|@|\b{_CARE} (?:to|from)|\b(?:visit|attend)(?:ed|s|ing)?|\bleft"
    r"|\b(?:discharged|transferred|admitted|referred|released)\b[^.;?!\n]{0,24} (?:to|from)"
    r"|\bemployer(?: is|:)?|\b(?:hospice|shelter|motel|hotel))"
    r" (?:the |our |your )?)\Z"
)
# Whom or what one has in a place, and what happens there.
_ELSEWHERE = (
    r"(?:(?:family|sister|brother|parents?|mother|father|mom|dad|daughter|relatives?|cousin"
    r"|friends?|niece|nephew|aunt|uncle)(?:'s)?(?: house| home| place)? in"
    r"|(?:farm|ranch|plant|motel|hotel|trailer|cabin|jail|prison|wedding|funeral|conference|mv[ca]"
    r"|crash|collision|vacation|incarcerated|deployed|stationed|stranded) (?:in|near|outside)"
    r"|flight (?:to|from))"
)
LIVES = backwards(
    rf"(?i:\b(?:{_ELSEWHERE}|(?:liv(?:es?|ed|ing)|resid(?:es?|ed|ing)|residents?|natives?|moved"
    r"|moving|relocated"
    r"|relocating|hails|originally|born|raised|grew up|homeless|travell?ed|travell?ing|returned"
    r"|returning|flew|drove|visiting|home|house|apartment|citizen|hometown|commutes?)"
    r"(?: alone| now| currently| independently| locally| together| with [a-z ]{2,20}"
    r"| off [A-Za-z0-9 -]{2,20})?"
    r" (?:in|from|of|to|near|at|outside|around|is)) (?:the |downtown |rural |north |south )?)\Z"
)
FROM = backwards(
    r"(?i:\b(?:patients?|pts?|male|female|man|woman|boy|girl|child|veteran|nurse|teacher|worker"
    r"|gentleman|lady|teen|teenager|student|farmer|retiree|visitor|travell?er|immigrant|refugee"
    r"|driver|couple|family"
    r"|he|she|is|was|[a-z]\.),? from (?:the )?)\Z"
)
CITY = backwards(
    r"(?i:\b(?:in|from|of|at|to|near|our|the|outside|around|downtown|central|greater|visited|based"
    r"|via|through|city ?[:=]|town ?[:=]) |, ?|\()\Z"
)
STATE = re.compile(r",? ?([A-Z]{2}|[A-Z][a-z]+(?: [A-Z][a-z]+)?)\b")
SMALL = re.compile(
    r"(?:['\u2019]s)?(?: (?:downtown|uptown|midtown|main|area|metro|suburban|based|city|county))?"
    r" (?:clinic|facility|hospital|office|location|branch|campus|practice|site|center|suburbs?"
    r"|area|region|neighborhood|metro|lab|pharmacy|plant|store|shop|warehouse|factory|airport|jail"
    r"|ER|ED|OR|ICU)\b"
    r"| (?:(?:Public )?Health|Sheriff's|Police|Fire) (?:Dept|Department|District|Office)\b"
)
# Of a chain's shops, the one that is meant.
STORE = re.compile(r" ?(?:#|[Nn]o\. ?|[Ss]tore #?)[0-9]{2,6}\b")
THING = re.compile(
    r" (?!(?:on|for|and|or|with|at|by|in|to|who|from|last|since|is|was|has|after|before|where|when"
    r"|of|near|via|during|due|because|as|that|which|this|office|clinics?|hospitals?|public|health"
    r"|university|school|children's|medical|general|memorial|veterans|va)\b)[A-Za-z]{3,}"
)
# Behind a place's name: what is called after it, as the Geneva score is.
CALLED_AFTER = re.compile(
    r"(?: [A-Z][a-z]{1,20}| [IVX]{1,4}| (?:ankle|knee|foot|head|neck|back|heart|chest|stool|sleep"
    r"|pain|coma|catheter|developmental|pediatric|modified|revised|clinical|outcome|risk|severity"
    r"|depression|anxiety|prognostic|grading|screening|cancer|liver|bleeding)){0,3}"
    r" (?i:scores?|criteria|criterion|classification|staging|stages?|scale|grading|protocols?"
    r"|guidelines?|consensus|convention|declaration|rules?|regimen|study|trial|cohort|calculator"
    r"|assessment|encephalitis|flu|test|chart|questionnaire|index|inventory|screen|diet|formula)\b"
    # What has been graded by it: `Glasgow 15,`, `Bethesda IV`, `Prague C2M4`.
    r"| (?:grade|class|category|bowel prep)\b| (?:[0-9]{1,2}|[IVX]{1,4}[abc]?)(?=[,.;)]|\Z)"
    r"| [A-Z][0-9](?:[A-Z][0-9]{1,2})?\b"
)
GUIDES = re.compile(rf"(?i:{SOURCES})")
# What only a place of care has, or takes, or runs.
HAS = re.compile(
    r" (?:ha(?:s|ve|d)|offers?|accepts?|accepting|takes?|taking|runs?|do|does|perform|stock|use)"
    r" (?:an? |any |its |the |new |their )?(?:[a-zA-Z-]{1,20} ){0,3}(?:protocols?|polic(?:y|ies)"
    r"|pathways?|transfers?|referrals?|beds?|openings?|availability|walk-ins?|appointments?|units?"
    r"|wards?|clinics?|programs?|NICU|PICU|ICU|ED|ER|MRI|patients|records|weekend hours|visits)\b"
)
ASKS = frozenset("does is can will has did would should are do".split())
# A day behind a name says that somebody was there.
DATED = re.compile(r"(?:, [A-Z]{2})? on (?:[0-9]|(?:the )?[0-9]|[A-Z][a-z]{2})")
# `on 3/4/2021 in`, `on May 3rd in`: what is done on a day is done in a place.
ON_A_DAY = backwards(
    r"(?i:\bon (?:[a-z]{3,9}\.? [0-9]{1,2}(?:st|nd|rd|th)?(?:,? [0-9]{4})?"
    r"|[0-9]{1,4}[-/.][0-9a-z]{1,3}[-/.][0-9]{2,4}(?: @ ?[0-9apm]{2,4})?)) in \Z"
)
SEEN_IN = backwards(
    r"(?i:\b(?:seen|evaluated|treated|hospitali[sz]ed|admitted|operated(?: on)?|examined|referred"
    r"|transferred|delivered|diagnosed|clinic|office|practice|hospital) in )\Z"
)
# A street and its number, behind which a town is told.
STREETED = backwards(
    r"(?i:\b[0-9]{1,6} (?:[a-z0-9.'-]{1,20} ){1,3}(?:street|st|avenue|ave|road|rd|drive|dr|lane|ln"
    r"|court|ct|boulevard|blvd|place|pl|circle|cir|way|terrace|ter|pike|highway|hwy|parkway|pkwy)"
    r"\.?, )\Z"
)
STREETS = frozenset(
    """street st avenue ave road rd drive dr lane ln court ct boulevard blvd place pl circle cir way
    terrace ter pike highway hwy parkway pkwy""".split()
)
# What ends the clause behind a place and its town.
CLOSES = re.compile(r"[.;)\n]|\Z")
COUNTIES = frozenset({"county", "parish", "township"})
# The last words of what precedes a place, looked at before the patterns are tried.
LEADS = frozenset(
    """at to in from with under the our a your @ visit visited visits visiting attend attended
    attends attending left of near outside around downtown central greater based via through city
    town is rural north south by via transport transported source facility location site clinic
    hospital lab pharmacy agency employer school snf hospice shelter motel hotel""".split()
)
# Of these, what each pattern can end in.
AT_LEADS = LEADS - {"in", "with", "under", "a", "of", "near", "outside", "around", "by", "via"}
LIVES_LEADS = frozenset(
    "in from of to near at outside around is the downtown rural north south".split()
)
FROM_LEADS = frozenset({"from", "the"})
