"""Documents of every format, drawn from the same values."""

import base64
import csv
import html
import io
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Document = tuple[str, bytes]
"""(content type, body)."""
CANARIES = ("Zebulon", "Quimby", "999-12-3456", "617-555-0199", "zq@x.example", "77 Elm Street")
"""Of these a masked document shows none."""
VALUES = (
    *("Zebulon", "Quimby", "Zebulon Quimby", "QUIMBY, ZEBULON", "Dr. Quimby saw Zebulon"),
    *("999-12-3456", "1980-02-03", "02/03/1980", "617-555-0199", "zq@x.example", "77 Elm Street"),
    *("Boston", "02139", "MRN 445566", "V4499", "8480-6", "120.50", "Mr. Harker called"),
    *(
        "[name]",
        "[ssn]",
        "masked-5f2a9c01-3",
        "",
        "a b",
        "\u00e9t\u00e9",
        "Jos\u00e9 N\u00fa\u00f1ez",
    ),
    *("5c3e0a6a-0000-4a4a-9b9b-1234567890ab", '{"name":"Zebulon"}', "<b>Zebulon</b>"),
    *("WmVidWxvbiBRdWltYnkgaXMgaGVyZQ==", "password=hunter22", "94 year-old", "45", "mg/dL", "F"),
    *("  padded ", "Zebu\u200blon", "2024", "MA", "true", "seen 2024-01-02"),
)
value = st.sampled_from(VALUES)
HL7 = "x-application/hl7-v2+er7"
HEADER = "MSH|^~\\&|A|B|C|D|20240102||ADT^A01|M1|P|2.5"
# Who the values are, so that they are found wherever they stand.
PATIENT = "PID|1||445566||Quimby^Zebulon||19800203|||77 Elm Street^^Boston^MA^02139||617-555-0199"
_COLUMNS = ("Id", "SSN", "BIRTHDATE", "note", "CITY", "ZIP", "code", "x", "STATE", "comments")
_ESCAPES = {"|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}


_CDA = """<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<id root="1.2.3.4.5.6.7" extension="{}"/><title>{}</title><effectiveTime value="{}"/>
<recordTarget><patientRole><id extension="{}" root="2.16.840.1.113883.4.1"/>
<addr><streetAddressLine>{}</streetAddressLine><city>{}</city><state>{}</state>
<postalCode>{}</postalCode></addr><telecom value="{}"/>
<patient><name><given>Zebulon</given><family>Quimby</family></name><birthTime value="{}"/></patient>
</patientRole></recordTarget><component><structuredBody><component><section>
<code code="8480-6"/><title>{}</title><text>{}<table><tr><td>{}</td><td>{}<br/>{}</td></tr></table>
</text><entry><observation><value xsi:type="ST">{}</value></observation></entry></section>
</component></structuredBody></component></ClinicalDocument>"""
_FHIR = """<Patient xmlns="http://hl7.org/fhir"><id value="p1"/><text><status value="generated"/>
<div xmlns="http://www.w3.org/1999/xhtml">{} <b>{}</b></div></text>
<identifier><value value="{}"/></identifier>
<name><family value="Quimby"/><given value="Zebulon"/></name>
<telecom><value value="{}"/></telecom><birthDate value="1980-02-03"/>
<address><line value="{}"/><city value="{}"/><postalCode value="{}"/></address></Patient>"""


def er7(text: str) -> str:
    """Text as it may stand in a component."""
    return "".join(_ESCAPES.get(char, char) for char in text)


@st.composite
def hl7v2(draw: Callable[..., Any]) -> Document:
    component = value.map(er7)
    field = st.lists(component, max_size=6).map("^".join)
    fields = st.lists(st.one_of(st.just(""), field), max_size=12).map("|".join)
    names = st.sampled_from(("NTE", "PV1", "AL1", "ZZZ", "OBR", "NK1", "IN1"))
    typed = st.sampled_from(("TX", "NM", "CE", "XPN", "FT", "ED", ""))
    observation = st.builds("OBX|1|{}|x||{}".format, typed, fields)
    segment = st.one_of(st.builds("{}|{}".format, names, fields), observation)
    segments = draw(st.lists(segment, max_size=5))
    end = draw(st.sampled_from(("\r", "\n", "\r\n")))
    return HL7, end.join([HEADER, PATIENT, *segments, ""]).encode()


@st.composite
def table(draw: Callable[..., Any]) -> Document:
    names = ["name", *draw(st.lists(st.sampled_from(_COLUMNS), max_size=4, unique=True))]
    size = len(names) - 1
    rows = draw(st.lists(st.lists(value, min_size=size, max_size=size), max_size=4))
    out = io.StringIO(newline="")
    csv.writer(
        out,
        delimiter=draw(st.sampled_from((",", ";", "|", "\t"))),
        lineterminator=draw(st.sampled_from(("\r\n", "\n"))),
        quoting=draw(st.sampled_from((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))),
    ).writerows([names, *(["Zebulon Quimby", *row] for row in rows)])
    return "text/csv", (draw(st.sampled_from(("", "\ufeff"))) + out.getvalue()).encode()


def _markup(names: tuple[str, ...], attributes: tuple[str, ...]) -> st.SearchStrategy[str]:
    text = value.map(html.escape)
    pairs = st.dictionaries(st.sampled_from(attributes), text, max_size=2)
    return st.recursive(
        text,
        lambda inner: st.builds(
            lambda name, own, below: (
                "<"
                + " ".join([name, *map('{}="{}"'.format, own, own.values())])
                + ">"
                + " ".join(below)
                + f"</{name}>"
            ),
            st.sampled_from(names),
            pairs,
            st.lists(inner, max_size=3),
        ),
        max_leaves=6,
    )


def xml() -> st.SearchStrategy[Document]:
    inner = _markup(("note", "ssn", "a", "value", "p:given", "td", "status"), ("name", "x", "unit"))
    body = "<r xmlns:p='urn:p'><patient><name>Zebulon Quimby</name></patient>{}<e>{}</e></r>"
    return st.builds(lambda *parts: ("text/xml", body.format(*parts).encode()), inner, inner)


def page() -> st.SearchStrategy[Document]:
    names = ("p", "b", "td", "li", "span", "div", "textarea", "h1", "x-y", "title")
    inner = _markup(names, ("title", "alt", "href", "placeholder", "style", "lang", "value"))
    body = "<html><body><p>Patient: Zebulon Quimby, born 1980</p>{}<br>{}</body></html>"
    return st.builds(lambda *parts: ("text/html", body.format(*parts).encode()), inner, inner)


_NODES: st.SearchStrategy[Any] = st.recursive(
    st.one_of(value, st.sampled_from((12, 1.5, True, None))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(("note", "ssn", "code", "x", "value", "z")), inner),
    ),
    max_leaves=6,
)


