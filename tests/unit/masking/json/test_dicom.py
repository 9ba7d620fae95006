"""DICOM's data sets in JSON and XML."""

import base64
import json
from typing import Any

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context

JSON, XML = "application/dicom+json", "application/dicom+xml"
UID = "1.2.392.200036.9116.2.2.2.1762893313"
NOTE = base64.b64encode(b"Zebulon Quimby, 999-12-3456, was here").decode()
PERSONAL: dict[str, Any] = {
    "00080018": {"vr": "UI", "Value": [UID]},
    "00080020": {"vr": "DA", "Value": ["20190304"]},
    "0008002A": {"vr": "DT", "Value": ["20190304101112.123456"]},
    "00080050": {"vr": "SH", "Value": ["A445566"]},
    "00080080": {"vr": "LO", "Value": ["Mercy"]},
    "00080090": {"vr": "PN", "Value": [{"Alphabetic": "Smith^Joe"}]},
    "00081030": {"vr": "LO", "Value": ["CT CHEST Quimby"]},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Quimby^Zebulon", "Ideographic": "山田"}]},
    "00100020": {"vr": "LO", "Value": ["445566"]},
    "00100030": {"vr": "DA", "Value": ["19870203"]},
    "00101010": {"vr": "AS", "Value": ["092Y"]},
    "00101040": {"vr": "LO", "Value": ["77 Elm Street"]},
    "00102154": {"vr": "SH", "Value": ["617-555-0199"]},
    "00104000": {"vr": "LT", "Value": ["Zebulon complains"]},
    "00291010": {"vr": "LO", "Value": ["Quimby"]},
    "00400275": {"vr": "SQ", "Value": [{"00401001": {"vr": "SH", "Value": ["R445566"]}}]},
    "00420011": {"vr": "OB", "InlineBinary": NOTE},
    "7FE00010": {"vr": "OW", "BulkDataURI": f"https://pacs.example/studies/{UID}"},
}
PLAIN: dict[str, Any] = {
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    "00080030": {"vr": "TM", "Value": ["101112.123"]},
    "00080060": {"vr": "CS", "Value": ["CT"]},
    "00080070": {"vr": "LO", "Value": ["GE MEDICAL SYSTEMS"]},
    "00080096": {"vr": "SQ"},
    "00081032": {
        "vr": "SQ",
        "Value": [
            {
                "00080100": {"vr": "SH", "Value": ["CTCHW"]},
                "00080104": {"vr": "LO", "Value": ["CT chest with contrast"]},
            }
        ],
    },
    "00100040": {"vr": "CS", "Value": ["M"]},
    "00101030": {"vr": "DS", "Value": [72.5]},
    "00280010": {"vr": "US", "Value": [512]},
}
HIDDEN = (
    *("Zebulon", "Quimby", "Smith", "Mercy", "445566", "1987", "0304", "092", "Elm", "0199"),
    *("山田", UID, "pacs"),
)


def shown(data_set: Any, profile: str = "safe-harbor", *, accept: bool = False) -> str:
    body = json.dumps(data_set, ensure_ascii=False).encode()
    return mask(body, JSON, "", context(profile, accept=accept)).body.decode()


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("profile", ["safe-harbor", "pseudonymous"])
def test_attributes_are_masked_by_tag_and_representation(profile: str, accept: bool) -> None:
    done = shown([PERSONAL | PLAIN], profile, accept=accept)

    text = done + base64.b64decode(json.loads(done)[0]["00420011"]["InlineBinary"]).decode()
    assert [value for value in HIDDEN if value in text.replace('"1987"', "")] == []
    assert {tag: value["vr"] for tag, value in json.loads(done)[0].items()} == {
        tag: value["vr"] for tag, value in (PERSONAL | PLAIN).items()
    }
    assert json.loads(shown(json.loads(done), profile, accept=accept)) == json.loads(done)


@pytest.mark.parametrize("profile", PROFILES)
def test_what_identifies_nobody_stays(profile: str) -> None:
    assert json.loads(shown([PLAIN], profile)) == [PLAIN]


def test_a_limited_data_set_keeps_dates_and_numbers_of_studies() -> None:
    done = json.loads(shown(PERSONAL, "limited-data-set"))

    assert [done[tag]["Value"] for tag in ("00080018", "00080020", "00080050", "00100030")] == [
        [UID],
        ["20190304"],
        ["A445566"],
        ["19870203"],
    ]
    assert done["00100020"]["Value"] == ["[mrn]"]


def test_an_attribute_is_one_behind_other_members_too() -> None:
    document = {"study": "x", "00100010": PERSONAL["00100010"]}

    done = mask(json.dumps(document).encode(), "application/json", "", context()).body.decode()

    assert "Quimby" not in done
    assert json.loads(done)["00100010"]["vr"] == "PN"


def test_the_native_model_says_in_a_keyword_what_its_value_is() -> None:
    body = (
        '<NativeDicomModel><DicomAttribute tag="00100020" vr="LO" keyword="PatientID"><Value '
        'number="1">445566</Value></DicomAttribute><DicomAttribute tag="00080060" vr="CS" '
        'keyword="Modality"><Value number="1">CT</Value></DicomAttribute></NativeDicomModel>'
    )

    done = mask(body.encode(), XML, "", context()).body.decode()

    assert "445566" not in done
    assert '<Value number="1">CT</Value>' in done
