"""Documents in strings of JSON, in the encodings and forms that logs and databases hold them in."""

import base64
import json

import pytest

from gateway.errors import Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

MESSAGE = "MSH|^~\\&|A|B|C|D|20240102||ADT^A01|1|P|2.5\rPID|1||445566||Quimby^Zebulon||19870203\r"
RECORD = '{"patient": {"name": "Zebulon Quimby", "ssn": "999-12-3456"}}'
TABLE = "name,ssn,dob\nZebulon Quimby,999-12-3456,1987-02-03\n"
CLAIM = (
    "ISA*00*          *00*          *ZZ*SENDER         *ZZ*RECEIVER       *190304*1000*^*00501*"
    "000000001*0*P*:~NM1*IL*1*QUIMBY*ZEBULON****MI*445566~DMG*D8*19870203*M~"
)
CARD = "BEGIN:VCARD\nN:Quimby;Zebulon\nFN:Zebulon Quimby\nBDAY:19870203\nEND:VCARD"
EDIFACT = "UNA:+.? 'UNB+UNOC:3+S+R+190304:1000+1'NAD+PAT+++Quimby:Zebulon'DTM+329:19870203:102'"
STRINGS = {
    "hl7v2 in base64": base64.b64encode(MESSAGE.encode()).decode(),
    "hexadecimal": RECORD.encode().hex(),
    "varbinary": "0x" + TABLE.encode().hex().upper(),
    "bytea": "\\x" + MESSAGE.encode().hex(),
    "byte order mark": "\ufeff" + RECORD,
    "white space": f"   {RECORD}",
    "lines": f"{RECORD}\n{RECORD}",
    "behind a word": f"received {RECORD}",
    "callback": f"found({RECORD});",
    "python": "{'name': 'Zebulon Quimby', 'ssn': '999-12-3456'}",
    "written twice": "saved " + json.dumps(json.dumps({"lastName": "Quimby", "given": "Zebulon"})),
    "table": TABLE,
    "form": "name=Zebulon+Quimby&ssn=999-12-3456&dob=1987-02-03",
    "encoded form": "name%3DZebulon%20Quimby%26ssn%3D999-12-3456",
    "query": "?family=Quimby&given:exact=Zebulon&birthdate=1987-02-03",
    "parameter": "lookup last_name=Quimby first_name=Zebulon",
    "yaml": "last_name: Quimby\nfirstName: Zebulon\ndob: 1987-02-03",
    "assignment": "last_name = 'Quimby', FirstName = Zebulon",
    "pasted row": "Patient Name\tZebulon Quimby\tF",
    "message in a log": f"received {MESSAGE}",
    "x12": CLAIM,
    "edifact": EDIFACT,
    "vcard": CARD,
}
HIDDEN = ("zebulon", "quimby", "999-12-3456", "445566", "19870203", "1987-02-03")


def readable(text: str) -> str:
    """A text with what its words are in base64 and in hexadecimal digits."""
    found = [text]
    for word in text.replace('"', " ").replace("\\\\x", " ").replace("0x", " ").split():
        for decode in (bytes.fromhex, base64.b64decode):
            try:
                found.append(decode(word).decode())
            except ValueError:
                continue
    return " ".join(found).lower()


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("name", STRINGS)
def test_a_document_in_a_string_is_masked_as_what_it_is(name: str, accept: bool) -> None:
    body = json.dumps({"x": STRINGS[name], "list": [STRINGS[name]]}).encode()

    shown = mask(body, "application/json", "", context(accept=accept)).body

    text = readable(shown.decode())
    assert [value for value in HIDDEN if value in text] == []
    assert mask(shown, "application/json", "", context(accept=accept)).body == shown


@pytest.mark.parametrize(
    "value",
    [
        "d41d8cd98f00b204e9800998ecf8427e",
        "0x8CBFF45D8A29A19D8CBFF45D8A29A19D",
        "first line\nsecond, longer line\nthird line",
        "a,b\nc",
        "b3BlbiBtZWV0aW5nIHJvb20=",
    ],
)
def test_what_is_no_document_stays(value: str) -> None:
    body = json.dumps({"x": value}).encode()

    assert mask(body, "application/json", "", context(accept=True)).body == body.replace(
        b" ", b"", 1
    )


@pytest.mark.parametrize("text", [CLAIM, EDIFACT, CARD, f"received {MESSAGE}"])
@pytest.mark.parametrize("kind", ["text/plain", "application/edi-x12", "text/x-vcard", ""])
def test_formats_of_places_that_nothing_knows_are_withheld(text: str, kind: str) -> None:
    with pytest.raises(Withheld):
        mask(text.encode(), kind, "", context(accept=True))


def test_where_names_are_shown_such_formats_are_text() -> None:
    body = f"{CARD}\npassword=hunter22secret\n".encode()

    shown = mask(body, "text/plain", "", context("secrets-only", accept=True)).body

    assert shown.startswith(CARD.encode())
    assert b"hunter22secret" not in shown


def test_xml_under_the_type_of_html_is_masked_by_its_elements() -> None:
    body = b'<?xml version="1.0"?>\n<r><patientName>Zebulon Quimby</patientName></r>'
    page = b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><p>Hello</p></html>'

    shown = mask(body, "text/html", "", context()).body

    assert b"<patientName>[name]</patientName>" in shown
    assert b"<p>Hello</p>" in mask(page, "text/html", "", context(accept=True)).body
