"""Names that shorthand gives away: a bed, a role, an age, who did it, whose things they are.

Notes and handovers leave out the words that introduce a name elsewhere (`rm 4 Lund`, `d/w PCP Ek`,
`Zelmira, 41,`). Each of these asks for a word before the name or a sign behind it, so that most
words are asked for these two alone.
"""

import re
from collections.abc import Callable, Mapping, Sequence

from gateway.masking.recognition.backwards import backwards
from gateway.masking.recognition.lone_surnames import alone
from gateway.masking.recognition.name_around import Around
from gateway.masking.recognition.name_context import KIN, ROLES
from gateway.masking.recognition.name_lists import all_given_names, word_surnames
from gateway.masking.recognition.name_words import listed, may_be_name, surname, word_surname
from gateway.masking.recognition.person_words import (
    EPONYMS,
    MONTHS,
    NOT_A_NAME,
    SURNAME_WORDS,
    TITLES,
    WEAK_SURNAMES,
)
from gateway.masking.recognition.place_words import CITIES, COUNTRIES, NOT_A_PLACE, STATES
from gateway.masking.recognition.words import Gap, Word

_BEFORE = 48
_LEAST = 3
# Clinicians by what they are; behind them a surname of the lists.
_CLINICIANS = frozenset(
    """np pa pa-c rn lpn cna crna pct pcp emt emt-p medic paramedic attending resident intern fellow
    hospitalist intensivist surgeon neurosurgeon cardiologist oncologist hematologist nephrologist
    neurologist pulmonologist gastroenterologist urologist radiologist pathologist psychiatrist
    psychologist dermatologist rheumatologist endocrinologist anesthesiologist ophthalmologist
    optometrist obstetrician gynecologist pediatrician podiatrist dentist midwife doula pharmacist
    physician dietitian technologist phlebotomist""".split()
)
_NEWBORNS = frozenset("baby infant newborn neonate toddler twin bb bg babyboy babygirl".split())
_SEXES = frozenset({"boy", "girl"})
_BED = backwards(
    r"(?i:\b(?:rm|room|bed|bay|crib|isolette|cubicle)\.? ?#?[0-9]{1,4}[a-z]?(?:[-/][0-9a-z]{1,2})?)"
    r"[ :,\u2013-]{1,3}[\"\u201c]?\Z"
)
_DONE_BY = backwards(
    r"(?i:\b(?:consult(?:ed|ation)?|seen|evaluated|examined|assessed|ordered|read|reviewed|signed"
    r"|cosigned|co-signed|dictated|transcribed|confirmed|interpreted|verified|performed|placed|sent"
    r"|closed|covered|staffed|attested|witnessed|referred|collected|drawn|administered|given"
    r"|relayed|reported|answered|accepted|driven|brought(?: in)?|accompanied|prescribed) by"
    r"|\b(?:d/w|discussed with|spoke (?:with|to|w/)|notify|notified|paged|paging|per)) \Z"
)
_DONE_LEADS = frozenset("by with to w/ d/w notify notified paged paging per".split())
_LABELS = frozenset({"labeled", "labelled"})
# Whom a message is to, and who closes it.
_GREETINGS = frozenset("dear hi hello hey morning afternoon evening".split())
_CLOSINGS = frozenset(
    "thanks you sincerely regards best love cheers truly respectfully yours xo warmly".split()
)
_ANYBODY = frozenset(
    """all colleague colleagues sir sirs madam team provider providers parents folks everyone
    friend friends customer rounds doctor nurse staff""".split()
)
# What patients alone do, behind `patient` and a name.
_SUFFERS = re.compile(
    r" (?:says|states|denies|wants|asks|asked|refuse[sd]|complain(?:s|ed)|c/o|tolerat(?:es|ed|ing)"
    r"|ambulat(?:es|ed|ing)|rate[sd]|admits|endorses|feels|felt|took|takes|lives|ate|slept|voided"
    r"|verbali[sz]e[sd])\b"
)
_GREETED = re.compile(r"[,:!\n]|\.(?: |\Z)|\Z")
_LAST = re.compile(r"[.!]?\s*(?:\n|\Z)")
# What is handed over, by the surname it is about.
_REPORTS = frozenset("report handover handoff hand-off signout sign-out".split())
_CLOSES = re.compile(
    r"['\u2019]?[,.;)\n]|\Z| (?:on|at|for|from|today|and|re|about|in|who|by|aware|RN|MD)\b"
)
_YEARS = r"(?:years?|yrs?)[ -]?old\b|y/?o\b|y\.o\b"
# `, 41yo`, ` (36F)`, `, the 77-year-old`.
_AGE = re.compile(
    rf"(?:,| \(|) ?[0-9]{{1,3}}[ -]?(?:{_YEARS})"
    r"|(?:,| \() ?[0-9]{1,3} ?[MFmf]\b"
    r"|,? \(?[0-9]{1,2} ?(?:wks?|weeks?|mos?|months?|days?)[ -]old\b"
)
# The same of who is said to be a child.
_AGE_OF_A_CHILD = re.compile(
    r",? \(?[0-9]{1,2}[ -]?(?:wks?|weeks?|mos?|months?|days?|yo|y/o|years?|yrs?|[MF])\b"
)
# ` (MRN 4471`.
_NUMBERED = re.compile(r" \((?:MRN?\b|DOB\b|(?i:date of birth|born|pt id|patient id)\b)")
_THE_AGED = re.compile(rf",? (?:an?|the|our) [0-9]{{1,3}}[ -]?(?:{_YEARS}|[MFmf]\b)")
_SAID_AGE = re.compile(r", [0-9]{1,2}, ")
_ABOUT = frozenset("for of re regarding about is see saw met".split())
# Ends of names of enzymes, drugs and other substances, which have numbers behind them.
_SUBSTANCES = (
    "ase", "ium", "ide", "ine", "ate", "one", "ol", "gen", "in", "ite", "cyte", "crit",
)  # fmt: skip
_INITIAL = re.compile(r",? [A-Z]\.(?!\w)")
_OWN = re.compile(
    r"['\u2019]s? (?:own |last |next |new |old |recent |latest |repeat |home )?(?:mother|father|mom"
    r"|mum|dad|parents?|wife|husband|spouse|partner|brother|sister|sons?|daughters?|grand[a-z]{3,8}"
    r"|aunt|uncle|niece|nephew|cousin|caregiver|carer|guardian|family|fianc\u00e9e?|girlfriend"
    r"|boyfriend|roommate|neighbou?r|attorney|employer|school|teacher|chart|records?|file|labs"
    r"|appointment|appt|insurance|phone|address|birthday|MRN|DOB|room|bed|nurse|doctor|a1c|A1c|INR"
    r"|bp|BP|foley|wound|vitals|sats|weight|glucose|sugars?|insulin|chemo|surgery|biopsy"
    r"|scan|MRI|CT|results|visit|walker|wheelchair|goals|questions|concerns|request|mood|memory"
    r"|stay|breakfast|lunch|dinner|mammogram|referral|refills?|medications?|meds|discharge|admission|[a-z]{3,16}(?:ectomy"
    r"|oscopy|plasty|ostomy|otomy))\b"
)
_QUOTED = re.compile(
    r' ["\u201c\u2018\'][A-Z][a-z]{1,14}(?: [A-Z][a-z]{0,14})?["\u201d\u2019\'] (?=[A-Z])'
)
_QUOTES = frozenset({' "', " \u201c", " \u2018", " '"})
_Rule = Callable[[str, Word], bool]


