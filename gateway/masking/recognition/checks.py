"""Check digits and ranges. They confirm candidates; they never unmask what its context names."""

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from gateway.masking.recognition.name_context import ABBREVIATED
from gateway.masking.recognition.name_lists import given_names, surnames, towns, word_surnames
from gateway.masking.recognition.name_words import may_be_name
from gateway.masking.recognition.person_words import NOT_A_NAME, SURNAME_WORDS
from gateway.masking.recognition.surname_forms import formed
from gateway.masking.recognition.words import words

Check = Callable[[bytes], bool]
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_VALUES = dict(zip(b"ABCDEFGHJKLMNPRSTUVWXYZ", b"12345678123457923456789", strict=True))
_DIGITS = re.compile(rb"[0-9]")
_LETTER = re.compile(rb"[A-Za-z]")
_YEAR = re.compile(rb"(?:19|20)[0-9]{2}")
_DATED = re.compile(
    rb"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])(?![0-9])|(?:0?[1-9]|[12][0-9]|3[01])-(?:0?[1-9]|[12][0-9]|3[01])-[0-9]{2,4}"
)
# Hosts of terminologies and schemas: names of code systems, not addresses of anything personal.
_SCHEMAS = frozenset(
    {
        "hl7.org",
        "www.hl7.org",
        "terminology.hl7.org",
        "snomed.info",
        "loinc.org",
        "unitsofmeasure.org",
        "www.w3.org",
        "nucc.org",
        "ncimeta.nci.nih.gov",
        "www.nlm.nih.gov",
        "www.cms.gov",
        "www.ama-assn.org",
        "fhir.org",
        "ihe.net",
        "dicom.nema.org",
        "schemas.microsoft.com",
        "json-schema.org",
        "schemas.openxmlformats.org",
        "standardhealthrecord.org",
        "synthetichealth.github.io",
        "build.fhir.org",
        "hl7.eu",
        "varnomen.hgvs.org",
        "www.whocc.no",
        "id.who.int",
    }
)


def digits(data: bytes) -> list[int]:
    """Its decimal digits."""
    return [int(digit) for digit in _DIGITS.findall(data)]


def luhn(data: bytes) -> bool:
    """ISO/IEC 7812-1 check digit over the digits of `data`."""
    total = 0
    for place, digit in enumerate(reversed(digits(data))):
        doubled = digit * 2 if place % 2 else digit
        total += doubled - 9 if doubled > 9 else doubled  # noqa: PLR2004
    return total % 10 == 0


def card(data: bytes) -> bool:
    """A payment card number: 12 to 19 digits with a Luhn digit, not one digit repeated."""
    found = digits(data)
    return 12 <= len(found) <= 19 and len(set(found)) > 1 and luhn(data)  # noqa: PLR2004


def npi(data: bytes) -> bool:
    """A National Provider Identifier: Luhn over 80840 and the number (CMS)."""
    return luhn(b"80840" + data)


def dea(data: bytes) -> bool:
    """A DEA registration number: (d1+d3+d5) + 2(d2+d4+d6) ends in d7."""
    d = digits(data[2:])
    return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6]


def vin(data: bytes) -> bool:
    """A vehicle identification number with its check character (49 CFR 565.15(c))."""
    text = data.upper()
    values = [_VIN_VALUES[char] - 48 if char in _VIN_VALUES else char - 48 for char in text]
    rest = sum(map(int.__mul__, values, _VIN_WEIGHTS)) % 11
    return chr(text[8]) == ("X" if rest == 10 else str(rest)) and len(set(text)) > 2  # noqa: PLR2004


def zip_code(data: bytes) -> bool:
    """A ZIP code of nine digits, in two parts."""
    return data.count(b"-") == 1


def ip(data: bytes) -> bool:
    """An IPv4 or IPv6 address that is not the start of something longer, such as an OID."""
    try:
        address = ipaddress.ip_address(data.decode("ascii"))
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_loopback)


def personal_url(data: bytes) -> bool:
    """A URL that is not the name of a terminology or schema."""
    try:
        host = urlsplit(data.decode("utf-8", "replace")).hostname or ""
    except ValueError:
        return True
    return host.lower() not in _SCHEMAS


