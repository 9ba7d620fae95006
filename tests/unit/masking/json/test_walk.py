"""Generic JSON, through the engine's own door."""

import json

import pytest

from gateway.errors import Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context


def masked(value: object, profile: str = "safe-harbor", *, accept: bool = False) -> object:
    body = json.dumps(value).encode()
    return json.loads(mask(body, "application/json", "", context(profile, accept=accept)).body)


def listed(value: list[dict[str, object]], profile: str = "safe-harbor") -> list[dict[str, str]]:
    made: list[dict[str, str]] = masked(value, profile)  # type: ignore[assignment]
    return made


def test_one_word_before_the_field_that_names_it_is_masked() -> None:
    assert masked({"ward": "Doe", "name": "Jane Doe"}) == {"ward": "[name]", "name": "[name]"}


def test_fields_are_masked_by_their_names() -> None:
    person = {
        "firstName": "Jane",
        "last_name": "Doe",
        "ssn": 123456789,
        "MRN": "A1",
        "dob": "1980-02-03",
        "homePhone": "555",
        "email": "x",
        "address": {"street": "1 A", "city": "Boston", "state": "MA", "zip": "02139"},
        "visitDate": "02/03/2024",
        "age": 93,
        "children": ["Bob", "Ann"],
        "location": {"lat": 42.1, "lng": -71.2},
        "password": "x",
        "photo": "aGk=",
    }

    assert masked(person) == {
        "firstName": "[name]",
        "last_name": "[name]",
        "ssn": "[ssn]",
        "MRN": "[mrn]",
        "dob": "1980",
        "homePhone": "[phone]",
        "email": "[email]",
        "address": {"street": "[address]", "city": "[city]", "state": "MA", "zip": "021"},
        "visitDate": "2024",
        "age": "90+",
        "children": ["[name]", "[name]"],
        "location": {"lat": "[address]", "lng": "[address]"},
        "password": "[secret]",
        "photo": "[photo]",
    }


def test_what_identifies_nobody_stays() -> None:
    value = {
        "status": "active",
        "diagnosis": "Essential hypertension",
        "systolic": 120,
        "ratio": 0.5,
        "ok": True,
        "none": None,
        "unit": "mm[Hg]",
        "age": 45,
        "year": 2024,
        "list": [1, 2, [3, {}]],
        "code": "8480-6",
    }

    assert masked(value) == value


def test_unknown_text_is_withheld_unless_accepted() -> None:
    assert masked({"x": "Jane was here"}) == {"x": "[text]"}
    assert masked({"x": "Dr. Jane was here"}, accept=True) == {"x": "[name] was here"}
    assert masked({"note": "fine"}) == {"note": "[text]"}


def test_names_from_fields_are_found_in_text() -> None:
    value = {"name": "Jane Doe", "mrn": "A-77123", "note": "J. Doe, A-77123, Jane's chart"}

    assert masked(value, accept=True) == {
        "name": "[name]",
        "mrn": "[mrn]",
        "note": "[name], [mrn], [name]'s chart",
    }


def test_names_of_members_can_be_values() -> None:
    value = {"jane@example.com": 1, "bob@example.com": {"617-555-0100": "x"}, "plain": 2}

    assert masked(value) == {"[email]": 1, "[email] 2": {"[phone]": "x"}, "plain": 2}


def test_paths_say_fields_and_no_values() -> None:
    body = json.dumps({"jane@example.com": {"ssn": "x"}, "a": {"email": ["y", "z"]}}).encode()

    result = mask(body, "application/json", "", context())

    assert result.counts == {"email": 3, "ssn": 1}
    assert set(result.paths) == {("*.email", "email", 2), ("*", "email", 1), ("*.ssn", "ssn", 1)}
    assert result.key_version == ""


def test_ids_keep_pointing_at_each_other() -> None:
    first, second, third = listed([{"id": "a"}, {"patientId": "a"}, {"id": 7}])

    assert first["id"] == second["patientId"] != third["id"]
    assert first["id"].startswith("masked-")


def test_numbers_of_two_payloads_are_told_apart() -> None:
    assert masked({"id": "a"}) != masked({"id": "a", "x": 1})["id"]  # type: ignore[index]


def test_a_resource_within_other_json_is_masked_as_fhir() -> None:
    value = {"items": [{"resourceType": "Patient", "birthDate": "1920-01-01", "active": True}]}

    assert masked(value) == {"items": [{"resourceType": "Patient", "active": True}]}


@pytest.mark.parametrize(
    ("profile", "name"), [("secrets-only", "Jane"), ("limited-data-set", "[name]")]
)
def test_weaker_profiles_keep_what_they_may(profile: str, name: str) -> None:
    value = {"name": "Jane", "dob": "1980-02-03", "zip": "02139", "id": "a", "key": "k"}

    assert masked(value, profile) == value | {"name": name}


def test_pseudonymous_gives_equal_values_equal_tokens() -> None:
    first, second = listed(
        [{"name": "Jane", "id": "a"}, {"name": "Jane", "id": "a"}], "pseudonymous"
    )

    assert first == second
    assert first["name"].startswith("[name:1:")
    assert first["id"].startswith("tk-1-")


def test_nesting_is_bounded() -> None:
    body = b'{"a":' * 150 + b"1" + b"}" * 150

    with pytest.raises(Withheld, match="nested"):
        mask(body, "application/json", "", context())
