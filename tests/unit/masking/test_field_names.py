import pytest

from gateway.masking.field_names import UNKNOWN, field_of
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
    "name", ["status", "gender", "unit", "diagnosis", "code", "state", "icd10"]
)
def test_words_of_vocabularies_are_no_identifiers(name: str) -> None:
    assert field_of(name).kind is None
    assert field_of(name).vocabulary


@pytest.mark.parametrize("name", ["", "value", "systolic", "x" * 500, "12", "éé"])
def test_other_names_say_nothing(name: str) -> None:
    assert field_of(name) is UNKNOWN
