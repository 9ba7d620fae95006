import json

import pytest

from gateway.errors import Withheld
from gateway.masking.codecs import json_codec, xml_codec
from gateway.masking.engine import mask
from gateway.masking.fhir import xml as fhir_xml
from tests.unit.masking.contexts import PROFILES, context

PATIENT = """<?xml version="1.0" encoding="UTF-8"?>
<!-- Jane Doe -->
<Patient xmlns="http://hl7.org/fhir">
  <id value="p1"/>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml">Jane <b>Doe</b></div></text>
  <extension url="http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName">
    <valueString value="Roe"/></extension>
  <identifier><system value="http://hl7.org/fhir/sid/us-ssn"/><value value="999-12-3456"/></identifier>
  <active value="true"/>
  <name><use value="official"/><family value="Doe"/><given value="Jane"/><given value="Q"/></name>
  <telecom><system value="phone"/><value value="617-555-0100"/></telecom>
  <gender value="female"/>
  <birthDate value="1980-02-03"><extension url="http://x/birthTime"><valueDateTime value="1980-02-03T10:00:00Z"/></extension></birthDate>
  <address><line value="1 Main St"/><city value="Boston"/><state value="MA"/><postalCode value="02139"/></address>
</Patient>"""  # noqa: E501
OBSERVATION = """<o:Observation xmlns:o="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml">
<o:status value="final"/>
<o:code><o:coding><o:system value="http://loinc.org"/><o:code value="8480-6"/><o:display value="Systolic"/></o:coding></o:code>
<o:subject><o:reference value="Patient/p1"/></o:subject>
<o:effectiveDateTime value="2024-01-02"/>
<o:valueQuantity><o:value value="120.50"/><o:unit value="mm[Hg]"/><o:code value="mm[Hg]"/></o:valueQuantity>
<o:note><o:text value="Jane fell"/></o:note></o:Observation>"""  # noqa: E501


def masked(text: str, kind: str = "application/fhir+xml", *, accept: bool = False) -> str:
    return mask(text.encode(), kind, "", context(accept=accept)).body.decode()


def test_elements_are_masked_as_their_json_is() -> None:
    done = masked(PATIENT)

    for value in ("Jane", "Doe", "Roe", "999-12", "555-0100", "02-03", "Main", "Boston", "02139"):
        assert value not in done
    assert '<birthDate value="1980"' in done
    assert '<gender value="female"/>' in done
    assert '<div xmlns="http://www.w3.org/1999/xhtml">[text]</div>' in done
    assert done.count("<given value=") == 2


def test_codes_quantities_and_their_digits_survive_any_prefix() -> None:
    done = masked(OBSERVATION)

    assert done.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<Observation xmlns="http://hl7')
    assert '<code value="8480-6"/><display value="Systolic"/>' in done
    assert '<value value="120.50"/><unit value="mm[Hg]"/>' in done
    assert '<effectiveDateTime value="2024"/>' in done
    assert '<text value="[text]"/>' in done
    assert "Patient/p1" not in done


@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "text/plain", "", "x/y"])
def test_a_resource_is_known_by_its_namespace(kind: str) -> None:
    assert masked(PATIENT, kind) == masked(PATIENT)


def test_xml_and_json_of_a_resource_are_masked_alike() -> None:
    tree = fhir_xml.to_json(xml_codec.decode(PATIENT.encode()))
    as_json = mask(
        json_codec.encode(tree), "application/fhir+json", "", context("limited-data-set")
    )
    as_xml = mask(PATIENT.encode(), "application/fhir+xml", "", context("limited-data-set"))

    again = fhir_xml.to_json(xml_codec.decode(as_xml.body))
    assert json.loads(json_codec.encode(again)) == json.loads(as_json.body)
    assert as_json.counts == as_xml.counts


def test_bundles_hold_resources() -> None:
    bundle = (
        '<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><fullUrl value='
        f'"urn:uuid:1"/><resource>{OBSERVATION}</resource></entry></Bundle>'
    )
    done = masked(bundle)

    assert '<entry><fullUrl value="urn:uuid:masked-' in done
    assert "<resource><Observation><status" in done


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("text", [PATIENT, OBSERVATION])
@pytest.mark.parametrize("accept", [False, True])
def test_masking_twice_is_masking_once(text: str, profile: str, accept: bool) -> None:
    once = mask(text.encode(), "text/xml", "", context(profile, accept=accept)).body

    assert mask(once, "text/xml", "", context(profile, accept=accept)).body == once


def test_ages_over_89_get_a_comparator_in_its_place() -> None:
    done = masked(
        '<Condition xmlns="http://hl7.org/fhir"><onsetAge><value value="93"/><unit value="a"/>'
        '<system value="http://unitsofmeasure.org"/><code value="a"/></onsetAge></Condition>'
    )

    assert '<onsetAge><value value="90"/><comparator value="&gt;="/><unit value="a"/>' in done


@pytest.mark.parametrize(
    "inner",
    [
        "Jane",
        "<name>Jane</name>",
        '<name secret="Jane"/>',
        '<Jane value="1"/>',
        "<contained><Patient/><Patient/></contained>",
        "<contained>Jane<Patient/></contained>",
        '<na-me value="1"/>',
    ],
)
def test_what_is_no_fhir_is_withheld(inner: str) -> None:
    with pytest.raises(Withheld):
        masked(f'<Patient xmlns="http://hl7.org/fhir">{inner}</Patient>')
