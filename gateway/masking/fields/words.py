"""Words of fields' names as the rules for names know them: abbreviations, and other languages.

Databases call a column `pt_nm`, `Geburtsdatum` or `fecha_nacimiento`. Each word is put into the
English word that `field_names` has rules for; names that it knows as they stand never come here.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_SPLIT = re.compile(
    r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])"
    r"|[^A-Za-z0-9]+"
)
_NUMBER_SIGN = re.compile(r"#|\u2116|\bn[\u00b0\u00ba]")
MAX_WORDS = 8
MAX_DIGITS = 2


def _table(text: str) -> dict[str, str]:
    """`name: nm nme` for each line, to {"nm": "name", …}."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        word, _, others = line.partition(":")
        found |= dict.fromkeys(others.split(), word.strip())
    return found


ABBREVIATIONS = _table(
    """
    name: nm nme nam
    patient: pt pat pnt
    first: fst frst frs
    last: lst
    middle: mid mdl
    member: mbr memb mem
    subscriber: subscr subscrb sbscr subs
    provider: prov prv prvdr
    doctor: dr md doc physn
    physician: phys phy
    referring: rfr
    guarantor: guar gtor
    emergency: emerg emer
    beneficiary: bene benef
    employer: emplr
    employee: empl emp
    time: tm
    first_name: firstnm fnm
    last_name: lastnm lnm ptlname
    customer: cust
    client: clnt
    number: nbr nmbr nr num no numb
    code: cd
    phone: phn fon
    address: addr adr adrs
    line: ln
    street: str strt
    city: cty
    county: cnty
    license: lic lcns licn
    driver: drv drvr
    account: acct acc accnt
    social_security: socsec
    security: sec
    social: soc
    medical_record: medrec
    medical: med
    record: rec rcd
    policy: pol plcy
    group: grp
    insurance: ins insur
    date: dt dte dttm
    birth: brth bth brt
    discharge: disch dsch dischg dchrg
    admission: adm admt admiss
    admit: admsn
    service: svc srvc serv
    encounter: enc enctr
    hospital: hosp
    facility: fac facil
    mrn: mrno mrnum mrnbr mrnno
    medical_record_number: medrecnum medrecno medicalrecordno
    patient_id: patid ptid patientkey patkey
    patient_name: patname ptname patientnm patnm ptnm pname
    member_id: mbrid memid membid
    account_number: acctno acctnum acctnbr acctnr acctid
    social_security_number: socsecno socsecnum socsecnbr ssnum ssno ssnbr
    zip_code: zipcd zipcde zcode
    date_of_birth: dob dobdt birthdt brthdt birthdttm ptdob patdob bdate mob
    service_date: dos
    death_date: dod
    account: har csn
    street_address: addrln addrline
    """
)
LANGUAGES = _table(
    """
    name: nombre nombres nom nome nomi naam navn namn nazwa
    last_name: apellido apellidos nachname familienname zuname sobrenome cognome achternaam
    surname: efternamn etternavn efternavn nazwisko apellidopaterno apellidomaterno nomfamille
    first_name: vorname rufname prenom prenoms voornaam fornamn fornavn imie primernombre
    maiden_name: geburtsname madchenname nomnaissance nomjeunefille meisjesnaam
    patient_name: patientenname patientnaam nombrepaciente
    patient: paciente paziente patienten
    full: completo completa vollstandig complet
    birth: nacimiento nascimento naissance nascita geburt geboorte urodzenia
    date: fecha datum dato
    birth_date: geburtsdatum geburtstag gebdat gebdatum geboortedatum fodselsdato datanascita
    birth_date: datanascimento dataurodzenia fecnac fechanac
    birth_place: geburtsort geboorteplaats lugarnacimiento
    death_date: sterbedatum todesdatum overlijdensdatum
    death: defuncion deces decesso obito fallecimiento morte
    admission: ingreso aufnahme opname ricovero admision
    discharge: alta egreso entlassung ontslag dimissione sortie
    admission_date: aufnahmedatum opnamedatum einweisungsdatum
    discharge_date: entlassdatum entlassungsdatum ontslagdatum
    street_address: direccion domicilio adresse anschrift wohnadresse indirizzo endereco adres
    street: strasse calle straat rua gade gata ulica
    house_number: hausnr hausnummer huisnummer numerocasa
    postal_code: plz postleitzahl codigopostal codepostal postnummer postnr cep kodpocztowy
    postal: postale
    city: ciudad stadt ort wohnort ville citta cidade woonplaats miasto poblacion localidad comune
    town: gemeinde municipio pueblo
    county: landkreis provincia comarca
    phone: telefono telefon telefone telefoon tlf telefonnummer telefonnr telefonszam telefonnumer
    mobile: handy movil celular mobil cellulare handynummer mobilnummer
    email: correo correoelectronico
    age: edad alter idade leeftijd
    number: numero nummer numer
    national_id: cedula curp dni nif nie nss nir cpf bsn cpr pesel rut kvnr svnr ahv amka nric cnp
    national_id: personnummer fodselsnummer codicefiscale aadhaar aadhar hkid egn jmbg cuil ipp
    national_id: sozialversicherungsnummer rentenversicherungsnummer burgerservicenummer nhsno
    fiscal_number: codice
    health_plan_id: versichertennummer versichertennr krankenversichertennummer versicherungsnr
    health_plan_id: versicherungsnummer krankenkassennummer
    health_plan: krankenkasse asegurado aseguradora mutuelle versicherung
    patient_number: patientennummer patientennr patnr patientennummern patientnummer
    case_number: fallnummer fallnr
    record: historia expediente dossier
    medical: clinica clinico medica
    doctor: medico arzt arztin hausarzt medecin dottore lege huisarts lekarz
    mother: madre mutter moeder
    father: padre vater vader
    spouse: conyuge esposo esposa ehepartner conjoint partner ehemann ehefrau marito moglie
    spouse: echtgenoot
    employer: arbeitgeber empresa employeur
    guardian: vormund tutor tuteur
    contact: kontakt contacto contatto kontaktperson ansprechpartner notfallkontakt
    relative: angehoriger angehorige familiar parente
    notes: notas notizen bemerkung bemerkungen observaciones remarques opmerkingen befund anamnese
    diagnosis: diagnose diagnostico diagnostic diagnosi
    postal_code: codpostal
    code: codigo codice
    """
)
# They qualify a field and do not say what it is.
_NOISE = frozenset(
    """
    raw orig original str string int txt text value val fld field col column clean cleaned norm
    normalized upper lower std old new prev previous curr current primary secondary alt tmp de del
    der des du la le of the paterno materno primer primero segundo segunda x in cur hist
    """.split()
)
_PERSONS = frozenset(
    """
    patient member subscriber insured provider physician doctor nurse surgeon attending referring
    practitioner clinician guardian guarantor emergency contact kin spouse mother father parent
    relative beneficiary employer employee customer client user owner person nok pcp rendering
    ordering admitting caregiver child husband wife dependent donor recipient maiden first last
    middle family given nick
    """.split()
)
_ROLES = frozenset(
    """
    provider physician doctor nurse surgeon practitioner clinician attending guardian guarantor
    caregiver spouse
    """.split()
)
_TELLING = frozenset({"ssn", "mrn", "dob", "passport"})
"""What they name is said, whatever stands beside them: `ssn_last4`."""
_COMPOUNDS: tuple[tuple[str, str], ...] = (
    # German and Dutch put the noun last, in one word.
    ("nummer", "id"),
    ("datum", "date"),
    ("strasse", "street"),
    ("telefon", "phone"),
    ("adresse", "address"),
)
_MIN_COMPOUND = 8
_WITH_PHONE = frozenset(
    "home work cell mobile office contact number no nbr day eve pt patient".split()
)


