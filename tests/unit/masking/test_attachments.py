"""Documents inside strings of other documents."""

import base64
import gzip
import json
from typing import Any

import pytest

from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

SSN = "517-64-9982"
MESSAGE = (
    f"MSH|^~\\&|A|B|C|D|2012||ADT^A01|1|P|2.3\r"
    f"PID|1||998877||Zyxqvort||19741225|F|||||||||||{SSN}\r"
)


def shown(document: Any) -> Any:
    body = json.dumps(document).encode()
    once = mask(body, "application/json", "", context("safe-harbor", accept=True)).body
    again = mask(once, "application/json", "", context("safe-harbor", accept=True)).body
    assert again == once
    return json.loads(once)


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.mark.parametrize(
    "inner",
    [
        '{"last_name": "Zyxqvort", "mrn": "77123"}',
        '[{"patient": {"name": {"last": "Zyxqvort"}}, "mrn": 77123}]',
        json.dumps({"a": json.dumps({"last_name": "Zyxqvort", "mrn": "77123"})}),
        "<p><name>Zyxqvort</name><mrn>77123</mrn></p>",
        '<Patient xmlns="http://hl7.org/fhir"><name><family value="Zyxqvort"/></name></Patient>',
        "<!doctype html><html><body>Mr. Zyxqvort</body></html>",
        MESSAGE,
        "data:text/plain;base64," + packed(b"Patient: Mr. Zyxqvort, MRN 77123"),
        packed(packed(b"Patient: Mr. Zyxqvort, MRN 77123").encode()),
        packed(gzip.compress(b"Patient: Mr. Zyxqvort, MRN 77123", mtime=0)),
    ],
)
def test_a_document_in_a_string_is_masked_as_what_it_is(inner: str) -> None:
    text = shown({"x": inner})["x"]

    assert text != inner
    for hidden in ("Zyxqvort", "77123", SSN, "19741225", packed(b"Patient: Mr")[:12]):
        assert hidden not in text


@pytest.mark.parametrize(
    "inner",
    [
        '{"a": 1.50, "b": [true, null]}',
        "[name]",
        "{braces}",
        "[a] and [b]",
        "<b>bold",
        "<5 mg",
        "<a><b>x</b></a>",
        "MSH|x",
        packed(packed(b"nothing of anybody's stands here").encode()),
    ],
)
def test_a_string_in_which_nothing_is_masked_stays_as_it_was_written(inner: str) -> None:
    assert shown({"x": inner}) == {"x": inner}


def test_a_document_that_cannot_be_masked_is_replaced() -> None:
    twice = f'{{"a": "{SSN}", "a": "Zyxqvort"}}'
    entity = '<!DOCTYPE a [<!ENTITY x "Zyxqvort">]><a>&x;</a>'

    assert shown({"x": twice, "y": entity}) == {"x": "[text]", "y": "[text]"}


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"name": "ssn", "value": "517649982"}, {"name": "ssn", "value": "[ssn]"}),
        ({"key": "mrn", "value": 77123}, {"key": "mrn", "value": "[mrn]"}),
        ({"field": "lastName", "value": "Zyx"}, {"field": "lastName", "value": "[name]"}),
        ({"question": "Name?", "answer": "Zyx"}, {"question": "Name?", "answer": "[name]"}),
        ({"name": "provider", "value": 42}, {"name": "[name]", "value": 42}),
        ({"key": "status", "value": "open"}, None),
        ([["name", "mrn"], ["Zyx", "77123"]], [["name", "mrn"], ["[name]", "[mrn]"]]),
        ([["a", "b"], ["1", "2"]], None),
    ],
)
def test_a_value_is_what_the_name_beside_or_above_it_says(document: Any, expected: Any) -> None:
    found = shown(document)

    if expected is None:
        assert json.dumps(found).count("[") == json.dumps(document).count("[")
    else:
        assert found == expected
