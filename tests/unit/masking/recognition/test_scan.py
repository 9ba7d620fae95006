import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.local.patients import generate
from gateway.masking.kinds import Kind
from gateway.masking.recognition.numbers_behind import with_rest
from gateway.masking.recognition.recogniser import MAX_LINE
from gateway.masking.recognition.scan import Scanner, Span, scanner

RE2 = scanner(identifiers=True)
RE = scanner(identifiers=True, with_re2=False)
STORAGE_KEY = base64.b64encode(bytes(range(64))).decode()
JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqYW5lIn0.c2ln"
PIECES = st.sampled_from(
    [
        "Dr. Smith", "Jane Q. Doe", "Patient: Doe, Jane", "MRN: 123456", "4111111111111111",
        "555-12-3456", "(617) 555-0100", "jane@example.com", "https://example.com/x", "10.0.0.1",
        "1.2.840.10008", "January 5, 2024", "2024-01-05T10:00:00Z", "Boston, MA 02139", "\x00",
        "12 Main Street Apt 4", "[name]", "José Núñez", "é", "\u2019", "\v", "\t", "94 year-old",
        "AccountKey=abcdefgh", STORAGE_KEY, "-----BEGIN " + "PRIVATE KEY-----", "AB", "12",
        "::", "/",
    ]
)  # fmt: skip


def long_way(own: Scanner, data: bytes) -> list[Span]:
    """What is found in long lines, where one alternation finds the places."""
    return list(with_rest(data, own._of_any(data)))


def found(text: str) -> list[tuple[str, str]]:
    data = text.encode()
    return [(kind.value, data[start:end].decode()) for start, end, kind in RE2.spans(data)]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12), st.sampled_from(["", " ", "\n"])
)
def test_re2_and_re_find_the_same(pieces: list[str], between: str) -> None:
    data = between.join(pieces).encode("utf-8", "ignore")

    spans = list(RE2.spans(data))

    assert spans == list(RE.spans(data))
    assert spans == long_way(RE2, data) == long_way(RE, data)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(PIECES, st.sampled_from(["a", "A", "9", "-", " ", "."]),
                          st.integers(0, 90)), max_size=5))  # fmt: skip
def test_long_words_are_told_apart_in_short_lines_too(parts: list[tuple[str, str, int]]) -> None:
    data = "".join(piece + char * count for piece, char, count in parts).encode()

    spans = list(RE2.spans(data))

    assert spans == long_way(RE2, data) == long_way(RE, data)
    assert list(RE2.spans(data + b"!\n" + b"!" * MAX_LINE)) == list(RE.spans(data + b"!"))