def spellings(name: str) -> Iterator[str]:
    """Names that say the same in words that the rules for names may know, joined with `_`."""
    words, said = _read(name)
    if not said:
        return
    joined = "".join(words)
    whole = ABBREVIATIONS.get(joined) or LANGUAGES.get(joined)
    if whole:
        yield whole
    yield "_".join(said)
    if not LANGUAGES.keys().isdisjoint(words):
        # Romance languages put what a noun is of behind it: `fecha_nacimiento`.
        yield "_".join(reversed(said))


def hints(name: str) -> Iterator[str]:
    """What words of a name hint at, whatever stands beside them: that could be a value."""
    _, said = _read(name)
    if not said:
        return
    for order in (said, said[::-1]):
        if order[-1] == "name" and order[-2:-1] and order[-2] in _PERSONS:
            yield "name"
    if len(said) > 1 and said[-1] in _ROLES:
        yield said[-1]
    yield from (word for word in said if word in _TELLING)


# The same name is asked for twice in a row.
@lru_cache(maxsize=8)
def _read(name: str) -> tuple[list[str], list[str]]:
    """The words of a name as they stand, and as the rules know them; none of too many."""
    words = _split(name)
    return words, _said(words) if 0 < len(words) <= MAX_WORDS else []


def _said(words: list[str]) -> list[str]:
    plain = [word for word in words if not word.isdigit() or len(word) > MAX_DIGITS]
    kept = [word for word in plain if word not in _NOISE] or plain or words
    return "_".join(_word(word, kept) for word in kept).split("_")


def _split(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", _NUMBER_SIGN.sub(" number ", name))
    ascii_only = plain.replace("\u00df", "ss").encode("ascii", "ignore").decode()
    return [word.lower() for word in _SPLIT.split(ascii_only) if word]


def _word(word: str, beside: list[str]) -> str:
    if word == "ph" and not _WITH_PHONE.isdisjoint(beside):
        return "phone"  # alone it is an acidity
    known = ABBREVIATIONS.get(word) or LANGUAGES.get(word)
    if known:
        return known
    if len(word) >= _MIN_COMPOUND:
        for end, said in _COMPOUNDS:
            if word.endswith(end) and word != end:
                return said
    return word
