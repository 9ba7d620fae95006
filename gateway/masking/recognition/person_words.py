"""Words that decide whether a capitalised word is a person's name. All in lower case."""

TITLES = frozenset(
    """
    capt captain chaplain coach dame deputy detective doctor dr drs father fr hon imam judge
    lieutenant lt madam miss mr mrs ms mx nurse officer pastor prof professor rabbi rev reverend
    sergeant sgt sir sister trooper
    """.split()
)
# Behind these a name is likelier than behind nothing, but they are words by themselves too.
WEAK_TITLES = frozenset(
    """sister father nurse judge captain chaplain coach deputy detective doctor lieutenant officer
    professor sergeant trooper""".split()
)
CREDENTIALS = frozenset(
    """
    aprn cna cnp crna dds dmd do dpm dvm esq facp facs fnp frcp ii iii iv jr lcsw lpn mbbs md
    mph np od ot pa pac pharmd phd pt rn sr
    """.split()
)
PARTICLES = frozenset(
    "van von de del della der den di da dos das du la le bin ibn al el ter ten st y e".split()
)
# Never taken for a given name: words that the census lists as names of a few people.
NOT_GIVEN = frozenset(
    """
    africa ai al alaska alba alpha amber america ami an angel angelic angle ara art asia aura
    austin autumn barabara bee bell berlin beta bo bong boston brain brooklyn burl carolina chan
    chance cherry chi chia chile chin china ching chong christen chun clement cleveland
    conception coral cori cruz crystal cuba dakota dale dallas date december dell delta denver
    desire diamond dick do doctor dong dot drew dung dusty easter echo else emerald era ester
    ethyl fairy fe february florence florida forest friday gala garnet genesis geneva georgia
    german ginger golden ha hae han harmony hong houston hue hung in india israel ivory ivy jade
    jama january jewel jordan july junior ka kenya king kit la lady lai lan lang le lea lean
    less li liberty lien lincoln ling loan london long lore lory lourdes love luna lura ma
    madison magnolia major man mana manual many mao maple march marine marquis marry maryland
    max mayo mean mel melody memphis mercy merry meta mi milan min miss missouri monday montana
    my myrtle na nam name nevada noble none nova novella november nu october ok olive omega opal
    orlando pa page palma pansy paris pasty patience patient pearl pearly phoenix pia ping
    pinkie porter precious prince princess queen reed rich rocky rod roma rosy royal ruby rusty
    sabra sage sandy sang saturday savannah season see september sha shad shan shin shu siena
    sierra so sol son song soon sparkle spring star sterling stormy summer sun sunday sung sunny
    sunshine sydney ta tai tam tawny temple tennessee tequila test that the thi this thu
    thursday tien tiny toi tora trinity troy tu tuesday ula un van velvet verona vi vienna
    violet virginia vita viva wan wednesday wen willow windy winter yan yen yer yon young
    """.split()
)
# Given names that are words as well: taken for names only with a surname or an initial behind them.
AMBIGUOUS_GIVEN = frozenset(
    """
    abbey addison advent al allen allison alma ana anderson angel ann april armani aubrey august
    autumn ava avery bailey barb barrett barton basil beau bennett benton berry bill blaine
    blair blake booker boyce boyd brandy britt brock brook brooks bryant buck bud buddy bunny
    burke burton byron candy carey carol carroll carson carter cary casey chad chance chandler
    chanel chang chaplin charity chase cherry chester chi christian chuck clark clay clayton
    cliff clinton cody cole coleman colin conrad cooper coral corey cortez craig crystal curt
    cyrus daisy dale dallas dalton dan darby darrell darwin davis dawn dean delta derrick
    desmond destiny dexter diamond dillon dior dixie dolly don dorsey drake drew dudley duncan
    earl earnest ebony edison elan eldridge elliott ellis emerson emery english era eve faith
    fay faye ferguson fern finn fisher fleming fletcher flint flora ford forest foster frank
    franklin freeman garland garrison gay gene german gil ginger glen glory golden gordon grace
    graham grant gray guy hall hamilton hank happy hardy harley harmony harris harrison harry
    hayden hayes hazel heath heather heaven henderson herb hilton holland holley holly holmes
    homer honey hope houston howard hudson hunter hurst huston ida ira iris isa isis ivory ivy
    jack jackson jade jamison jasmine jasper jay jean jefferson jersey jewel jimmy johnson
    jordan joy judge june junior justice justin kelly kelvin kennedy kent kerry king kirby kit
    lacy lambert lance lane laurel lawson lea lee levi lewis liberty lily lincoln logan london
    lowell lyon mac mack madison magnolia major marina marion mark marlin marshall mason max
    maxwell may mckenzie mckinley melody mercedes mercy merit merle merrill mia miles miller
    milton misty mitchell monroe montgomery moon mora morgan morris morton murray nan nelson
    newton nieves nike nolan norm norma norman norris oakley olive ona opal orlando otis owen
    page palm palmer pansy paris parker parris pat patience patty payton pearl penn penny perry
    phoenix piper porter precious preston prince princeton quinn ramadan ramsey randy raven ray
    reagan reed reid rex reyes reynolds rhodes rich ricky riley rob robin rocky rod roman romeo
    rose rosemary ross royce ruby russell rusty sage sal salem sanders sandy santana savannah
    sawyer scarlet scott shea shelby sheldon shelton sherman sherry sierra silva simpson skip
    skye spencer stanford stanley stanton star starr sterling stewart stormy stuart sue summer
    sunny sutton sydney tad tam tanner tatum taylor temple terry thatcher tiffany tran trent
    trey trinity troy tucker turner tyson una valentine van vance vaughn vera vernon victor
    viola violet wade walker wallace walton ward warner warren watson wells werner wesley
    westley weston whitley whitney will williams willow wilson winston wren wyatt yang york
    young
    """.split()
)
# Surnames that are words too; not enough by themselves behind a word that is on no list.
WEAK_SURNAMES = frozenset(
    """
    august baker ball banks baptist barber barnes beck bell berry bishop black brooks burns bush
    cannon care center chambers child children church clinic cole college cook cox cross curry
    day dean department disease farmer fever field fields fisher flowers flu ford fox general
    glover grant graves gray green group hall hand hart head health heart hill hospital house
    hunt hunter index institute king knight lake lane little long love mason may medical
    memorial mercy methodist miles mills moss office page pain parks point porter potter powers
    presbyterian price ray rice risk rose saint scale score service services sharp sims stage
    state stone street study syndrome team test trial type unit university valley virus wade
    ward watts webster wells west white womens wood woods yates young
    """.split()
)
# Of these, words of places and of medicine rather than of people.
INSTITUTIONS = frozenset(
    """
    baptist care center child children church clinic college cross department disease farmer fever
    field fields flu general group hand head health heart hospital house index institute medical
    memorial mercy methodist office pain point presbyterian risk saint scale score service services
    stage state street study syndrome team test trial type unit university valley virus womens
    """.split()
)
# Words of `NOT_A_NAME` that are frequent surnames: behind a title or a sure given name alone.
SURNAME_WORDS = frozenset(
    "best black english french lane may page ward west white winter church".split()
)
# Behind a title alone.
TITLED_WORDS = frozenset("case fall good hand head heart pain place post price short small".split())
# Behind a title, and nobody.
TITLED_BRANDS = frozenset(
    "bronner chatgpt clean dash google internet oz pepper phil scholl".split()
)
# Halves of Chinese and Korean given names with a hyphen.
SYLLABLES = frozenset(
    """
    ah bae bao bin bo byung chan chang chen cheng chi chia chih chin ching cho chul chun chung da
    dae do dong duk eun fang fen feng guo ha hae hao hee heng ho hong hoon hsiang hsin hsiu hua huan
    hui hun hwa hwan hye hyuk hyun jae jeong ji jia jian jie jin jing jong joo joon ju jun jung kai
    kang ki kuang kuo kwang kyu kyung lan lei li lian liang lin ling long lun mei mi miao min ming
    mun myung na nam ning pei peng ping qi qian qiang qing rong ru rui sang se seo seok seon seong
    seung shan shen shi shih shu shun soo sook su suk sun sung tae tai tao ting tsung wei wen won
    woo wook xi xia xian xiang xiao xin xing xiu xu xue ya yan yang yeon yi yin ying yo yong yoon
    young yu yuan yue yun ze zhen zheng zhi zhong zi zong
    """.split()
)
MONTHS = frozenset("april august may june".split())
# Words that are capitalised in clinical text without being names.
NOT_A_NAME = frozenset(
    """
    a abdomen abnormal about academy account acute address admission admitted advil advised
    african after against age aged agency agreed alert all allergies allergy also am america
    american amlodipine amoxicillin an and anemia another anxiety any apixaban appendix
    appointment approach apr april apt arabic are arm arthritis article as asian aspirin
    assessment association asthma at atorvastatin atrial aug august avenue awake baby back be
    because been before being best between bilateral black blood body bone both boulevard box
    boy brain brother but by can cancer cardiovascular care case catholic caucasian center
    central centre chest chief child chinese christian chronic city claim class client clinic
    college common community complaint concern concerns condition congestive conjugate
    considerations considering contact continue continued continues copd coronary could coumadin
    county court covid crestor criteria current daily date daughter dear dec december denies
    department depression details diabetes diagnosed diagnoses diagnosis dictated did discharge
    discharged discussed disease disorder do dob doctor does dosage dose dr drive drug drugs
    dtap during each ear ears east eastern ed effect effectiveness effects eight either
    electronically eliquis email emergency english epilepsy er european evening every evidence
    exam examination eye eyes fall family father fax feb february federal feet female few figure
    file first five floor follow follow-up followup foot for fort four french fri friday from ft
    gabapentin general german girl given gout grade group guideline guidelines had hand hands
    has have he head health heart height hello heparin hepatitis her here hi hip his hispanic
    history home hospital how hpv humira husband hypertension i ibuprofen icu id if immunization
    in index indian infant inflammatory influenza info information initial institute insulin
    insurance international into intravenous is it italian its jan january japanese jewish
    journal jul july jun june keytruda kidney kidneys knee korean lab laboratory labs lane
    lantus lasix last latest latina latino left leg less level lipitor lisinopril liver losartan
    lower lung lungs lupus male man management many mar march mass may medicaid medical medicare
    medication medications medicine medigap member mental metformin mexican might migraine mild
    ministry mmr moderate mon monday month monthly more morning most mother motrin mount mr mrn
    mrs ms mt much muslim must my myocardial name names national native neck negative neither
    new newly next night nine no none nor normal north northern nose not note noted notes nov
    november number nurse obesity oct october of office ok old omeprazole on one ongoing onto
    operation option options or oral order orders oriented other others our over oxygen ozempic
    page pain past patient patients pelvis penicillin per phase phone physical physician place
    plan plavix pleasant please pneumococcal pneumonia policy positive post practice practices
    pre prednisone present presented presenting presents pressure previous prior private problem
    problems procedure prognosis protestant protocol protocols provider prozac psoriasis pt pts
    public pulmonary pulse question rate re recent recently recommendation recommendations
    recommended record records referral referred regards renal report reported reports request
    respiratory result results review reviewed rheumatoid right risk road room russian saint sat
    saturation saturday scale scheduled score section seeing seen sep sepsis sept september
    service services seven several severe shall she should shoulder side sign signed signs since
    sincerely sister six skin so social society some son south southern spanish spring ssn st
    staff stage start started state states status stop stopped street stroke studies study
    subcutaneous subject suite summary summer sun sunday surgeon surgery surgical syndrome
    system systems table take takes taking team temperature ten test testing tests tetanus than
    thank thanks that the their then therapies therapy there these they this those three throat
    through thu thursday time to today tomorrow topical total town transcribed treatment
    treatments trial tricare tue tuesday two tylenol type uk under unit united university
    unknown until up upper us usa vaccination vaccine versus via visit visits vital vitals vs
    ward warfarin was we wed wednesday week weekly weight well-developed were west western what
    when where which while white who whom whose why wife will winter with without woman would
    xarelto year years yes yesterday yet you your zip zoloft
    """.split()
)
# Words of departments, treatments and headings that are written with a capital, as names are.
CLINICAL = frozenset(
    """
    abdominal ablation access acetaminophen activities activity administration advance advanced
    adverse airway albumin alert ambulance ambulatory amputation anatomy anesthesia antibiotics
    anticipatory anxiety aortic aphasia arterial artery aseptic aspiration assistance assisted
    attending audiology authorization background balance barium baseline bath behavior
    behavioral bilirubin biopsy bladder bolus bone bowel breast breath bronchial burn calcium
    cardiac cardio carotid casein cataract category caution cervical cesarean chemistry chemo
    chloride circulation class classification clear clinical clinician coagulation code
    cognitive colon color combined complete comprehensive compression confidential consent
    consult consultation contrast control coping cord corneal counseling creatinine crisis
    critical culture cultures cyst cystic deep dental derm dermatitis diagnostic dialectical
    dialysis diastolic diet differential digestive direct directive disability disc disposition
    domestic doppler dorsal double dressing drip dry durable duration ectopic edema elective
    electrolytes elevated endocrine energy enhanced enteral environmental equipment essential
    estrogen exercise external facial failure fasting fatigue fentanyl fetal fibrosis findings
    fingerstick fitness fluid fluids focal food fracture fractures free frequency functional
    fungal gait gastric gastro genetic geriatric gestational glucose goals gram gynecology
    hearing hematuria hemoglobin hepatic herpes hormone hospice human hydration hygiene image
    imaging immediate immune implant impression inactive independent infectious infusion
    injection injury inpatient inspection instructions insulin integrated intensive interim
    intermediate internal interpretation interval interventional intestinal iodine iron joint
    juvenile ketones lactate large latex legal lesion leukemia level ligament limb liquid
    liquids live local long lumbar lymph macular magnetic maintenance major malignant mass
    maternal maximum mechanical medial medically medroxyprogesterone membrane metabolic
    metastatic methotrexate minimal minor mitral mobility modified monitor monitoring morphine
    motor multiple muscle musculature musculoskeletal narrative nasal nasopharyngeal nausea
    neonatal nerve neuro neutropenic nitroglycerin non nuclear nutrition objective obstetric
    obstructive occupational onset opioid optic oral ortho orthopedic otitis outcome outpatient
    ovarian pain palliative panel parathyroid parenteral partial patch pathology pediatric
    pelvic peptic percutaneous performed perioperative peripheral personal pharmacy placenta
    plain platelet platelets pleural pneumatic poison polyp portal position potassium
    precautions preferred pregnancy premature preoperative preparation presence pressure
    preventive primary prior private progress progressive prophylaxis prostate prosthetic
    protein psych psychiatric psychosocial quality quantitative radial radiation radical range
    rapid rare reaction reason recovery rectal rectum recurrent red reduced reference reflux
    refractory regular rehab renal replacement residual resistance resistant resting
    resuscitation retinal reverse rheumatic rhythm rotator routine safety saline schedule
    sclerosis screening secondary secretions sedation sedimentation self sensory serum severe
    sexual shock short sickle signature simple single sinus skilled sleep slow smear smoking
    sodium soft solid somatic special specific specimen speech spinal spine spiral splenic
    sputum stable standard stem sterile stomach stool strength stress structural subacute
    sublingual substance sudden suicide supplemental support supportive supraventricular swallow
    symptom symptoms systolic target technique telehealth telemetry tendon terminal therapeutic
    thoracic thyroid tissue tobacco tone tracheal transfer transfusion transient transitional
    transplant trauma traumatic triage tricuspid troponin tubal tumor tympanic ultrasound
    unstable upright urea ureteral urgent urinary urine urology uterine vaginal valve vascular
    vein venous ventilator ventricular vertebral video viral viscosity vision visual vocal voice
    volume voluntary walker walking water wellness white whole wound wrist
    """.split()
)
# Ends of words of medicine and of drugs (WHO's stems of nonproprietary names), and of nouns.
CLINICAL_ENDS = (
    "aemia", "algia", "ative", "azine", "azole", "barbital", "caine", "carcinoma", "centesis",
    "chloride", "cillin", "cycline", "dipine", "dronate", "ectomy", "emia", "fibrate",
    "gliflozin", "gliptin", "glutide", "graphy", "iatric", "iatrics", "iatry", "ical", "ician",
    "idone", "intestinal", "itis", "lukast", "lumab", "lymphoma", "lysis", "malacia", "megaly",
    "melanoma", "ment", "mide", "mycin", "myeloma", "ness", "ogram", "olism", "ologist",
    "ology", "olol", "olone", "opathic", "osis", "ostomy", "otomy", "oxacin", "oxide",
    "paresis", "parin", "pathy", "penia", "phate", "philia", "plasty", "plegia", "poetin",
    "pril", "pulmonary", "rrhage", "rrhea", "sarcoma", "sartan", "scopy", "setron", "sion",
    "statin", "terol", "therapy", "tidine", "tinib", "tion", "triptan", "trophy", "tropium",
    "tuzumab", "uria", "vascular", "xaban", "ximab", "zepam", "zolam", "zumab",
)  # fmt: skip
# Behind a capitalised word these say that it names a disease, a test or a device, not a person.
_EPONYM_NOUNS = """
    agar anaemia anastomosis anemia aneurysm angina anomaly antibodies antibody antigen approach
    arteritis assay assessment ataxia atrophy band block bodies body brace brake breathing
    bypass calculator canal cancer carcinoma catheter cell cells chorea cirrhosis clamp
    classification cohort contracture criteria criterion defect deficiency dementia diet disease
    disorder dressing duct dystrophy effect encephalopathy equation esophagus exam examination
    facies factor fever flap flu forceps formula fracture fractures fundoplication gait
    gastrectomy gene gland glands grade grading granulomatosis groove heart hernia incision
    index infection inventory kit lace lactate law leukemia line lines loop lymphoma
    macroglobulinemia malformation maneuver manoeuvre measles melanoma method model murmur
    mutation nephropathy neuropathy node nodes nodule nodules nomogram oesophagus operation pain
    palsy pattern pentad phage phenomenon point position pouch pox probe procedure prostatectomy
    protein protocol pump purpura questionnaire reflex reflexes regimen reimplant reimplantation
    repair respiration
    respirations retractor rhythm ring ringers rings risk rule rules sarcoma scale scan score
    scores screen screening shunt sign signs solution spasm splint spot spots stage stages
    staging stain struma studies study syndrome syndromes technique tenotomy test testing tests
    tetrad thyroiditis tremor triad trial trials tube tumor tumour ulcer ulcers vaccine valve
    vasculitis virus wave waves
    """.split()