def cued(text: str, words: Sequence[Word], index: int, around: Around) -> int:
    """Behind the name that shorthand says is at `index`; `index` where none is.

    Args:
        text: as it stands.
        words: its capitalised words.
        index: of a word that no other rule takes for a name.
        around: what stands around the words.
    """
    word = words[index]
    # Most capitalised words that are no names are common ones.
    if word.low in NOT_A_NAME and word.low not in all_given_names():
        return index
    if word.initial or word.low in TITLES or around.is_of_a_place(index):
        return index
    if text[word.end : word.end + 2] in _QUOTES and (end := _nicknamed(text, words, index)):
        return max(end, around.name_from(end - 1))
    lead = word.lead(text)
    rule = _in_a_bed if lead[:1].isdigit() else _RULES.get(lead)
    if rule and _begins(index, around) and rule(text, word):
        return _end(words, index, around)
    found = _says_itself(text, word, around, index) and _begins(index, around)
    return index + 1 if found else index


def _says_itself(text: str, word: Word, around: Around, index: int) -> bool:
    """By an age, by what is somebody's own, or by a surname alone."""
    if word.possessive:
        return _has_own(text, word)
    aged = text[word.stop : word.stop + 2]
    told = aged in {", ", " ("} or (aged[:1] in {" ", ","} and aged[1:].isdigit())
    if told and _is_aged(text, word, around, index):
        return True
    return alone(text, word, word.lead(text)) and may_be_name(word)


def _begins(index: int, around: Around) -> bool:
    """A name may begin here, and no two words that name something else."""
    return not (around.is_pair(index) or around.is_eponym(index, index + 1))


def _end(words: Sequence[Word], index: int, around: Around) -> int:
    """Behind the name, and behind a given name that a comma parts from it."""
    end = max(index + 1, around.name_from(index))
    behind = words[end] if end < len(words) else None
    if behind and behind.gap is Gap.COMMA and not behind.initial and listed(behind):
        return max(end + 1, around.name_from(end))
    return end


def _nicknamed(text: str, words: Sequence[Word], index: int) -> int:
    """`Frank "Buddy" Ek`: behind the surname of a given name that is a word too; 0 for none."""
    word = words[index]
    if word.low not in all_given_names() or not (match := _QUOTED.match(text, word.end)):
        return 0
    for place in range(index + 1, min(index + 4, len(words))):
        if words[place].start == match.end():
            return place + 1 if may_be_name(words[place]) else 0
    return 0


def _is_surname(word: Word) -> bool:
    return surname(word) and word.low not in WEAK_SURNAMES and word.low not in EPONYMS


