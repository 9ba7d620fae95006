import pytest

from gateway.masking.fields.names import UNKNOWN, field_of, named
from gateway.masking.kinds import Kind


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ("name firstName first_name LAST_NAME patientName fullName maiden userName", Kind.NAME),
        ("ssn SSN socialSecurityNumber social_security_no", Kind.SSN),
        ("mrn MRN medicalRecordNumber patient_number", Kind.MRN),
        ("dob DOB birthDate date_of_birth BIRTHDATE admissionDate createdAt deathdate", Kind.DATE),
        ("email emailAddress e_mail e-mail", Kind.EMAIL),
        ("phone homePhone phone_number mobile telephoneNumber", Kind.PHONE),
        ("fax faxNumber", Kind.FAX),
        ("address street addressLine1 address_line_2 lat longitude county", Kind.ADDRESS),
        ("city", Kind.CITY),
        ("zip zipCode postal_code ZIP", Kind.ZIP),
        ("memberId member_number policyNumber subscriber_id", Kind.PLAN),
        ("accountNumber account iban creditCardNumber claimId", Kind.ACCOUNT),
        ("passport DRIVERS driversLicense license_number npi", Kind.LICENCE),
        ("vin licensePlate", Kind.VEHICLE),
        ("serialNumber udi imei macAddress", Kind.DEVICE),
        ("url website homePage", Kind.URL),
        ("ip ipAddress", Kind.IP),
        ("photo avatar", Kind.PHOTO),
        ("fingerprint", Kind.BIOMETRIC),
        ("id patientId Id encounter_id uuid", Kind.ID),
        ("notes comment description freeText", Kind.TEXT),
        ("password apiKey connectionString clientSecret access_token accountKey", Kind.SECRET),
        ("age patientAge", Kind.AGE),
    ],
)  # fmt: skip
def test_a_name_says_what_its_values_are(names: str, kind: Kind) -> None:
    assert {name: field_of(name).kind for name in names.split()} == dict.fromkeys(
        names.split(), kind
    )


def test_a_birth_date_is_told_from_other_dates() -> None:
    assert field_of("dateOfBirth").birth
    assert not field_of("dateOfService").birth


@pytest.mark.parametrize(
    "name",
    ["status", "gender", "unit", "diagnosis", "code", "state", "icd10", "REASONCODE", "DRUGCODES"],
)
def test_words_of_vocabularies_are_no_identifiers(name: str) -> None:
    assert field_of(name).kind is None
    assert field_of(name).vocabulary


@pytest.mark.parametrize("name", ["", "value", "systolic", "x" * 500, "12", "éé"])
def test_other_names_say_nothing(name: str) -> None:
    assert field_of(name) is UNKNOWN


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        ("pt_nm PatNm PATIENT_FULL_NM lst_nm fst_nm member_nm guar_name nok_nm", Kind.NAME),
        ("dr_name pcp_nm prov_nm attending_md ref_phys rendering_provider", Kind.NAME),
        ("PatLast guar_first subscriber_mi NAME_LAST Mothers_Name reading_radiologist", Kind.NAME),
        ("VERIFIED_PRSNL verified_by PerformedBy OperatorsName InstitutionName", Kind.NAME),
        ("month_of_birth BIRTH_DT_TM ptdob DECEASED_DT_TM lmp", Kind.DATE),
        ("anchor_age AGE_YRS age_at_visit maternal_age", Kind.AGE),
        ("StudyInstanceUID person_source_value barcode", Kind.ID),
        ("Nachname Vorname Geburtsname nombre_completo primer_apellido cognome", Kind.NAME),
        ("nom_de_naissance prénom voornaam achternaam sobrenome", Kind.NAME),
        ("brth_dt DOB_ dobInt geb_dat Geburtsdatum fecha_nacimiento", Kind.DATE),
        ("date_naissance data_nascita geboortedatum admit_epoch disch_dt dod", Kind.DATE),
        ("SSN4 ssn_last4 last4ssn soc_sec SocSecNbr ss# curp dni bsn codice_fiscale", Kind.SSN),
        ("mrn# mrnum MedRecNum historia_clinica", Kind.MRN),
        ("addr1 street_addr Straße Anschrift direccion indirizzo", Kind.ADDRESS),
        ("zip5 zip_cd zipcd PLZ codigo_postal", Kind.ZIP),
        ("cty city_nm Wohnort ciudad ville woonplaats", Kind.CITY),
        ("phn home_ph cell# Telefon telefono celular", Kind.PHONE),
        ("policy# Versichertennummer", Kind.PLAN),
        ("dl_num drv_lic", Kind.LICENCE),
        ("acct# acct_nbr CSN", Kind.ACCOUNT),
        ("mbr_id grp_no lic_no pt_no", Kind.ID),
    ],
)
def test_abbreviations_and_other_languages_say_the_same(names: str, kind: Kind) -> None:
    assert {name: field_of(name).kind for name in names.split()} == dict.fromkeys(
        names.split(), kind
    )


@pytest.mark.parametrize(
    "name",
    [
        "ph",
        "blood_ph",
        "los_days",
        "dwell_minutes",
        "drug_nm",
        "test_nm",
        "hgb",
        "platelets",
        "bmi",
        "dose_per_day",
        "unit_price",
        "n_of_repeats",
        "ref_range",
        "data",
        "score_data",
        "last_login",
        "storage_age",
        "needs_interpreter",
        "years_of_school",
        "standby",
    ],
)
def test_measurements_are_not_taken_for_identifiers(name: str) -> None:
    assert field_of(name).kind is None


def test_a_birth_date_is_one_in_any_spelling() -> None:
    assert all(field_of(name).birth for name in ("Geburtsdatum", "brth_dt", "fecha_nacimiento"))


@pytest.mark.parametrize("name", ["SSN 999-12-3456", "mrn Jane Doe", "Doe Doctor"])
def test_a_name_that_only_hints_at_a_field_is_no_name_that_can_be_shown(name: str) -> None:
    assert named(name) is UNKNOWN