# In the plural too: `the modified Brooke formulas`.
EPONYM_NOUNS = frozenset(word + ending for word in _EPONYM_NOUNS for ending in ("", "s"))
EPONYMS = frozenset(
    """
    addison adson allis alport alzheimer angelman ann apgar apley argyll aschoff asherman asperger
    auerbach auspitz babinski bainbridge baker balint ballard bankart bannwarth bard barlow barr
    barre barrett barthel bartter basedow beck becker behcet bell bence berger bernard bethesda
    bezold billroth binet binswanger bitot blalock blatchford blount boas boerhaave bohr borg
    bosniak boston bouchard bowen braden braxton brenner breslow bright briquet bristol broca brodie
    brown-sequard brucella brudzinski brugada brugia brunner bruton budd buerger burkitt calot
    camurati caplan carnett caroli castleman chaddock chagas charcot charlson chauffard cheyne
    chiari christmas chvostek clutton codman colles coombs corrigan courvoisier cowden coxsackie
    crede creutzfeldt crigler crohn cronkhite crouzon cullen curling curschmann cushing dandy danis
    danlos darier denonvilliers dercum devic dieulafoy digeorge dijon donath doppler down downs
    dressler duane dubin duchenne duke dupuytren duroziez eaton ebola ebstein ehlers eisenmenger
    ekbom ellison epley epstein erb ewart ewing fabry fallot fanconi farber felty fick finkelstein
    fisher fitz fitzpatrick fleischer flexner foley fontaine forrester fournier framingham
    friedreich frohlich frykman fuhrman galant galeazzi gallavardin gardner gartland gaucher gehrig
    gerstmann gilbert gilles gitelman glasgow gleason goldmann golgi goodpasture goodsall gorlin
    gottron gowers graefe gram graves grey grocco guillain gustilo hachinski haemophilus haldane
    hallpike hamilton hampton hansen hartmann hashimoto heberden heimlich heinz henoch hirano
    hirschsprung hitzig hodgkin hodgkins hoehn hollenhorst homans horner hounsfield howell howship
    hunner hunter huntington hurler ishihara jacob jaffe janeway jarisch jefferson jolly kallmann
    kaplan kaposi karnofsky kartagener kawasaki kehr kerley kernig kienbock kikuchi killip
    kimmelstiel kirby klatskin kleihauer klinefelter klippel klumpke kocher kohler koplik korsakoff
    kostmann krabbe kussmaul kveim lachman landau langerhans laron larrey lasegue laugier leber legg
    legionnaires leigh leopold leriche lesch leser lewy lhermitte liberfarb libman liddle likert
    lisfranc loeffler lou lowenstein lundh lutembacher lyme lynch madelung maffucci maisonneuve
    malgaigne mallampati mallory mantoux marburg marfan marjolin mayo mazzotti mcardle mcburney
    mccune mcgill mcmurray meckel medicare meier meissner mendel menetrier meniere menkes merkel
    milan mobitz monro monteggia montreal morgagni moro morse morton moschcowitz muehrcke munchausen
    muret murphy naegele neer negri neufeld nikolsky nissen noonan norwalk ober oddi ogilvie ollier
    ortner ortolani osgood osler osteo paget pancoast paneth pap papanicolaou parkinson pascal
    pautrier pelger pemberton perthes petri peutz peyronie pfannenstiel phalen pick pierre plesch
    plummer pompe pott potter prader prinzmetal prussian pugh purkinje queckenstedt quincke ramsay
    rankin ranson rathke raynaud refsum reinke reiter rett reye riedel riley rinne robin rockall
    rolando romberg rome rorschach rosenbach rosenthal roth rotor roux rovsing salter sandhoff
    sanfilippo sapporo savary schatzker schatzki schaumann scheie scheuermann schilling schirmer
    schlatter schmorl schober schwann seidel seldinger sengstaken sezary sheehan shenton sherren
    shirodkar shwachman simmonds sjogren sjögren sneddon snellen sotos spearman spigelian spitz
    spurling stanford steinert sternberg stevens stickler still stokes sturge sudeck swan sydenham
    takayasu tanner taussig tay thomsen tietze tinel todd tourette traube treacher trendelenburg
    trousseau turcot turner uhthoff unna usher valsalva vater verner virchow wagner waldenstrom
    wallenberg wartenberg waterhouse waterston weber wegener weil weiss wells wenckebach wernicke
    westermark westphal whipple whitmore whitnall wickham widal wilkie wilms wiskott wohlfart wolff
    wood yahr yergason zellweger zenker ziehl zieve zika zollinger
    """.split()
)
EPONYM_PAIRS = frozenset(
    {
        ("baron", "munchausen"), ("braxton", "hicks"), ("grey", "turner"), ("austin", "moore"),
        ("stevens", "johnson"), ("ehlers", "danlos"), ("ellis", "jones"), ("howell", "jolly"),
        ("bence", "jones"), ("peutz", "jeghers"), ("russell", "silver"), ("allen", "brown"),
        ("lou", "gehrig"), ("tommy", "john"), ("ann", "arbor"), ("guillain", "barre"),
        ("mary", "jane"), ("john", "cunningham"), ("jack", "stone"), ("gilles", "de"),
        ("charles", "bonnet"), ("pierre", "robin"), ("austin", "flint"), ("graham", "steell"),
        ("ramsay", "hunt"), ("marcus", "gunn"), ("argyll", "robertson"), ("henry", "schein"),
        ("kaplan", "meier"), ("hamilton", "depression"), ("beck", "depression"),
        ("stanford", "binet"), ("wong", "baker"), ("norton", "scale"), ("eli", "lilly"),
        ("bristol", "myers"), ("johnson", "johnson"), ("bell", "palsy"), ("adams", "stokes"),
        ("jackson", "pratt"), ("penrose", "drain"), ("harrington", "rod"), ("rose", "bengal"),
        ("may", "thurner"), ("hill", "sachs"), ("vaughan", "williams"), ("ivor", "lewis"),
        ("monte", "carlo"), ("lambert", "eaton"), ("charcot", "marie"), ("shwachman", "diamond"),
        ("may", "grunwald"), ("rocky", "mountain"), ("mary", "joseph"),
        ("mallory", "weiss"), ("grace", "score"), ("franklin", "gothic"), ("philip", "morris"),
    }
)  # fmt: skip