def tree() -> st.SearchStrategy[Document]:
    return _NODES.map(
        lambda node: (
            "application/json",
            json.dumps({"name": "Zebulon Quimby", "a": node}).encode(),
        )
    )


def lines() -> st.SearchStrategy[Document]:
    rows = st.lists(_NODES, max_size=4).map(lambda nodes: [{"a": node} for node in nodes])
    whole = rows.map(lambda found: [*found, {"name": "Zebulon Quimby"}])
    return whole.map(
        lambda found: ("application/x-ndjson", "\n".join(map(json.dumps, found)).encode())
    )


def clinical() -> st.SearchStrategy[Document]:
    text = value.map(html.escape)
    return st.builds(
        lambda *found: ("application/cda+xml", _CDA.format(*found).encode()),
        *[text] * _CDA.count("{}"),
    )


def fhir() -> st.SearchStrategy[Document]:
    text = value.map(html.escape).filter(bool)
    return st.builds(
        lambda *found: ("application/fhir+xml", _FHIR.format(*found).encode()),
        *[text] * _FHIR.count("{}"),
    )


def prose() -> st.SearchStrategy[Document]:
    said = st.lists(value, max_size=6).map("; ".join)
    return said.map(lambda text: ("text/plain", f"Patient: Zebulon Quimby. {text}".encode()))


@st.composite
def parts(draw: Callable[..., Any]) -> Document:
    form = 'Content-Disposition: form-data; name="name"\r\n\r\nZebulon Quimby\r\n'
    out = [f"--Ab3\r\n{form}".encode()]
    for kind, body in draw(st.lists(st.one_of(hl7v2(), table(), xml(), lines()), max_size=3)):
        coding = draw(st.sampled_from(("base64", "8bit")))
        written = base64.encodebytes(body).rstrip() if coding == "base64" else body
        name = draw(st.sampled_from(('name="f"', 'filename="Zebulon.txt"', 'name="ssn"')))
        head = f"Content-Type: {kind}\r\nContent-Disposition: attachment; {name}\r\n"
        out.append(
            f"--Ab3\r\n{head}Content-Transfer-Encoding: {coding}\r\n\r\n".encode()
            + written
            + b"\r\n"
        )
    return "multipart/mixed; boundary=Ab3", b"".join(out) + b"--Ab3--\r\n"


FORMATS: dict[str, st.SearchStrategy[Document]] = {
    "HL7 v2": hl7v2(),
    "CSV": table(),
    "XML": xml(),
    "C-CDA": clinical(),
    "FHIR XML": fhir(),
    "HTML": page(),
    "JSON": tree(),
    "NDJSON": lines(),
    "text": prose(),
    "multipart": parts(),
}
