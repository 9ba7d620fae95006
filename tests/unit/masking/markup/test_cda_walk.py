import base64

import pytest

from gateway.masking.codecs.xml_codec import Element, decode
from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context

CDA = """<?xml version="1.0"?><?xml-stylesheet href="Jane.xsl"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <!-- Jane Roe -->
 <templateId root="2.16.840.1.113883.10.20.22.1.2" extension="2015-08-01"/>
 <id root="2.16.840.1.113883.19.5" extension="DOC77001"/>
 <title>Visit of Jane Roe</title>
 <effectiveTime value="20240102101500-0500"/>
 <recordTarget><patientRole>
  <id root="2.16.840.1.113883.19.5.99999.2" extension="MR998991"/>
  <id root="2.16.840.1.113883.4.1" extension="111-00-2330"/>
  <addr use="HP"><streetAddressLine>1357 Amber Dr</streetAddressLine><city>Beaverton</city>
   <state>OR</state><postalCode>97867</postalCode><country>US</country></addr>
  <telecom value="tel:+1(565)867-5309" use="HP"/><telecom value="mailto:jr@example.com"/>
  <patient><name use="L"><given>Jane</given><family>Roe</family><suffix>III</suffix></name>
   <administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1" displayName="Female"/>
   <birthTime value="19750501"/><sdtc:deceasedTime value="20240103"/>
   <guardian><addr>12 Oak Ct</addr><guardianPerson><name>Ralph Kane</name></guardianPerson></guardian>
   <birthplace><place><addr><city>Salem</city></addr></place></birthplace>
  </patient>
  <providerOrganization><id root="2.16.840.1.113883.4.6" extension="1417947383"/>
   <name>Good Health Clinic</name></providerOrganization>
 </patientRole></recordTarget>
 <author><time value="20240102"/><assignedAuthor><id root="5c3e0a6a-0000-4a4a-9b9b-1234567890ab"/>
  <assignedPerson><name><given>Ada</given><family>Quill</family></name></assignedPerson></assignedAuthor></author>
 <component><structuredBody><component><section>
  <code code="8716-3" codeSystem="2.16.840.1.113883.6.1" displayName="Vital signs"/>
  <title>Vital Signs</title>
  <text><table><tr><td ID="v1">Ja<content styleCode="Bold">ne</content> Roe, born 19750501</td><td>Mr. Kane called</td></tr></table></text>
  <entry><observation classCode="OBS" moodCode="EVN"><id root="c6f88321-67ad-11db-bd13-0800200c9a66"/>
   <code code="8480-6" displayName="Systolic" codeSystem="2.16.840.1.113883.6.1">
    <originalText><reference value="#v1"/></originalText></code>
   <effectiveTime><low value="20240101"/><high nullFlavor="UNK"/></effectiveTime>
   <value xsi:type="PQ" value="132" unit="mm[Hg]"/><value xsi:type="ST">Jane is well</value>
   <value xsi:type="TS" value="20240105"/><value xsi:type="PQ" value="94" unit="a"/>
   <doseQuantity value="2.50" unit="mg"/><repeatNumber value="1"/>
   <participant typeCode="DEV"><participantRole classCode="MANU"><id root="2.16.840.1.113883.3.3719" extension="(01)123(21)456"/>
    <playingEntity><name>Pacemaker X</name></playingEntity></participantRole></participant>
  </observation></entry>
 </section></component></structuredBody></component>
</ClinicalDocument>"""  # noqa: E501
PATIENT = (
    "Jane", "Roe", "MR998991", "111-00-2330", "1357", "Amber", "Beaverton", "97867", "867-5309",
    "jr@example", "19750501", "Ralph", "Kane", "Oak", "Salem",
)  # fmt: skip


def masked(text: str = CDA, profile: str = "safe-harbor", *, accept: bool = False) -> str:
    return mask(
        text.encode(), "application/cda+xml", "", context(profile, accept=accept)
    ).body.decode()


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("profile", ["safe-harbor", "pseudonymous"])
def test_nobody_named_in_the_header_is_found_anywhere(profile: str, accept: bool) -> None:
    done = masked(profile=profile, accept=accept)

    assert [
        value for value in (*PATIENT, "Ada", "Quill", "DOC77001", "1417947383") if value in done
    ] == []