@given(st.binary(max_size=200))
def test_spans_are_in_order_and_apart_on_any_bytes(data: bytes) -> None:
    spans = list(RE2.spans(data))

    assert spans == list(RE.spans(data))
    ends = [0, *(end for _, end, _ in spans)]
    assert all(start >= end for end, (start, _, _) in zip(ends, spans, strict=False))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("SSN 123-45-6789", "ssn", "123-45-6789"),
        ("social security number: 123456789", "ssn", "123456789"),
        ("her ssn is 000-00-0000", "ssn", "000-00-0000"),
        ("999-12-3456", "ssn", "999-12-3456"),
        ("MRN: 00123456", "mrn", "00123456"),
        ("Medical record number 4471-22", "mrn", "4471-22"),
        ("Member ID: ABC1234567", "health-plan", "ABC1234567"),
        ("1EG4-TE5-MK73", "health-plan", "1EG4-TE5-MK73"),
        ("NPI 1234567893", "license", "1234567893"),
        ("DEA AB1234563", "license", "AB1234563"),
        ("card 4111 1111 1111 1111", "account", "4111 1111 1111 1111"),
        ("call (617) 555-0100", "phone", "(617) 555-0100"),
        ("617.555.0100 x12", "phone", "617.555.0100 x12"),
        ("+44 20 7946 0958", "phone", "+44 20 7946 0958"),
        ("fax: 617-555-0101", "fax", "617-555-0101"),
        ("jane.doe@example.com", "email", "jane.doe@example.com"),
        ("see https://example.com/jane", "url", "https://example.com/jane"),
        ("www.example.com/jane", "url", "www.example.com/jane"),
        ("from 10.20.30.40", "ip", "10.20.30.40"),
        ("2001:db8:0:0:0:0:0:1", "ip", "2001:db8:0:0:0:0:0:1"),
        ("seen 2024-01-05", "date", "2024-01-05"),
        ("on 1/5/24", "date", "1/5/24"),
        ("DOB 03/04", "date", "03/04"),
        ("DOB: 03/04/1980", "date", "03/04/1980"),
        ("the 3rd of May", "date", "3rd of May"),
        ("on Aug 10, '23", "date", "Aug 10, '23"),
        ("Tuesday, March 5th 2024", "date", "Tuesday, March 5th 2024"),
        ("since April 12th, 2023", "date", "April 12th, 2023"),
        ("last December", "date", "last December"),
        ("in July", "date", "July"),
        ("05/2021", "date", "05/2021"),
        ("a ninety-four year old man", "age", "ninety-four year old"),
        ("a centenarian", "age", "centenarian"),
        ("MRN: #JH-1234567", "mrn", "JH-1234567"),
        ("MRN is (UCLA-T1D-2023)", "mrn", "UCLA-T1D-2023"),
        ("Ins. policy #BC-654321", "health-plan", "BC-654321"),
        ("his plan is HP-987654", "health-plan", "HP-987654"),
        ("Rx number 7788123", "id", "7788123"),
        ("claim no. 2024-55812", "account", "2024-55812"),
        ("DL: D1234567", "license", "D1234567"),
        ("license plate 7ABC 123", "vehicle", "7ABC 123"),
        ("SSN ending in 6789", "ssn", "6789"),
        ("last four of his SSN: 6789", "ssn", "6789"),
        ("GB82 WEST 1234 5698 7654 32", "account", "GB82 WEST 1234 5698 7654 32"),
        ("routing number 123456789", "account", "123456789"),
        ("(01)00844588003288(17)141120(21)1234", "device", "(01)00844588003288(17)141120(21)1234"),
        ("00:1A:2B:3C:4D:5E", "device", "00:1A:2B:3C:4D:5E"),
        ("2001:db8::1", "ip", "2001:db8::1"),
        ("020 7946 0958", "phone", "020 7946 0958"),
        ("01 23 45 67 89", "phone", "01 23 45 67 89"),
        ("001-617-555-0100x12", "phone", "001-617-555-0100x12"),
        ("12 rue de la Paix", "address", "12 rue de la Paix"),
        ("Hauptstraße 12", "address", "Hauptstraße 12"),
        ("123 W. 42nd Street", "address", "123 W. 42nd Street"),
        ("77 old mill road", "address", "77 old mill road"),
        ("Springfield, Illinois 62704", "city", "Springfield, Illinois"),
        ("Illinois 62704", "zip", "62704"),
        ("SW1A 1AA", "zip", "SW1A 1AA"),
        ("facebook.com/jane.doe", "url", "facebook.com/jane.doe"),
        ("on January 5th, 2024", "date", "January 5th, 2024"),
        ("5 Jan 2024", "date", "5 Jan 2024"),
        ("in March 2021", "date", "March 2021"),
        ("a 94-year-old man", "age", "94"),
        ("aged 101", "age", "101"),
        ("12 Main Street", "address", "12 Main Street"),
        ("4 Elm Ave., Apt 3B", "address", "4 Elm Ave., Apt 3B"),
        ("P.O. Box 12", "address", "P.O. Box 12"),
        ("lives at 77 Sunset Strip", "address", "77 Sunset Strip"),
        ("MA 02139", "zip", "02139"),
        ("zip code: 02139", "zip", "02139"),
        ("02139-1234", "zip", "02139-1234"),
        ("call 713/555-2428 back", "phone", "713/555-2428"),
        ("BCBS #DU-5618-2448", "health-plan", "DU-5618-2448"),
        ("issues with HMO-234567", "health-plan", "HMO-234567"),
        ("HPBN: XJD045750041", "health-plan", "XJD045750041"),
        ("lives at 7840 Elm Ct #12, Ovid", "address", "7840 Elm Ct #12"),
        ("lives on 78 West 42nd Court, Unit 7", "address", "78 West 42nd Court, Unit 7"),
        ("clopidogrel started 9/21", "date", "9/21"),
        ("on it since 8/3 now", "date", "8/3"),
        ("on it since 8/3/22 now", "date", "8/3/22"),
        ("metformin started 8/23/2022", "date", "8/23/2022"),
        ("after the 9/2 infusion", "date", "9/2"),
        ("call dr. smith", "name", "smith"),
        ("name is john smith", "name", "john smith"),
        ("VIN 1M8GDM9AXKP042788", "vehicle", "1M8GDM9AXKP042788"),
        ("serial number: SN-448812", "device", "SN-448812"),
        (f"key {STORAGE_KEY}", "secret", STORAGE_KEY),
        ("AccountKey=Zm9vYmFy;x", "secret", "Zm9vYmFy"),
        ("password: hunter22", "secret", "hunter22"),
        ("?sv=1&sig=abcdefghijklmnopqrstuvwx%3D", "secret", "abcdefghijklmnopqrstuvwx%3D"),
        (JWT, "secret", JWT),
        ("abc8Q~" + "a" * 34, "secret", "abc8Q~" + "a" * 34),
        ("https://u:hunter2@example.com", "secret", "hunter2"),
    ],
)  # fmt: skip
def test_a_recogniser_finds_its_value(text: str, kind: str, value: str) -> None:
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Blood pressure 120/80, glucose 180 mg/dL", "HbA1c 7.1 %", "Parkinson's disease",
        "OID 1.2.840.10008.5.1.4", "http://snomed.info/sct", "a 45-year-old woman", "Lou Gehrig's",
        "Sertraline 50 MG Oral Tablet", "SNOMED 44054006", "LOINC 8480-6", "ratio 1:2", "10:30",
        "12345678", "grade 3 of 5", "[name] and [ssn]", "masked-5f2a9c01-3",
        "started 1/2 tablet", "pain from 8/10 to 4/10", "strength 4/5", "a 3/6 murmur",
        "O2 98 percent",
    ],
)  # fmt: skip
def test_ordinary_clinical_text_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_secrets_alone_leave_identifiers_alone() -> None:
    only = scanner(identifiers=False)

    assert list(only.spans(b"SSN 123-45-6789, Dr. Adams")) == []
    assert [kind for _, _, kind in only.spans(b"password=hunter22")] == [Kind.SECRET]


