import json
from typing import Any

import pytest

from gateway.errors import Withheld
from gateway.masking import engine
from gateway.masking.profiles.profile import Profile
from gateway.policy.faults import ManifestInvalid
from gateway.policy.profile_file import read_profile
from tests.unit.masking.own import masked, within

RULES: list[dict[str, Any]] = [
    {"path": "Patient.birthDate", "method": "redact"},
    {"path": "Patient.name", "method": "redact"},
    {"path": "nodesByType('Identifier').value", "method": "cryptoHash"},
]
CONFIGURATION = {"fhirVersion": "R4", "fhirPathRules": RULES, "parameters": {}}
SECRET = "sig=" + "a1B2" * 12
PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "birthDate": "1980-02-03",
    "name": [{"family": "Meyers"}],
    "identifier": [{"value": "A-4711"}],
    "address": [{"text": f"key {SECRET}"}],
}


def imported(rank: int = 9) -> Profile:
    text = f"extends: safe-harbor\nrank: {rank}\nimported: {json.dumps(CONFIGURATION)}\n"
    return read_profile(text.encode())


def tree(node: Any) -> Any:
    return json.loads(masked(imported(), json.dumps(node).encode()).body)


def test_it_decides_on_fhir_json_in_place_of_the_field_rules() -> None:
    shown = tree(PATIENT)

    assert "name" not in shown
    assert "birthDate" not in shown
    assert shown["id"] == "p1"
    digest = shown["identifier"][0]["value"]
    assert len(digest) == 64
    assert digest == tree(PATIENT)["identifier"][0]["value"]


def test_secrets_go_from_what_it_keeps() -> None:
    assert tree(PATIENT)["address"] == [{"text": "key sig=[secret]"}]


def test_other_content_is_masked_as_the_profile_that_it_extends() -> None:
    assert tree({"name": "Jo Meyers"}) == {"name": "[name]"}
    assert masked(imported(), b"name,x\nJo Meyers,1\n", "text/csv").body == b"name,x\n[name],1\n"


def test_a_large_bundle_is_masked_by_it_too() -> None:
    entries = [{"resource": {**PATIENT, "language": "en"}} for _ in range(600)]
    shown = tree({"resourceType": "Bundle", "type": "collection", "entry": entries})

    assert all("name" not in entry["resource"] for entry in shown["entry"])


def test_a_key_twice_is_still_found() -> None:
    with pytest.raises(Withheld, match="key twice"):
        masked(imported(), b'{"resourceType":"Patient","id":"a","name":[{"use":"x","use":"y"}]}')


def test_counts_name_paths_and_the_key() -> None:
    done = masked(imported(), json.dumps(PATIENT).encode())

    assert ("Patient.birthDate", "date", 1) in done.paths
    assert done.key_version == "1"


def test_without_a_key_that_it_needs_nothing_is_shown() -> None:
    profile = imported()
    context = within(profile)
    without = engine.Context(
        context.profile, "", True, False, None, "s", context.today, profile.rank, profile
    )

    assert profile.makes_tokens
    with pytest.raises(Withheld, match="key"):
        engine.mask(json.dumps(PATIENT).encode(), "application/fhir+json", "", without)


@pytest.mark.parametrize("rank", [10, 20, 40])
def test_it_shows_what_it_does_not_name_so_it_ranks_below_all_that_mask(rank: int) -> None:
    with pytest.raises(ManifestInvalid, match="has a rank from 1 to 9"):
        imported(rank)


def test_a_file_of_the_tool_is_a_profile() -> None:
    profile = read_profile(b"// the tool allows comments\n" + json.dumps(CONFIGURATION).encode())

    assert profile.rank == 9
    assert profile.imported is not None


def test_faults_of_a_configuration_come_with_the_manifests() -> None:
    wrong = {**CONFIGURATION, "fhirPathRules": [{"path": "Patient.name", "method": "shred"}]}
    with pytest.raises(ManifestInvalid) as caught:
        read_profile(f"extends: safe-harbor\nrank: 9\nimported: {json.dumps(wrong)}\n".encode())
    assert "3:1: profiles.own.imported" in str(caught.value)

    both = f"extends: safe-harbor\nrank: 9\nimported: {json.dumps(CONFIGURATION)}\n"
    both += "fields: [{path: a, do: drop}]\n"
    with pytest.raises(ManifestInvalid, match="decides on fields itself"):
        read_profile(both.encode())
