"""Words that decide whether capitalised words are a place. All in lower case.

States by themselves are no identifiers (164.514(b)(2)(i)(B)); what is smaller is.
"""

STATES = frozenset(
    {
        "alabama", "alaska", "arizona", "arkansas", "california", "colorado", "connecticut",
        "delaware", "district of columbia", "florida", "georgia", "hawaii", "idaho", "illinois",
        "indiana", "iowa", "kansas", "kentucky", "louisiana", "maine", "maryland",
        "massachusetts", "michigan", "minnesota", "mississippi", "missouri", "montana",
        "nebraska", "nevada", "new hampshire", "new jersey", "new mexico", "north carolina",
        "north dakota", "ohio", "oklahoma", "oregon", "pennsylvania", "puerto rico",
        "rhode island", "south carolina", "south dakota", "tennessee", "texas", "utah",
        "vermont", "virginia", "washington", "west virginia", "wisconsin", "wyoming",
    }
)  # fmt: skip
# Countries and regions of several states or countries, which are larger than a state.
COUNTRIES = frozenset(
    {
        "afghanistan", "africa", "albania", "algeria", "america", "american samoa", "andorra",
        "angola", "antarctica", "antigua", "appalachia", "argentina", "armenia", "aruba", "asia",
        "australasia", "australia", "austria", "azerbaijan", "bahamas", "bahrain", "balkans",
        "bangladesh", "barbados", "belarus", "belgium", "belize", "benin", "bermuda", "bhutan",
        "bolivia", "bosnia", "botswana", "brazil", "britain", "brunei", "bulgaria",
        "burkina faso", "burma", "burundi", "cambodia", "cameroon", "canada", "cape verde",
        "caribbean", "caucasus", "central africa", "central african republic", "central america",
        "central asia", "chad", "chile", "china", "colombia", "comoros", "congo", "costa rica",
        "croatia", "cuba", "cyprus", "czech republic", "czechia", "denmark", "dominica",
        "dominican republic", "east africa", "east asia", "east timor", "eastern europe",
        "ecuador", "egypt", "el salvador", "england", "equatorial guinea", "eritrea", "estonia",
        "eswatini", "ethiopia", "europe", "far east", "fiji", "finland", "france",
        "french guiana", "gabon", "gambia", "germany", "ghana", "great britain", "great lakes",
        "greece", "greenland", "grenada", "guadeloupe", "guam", "guatemala", "guinea",
        "guinea-bissau", "gulf coast", "guyana", "haiti", "himalayas", "honduras", "hungary",
        "iceland", "india", "indian subcontinent", "indonesia", "iran", "iraq", "ireland",
        "israel", "italy", "ivory coast", "jamaica", "japan", "jordan", "kazakhstan", "kenya",
        "kiribati", "korea", "kosovo", "kuwait", "kyrgyzstan", "laos", "latin america", "latvia",
        "lebanon", "lesotho", "liberia", "libya", "liechtenstein", "lithuania", "luxembourg",
        "madagascar", "malawi", "malaysia", "maldives", "mali", "malta", "martinique",
        "mauritania", "mauritius", "mediterranean", "mexico", "micronesia", "middle east",
        "midwest", "moldova", "monaco", "mongolia", "montenegro", "morocco", "mozambique",
        "myanmar", "namibia", "nauru", "nepal", "netherlands", "new england", "new zealand",
        "nicaragua", "niger", "nigeria", "north africa", "north america", "north korea",
        "north macedonia", "northeast", "northern europe", "northern ireland", "northwest",
        "norway", "oceania", "oman", "pacific northwest", "pakistan", "palau", "palestine",
        "panama", "papua new guinea", "paraguay", "peru", "philippines", "poland", "polynesia",
        "portugal", "qatar", "romania", "russia", "rwanda", "saint lucia", "samoa",
        "saudi arabia", "scandinavia", "scotland", "senegal", "serbia", "seychelles",
        "sierra leone", "slovakia", "slovenia", "solomon islands", "somalia", "south africa",
        "south america", "south asia", "south korea", "south pacific", "south sudan", "southeast",
        "southeast asia", "southern africa", "southern europe", "southwest", "spain", "sri lanka",
        "st lucia", "sub-saharan africa", "sudan", "suriname", "swaziland", "sweden",
        "switzerland", "syria", "taiwan", "tajikistan", "tanzania", "thailand", "tibet", "togo",
        "tonga", "trinidad", "tunisia", "turkey", "turkmenistan", "tuvalu", "uganda", "ukraine",
        "united arab emirates", "united kingdom", "united states", "uruguay", "uzbekistan",
        "vanuatu", "venezuela", "vietnam", "virgin islands", "wales", "west africa",
        "west indies", "western europe", "yemen", "zambia", "zimbabwe",
    }
)  # fmt: skip
STATE_CODES = frozenset(
    """
    AK AL AR AS AZ CA CO CT DC DE FL GA GU HI IA ID IL IN KS KY LA MA MD ME MI MN MO MP MS MT NC
    ND NE NH NJ NM NV NY OH OK OR PA PR RI SC SD TN TX UT VA VI VT WA WI WV WY
    """.split()
)
# Large towns, boroughs and regions, so known that texts name them without more.
CITIES = frozenset(
    {
        "abilene", "akron", "albany", "albuquerque", "alexandria", "allentown", "amarillo",
        "amsterdam", "anaheim", "anchorage", "ann arbor", "annapolis", "arlington", "asheville",
        "athens", "atlanta", "augusta", "aurora", "austin", "bakersfield", "baltimore",
        "bangalore", "bangkok", "bangor", "barcelona", "baton rouge", "bay area", "beaumont",
        "beijing", "bellevue", "berkeley", "berlin", "bethesda", "beverly hills", "billings",
        "biloxi", "birmingham", "bismarck", "boca raton", "bogota", "boise", "boston",
        "bridgeport", "brisbane", "bristol", "bronx", "brooklyn", "brownsville", "brussels",
        "buffalo", "burbank", "burlington", "cairo", "calgary", "cambridge", "camden",
        "cape cod", "cary", "casper", "cedar rapids", "chandler", "charleston", "charlotte",
        "chattanooga", "chennai", "chesapeake", "cheyenne", "chicago", "chinatown",
        "chula vista", "cincinnati", "cleveland", "colorado springs", "columbus", "concord",
        "copenhagen", "corona", "corpus christi", "dallas", "dayton", "delhi", "denver",
        "des moines", "detroit", "dubai", "dublin", "duluth", "durham", "east harlem",
        "edinburgh", "el paso", "elk grove", "erie", "escondido", "eugene", "fargo",
        "fayetteville", "flint", "fontana", "fort collins", "fort lauderdale", "fort wayne",
        "fort worth", "fremont", "fresno", "frisco", "fullerton", "gainesville", "galveston",
        "garden grove", "garland", "geneva", "gilbert", "glasgow", "glendale", "grand rapids",
        "green bay", "greensboro", "greenville", "guadalajara", "hampton", "harlem",
        "harrisburg", "hartford", "havana", "hayward", "helsinki", "hialeah", "hollywood",
        "hong kong", "honolulu", "houston", "huntington beach", "huntsville", "hyderabad",
        "indianapolis", "irvine", "irving", "istanbul", "ithaca", "jacksonville", "jakarta",
        "jersey city", "jerusalem", "joliet", "juneau", "kalamazoo", "kansas city", "knoxville",
        "kolkata", "kyiv", "lafayette", "lagos", "lakewood", "lancaster", "lansing", "laredo",
        "las vegas", "leeds", "lexington", "lima", "lincoln", "lisbon", "little rock",
        "liverpool", "london", "long beach", "long island", "los angeles", "louisville",
        "lubbock", "macon", "madison", "madrid", "manchester", "manhattan", "manila",
        "martha's vineyard", "mckinney", "melbourne", "memphis", "mesa", "mexico city", "miami",
        "midtown", "milwaukee", "minneapolis", "missoula", "mobile", "modesto", "montgomery",
        "montreal", "moreno valley", "moscow", "mumbai", "nairobi", "napa", "naperville",
        "naples", "nashville", "new delhi", "new haven", "new orleans", "new york",
        "new york city", "newark", "newport news", "norfolk", "nyc", "oakland", "oceanside",
        "oklahoma city", "omaha", "ontario", "orlando", "osaka", "oslo", "ottawa",
        "overland park", "oxnard", "palmdale", "palo alto", "paris", "pasadena", "paterson",
        "pembroke pines", "pensacola", "peoria", "perth", "philadelphia", "phoenix",
        "pittsburgh", "plano", "pomona", "port st. lucie", "portland", "providence", "provo",
        "queens", "raleigh", "rancho cucamonga", "reno", "richmond", "riverside", "rochester",
        "rockford", "rome", "sacramento", "saint louis", "saint paul", "salem", "salinas",
        "salt lake city", "san antonio", "san bernardino", "san diego", "san francisco",
        "san jose", "san juan", "san mateo", "san rafael", "santa ana", "santa barbara",
        "santa clara", "santa clarita", "santa cruz", "santa fe", "santa maria", "santa monica",
        "santa rosa", "sao paulo", "sarasota", "savannah", "scottsdale", "scranton", "seattle",
        "seoul", "shanghai", "shreveport", "silicon valley", "silver spring", "singapore",
        "sioux falls", "soho", "south bronx", "south side", "spokane", "springfield",
        "st louis", "st paul", "st petersburg", "st. louis", "st. paul", "st. petersburg",
        "stamford", "staten island", "stockholm", "stockton", "sunnyvale", "sydney", "syracuse",
        "tacoma", "tallahassee", "tampa", "tel aviv", "tempe", "tijuana", "tokyo", "toledo",
        "topeka", "toronto", "torrance", "trenton", "tribeca", "tucson", "tulsa", "tuscaloosa",
        "vancouver", "vienna", "virginia beach", "waco", "warren", "warsaw", "washington d.c",
        "washington dc", "washington heights", "west palm beach", "wichita",
        "williamsburg", "wilmington", "winston-salem", "worcester", "yonkers", "zurich",
    }
)  # fmt: skip
# Hospitals that are named without a word that says that they are one.
FACILITIES = frozenset(
    {
        "addenbrooke's", "advocate", "ascension", "banner", "barnes-jewish", "baylor",
        "beaumont", "bellevue", "ben taub", "beth israel", "bidmc", "boston children's",
        "boston medical", "brigham", "bwh", "cchmc", "cedar sinai", "cedar-sinai", "cedars",
        "cedars sinai", "cedars-sinai", "charité", "chla", "chop", "city of hope", "columbia",
        "cook county", "cornell", "county general", "cuimc", "cvs", "dana farber",
        "dana-farber", "denver gen", "denver health", "dignity", "duke", "emory", "fred hutch",
        "fred hutchinson", "geisinger", "grady", "great ormond street", "guy's", "harborview",
        "hennepin", "henry ford", "hopkins", "hss", "hup", "intermountain", "iu",
        "jackson memorial", "jefferson", "jhh", "jhu", "john hopkins", "john's hopkins",
        "johns hopkins", "kaiser", "kaiser permanente", "labcorp", "langone", "lenox hill",
        "loyola", "lurie", "mass general", "massachusetts general", "mayo", "mayo clinic",
        "md anderson", "mdacc", "memorial sloan kettering", "mgh", "moffitt", "montefiore",
        "mount sinai", "msk", "mskcc", "mt sinai", "mt. sinai", "musc", "nemours",
        "new york presbyterian", "new york-presbyterian", "newyork-presbyterian", "nih",
        "northwestern", "nyp", "nyu", "nyu langone", "ochsner", "ohsu", "osu", "parkland",
        "penn", "penn medicine", "providence", "quest", "quest diagnostics", "rady children's",
        "roswell park", "rush", "scripps", "sharp", "sloan kettering", "spectrum", "stanford",
        "sutter", "swedish", "temple", "texas children's", "trinity", "tufts", "uab", "ucd",
        "uci", "ucla", "ucsd", "ucsf", "umc", "unc", "uofm", "upmc", "usc", "uthealth", "utmb",
        "utsw", "uw", "uwmc", "vamc", "vanderbilt", "vumc", "walgreens", "walter reed",
        "weill cornell", "yale",
    }
)  # fmt: skip
# A name that ends in one of these is a place of care.
FACILITY_NOUNS = frozenset(
    """
    clinic clinics dispensary healthcare healthpark hosp hospice hospital hospitals infirmary
    medcenter nursing pharmacy polyclinic rehab sanatorium sanitarium
    """.split()
)
# These, where a word before them names something: Memorial, Cleveland Medical Center.
FACILITY_TAILS = frozenset(
    {
        "academy", "acres", "ambulance", "assisted living", "associates", "baptist",
        "behavioral health", "birth center", "burn center", "campus", "cancer center",
        "cancer institute", "cardiology", "care center", "care home", "center", "centre",
        "children's", "children's center", "church", "commons", "county",
        "daycare", "dental", "dermatology", "diagnostics", "dialysis", "dialysis center",
        "district", "elementary", "elementary school", "ems", "enterprises", "estates",
        "eye center", "eye institute", "family medicine", "family practice", "fire department",
        "gardens", "gastro", "gastroenterology", "general", "gi", "haven", "health", "health care",
        "health center", "health centre", "health clinic", "health network", "health services",
        "health system", "heart center", "heart institute", "high school", "home care",
        "home health", "house", "imaging", "imaging center", "industries", "infusion", "institute",
        "jail", "kidney care", "laboratories", "lodge", "logistics", "manor", "meadows",
        "med center", "med ctr", "med. center", "med. ctr", "medical", "medical arts",
        "medical associates", "medical center", "medical centre", "medical ctr", "medical group",
        "medical plaza", "medicine", "memorial", "methodist", "middle school", "nephrology",
        "neurology", "neurology center", "nursing center", "nursing home", "oaks", "obgyn",
        "office", "oncology", "orthopedics", "parish", "pd", "pediatrics", "physicians group",
        "pines", "police", "police department", "practice", "presbyterian", "preschool",
        "primary care", "prison", "psychiatry", "radiology", "recovery", "regional", "rehab center",
        "rehabilitation", "rehabilitation center", "reservation", "roofing", "school",
        "senior center", "senior living", "shelter", "shipyard", "snf", "surgery center",
        "surgical", "surgical center", "surgicenter", "terrace", "township", "trauma center",
        "treatment center", "trucking", "university", "urgent care", "urology", "va",
        "veterans affairs", "villa", "village", "villas", "wellness center", "women's",
    }
)  # fmt: skip
# Tails that medicine itself uses so much that they want a verb of visiting before the name.
WEAK_TAILS = frozenset(
    """
    academy acres ambulance associates baptist campus cardiology center centre church commons
    county daycare dental dermatology diagnostics dialysis district elementary
    ems enterprises estates gardens gastro gastroenterology general gi haven health house imaging
    industries infusion institute jail laboratories lodge logistics manor meadows medical medicine
    memorial methodist nephrology neurology oaks obgyn office oncology orthopedics parish pd
    pediatrics pines police practice presbyterian preschool prison psychiatry radiology recovery
    regional rehabilitation reservation roofing school shelter shipyard snf surgical surgicenter
    terrace trucking university urology va villa village villas
    """.split()
) | {
    "health care", "primary care", "urgent care", "family practice", "family medicine",
    "health services", "health system", "heart center", "home care", "home health",
    "cancer center", "health center", "care center", "nursing home", "assisted living",
    "senior living", "children's", "women's", "trauma center", "burn center", "rehab center",
}  # fmt: skip
# Of homes, whose names are common words: `Pleasant Acres`.
HOME_TAILS = frozenset(
    """acres commons estates gardens haven house lodge manor meadows oaks pines recovery terrace
    villa village villas""".split()
)
# Words of a department or a kind of clinic: "Pain Clinic" names no place.
KINDS_OF_CARE = frozenset(
    """
    a academic acute admission admit admitted aids allergy alzheimer's ambulatory an another
    antenatal anticoagulation asthma bariatric behavioral behavioural breast burn cancer cardiac
    cardiology care center centre children's childrens chronic clinic community copd coumadin
    covid covid-19 critical current day dental department dermatology diabetes diabetic dialysis
    discharge disease diseases ear emergency employee endocrine endocrinology ent epilepsy eye
    family fertility flu follow-up foot free gastroenterology general geriatric geriatrics gi
    gyn gynecology haematology headache health hearing heart hematology hiv home hospital
    hypertension imaging immunization immunology infectious infusion inpatient intensive ivf lab
    laboratory level lipid local lung maternity medical memory men's mental mobile movement ms
    nearest nephrology neurological neurology new night nursing ob obesity obgyn obstetric
    occupational old oncology orthopaedic orthopedic orthopedics other our outpatient paediatric
    pain parkinson parkinson's patient patients pediatric pediatrics physical post-op
    postoperative pre-op prenatal preoperative previous primary private psychiatric psychiatry
    public pulmonary radiology rehab rehabilitation renal respiratory rheumatology same skin
    sleep smoking specialist specialty speech sports std sti stroke student surgery surgical
    teaching telehealth tertiary that the this thyroid transfer transplant trauma travel unit
    urgent urology va vaccination vaccine virtual vision walk-in warfarin weight women's womens
    wound
    """.split()
) - {"general", "community", "city", "county"}
# Capitalised words behind "at" or "to" that are no place.
NOT_A_PLACE = frozenset(
    """
    a1c aap acc acog ada age aha apgar asco baseline bed bp ccu cdc chads child-pugh christmas
    class cms covid covid-19 ct day dr easter ecog ed ems ent er er+ fda floor framingham friday
    gi gleason grade gyn hba1c hemoglobin home hour hr icu im iv karnofsky l&d level medicaid
    medicare micu monday month mr mri mrs ms nccn nhs nice nicu night nih o2 ob opd or ot pacu
    pcp phase picu po prn pt rest risk room rr saturday screening sicu stage sunday thanksgiving
    declined disabled homemaker none retired self self-employed unemployed unknown thursday time
    tuesday type uk us usa va ward wednesday week wells who year
    """.split()
)
# Who says these words gives guidance; the name behind them is a source, not a place of care.
SOURCES = (
    r"(?:recommendations?|guidelines?|guidance|criteria|consensus|trials?|stud(?:y|ies)|research"
    r"|protocols?|updates?|statements?|publications?|articles?|according to|published|data)\s+"
    r"(?:[a-z]+\s+)?(?:from|by|of|at|in|to)\s+(?:the\s+)?$"
)