@pytest.mark.alone
def test_a_long_candidate_that_fails_its_check_costs_little() -> None:
    data = b"A" * 50_000 + b" " + b"1." * 10_000 + b"x@" * 5_000 + b"ey" * 5_000
    begin = time.process_time()

    for scan in (RE2, RE):
        assert len(list(scan.spans(data))) < 5
    assert time.process_time() - begin < 20


@pytest.mark.alone
def test_text_of_nothing_but_look_alikes_is_withheld_before_it_costs_much() -> None:
    begin = time.process_time()

    with pytest.raises(Withheld, match="look like"):
        list(RE2.spans(b"12 " * 200_000))
    assert time.process_time() - begin < 20


@pytest.mark.parametrize("patient", generate(5, 5), ids=lambda patient: patient.id)
def test_both_scanners_agree_on_notes(patient: object) -> None:
    data = patient.note.encode()  # type: ignore[attr-defined]

    assert list(RE2.spans(data)) == long_way(RE2, data) == long_way(RE, data)


def test_a_text_that_begins_like_values_all_over_is_scanned_all_the_same() -> None:
    data = ("a-" * 1_990 + ".com\n").encode() * 15 + b"SSN 123-45-6789"

    found = list(RE2.spans(data))

    assert len(found) == 15 + 1
    assert data[slice(*found[-1][:2])] == b"123-45-6789"
