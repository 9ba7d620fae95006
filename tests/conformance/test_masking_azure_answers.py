"""Answers of Azure services that carry secrets or people where no other format has them."""

import json
from typing import Any

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context

VAULT = "https://my-vault.vault.azure.net/secrets/db/4387e9f3d6e14c459867679a90fd0f79"
SECRET = "Tr0ub4dor-and-3"
SECRETS: dict[str, Any] = {
    "key vault": {"value": SECRET, "id": VAULT, "attributes": {"enabled": True}},
    "function app": {"masterKey": SECRET, "systemKeys": {"eventgrid": SECRET}},
    "keys of a function": {"keys": [{"name": "default", "value": SECRET}]},
    "registry": {"passwords": [{"name": "password2", "value": SECRET}]},
    "application settings": {
        "properties": dict.fromkeys(
            (
                *("DB_PASS", "PGPASSWORD", "STRIPE_KEY", "GITHUB_TOKEN", "API_TOKEN", "token"),
                *("hmacKey", "passcode", "secretText", "OAUTH2_TOKEN", "sshKey", "jwtSecret"),
            ),
            SECRET,
        )
    },
    "settings in pairs": [{"name": "API_TOKEN", "value": SECRET, "slotSetting": False}],
}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", SECRETS)
def test_secrets_of_services_are_removed_in_every_profile(name: str, profile: str) -> None:
    body = json.dumps(SECRETS[name]).encode()

    assert SECRET.encode() not in mask(body, "application/json", "", context(profile)).body


def test_what_is_called_like_a_secret_and_is_none_stays() -> None:
    body = {"tokens": 42, "passed": "yes", "keyCount": 3, "nextToken": "", "boarding": "pass"}

    shown = mask(json.dumps(body).encode(), "application/json", "", context()).body

    assert json.loads(shown) == body


@pytest.mark.parametrize("profile", PROFILES)
def test_secrets_in_pairs_of_other_formats_are_removed(profile: str) -> None:
    xml = f"<settings><add><name>DB_PASSWORD</name><value>{SECRET}</value></add></settings>"
    table = f"setting,value\nDB_PASSWORD,{SECRET}\n"

    for kind, body in (("application/xml", xml), ("text/csv", table)):
        assert SECRET.encode() not in mask(body.encode(), kind, "", context(profile)).body


def test_a_key_of_an_index_tag_says_what_its_value_is() -> None:
    body = (
        "<Tags><TagSet><Tag><Key>mrn</Key><Value>445566</Value></Tag>"
        "<Tag><Key>modality</Key><Value>CT</Value></Tag></TagSet></Tags>"
    )

    shown = mask(body.encode(), "application/xml", "", context()).body.decode()

    assert "445566" not in shown
    assert "<Value>CT</Value>" in shown


def test_namespaces_stay() -> None:
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"/>'
    )

    shown = mask(feed.encode(), "application/atom+xml", "", context()).body.decode()

    assert shown.endswith(feed)


def test_an_entity_of_table_storage_keeps_its_annotations_and_no_keys() -> None:
    entity = {
        "PartitionKey": "Quimby",
        "RowKey": "445566",
        "Seen@odata.type": "Edm.DateTime",
        "Seen": "2019-03-04T10:00:00Z",
    }

    shown = json.loads(mask(json.dumps(entity).encode(), "application/json", "", context()).body)

    assert shown["PartitionKey"].startswith("masked-")
    assert shown["RowKey"].startswith("masked-")
    assert {key: shown[key] for key in list(entity)[2:]} == {
        "Seen@odata.type": "Edm.DateTime",
        "Seen": "2019",
    }


def test_the_tables_of_the_first_kusto_version_are_masked_by_column() -> None:
    columns = [{"ColumnName": name, "DataType": "String"} for name in ("PatientName", "Glucose")]
    body = {"Tables": [{"Columns": columns, "Rows": [["Zebulon Quimby", "5.50"]]}]}

    shown = json.loads(mask(json.dumps(body).encode(), "application/json", "", context()).body)

    assert shown == {"Tables": [{"Columns": columns, "Rows": [["[name]", "5.50"]]}]}


def test_links_of_odata_go_as_a_whole() -> None:
    body = {
        "@odata.context": "https://graph.example/v1.0/$metadata#users('Quimby')/messages",
        "@odata.nextLink": "https://graph.example/v1.0/users('Quimby')/messages?$skip=10",
        "webLink": "https://mail.example/('Quimby')",
    }

    shown = mask(json.dumps(body).encode(), "application/json", "", context()).body

    assert json.loads(shown) == dict.fromkeys(body, "[url]")


def test_an_address_is_found_whose_sign_alone_is_encoded() -> None:
    body = {"x": "user=zq%40mail.example.org"}

    shown = mask(json.dumps(body).encode(), "application/json", "", context()).body

    assert b"zq" not in shown


def test_both_values_of_a_change_are_masked_by_the_name_of_what_has_changed() -> None:
    changes = [
        {"displayName": "Surname", "oldValue": "Quimby", "newValue": "Quimbly"},
        {"column": "mrn", "old": "445566", "new": "445567"},
        {"field": "status", "before": "open", "after": "closed"},
    ]

    shown = json.loads(mask(json.dumps(changes).encode(), "application/json", "", context()).body)

    assert shown == [
        {"displayName": "Surname", "oldValue": "[name]", "newValue": "[name]"},
        {"column": "mrn", "old": "[mrn]", "new": "[mrn]"},
        changes[2],
    ]