def mixed(data: bytes) -> bool:
    """Base64 of a key rather than a word: upper and lower case, and digits."""
    return data != data.lower() and data != data.upper() and bool(_DIGITS.search(data))


def personal_host(data: bytes) -> bool:
    """A host without a scheme, with or without a path, that is not the name of a schema."""
    return personal_url(b"https://" + data)


def iban(data: bytes) -> bool:
    """An international bank account number: ISO 13616, mod 97."""
    text = data.replace(b" ", b"").decode("ascii")
    if not 15 <= len(text) <= 34:  # noqa: PLR2004
        return False
    return int("".join(str(int(char, 36)) for char in text[4:] + text[:4])) % 97 == 1


def has_digit(data: bytes) -> bool:
    """Not a word alone."""
    return _DIGITS.search(data) is not None


def reference_id(data: bytes) -> bool:
    """The id of a resource: it has a digit, and is not one that masking has made."""
    return has_digit(data) and not data.startswith((b"masked-", b"tk-", b"th-"))


def short_number(data: bytes) -> bool:
    """What a label such as MRN makes a number of: two digits or more."""
    return len(_DIGITS.findall(data)) >= 2  # noqa: PLR2004


def numbered(data: bytes) -> bool:
    """A number behind a label: four digits or more, or three and letters, but no year."""
    count = len(_DIGITS.findall(data))
    return (count > 3 or (count > 2 and len(data) > count)) and not _YEAR.fullmatch(data)  # noqa: PLR2004


def long_number(data: bytes) -> bool:
    """A number behind a word that is often no label: five digits or more, or four and letters."""
    count = len(_DIGITS.findall(data))
    return count > 4 or (count > 3 and _LETTER.match(data.lstrip(b"#")) is not None)  # noqa: PLR2004


def undated_number(data: bytes) -> bool:
    """The same, that does not begin as a date does: `visit 2024-03-05`."""
    return long_number(data) and _DATED.match(data) is None


def handle(data: bytes) -> bool:
    """What somebody calls themselves in a network: letters, and a digit or a sign within."""
    return bool(_LETTER.search(data)) and (has_digit(data) or b"_" in data or b"." in data[:-1])


def local_phone(data: bytes) -> bool:
    """Seven digits that are no range, as of doses: its end is a round number."""
    return int(data[-4:]) % 50 != 0


def month(data: bytes) -> bool:
    """A month's name, not a modal verb or a verb of motion in small letters."""
    return data not in {b"may", b"march", b"mar", b"dec", b"sep", b"jan"}


def listed_name(data: bytes) -> bool:
    """A surname or given name in small letters."""
    word = data.decode("ascii")
    return word not in NOT_A_NAME and (word in given_names() or word in surnames() or formed(word))


def listed_given_name(data: bytes) -> bool:
    """A given name in small letters, and what follows it."""
    return data.decode("ascii").partition(" ")[0] in given_names()


def common_surname(data: bytes) -> bool:
    """A surname in small letters that may be a word: `mr white has`."""
    word = data.decode("ascii")
    return word in word_surnames() or word in surnames() or word in SURNAME_WORDS


def initials(data: bytes) -> bool:
    """Letters with stops that stand for no words: not `I.V.` or `P.O.`, say."""
    return "".join(re.findall("[a-z]", data.decode("ascii").lower())) not in ABBREVIATED


def somebody(data: bytes) -> bool:
    """A capitalised word that is neither of medicine nor of the places where it is practised."""
    found = words(data.decode("utf-8", "ignore"))
    return len(found) == 1 and not found[0].capitals and may_be_name(found[0])


def town(data: bytes) -> bool:
    """A town that is known."""
    return data.decode("ascii").lower() in towns()


def town_of_a_state(data: bytes) -> bool:
    """Words before the code of a state that are neither of medicine nor common ones."""
    return all(map(may_be_name, words(data.decode("utf-8", "ignore"))[:-1]))


def varied(data: bytes) -> bool:
    """Letters and digits as a random number has them, rather than a long word or a repetition."""
    return bool(_DIGITS.search(data)) and len(set(data)) > 12  # noqa: PLR2004
