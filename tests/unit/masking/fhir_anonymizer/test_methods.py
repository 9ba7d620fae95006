"""What each method makes of a value."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.codecs.json_codec import decode, encode
from gateway.masking.fhir_anonymizer import load
from gateway.masking.fhir_anonymizer.methods import decrypted

TODAY = date(2026, 8, 3)
KEY = b"a token key of the deployment"


def masked(
    resource: Mapping[str, Any],
    path: str,
    method: str,
    *,
    scope: str = "",
    settings: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> Any:
    rules = [{"path": path, "method": method, **(settings or {})}]
    anonymizer = load({"fhirPathRules": rules, "parameters": parameters}, key=KEY)
    result = anonymizer.apply(decode(json.dumps(resource).encode()), today=TODAY, scope=scope)
    tree = json.loads(encode(result.tree))
    tree.pop("meta", None)
    return tree


def birth(value: str, method: str, **parameters: Any) -> Any:
    resource = {"resourceType": "Patient", "id": "p", "birthDate": value}
    return masked(resource, "Patient.birthDate", method, **parameters).get("birthDate")


def deceased(value: str, method: str, **parameters: Any) -> Any:
    resource = {"resourceType": "Patient", "id": "p", "deceasedDateTime": value}
    return masked(resource, "Patient.deceased", method, **parameters).get("deceasedDateTime")


@pytest.mark.parametrize(
    ("value", "year"),
    [
        ("2001-05-06", "2001"),
        ("2001-05", "2001"),
        ("2001", "2001"),
        ("1937", "1937"),
        ("1936", None),
        ("1936-08-03", None),
        ("1936-08-04", "1936"),
        ("0000-01-01", None),
        ("nonsense", None),
    ],
)
def test_redact_keeps_the_year_of_a_date_up_to_89_years_ago(value: str, year: str | None) -> None:
    assert birth(value, "redact", enablePartialDatesForRedact=True) == year
    assert deceased(value, "redact", enablePartialDatesForRedact=True) == year
    assert birth(value, "redact") is None


@pytest.mark.parametrize(
    ("value", "days", "shifted"),
    [
        ("2015-02-07", -10, "2015-01-28"),
        ("2016-02-28", 1, "2016-02-29"),
        ("2015-02-07T13:28:17-05:00", 3, "2015-02-10T00:00:00-05:00"),
        ("2015-02-07T13:28:17.123Z", 3, "2015-02-10T00:00:00.000Z"),
        ("2015-02", 3, "2015"),
        ("1930-02-07", 3, None),
        ("2015-02-30", 3, "2015"),
        ("9999-12-31", 3, "9999"),
    ],
)
def test_date_shift(value: str, days: int, shifted: str | None) -> None:
    settings = {"dateShiftFixedOffsetInDays": days, "enablePartialDatesForRedact": True}

    assert deceased(value, "dateShift", **settings) == shifted


def test_date_shift_leaves_what_is_no_date() -> None:
    resource = {"resourceType": "Patient", "id": "p", "gender": "other"}

    assert masked(resource, "Patient", "dateshift") == resource


@given(
    st.text("abcdef0123456789-", max_size=20),
    st.text(max_size=10),
    st.dates(date(1990, 1, 1), date(2025, 1, 1)),
    st.dates(date(1990, 1, 1), date(2025, 1, 1)),
)
def test_dates_of_one_resource_move_alike_and_at_most_50_days(
    name: str, key: str, one: date, two: date
) -> None:
    resource = {
        "resourceType": "Encounter",
        "id": name,
        "period": {"start": one.isoformat(), "end": two.isoformat()},
    }
    period = masked(resource, "Encounter.period", "dateShift", dateShiftKey=key)["period"]
    moved = date.fromisoformat(period["start"]) - one

    assert date.fromisoformat(period["end"]) - two == moved
    assert abs(moved) <= timedelta(days=50)


def test_the_offset_is_a_hash_of_the_id_and_the_key() -> None:
    # ((97 * 131 + 98) mod 101) - 50 over the bytes of "a" and "b".
    resource = {"resourceType": "Patient", "id": "a", "birthDate": "2001-01-01"}
    days = (97 * 131 + 98) % 101 - 50

    result = masked(resource, "Patient.birthDate", "dateShift", dateShiftKey="b")

    assert date.fromisoformat(result["birthDate"]) - date(2001, 1, 1) == timedelta(days=days)


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_scope_stands_in_for_the_id(kind: str) -> None:
    def shifted(name: str, scope: str) -> Any:
        resource = {"resourceType": "Patient", "id": name, "birthDate": "2001-01-01"}
        return masked(
            resource,
            "Patient.birthDate",
            "dateShift",
            dateShiftKey="k",
            dateShiftScope=kind,
            scope=scope,
        )["birthDate"]

    assert shifted("one", "x.ndjson") == shifted("two", "x.ndjson")
    assert shifted("one", "x.ndjson") != shifted("one", "y.ndjson")


def test_dates_within_a_bundle_move_by_its_id() -> None:
    def shifted(bundle: str, name: str) -> Any:
        entry = {"resourceType": "Patient", "id": name, "birthDate": "2001-01-01"}
        resource = {"resourceType": "Bundle", "id": bundle, "entry": [{"resource": entry}]}
        result = masked(resource, "Patient.birthDate", "dateShift", dateShiftKey="k")
        return result["entry"][0]["resource"]["birthDate"]

    assert shifted("b", "one") == shifted("b", "two")
    assert shifted("b", "one") != shifted("c", "one")


AREAS = ["036", "059"]


@pytest.mark.parametrize(
    ("value", "left"),
    [("12180", "12100"), ("03601-1234", "00000-0000"), ("AB1 2CD", "AB1 0CD"), ("98", "98")],
)
def test_redact_generalises_zip_codes(value: str, left: str) -> None:
    resource = {"resourceType": "Patient", "address": [{"postalCode": value}]}
    parameters: dict[str, Any] = {
        "enablePartialZipCodesForRedact": True,
        "restrictedZipCodeTabulationAreas": AREAS,
    }

    result = masked(resource, "Patient.address", "redact", **parameters)

    assert result == {"resourceType": "Patient", "address": [{"postalCode": left}]}
    assert masked(resource, "Patient.address", "redact") == {"resourceType": "Patient"}


@pytest.mark.parametrize(("age", "left"), [(89, 89), (90, None), (89.5, None), (7, 7)])
def test_redact_removes_ages_over_89(age: float, left: int | None) -> None:
    resource = {"resourceType": "Condition", "onsetAge": {"value": age, "unit": "a"}}
    path = "Condition.onset.value"

    partial = masked(resource, path, "redact", enablePartialAgesForRedact=True)

    assert partial["onsetAge"].get("value") == left
    assert "value" not in masked(resource, path, "redact")["onsetAge"]


def hashed(value: str, key: bytes = b"k") -> str:
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("reference", "prefix", "name", "suffix"),
    [
        ("Patient/123", "Patient/", "123", ""),
        ("#p1", "#", "p1", ""),
        (
            "http://a.b/fhir/Observation/x/_history/2",
            "http://a.b/fhir/Observation/",
            "x",
            "/_history/2",
        ),
        ("urn:oid:1.2.3", "urn:oid:", "1.2.3", ""),
        (
            "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
            "urn:uuid:",
            "C757873D-EC9A-4326-A141-556F43239520",
            "",
        ),
        ("MedicinalProduct/1", "MedicinalProduct/", "1", ""),
        ("Nothing/1", "", "Nothing/1", ""),
        ("ftp://a/Patient/1", "", "ftp://a/Patient/1", ""),
        ("Patient?identifier=1", "", "Patient?identifier=1", ""),
    ],
)
def test_crypto_hash_of_a_reference_is_of_its_id(
    reference: str, prefix: str, name: str, suffix: str
) -> None:
    resource = {"resourceType": "Observation", "subject": {"reference": reference}}

    result = masked(resource, "Observation.subject", "cryptoHash", cryptoHashKey="k")

    assert result["subject"]["reference"] == prefix + hashed(name) + suffix


def test_crypto_hash_is_of_the_value_as_the_tool_writes_it() -> None:
    resource = {"resourceType": "Patient", "id": "123", "active": True, "multipleBirthInteger": 2}
    result = masked(resource, "Patient", "cryptoHash", cryptoHashKey="k")

    assert result == {
        "resourceType": "Patient",
        "id": hashed("123"),
        "active": hashed("True"),
        "multipleBirthInteger": hashed("2"),
    }


def test_a_key_that_the_file_lacks_is_derived_for_its_purpose() -> None:
    resource = {"resourceType": "Patient", "id": "123"}
    key = hmac.new(KEY, b"chaperone-fhir-anonymizer-1:cryptoHashKey", hashlib.sha256).digest()

    result = masked(resource, "Patient.id", "cryptoHash", cryptoHashKey="")

    assert result["id"] == hashed("123", key)


@given(st.text(min_size=1), st.sampled_from([16, 24, 32]))
def test_encrypt_decrypts_back(value: str, length: int) -> None:
    key = "k" * length
    resource = {"resourceType": "Patient", "name": [{"family": value}]}

    one = masked(resource, "Patient.name.family", "encrypt", encryptKey=key)["name"][0]["family"]
    two = masked(resource, "Patient.name.family", "encrypt", encryptKey=key)["name"][0]["family"]

    assert decrypted(one, key.encode()) == value
    assert one != two
    assert len(base64.b64decode(one)) % 16 == 0


def observation(value: str) -> Any:
    return decode(
        b'{"resourceType":"Observation","id":"o","valueQuantity":{"value":%s,"unit":"kg"}}'
        % value.encode()
    )


def perturbed(value: str, key: bytes | None = None, **settings: Any) -> Decimal:
    rules = [{"path": "Observation.value", "method": "perturb", **settings}]
    result = load({"fhirPathRules": rules}, key=key).apply(observation(value), today=TODAY)
    tree = json.loads(encode(result.tree), parse_float=Decimal, parse_int=Decimal)
    assert tree["valueQuantity"]["unit"] == "kg"
    return Decimal(tree["valueQuantity"]["value"])


@given(
    st.decimals(-10_000, 10_000, places=3),
    st.decimals(0, 100, places=2),
    st.integers(0, 6),
    st.sampled_from([None, KEY]),
)
def test_perturb_stays_within_its_range_and_is_rounded(
    value: Decimal, span: Decimal, places: int, key: bytes | None
) -> None:
    step = Decimal(1).scaleb(-places)
    fixed = perturbed(format(value, "f"), key, span=str(span), roundTo=places)
    shared = perturbed(
        format(value, "f"), key, span=str(span), rangeType="proportional", roundTo=places
    )

    assert abs(fixed - value) <= span / 2 + step / 2
    assert abs(shared - value) <= abs(value) * span / 2 + step / 2
    assert fixed == round(fixed, places)
    assert shared == round(shared, places)


def test_perturb_with_a_key_says_the_same_again() -> None:
    once = [perturbed("70.5", KEY, span=10, roundTo=6) for _ in range(5)]
    anew = [perturbed("70.5", None, span=10, roundTo=6) for _ in range(5)]

    assert len(set(once)) == 1
    assert len(set(anew)) > 1


@pytest.mark.parametrize(
    ("resource", "path", "least"),
    [
        ({"resourceType": "Appointment", "minutesDuration": 1}, "Appointment.minutesDuration", 1),
        ({"resourceType": "Appointment", "priority": 0}, "Appointment.priority", 0),
    ],
)
def test_perturb_keeps_integers_whole_and_positive(
    resource: dict[str, Any], path: str, least: int
) -> None:
    for _ in range(50):
        result = masked(resource, path, "perturb", settings={"span": 20, "roundTo": 3})
        value = result[path.partition(".")[2]]
        assert isinstance(value, int)
        assert value >= least


def test_a_value_that_is_settled_is_not_perturbed() -> None:
    rules = [
        {"path": "Observation.value.value", "method": "redact"},
        {"path": "Observation.value", "method": "perturb", "span": 2},
    ]
    result = load({"fhirPathRules": rules}).apply(observation("1.5"), today=TODAY)

    assert {label for label, _ in result.counts} == {"REDACTED"}


RANGES = {
    "$this >= 0 and $this < 20": "20",
    "$this >= 20 and $this < 40": "($this div 10) * 10",
    "$this > 1000": "$this / 8",
}


@pytest.mark.parametrize(
    ("value", "others", "result"),
    [
        (5, "redact", 20),
        (37, "redact", 30),
        (41, "redact", None),
        (41, "keep", 41),
        (1004, "keep", 125.5),
    ],
)
def test_generalize_numbers(value: int, others: str, result: float | None) -> None:
    resource = {"resourceType": "Patient", "multipleBirthInteger": value}
    settings = {"cases": RANGES, "otherValues": others}

    made = masked(resource, "Patient.multipleBirth", "generalize", settings=settings)

    assert made.get("multipleBirthInteger") == result


@pytest.mark.parametrize(
    ("value", "cases", "result"),
    [
        ("en-GB", {"$this in ('en-GB' | 'en-US')": "'en'"}, "en"),
        ("en-US", {"('en-GB' | 'en-US') contains $this": "'en'"}, "en"),
        ("1230005", {"$this.startsWith('123')": "$this.substring(0,3) + '****'"}, "123****"),
        ("abc", {"$this.matches('^[a-c]+$')": "$this.upper() & '!'"}, "ABC!"),
        ("abc", {"true": "$this.replace('b', '-')"}, "a-c"),
        ("abc", {"$this = 'x'": "'y'"}, None),
        ("abc", {"{}": "'empty counts as true'"}, "empty counts as true"),
        ("abc", {"true": "{}"}, None),
        ("abc", {"false": "'x'", "true": "iif($this.length() = 3, 'three', 'more')"}, "three"),
    ],
)
def test_generalize_text(value: str, cases: dict[str, str], result: str | None) -> None:
    resource = {"resourceType": "Patient", "name": [{"family": value}]}

    made = masked(resource, "Patient.name.family", "generalize", settings={"cases": cases})

    assert made.get("name", [{}])[0].get("family") == result


PERIODS = {
    "$this >= @1990-01-01 and $this < @2000-01-01": "@1990",
    "$this = @2010": "@2010-01-01",
    "$this ~ @2020": "@2020-01-01",
}


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("1990-01-01", "1990"),
        ("1999-12-31", "1990"),
        ("1989-12-31", None),
        ("1990", "1990"),
        ("2000", "1990"),
        ("2010", "2010-01-01"),
        ("2010-06-01", "2010-01-01"),
        ("2020", "2020-01-01"),
        ("2020-01-01", None),
    ],
)
def test_generalize_dates_with_open_precision_counting_as_true(
    value: str, result: str | None
) -> None:
    resource = {"resourceType": "Patient", "birthDate": value}

    made = masked(resource, "Patient.birthDate", "generalize", settings={"cases": PERIODS})

    assert made.get("birthDate") == result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("2010-01-01T00:00:00+08:00", "2010"),
        ("2009-12-31T16:00:00Z", "2010"),
        ("2010-01-01T00:00:00Z", None),
        ("2010-01-01", None),
    ],
)
def test_generalize_moments_in_one_zone(value: str, result: str | None) -> None:
    resource = {"resourceType": "Patient", "deceasedDateTime": value}
    settings = {"cases": {"$this = @2010-01-01T00:00:00+08:00": "@2010"}}

    made = masked(resource, "Patient.deceased", "generalize", settings=settings)

    assert made.get("deceasedDateTime") == result


def test_generalize_omits_a_day_with_a_pattern_of_named_groups() -> None:
    pattern = r"'\\b(?<year>\\d{2,4})-(?<month>\\d{1,2})-(?<day>\\d{1,2})\\b'"
    cases = {"true": f"$this.toString().replaceMatches({pattern}, '${{year}}-${{month}}')"}
    resource = {"resourceType": "Patient", "birthDate": "1990-11-01"}

    made = masked(resource, "Patient.birthDate", "generalize", settings={"cases": cases})

    assert made["birthDate"] == "1990-11"


@pytest.mark.parametrize(
    "condition",
    [
        "$this >= 0",
        "$this > @2015-01-01",
        "$this + 1 = 2",
        "$this.matches('(?' & '=a)')",
        "-$this = 1",
        "$this" + ".select($this & $this)" * 40 + " = ''",
        "$this.length()" + ".select($this * $this)" * 40 + " = 1",
        "$this" + ".replaceMatches('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')" * 20 + " = ''",
        "$this" + ".replace('', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx')" * 20 + " = ''",
    ],
)
def test_generalize_fails_where_types_do_not_fit(condition: str) -> None:
    resource = {"resourceType": "Patient", "name": [{"family": "Marsh"}]}

    with pytest.raises(Withheld):
        masked(
            resource, "Patient.name.family", "generalize", settings={"cases": {condition: "'x'"}}
        )


def test_generalize_takes_single_values_only() -> None:
    resource = {"resourceType": "Patient", "name": [{"family": "Marsh"}]}

    with pytest.raises(Withheld, match=r"Patient\.name"):
        masked(resource, "Patient.name", "generalize", settings={"cases": {"true": "'x'"}})
