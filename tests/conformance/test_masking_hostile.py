"""A name and a number that a document states openly are found wherever else it hides them."""

import gzip
import html
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import reduce
from urllib.parse import unquote

import pytest

from gateway.errors import Withheld
from gateway.masking.engine import mask
from gateway.masking.streams import MAX_BYTES
from tests.unit.masking.contexts import context
from tests.unit.masking.samples import HEADER, HL7, PATIENT

HIDDEN = ("zebulon", "quimby", "999-12-3456", "999123456")
SSN = "999-12-3456"
IDENTIFIED = f"{PATIENT}||||||{SSN}"
FORM = 'Content-Disposition: form-data; name="name"\r\n\r\nZebulon Quimby'
BOUNDED = "multipart/form-data; boundary=b"


def seen(body: bytes) -> Iterator[str]:
    """What different readers make of a body."""
    text = body.decode("utf-8", "replace").lower()
    yield from (text, html.unescape(text), unquote(text))
    yield re.sub("[\u200b\u00ad\u200d]", "", html.unescape(text))
    yield re.sub(r"<[^>]*>", "", html.unescape(text))
    yield re.sub(r"\\[a-z0-9.]+\\", "", text)


def check(body: bytes, kind: str) -> None:
    for profile in ("safe-harbor", "pseudonymous"):
        for accept in (False, True):
            with suppress(Withheld):
                done = mask(body, kind, "", context(profile, accept=accept)).body
                shown = [value for value in HIDDEN for text in seen(done) if value in text]
                assert shown == [], (profile, accept, done[-200:])


@pytest.mark.parametrize(
    "hidden",
    [
        "<n>Ze<![CDATA[bul]]>on</n>",
        "<n>Ze<!-- x -->bulon</n>",
        "<n>Ze<?p x?>bulon</n>",
        "<n>&#90;eb&#x75;lon</n>",
        "<n><![CDATA[<name>Zebulon</name>]]></n>",
        "<n><![CDATA[<?xml version='1.0'?><p><q>Zebulon</q></p>]]></n>",
        "<n>&lt;q&gt;Zebulon&lt;/q&gt;</n>",
        "<n a='Zeb&#117;lon'/>",
        "<n xmlns:q='Zebulon'/>",
        "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='Zebulon.xml'/>",
        "<n xml:base='Zebulon' xml:lang='Zebulon'/>",
        "<n xmlns:s='u' s:schemaLocation='Zebulon x'/>",
        "<n>Zebu\u200blon</n>",
        "<n>\uff3aebulon</n>",
        "<n>Z<b>ebu</b>lon said</n>",
        "<code>Zebulon</code>",
        "<status>Zebulon</status>",
        "<a><b/>Zebulon</a>",
        "<n>%5A%65bulon</n>",
        "<n>QUIMBY^ZEBULON</n>",
        f"<n>{SSN.replace('-', '&#45;')}</n>",
        "<n>999-<b>12</b>-3456</n>",
        "<n>999<!-- -->-12-3456</n>",
        "<n ssn='999123456'/>",
        "<f name='ssn'>999123456</f>",
        "<ssn><a>999</a>123456</ssn>",
        "Zebulon<b>Zebulon</b>",
        "<n>text <ssn>999123456</ssn></n>",
        "<name>Zebulon <b>Quimby</b></name>",
        "<a:b xmlns:a='u'>Zebulon</a:b>",
        "<n>a <x>b</x> <p:name xmlns:p='u'>Quimby</p:name></n>",
    ],
)
def test_xml(hidden: str) -> None:
    check(f"<r><name>Zebulon Quimby</name>{hidden}</r>".encode(), "text/xml")
    check(f"<r>{hidden}<z><name>Zebulon Quimby</name></z></r>".encode("utf-16"), "text/xml")
    body = f"<?xml version='1.0' encoding='ISO-8859-1'?><r><name>Zebulon Quimby</name>{hidden}</r>"
    check(body.encode("latin-1", "xmlcharrefreplace"), "text/xml")


