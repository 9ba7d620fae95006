"""What stands around a word and says whether it is a person's name."""

import re

from gateway.masking.recognition.backwards import backwards

NEXT = re.compile(
    r"(?:['\u2019]s?)?[ -]{1,2}(?:(?:first|second|third|fourth|positive|negative|modified|revised"
    r"|classic|classical|reverse|forward|paradoxical|simplified|original|clinical|double) )?"
    r"([a-z-]{2,30})"
)
# These three are matched on the text before a word, reversed.
NAMED = backwards(
    r"(?i:\b(?:named|called|known as|goes by|name is|name was|names? ?[:=]|aka|a\.k\.a\.|i am|i'm"
    r"|my name's|this is|(?:patient|pt|client|resident|guarantor|subscriber|insured|mother|father"
    r"|spouse|wife|husband|contact|kin|attending|pcp|provider|physician|surgeon|signed|author|by"
    r"|re|attn|cc|dear|hi|hello) ?:)) ?[\"'\u201c(]?\Z"
)
# Behind these stands a service as often as a person, so that a list has to have the name.
ROLE_NAMED = backwards(
    r"(?i:\b(?:consult(?:s|ant|ing)?|fellow|intern|an(?:a)?esthesi(?:a|ologist)|assistant|nurse|rn"
    r"|scribe|interpreter|caregiver|referring|dictated|student|technologist|hospitalist|therapist"
    r"|coordinator|claimant|donor|recipient|applicant|caller|informant|historian"
    r"|witness|proxy|guardian|employee|to|from) ?:) ?\Z"
)
# Behind these a word and a surname or initial are a person, also where no list has them.
PERSON = backwards(
    r"(?i:\b(?:male|female|man|woman|boy|girl|child|infant|toddler|teen|teenager|gentleman|lady"
    r"|patients?(?: is| like| named)?|pts?(?: is| like)?|client|resident|veteran|mr|mrs|ms|dr"
    r"|year[ -]old|y/?o|yo|old|son|daughter"
    r"|mother|father|wife|husband|brother|sister|partner|caregiver|neighbor|friend|spouse"
    r"|like|seen by|referred by|reviewed by|treated by|notes for|notes of|chart of|record of|under"
    r"|for|by|colleague|nurse|doctor|physician|surgeon|therapist|counselor|social worker"
    r"|mom|mum|dad|passenger|driver|pedestrian|cyclist|claimant|candidate|donor|recipient"
    r"|applicant|widow(?:er)?|girlfriend|boyfriend|guardian|decedent|employee|student"
    r"|(?:visits?|admission|care|labs|results|consultation|discharge|transfer|death|birth) of"
    r"|(?:siblings?|parents?|relatives|children|mother|father|sister|brother|wife|husband|daughter"
    r"|son|family) of|(?:[0-9]{1,3} ?(?:y/?o)?|year[ -]old) ?[mf])\.?,? ?\(?)\Z"
)
_KINDRED = (
    r"mother|father|mom|dad|parents?|wife|husband|spouse|partner|brother|sister|son|daughter"
    r"|grandmother|grandfather|grandson|granddaughter|aunt|uncle|niece|nephew|cousin|caregiver|carer"
    r"|guardian|family|fianc\u00e9e?|girlfriend|boyfriend|roommate|neighbor|attorney|employer"
    r"|chart|record|records|case|file|labs|appointment|insurance|phone|address|birthday|MRN|DOB"
)
# At most one line ends in it: what an empty line parts is read apart.
_GAP = r"[^\S\n]{0,3}\n?[^\S\n]{0,3}"
FOLLOWED = re.compile(
    rf"['\u2019]s? (?:{_KINDRED})\b| and (?:his|her|their) (?:{_KINDRED})\b"
    r"|,? (?:Jr|Sr|II|III|IV)\b"
    r"|, (?:an? |the )?(?:retired|former|widow(?:ed|er)?|married|divorced|unemployed|disabled"
    r"|homeless|self-employed|right-handed|left-handed)\b"
    r"|, (?:wife|husband|son|daughter|mother|father|sister|brother|niece|nephew|guardian|POA|HCP)\b"
    r"|, [0-9]{1,2} ?(?:mo\b|m\.o\.|(?:months?|weeks?|days?|wks?)[ -]old\b)"
    r"| and [A-Z][\w'\u2019-]{1,30} [A-Z][\w'\u2019-]{1,30} (?:were|both|have|are)\b"
    rf"|[,;]?{_GAP}"
    r"\(?(?:MR #?[A-Z0-9]|(?i:MRN|DOB|SSN|D\.O\.B|aged?|born|date of birth"
    r"|medical record|patient id"
    r"|(?:pt\.?|chart|record|hospital|med rec|account|acct|case|member)\.? ?(?:id|no|number)"
    r"|unit number|chart|EMPI|NHS|PID|HRN|UHID)\b"
    r"|(?:is|was) an? [0-9]|an? [0-9]{1,3}[ -]|[0-9]{1,3}[ -]?(?:yo|y/o|year|yr|[MF]\b)"
    r"|(?:M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-C)?|Ph\.?D|D\.?D\.?S|LCSW|APRN|FACP|FACS|Esq|PharmD|CRNA|LPN)\b)"
)
DOES = re.compile(r" (?:lives|resides|who|came|denies|is homeless)\b")
ENDS = re.compile(r" ?(?:[;(|\n]|\Z)")
# What closes a name that a surname and a comma begin.
ENDS_NAME = re.compile(
    r" ?[;(|\n]|[,.?!)]|\Z| (?:to|and|who|has|is|was|with|from)\b"
    rf"|,?{_GAP}\(?(?i:MRN|DOB|SSN|aged?)\b"
)
# Behind these a surname, a comma and a given name may be whom the sentence is about.
REVERSED_LEADS = frozenset(
    """male female man woman boy girl child patient pt m f yo y/o old for of in client resident
    named re""".split()
)
# Letters with stops that are no initials, though a capitalised word may follow them.
ABBREVIATED = frozenset(
    "us uk un eu dc iv im po np npo ie eg ph md do rn pa ba bs ms am pm ac bc ad".split()
)
# Behind these a capitalised word by itself is what somebody is called.
KIN = frozenset(
    """mother father wife husband spouse brother sister son daughter partner grandmother
    grandfather aunt uncle niece nephew cousin roommate neighbor neighbour mom mum dad mama papa
    mommy daddy grandma grandpa granny nana auntie stepmother stepfather stepmom stepdad stepson
    stepdaughter grandson granddaughter girlfriend boyfriend fiance fianc\u00e9 fiancee
    fianc\u00e9e""".split()
)
# The last words of what introduces a name, looked at before the patterns are tried.
NAMED_LEADS = frozenset("named called as by is was name names aka a.k.a i am i'm".split())
PERSON_LEADS = frozenset(
    """male female man woman boy girl child infant toddler teen teenager gentleman lady patient
    patients is like pt pts client resident veteran mr mrs ms dr old yo y/o o son daughter mother
    father wife husband brother sister partner caregiver neighbor friend spouse by for of under
    colleague nurse doctor physician surgeon therapist counselor worker m f named mom mum dad
    passenger driver pedestrian cyclist claimant candidate donor recipient applicant widow widower
    girlfriend boyfriend guardian decedent employee student""".split()
)
# Behind a word by itself these say that it is who the sentence is about.
AGED = re.compile(
    r"[ \n]{1,2}is an? (?:newborn"
    r"|[0-9]{1,3}[ -]?(?:years?|yrs?|y/?o|y\.o|months?|weeks?|days?|mo|wk))\b"
)
# What somebody alone does, or has done to them.
LIVES = re.compile(
    r" (?:denies|complains of|endorses|lives (?:alone|with|in|at|on)|wants to|asked (?:me|us|for)"
    r"|(?:was|is being|has been) (?:discharged|admitted|hospitali[sz]ed|intubated|extubated|born)"
    r"|will be discharged|went home|works as|called (?:in|back|today|to)|scrubbed|circulated"
    r"|refus(?:es|ed)|verbali[sz](?:es|ed)|ambulat(?:es|ed)|slept|awoke|prefers"
    r"|texted|emailed|phoned|voided|passed away"
    r"|is the (?:surgeon|attending|resident|anesthesiologist|hospitalist|circulator))\b"
)
# How these go on behind the space.
LIVING = frozenset(
    """den com end liv wan ask was has wil wen wor cal scr cir ref ver amb sle awo pre tex ema
    pho voi pas""".split()
) | {"is "}
# What is not called by its name where its age is told.
ROLES = frozenset(
    """applicant brother caller candidate caregiver claimant client daughter donor driver employee
    examinee father gentleman grandfather grandmother historian infant informant lady male mother
    neonate newborn participant proband recipient resident sibling sister smoker son spouse student
    subject teen teenager toddler twin veteran victim woman worker anyone aunt boyfriend dad
    everyone fiance fiancee girlfriend grandma grandpa grandson granddaughter guardian husband
    individual interviewee mom mum neighbor nephew niece nobody parent partner reporter respondent
    roommate somebody someone staff stepfather stepmother survivor teacher uncle wife prisoner
    inmate detainee occupant passenger pedestrian cyclist family she he they""".split()
)
# A species goes on behind the initial of its genus in small letters, a sentence in capitals.
_SPECIES = "|".join(
    """
    abortus albicans asiaticum anthracis aureus avium baumannii bovis burgdorferi burnetii canis
    cereus cloacae coli difficile diff falciparum faecalis faecium fumigatus gondii gonorrhoeae
    haemolyticus henselae histolytica influenzae intracellulare jejuni jirovecii kansasii
    lamblia leprae maltophilia marcescens meningitidis mirabilis monocytogenes neoformans
    pallidum parapsilosis pestis pneumoniae pylori pyogenes rickettsii saginata solium
    stercoralis trachomatis tuberculosis tularensis typhi viridans vivax vulgaris
    """.split()
)
CALLED = re.compile(
    rf"(?=[,;:)?!]|['\u2019]s\b| ?\(|\Z|\n| (?!(?:{_SPECIES})\b)(?:w/|@|[a-z\u00df-\u00ff]))"
)
# Behind an initial these end a name, also where a month is meant otherwise: `in August H., 19`.
CLOSED = re.compile(r"[,;)]|['\u2019]s\b| ?\(")
# What a source of guidance does.
SAYS = re.compile(
    r" (?:publish(?:es|ed)?|recommend(?:s|ed|ations?)?|suggests?|advises?|guidelines?|guidance"
    r"|criteria|protocols?)\b"
)
ACTS = re.compile(
    r" (?:is|was|has|had|presents?|presented|reports?|reported|denies|called|came|lives|needs|takes"
    r"|returned|underwent|requests?|wants|asks|complains|states|remains|continues|arrived"
    r"|tolerated|received|will|would|should|does|did|w/|s/p|c/o)\b| ?\("
)
# Words that a single letter belongs to: `Vitamin D.`, `Type B.`
LETTERED = frozenset(
    """antigen appendix arm article bed block building category chapter class cohort column complex
    exhibit factor figure form gate grade group hepatitis immunoglobulin influenza item level
    medicare option part phase plan protein question room row schedule section stage step strep
    subtype table tier type unit vaccine version vitamin vitamins ward wing""".split()
)
# Behind these the name of a month is a month.
DATED = frozenset(
    """in on since until till during last next this early late mid around before after through
    every each""".split()
)
# Behind these stands whom a line or a sentence is about.
SUBJECTS = frozenset(
    "patient pt client name re regarding subscriber resident member seeing".split()
)
# Behind `White` or `Black` these tell of a people, not of a person.
OF_MANY = re.compile(
    r"(?i:/| (?:(?:fe)?males?|m[ae]n|wom[ae]n|boys?|girls?|patients?|race"
    r"|(?:or|and) (?:white|black|hispanic|asian|african|latino|other))\b)"
)