def test_codes_values_units_and_structure_stay() -> None:
    done = masked(accept=True)

    for kept in (
        'code="8480-6" displayName="Systolic"',
        'value="132" unit="mm[Hg]"',
        'value="2.50" unit="mg"',
        '<repeatNumber value="1"/>',
        'extension="2015-08-01"',
        "<state>OR</state>",
        'displayName="Female"',
        '<reference value="#v1"/>',
        "<name>Pacemaker X</name>",
        '<high nullFlavor="UNK"/>',
    ):
        assert kept in done
    assert names(decode(done.encode())) == names(decode(CDA.encode()))


def test_times_become_years_and_ages_are_capped() -> None:
    done = masked()

    assert '<birthTime value="1975"/>' in done
    assert '<effectiveTime value="2024"/>' in done
    assert '<low value="2024"/>' in done
    assert '<value xsi:type="TS" value="2024"/>' in done
    assert 'value="90" unit="a"' in done
    assert '<sdtc:deceasedTime value="2024"/>' in done


def test_text_is_withheld_unless_it_is_accepted() -> None:
    assert "<text>[text]</text>" in masked()
    assert "<td" in masked(accept=True)
    assert "called" in masked(accept=True)


def test_ids_stay_ids_and_follow_each_other() -> None:
    done = masked(
        CDA.replace(
            'root="c6f88321-67ad-11db-bd13-0800200c9a66"',
            'root="5c3e0a6a-0000-4a4a-9b9b-1234567890ab"',
        )
    )
    roots = [part.partition('"')[0] for part in done.split('<id root="')[1:]]

    assert len([root for root in roots if root.startswith("masked-")]) == 2
    assert len({root for root in roots if root.startswith("masked-")}) == 1
    assert '<id root="2.16.840.1.113883.3.3719" extension="[device]"/>' in done


@pytest.mark.parametrize(
    ("kind", "shown"), [("text/plain", "[name] fell"), ("application/pdf", "[text]")]
)
def test_encapsulated_text_is_masked_by_its_own_type(kind: str, shown: str) -> None:
    data = base64.b64encode(b"Jane fell").decode()
    body = f'<nonXMLBody><text mediaType="{kind}" representation="B64">{data}</text></nonXMLBody>'
    start = CDA.index("<structuredBody>")
    end = CDA.index("</structuredBody>") + len("</structuredBody>")

    done = masked(CDA[:start] + body + CDA[end:], accept=True)

    inner = done.partition('representation="B64">')[2].partition("<")[0]
    assert base64.b64decode(inner).decode() == shown


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("accept", [False, True])
def test_masking_twice_is_masking_once(profile: str, accept: bool) -> None:
    once = masked(profile=profile, accept=accept)

    assert masked(once, profile, accept=accept) == once


def names(element: Element) -> list[str]:
    return [element.name, *(name for child in element.elements for name in names(child))]


OBSERVATION = """<ClinicalDocument xmlns="urn:hl7-org:v3"
 xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><component><structuredBody><component>
 <section><entry><observation>{}<text>seen by dorvic today</text></observation></entry></section>
 </component></structuredBody></component></ClinicalDocument>"""


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        (
            (
                '<value i:type="AD"><streetAddressLine>9 Brackmoor Wynd</streetAddressLine>'
                "<city>Springmoor</city><postalCode>12477</postalCode></value>"
            ),
            ("Brackmoor", "Springmoor", "12477"),
        ),
        (
            '<value i:type="PN"><given>Dorvic</given><family>Halpenter</family></value>',
            ("orvic", "Halpenter"),
        ),
        ('<value i:type="EN">Dorvic Halpenter</value>', ("orvic", "Halpenter")),
        ('<value i:type="ON">Halpenter Holdings</value>', ("Halpenter",)),
        ('<value i:type="TN">Halpenter</value>', ("Halpenter",)),
        ('<value i:type="TEL" value="tel:8455550199"/>', ("8455550199",)),
        ('<value i:type="II" root="1.2.3" extension="MX44881"/>', ("MX44881",)),
        ('<value i:type="ED">Dr. Dor<content>vic</content> Halpenter</value>', ("Halpenter",)),
    ],
)
@pytest.mark.parametrize("accept", [True, False])
def test_a_value_is_what_its_data_type_says(
    value: str, hidden: tuple[str, ...], accept: bool
) -> None:
    body = OBSERVATION.format(value).encode()

    done = mask(body, "application/cda+xml", "", context(accept=accept)).body

    assert not [word for word in hidden if word.encode() in done]
    assert mask(done, "application/cda+xml", "", context(accept=accept)).body == done