@pytest.mark.parametrize(
    "hidden",
    [
        "NTE|1||Ze\\H\\bulon",
        "NTE|1||Ze\\Z9\\bulon",
        "NTE|1||\\X5A6562756C6F6E\\",
        "NTE|1||\\X5A\\ebulon",
        "NTE|1||Zebulon\\.br\\Quimby",
        "NTE|1||Zebulon\\",
        "NTE|1||\\Zebulon",
        "NTE|1||\\Zebulon\\",
        "NTE|1||a\\Zebulon b\\c",
        "NTE|1||\\Zeb\\",
        "OBX|1|CE|Zebulon^x||Zebulon",
        "OBX|1|NM|x||Zebulon",
        "OBX|1|Zebulon|x||Zebulon",
        "OBX|1|TX|x|Zebulon|1|Zebulon|Zebulon",
        "ZZZ|Zebulon",
        "Z1|Zebulon",
        "AL1|1|Zebulon|Zebulon^Zebulon",
        f"PID|1||{SSN}^^^Zebulon",
        "MSA|AA|Zebulon|Zebulon",
        "EVN|Zebulon|2024",
        "OBX|1|ED|x||A^TEXT^plain^A^Zebulon Quimby",
        "OBX|1|ED|x||Zebulon^TEXT^plain^Base64^WmVidWxvbg==",
        "OBX|1|ED|x||^^^^WmVidWxvbg==",
        "OBX|1|RP|x||Zebulon^Zebulon^x^y",
        "OBX|1|FT|x||\\.sp2\\Zeb\\.in+4\\ulon",
        "QPD|Q22^x|1|@PID.5.1^QUIMBY~@PID.19^999123456",
        "DSC|Zebulon",
        "ERR|||207|E||||Zebulon Q",
        "NTE|1||zebu\u200blon Zebu\u00adlon",
        'NTE|1||{"a":"Zebulon"}',
        "NTE|1||<a>Zebulon</a>",
        "NTE|1||MSH|Zebulon",
        "SPM|1|Zebulon&x^y",
        "OBX|1|ST|x||Zebu\x0blon",
        "OBX|1|ST|x||Z\x00eb",
        "MSH|^~\\&Zebulon",
        "MSH|^~\\&|Zebulon|Quimby",
        "pid|1||||Zebulon",
        "PID |1||||Zebulon",
        "Zebulon",
        "PID|1||||Zebulon\x1cQuimby",
        "MSH#*~!%#A\rNTE#1##Zebulon",
        "NTE|1||\\E\\Zebulon\\E\\",
    ],
)
def test_hl7v2(hidden: str) -> None:
    for end in ("\r", "\n", "\r\n", "\n\r", "\x0b", "\x1c\r", "\u2028", "\x85"):
        check(end.join([HEADER, IDENTIFIED, hidden, ""]).encode(), HL7)


@pytest.mark.parametrize(
    "rows",
    [
        "name,x\nZebulon Quimby,Zebulon\n",
        'name,x\nZebulon Quimby,"Zebulon\nQuimby"\n',
        'name,x\nZebulon Quimby,=HYPERLINK("Zebulon")\n',
        "name,x\nZebulon Quimby,@Zebulon\n",
        'name,x\nZebulon Quimby,"=""Ze""&""bulon"""\n',
        "name,x\nZebulon Quimby,Ze\u200bbulon\n",
        'name,x\nZebulon Quimby,"{""a"":""Zebulon""}"\n',
        "name,x\nZebulon Quimby,<a>Zebulon</a>\n",
        "name,x\nZebulon Quimby,WmVidWxvbiBRdWltYnkgd2FzIGhlcmU=\n",
        "name,x\nQuimby,quimby;QUIMBY\n",
        f"name,x\nZebulon Quimby,'{SSN}\n",
        "Zebulon,Quimby\n1,2\n",
        "name,name\nZebulon,Quimby\n",
        "Report for Zebulon Quimby,\nname,ssn\nZebulon,999-12-3456\n",
        "key,value\nname,Zebulon\n",
        "report\n\nname,ssn\nZebulon,999-12-3456\n",
        "a,b\n1,2\nname,ssn\nZebulon,999123456\n",
        'name,x\n"Zebulon,1\n2,3\n',
        "name;x,y\nZebulon;Quimby,1\n",
        "name|ssn\nZebulon|999123456\n",
        "sep=;\nname;ssn\nZebulon;999123456\n",
        "name,ssn\r\nZebulon,999123456\r",
        "name,ssn\rZebulon,999123456\r",
        'name ," ssn"\nZebulon,999123456\n',
        "name\n=Zebulon\n",
        "name,ssn\nZebulon\n999123456,x,y\n",
        "\ufeffname,ssn\nZebulon,999123456\n",
        "FIRST_NAME,Social Security Number\nZebulon,999123456\n",
        "nAmE,SsN\nZebulon,999123456\n",
        "pt_fname,pt_lname,pt_ssn\nZebulon,Quimby,999123456\n",
        "\nname,ssn\nZebulon,999123456\n",
    ],
)
def test_tables(rows: str) -> None:
    check(rows.encode(), "text/csv")
    check(rows.encode("utf-16"), "text/csv")


