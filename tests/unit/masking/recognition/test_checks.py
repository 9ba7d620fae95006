import pytest

from gateway.masking.recognition import checks


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (checks.card, b"4111 1111 1111 1111", b"4111 1111 1111 1112"),
        (checks.card, b"5019717010103742", b"0000000000000000"),
        (checks.npi, b"1234567893", b"1234567890"),
        (checks.dea, b"AB1234563", b"AB1234567"),
        (checks.vin, b"1M8GDM9AXKP042788", b"1M8GDM9A1KP042788"),
        (checks.ip, b"10.1.2.3", b"1.2.840.113619"),
        (checks.ip, b"2001:db8::1", b"12:34:56"),
        (checks.ip, b"192.168.7.7", b"127.0.0.1"),
        (checks.personal_url, b"https://jane.example.com/me", b"http://snomed.info/sct"),
        (checks.personal_url, b"http://[broken", b"http://terminology.hl7.org/CodeSystem/x"),
        (checks.mixed, b"aB3", b"abc"),
    ],
)
def test_a_check_confirms_and_refutes(check: checks.Check, good: bytes, bad: bytes) -> None:
    assert check(good)
    assert not check(bad)
