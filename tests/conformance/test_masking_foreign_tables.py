"""Tables as systems of the field export them, of which no sample was at hand.

Columns are those of OMOP CDM 5.4, MIMIC-IV, Epic Clarity, Cerner Millennium, REDCap, DICOM and of
pharmacies and payers, as their public documentation names them; the people are made up.
"""

import csv
import io
import json

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

TABLES: dict[str, dict[str, tuple[str, bool]]] = {
    "OMOP person": {
        "person_id": ("448812930", True),
        "gender_concept_id": ("8507", False),
        "year_of_birth": ("1931", True),
        "month_of_birth": ("3", True),
        "day_of_birth": ("17", True),
        "birth_datetime": ("1931-03-17 00:00:00", True),
        "person_source_value": ("MRN-448812", True),
        "gender_source_value": ("M", False),
    },
    "OMOP location": {
        "location_id": ("77194", True),
        "address_1": ("12 Larkspur Hollow", True),
        "city": ("Wexcombe", True),
        "state": ("NY", False),
        "county": ("Ulstermoor", True),
        "location_source_value": ("LOC-12-LARK", True),
        "latitude": ("41.927036", True),
    },
    "MIMIC": {
        "subject_id": ("10000032", True),
        "hadm_id": ("22595853", True),
        "anchor_age": ("93", True),
        "gender": ("F", False),
        "admittime": ("2180-05-06 22:23:00", True),
        "CHARTDATE": ("2151-08-04", True),
        "admit_provider_id": ("P874LG", True),
        "admission_type": ("URGENT", False),
        "valuenum": ("7.35", False),
    },
    "Epic": {
        "PAT_ID": ("Z448812", True),
        "PAT_NAME": ("QUIMBREL,VOSHARKEL ANNE", True),
        "CONTACT_DATE": ("05-MAR-24", True),
        "PAT_ENC_CSN_ID": ("7719440012", True),
        "BP_SYSTOLIC": ("120", False),
        "MYCHART_LOGIN": ("VQUIMBREL", True),
        "PROV_NAME": ("DUNMORROW, FENN", True),
        "DX_CODE": ("I10", False),
    },
    "Cerner": {
        "PERSON_ID": ("448812.00", True),
        "NAME_FULL_FORMATTED": ("Quimbrel, Vosharkel", True),
        "BIRTH_DT_TM": ("1931-03-17T05:00:00Z", True),
        "DECEASED_DT_TM": ("03/05/2024 10:15", True),
        "VERIFIED_PRSNL": ("Osgildur, Tarn", True),
        "SEX_CD": ("362", False),
        "RESULT_UNITS": ("mmol/L", False),
    },
    "payer": {
        "subscriber_first": ("Vosharkel", True),
        "subscriber_last": ("Quimbrel", True),
        "insured_mi": ("A", True),
        "dependents_name": ("Zelmira Brenwyth", True),
        "icn": ("IC77194", True),
        "preauth": ("PA77194", True),
        "cpt_code": ("99213", False),
        "charge": ("120.50", False),
    },
    "pharmacy": {
        "PatLast": ("Quimbrel", True),
        "PatFirst": ("Vosharkel", True),
        "PatMI": ("A", True),
        "PatDOB": ("03171931", True),
        "PrescriberName": ("Fenngarth D", True),
        "RPhInitials": ("ZQB", True),
        "NDC": ("00071-0155-23", False),
        "Qty": ("30", False),
    },
    "DICOM": {
        "PatientID": ("448812", True),
        "PatientName": ("Quimbrel^Vosharkel", True),
        "StudyInstanceUID": ("1.2.840.113619.2.55.3.448812930", True),
        "InstitutionName": ("Wexcombe General", True),
        "OperatorsName": ("Brenwyth^Z", True),
        "Modality": ("CT", False),
    },
    "laboratory": {
        "Surname": ("Quimbrel", True),
        "ReportedBy": ("Fenngarth", True),
        "collected_by": ("Zelmira", True),
        "Radiologist": ("Halia", True),
        "SchoolName": ("Brackmoor High", True),
        "age_at_visit": ("93", True),
        "Result": ("140", False),
        "Units": ("mmol/L", False),
    },
}


def shown(masked: list[dict[str, str]], table: dict[str, tuple[str, bool]]) -> list[str]:
    """Columns whose values survive though they may not, or do not though they may."""
    assert masked
    return [
        name
        for row in masked
        for name, (value, hidden) in table.items()
        if (str(row[name]) == value) is hidden
    ]


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("accept", [False, True])
def test_columns_hide_whom_they_name_and_no_more(name: str, accept: bool) -> None:
    table = TABLES[name]
    row = [value for value, _ in table.values()]
    out = io.StringIO(newline="")
    csv.writer(out).writerows([list(table), row, row])
    here = context(accept=accept)

    done = mask(out.getvalue().encode(), "text/csv", "", here).body
    objects = json.dumps([dict(zip(table, row, strict=True))]).encode()
    result = json.dumps({"columns": list(table), "rows": [row]}).encode()

    assert shown(list(csv.DictReader(io.StringIO(done.decode(), newline=""))), table) == []
    assert shown(json.loads(mask(objects, "application/json", "", here).body), table) == []
    masked = json.loads(mask(result, "application/json", "", here).body)["rows"]
    assert shown([dict(zip(table, cells, strict=True)) for cells in masked], table) == []
    assert mask(done, "text/csv", "", here).body == done


def test_the_parts_of_a_birth_date_are_no_date_together() -> None:
    body = b'[{"year_of_birth": 1980, "month_of_birth": 3, "day_of_birth": 17}]'

    done = json.loads(mask(body, "application/json", "", context()).body)

    assert done == [{"year_of_birth": 1980, "month_of_birth": "[date]", "day_of_birth": "[date]"}]