@pytest.mark.parametrize("kind", ["text/plain", "text/markdown"])
@pytest.mark.parametrize("end", [",", ";", "\t", "|"])
def test_a_table_is_one_under_a_type_of_text(kind: str, end: str) -> None:
    rows = [["patient_name", "ssn", "dose"], ["Zebulon Quimby", "999123456", "1.50"]]
    body = "\n".join(end.join(row) for row in rows).encode()
    done = mask(body, kind, "", context()).body.decode()

    assert done.splitlines()[1].split(end) == ["[name]", "[ssn]", "1.50"]


@pytest.mark.parametrize(
    "hidden",
    [
        "Zeb&#117;lon",
        "Zeb<br>ulon",
        "Zeb<br/>ulon",
        "999-12<br>-3456",
        "Ze<!-- -->bulon",
        "Zeb&shy;ulon",
        "Zeb&zwj;ulon",
        "<input type=hidden value=Zebulon>",
        "<p lang=Zebulon>x",
        "<input placeholder='Zebulon'>",
        "<p title='Zeb&#117;lon'>",
        "<img alt=Zebulon>",
        "<img src='data:text/plain;base64,WmVidWxvbg=='>",
        "<a href='data:text/html,Zebulon'>x</a>",
        "<a href='javascript:Zebulon'>x</a>",
        "<option value=Zebulon>Zebulon",
        "<td scope=Zebulon>x",
        "<math><mtext>Zebulon</mtext></math>",
        "<object data=Zebulon>Zebulon</object>",
        "<table summary=Zebulon><caption>Zebulon",
        "<label for=Zebulon>Zebulon",
        "<p aria-label=Zebulon>",
        "999<b>-12-</b>3456",
        "&#57;99&#45;12-3456",
        "999-12-<wbr>3456",
        "<form action='?n=Zebulon'>",
        "<input name=ssn value=999123456>",
        "<plaintext>Zebulon",
        "<p>QUIMBY, ZEBULON",
        "<q cite='Zebulon'>",
    ],
)
def test_html(hidden: str) -> None:
    body = f"<html><body><p>Patient: Zebulon Quimby</p>{hidden}</body></html>"
    for kind in ("text/html", "text/plain", ""):
        check(body.encode(), kind)


