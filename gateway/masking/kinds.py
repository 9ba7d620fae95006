"""What can be masked: the identifiers of 45 CFR 164.514(b)(2)(i), and secrets."""

from enum import StrEnum


class Kind(StrEnum):
    """A type of masked value; the word stands in marks, tokens, counts and records."""

    NAME = "name"
    ADDRESS = "address"
    CITY = "city"
    ZIP = "zip"
    DATE = "date"
    AGE = "age"
    PHONE = "phone"
    FAX = "fax"
    EMAIL = "email"
    SSN = "ssn"
    MRN = "mrn"
    PLAN = "health-plan"
    ACCOUNT = "account"
    LICENCE = "license"
    VEHICLE = "vehicle"
    DEVICE = "device"
    URL = "url"
    IP = "ip"
    BIOMETRIC = "biometric"
    PHOTO = "photo"
    ID = "id"
    TEXT = "text"
    SECRET = "secret"  # noqa: S105

    # Kinds are keys of what is looked up for every value; that of enumerations runs in Python.
    __hash__ = str.__hash__


LETTERS: dict[Kind, str] = {
    Kind.NAME: "A",
    Kind.ADDRESS: "B",
    Kind.CITY: "B",
    Kind.ZIP: "B",
    Kind.DATE: "C",
    Kind.AGE: "C",
    Kind.PHONE: "D",
    Kind.FAX: "E",
    Kind.EMAIL: "F",
    Kind.SSN: "G",
    Kind.MRN: "H",
    Kind.PLAN: "I",
    Kind.ACCOUNT: "J",
    Kind.LICENCE: "K",
    Kind.VEHICLE: "L",
    Kind.DEVICE: "M",
    Kind.URL: "N",
    Kind.IP: "O",
    Kind.BIOMETRIC: "P",
    Kind.PHOTO: "Q",
    Kind.ID: "R",
    Kind.TEXT: "",
    Kind.SECRET: "",
}
"""Paragraph of 164.514(b)(2)(i) that each kind is removed under; "" where another rule asks."""
