"""What labels in words say of the values beside them."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.fields.labels import MAX_LABEL, labelled
from gateway.masking.fields.names import BIRTH, UNKNOWN, Field
from gateway.masking.kinds import Kind

NAMING = (
    "Last name",
    "What is your first name?",
    "Mother's maiden name",
    "Name of next of kin",
    "Emergency contact",
    "Attending physician",
    "Electronically signed by",
    "Responsible party",
    "LAST_NAME",
    "Nachname",
)
SAYING = {
    **dict.fromkeys(NAMING, Kind.NAME),
    "SSN": Kind.SSN,
    "Social Security number [Identifier]": Kind.SSN,
    "Home phone number": Kind.PHONE,
    "Telephone number - home": Kind.PHONE,
    "Phone number of caregiver": Kind.PHONE,
    "Patient's e-mail address:": Kind.EMAIL,
    "Fax": Kind.FAX,
    "What address do you live at?": Kind.ADDRESS,
    "Address line 2": Kind.ADDRESS,
    "County": Kind.ADDRESS,
    "Zip code": Kind.ZIP,
    "Place of birth": Kind.CITY,
    "Medical record number": Kind.MRN,
    "Insurance policy number": Kind.PLAN,
    "Driver's license number": Kind.LICENCE,
    "License plate": Kind.VEHICLE,
    "Claim number": Kind.ACCOUNT,
    "Device serial number": Kind.DEVICE,
}
SILENT = (
    "Contact dermatitis",
    "Contact precautions",
    "Drug name",
    "Name of organism",
    "Birth weight Measured",
    "Cell count",
    "Prescription",
    "Claim status",
    "Family history",
    "Home oxygen",
    "Body height",
    "Age at diagnosis",
    "Glucose",
    "Address of the problem by the surgeon and his team",
    "",
)


@pytest.mark.parametrize(("label", "kind"), SAYING.items())
def test_a_label_says_what_its_value_is(label: str, kind: Kind) -> None:
    assert labelled(label).kind is kind


@pytest.mark.parametrize("label", ["Date of birth", "DOB", "What is your date of birth?", "Born"])
def test_birth_dates_are_told_from_other_dates(label: str) -> None:
    assert labelled(label) == BIRTH


@pytest.mark.parametrize("label", SILENT)
def test_a_label_of_a_finding_says_nothing(label: str) -> None:
    assert labelled(label) is UNKNOWN


@given(st.text(max_size=400))
def test_any_label_is_read(label: str) -> None:
    assert isinstance(labelled(label), Field)


def test_no_label_takes_long() -> None:
    begin = time.process_time()
    for word in ("the mother's ", "phone ", "of the ", "name of ", "[" * 30):
        labelled((word * MAX_LABEL)[:MAX_LABEL])
    assert time.process_time() - begin < 0.2


def test_what_is_longer_than_a_label_is_text() -> None:
    label = "Last name"
    padded = re.sub("$", " " * MAX_LABEL, label)
    assert labelled(label).kind is Kind.NAME
    assert labelled(padded) is UNKNOWN