def _clinician(_: str, word: Word) -> bool:
    """`d/w PCP Lund`."""
    return _is_surname(word) and may_be_name(word)


def _patient(text: str, word: Word) -> bool:
    """`pt Zelmi ambulated`."""
    return may_be_name(word) and _SUFFERS.match(text, word.stop) is not None


def _by(text: str, word: Word) -> bool:
    """`read by Lund.`, `notified Lund at 4`."""
    if not _is_surname(word) or not may_be_name(word):
        return False
    back = text[max(0, word.start - _BEFORE) : word.start][::-1]
    return _DONE_BY.match(back) is not None and _CLOSES.match(text, word.stop) is not None


def _newborn(text: str, word: Word) -> bool:
    """`infant Zelmi 5 wks`, `BB Lund`."""
    if not may_be_name(word) or word.low in EPONYMS:
        return False
    return (
        listed(word)
        or word.low in all_given_names()
        or _AGE_OF_A_CHILD.match(text, word.stop) is not None
    )


def _of_a_sex(text: str, word: Word) -> bool:
    """`Baby Girl Quorra`: how newborns are registered before they have a name."""
    before = text[max(0, word.start - 12) : word.start].lower()
    return before.endswith(("baby boy ", "baby girl ")) and may_be_name(word)


def _kin(text: str, word: Word) -> bool:
    """`her son August`: a given name that is any other word otherwise."""
    low = word.low
    if low in {"may", "will"} or low not in NOT_A_NAME or low not in all_given_names():
        return False
    before = text[max(0, word.start - 24) : word.start].lower().split()
    whose = before[-2:-1]
    return bool(whose) and (whose[0] in {"his", "her", "their", "my", "our"} or "'s" in whose[0])


def _labelled(_: str, word: Word) -> bool:
    """`labeled "LUND, RUTH"`."""
    return listed(word)


def _greeted(text: str, word: Word) -> bool:
    """`Dear Zelmi,`."""
    return word.low not in _ANYBODY and may_be_name(word) and bool(_GREETED.match(text, word.stop))


def _closes(text: str, word: Word) -> bool:
    """`Thanks, Zelmi` at the end of a message or of a line."""
    parted = text[max(0, word.start - 2) : word.start - 1] in {",", "!", "."}
    parted = parted or text[word.start - 1 : word.start] == "\n"
    return parted and may_be_name(word) and _LAST.match(text, word.stop) is not None


def _reported(text: str, word: Word) -> bool:
    """`Handoff: Lund in 3B`."""
    colon = text[max(0, word.start - 2) : word.start].rstrip(" ").endswith(":")
    return colon and _is_surname(word) and may_be_name(word)


def _in_a_bed(text: str, word: Word) -> bool:
    """`rm 4 Lund`, `bed 12: Quorra Z.`."""
    if not may_be_name(word) or word.low in EPONYMS:
        return False
    back = text[max(0, word.start - _BEFORE) : word.start][::-1]
    if not _BED.match(back):
        return False
    known = listed(word) or word_surname(word) or word.low in word_surnames() | all_given_names()
    return known or any(form.match(text, word.stop) for form in (_INITIAL, _AGE))


def _is_aged(text: str, word: Word, around: Around, index: int) -> bool:
    """`Zelmira, 41,`, `for Zelmi, the 77-year-old`: an age tells of a person."""
    low = word.low
    if not may_be_name(word) or len(low) < _LEAST or word.capitals or low in _NOBODY:
        return False
    if low.endswith(_SUBSTANCES) and not listed(word):
        return False
    if _THE_AGED.match(text, word.stop):
        return word.lead(text) in _ABOUT
    heads = around.starts_sentence(index)
    if _AGE.match(text, word.stop):
        return heads or listed(word)
    if _NUMBERED.match(text, word.stop):
        return True
    known = listed(word) or low in all_given_names()
    return heads and known and _SAID_AGE.match(text, word.stop) is not None


def _has_own(text: str, word: Word) -> bool:
    """`Zelmi's appendectomy`: what somebody has or had done."""
    if word.capitals or word.low in _NOBODY or len(word.low) < _LEAST:
        return False
    return may_be_name(word) and _OWN.match(text, word.end) is not None


_NOBODY = EPONYMS | STATES | CITIES | COUNTRIES | NOT_A_PLACE | ROLES | MONTHS | SURNAME_WORDS
_RULES: Mapping[str, _Rule] = {
    **dict.fromkeys(_DONE_LEADS, _by),
    **dict.fromkeys(_CLINICIANS, _clinician),
    **dict.fromkeys(("pt", "patient", "client"), _patient),
    **dict.fromkeys(_NEWBORNS, _newborn),
    **dict.fromkeys(_SEXES, _of_a_sex),
    **dict.fromkeys(KIN, _kin),
    **dict.fromkeys(_LABELS, _labelled),
    **dict.fromkeys(_REPORTS, _reported),
    **dict.fromkeys(_GREETINGS, _greeted),
    **dict.fromkeys(_CLOSINGS, _closes),
}