@pytest.mark.parametrize(
    "part",
    [
        'Content-Disposition: form-data; name="Zebulon"\r\n\r\nx',
        'Content-Disposition: form-data; name="f"; filename="Zebulon.txt"\r\n\r\nx',
        'Content-Disposition: form-data; name="f"; filename="scan.Quimby"\r\n\r\nx',
        "Content-Disposition: form-data; name=\"f\"; filename*=UTF-8''Zeb%75lon.txt\r\n\r\nx",
        'Content-Disposition: attachment; filename*0="Zebu"; filename*1="lon.txt"\r\n\r\nx',
        "Content-Disposition: form-data; name*=UTF-8''Zebulon\r\n\r\nx",
        'Content-Disposition: form-data; name="n"; creation-date="Zebulon"; Zebulon=1\r\n\r\nx',
        'Content-Disposition: form-data;name="a";name="Zebulon"\r\n\r\ny',
        'Content-Disposition: Zebulon; name="x"\r\n\r\ny',
        "Content-Disposition: form-data; name=ssn\r\n\r\n999123456",
        'Content-Type: text/plain; name="Zebulon"\r\n\r\nx',
        "X-Note: a\r\n Zebulon\r\n\r\nx",
        "Content-Type: application/Zebulon+json\r\n\r\n{}",
        'Content-Type: application/json\r\n\r\n{"a":"Zebulon"}',
        "Content-Transfer-Encoding: quoted-printable\r\n\r\nZebu=\r\nlon",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: BASE64\r\n\r\nWmVidWxvbg==",
        "Content-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nZebulon",
        (
            "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n"
            "Content-Type: text/plain\r\n\r\nZebulon\r\n--c--"
        ),
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nZebulon\r\n--b--",
        "Content-Type: multipart/mixed\r\n\r\nZebulon",
        "Content-Type: image/png\r\n\r\nZebulon",
        "Content-Type: message/rfc822\r\n\r\nSubject: Zebulon\r\n\r\nx",
        "Content-Type: text/plain\r\n\r\nx\r\n--bb\r\nZebulon",
        "Content-Type: text/plain; charset=utf-16\r\n\r\nZebulon",
        "Content-ID: <Zebulon>\r\nContent-Location: Zebulon\r\n\r\nx",
    ],
)
def test_multipart(part: str) -> None:
    body = f"Zebulon\r\n--b\r\n{part}\r\n--b\r\n{FORM}\r\n--b--\r\nZebulon"
    check(body.encode(), BOUNDED)
    check(body.replace("\r\n", "\n").encode(), BOUNDED)


def test_a_boundary_that_names_somebody_is_withheld() -> None:
    body = f"--Zebulon\r\n{FORM}\r\n--Zebulon--\r\n".encode()

    with pytest.raises(Withheld):
        mask(body, "multipart/form-data; boundary=Zebulon", "", context())


def test_an_encoded_name_of_a_field_is_masked() -> None:
    name = "=?utf-8?B?WmVidWxvbg==?="
    body = (
        f'--b\r\n{FORM}\r\n--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\nx\r\n--b--'
    )

    assert name.encode() not in mask(body.encode(), BOUNDED, "", context()).body


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b'{"name":"Zebulon"}') + b"Zebulon",
        gzip.compress(b'{"name":"Zebulon"}') + b"\x00" * 64,
        gzip.compress(b'{"name":"Zebulon"}')[:-8] + b"\x00" * 8,
        reduce(lambda body, _: gzip.compress(body), range(5), b'{"name":"Zebulon"}'),
        gzip.compress(bytes(MAX_BYTES // 2)) * 3,
    ],
    ids=["rubbish", "padding", "check sum", "nested", "members"],
)
def test_gzip_with_more_than_its_members_is_withheld(body: bytes) -> None:
    start = time.process_time()
    for kind in ("application/json", "application/gzip"):
        with pytest.raises(Withheld):
            mask(body, kind, "gzip", context())
    assert time.process_time() - start < 10


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (HL7, HEADER + "\rPID" + "|a" * 300_000),
        (HL7, HEADER + "".join(f"\rA{n % 36:02d}|x{n}" for n in range(30_000))),
        (HL7, "".join(f"MSH{chr(0x2190 + n)}^~\\&\rPID\r" for n in range(2_000))),
        (HL7, HEADER + "\rNTE|1||" + "\\Z" * 200_000),
        (HL7, HEADER + "\rOBX|1|CE|x||" + "a^b&c~" * 60_000),
        ("text/csv", "name,x\n" + "".join(f"n{n},v{n}\n" for n in range(20_000))),
        ("text/csv", "name,x\n" + "".join(f'"a{n}","=b{n}"\n' for n in range(20_000))),
        ("text/plain", "name,ssn\n" + "a,b\n" * 100_000),
        ("text/html", "<html>" + "ab<br>" * 30_000),
        ("text/xml", "<r>x" + "<name>a</name>y" * 30_000 + "</r>"),
        (BOUNDED, "--b\r\n" * 900 + "--b--"),
    ],
)
@pytest.mark.alone
def test_nothing_takes_long(kind: str, body: str) -> None:
    start = time.process_time()
    with suppress(Withheld):
        mask(body.encode(), kind, "", context(accept=True))

    assert time.process_time() - start < 10
