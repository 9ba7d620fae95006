import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import hl7v2

HL7 = "x-application/hl7-v2+er7"
MSH = "MSH|^~\\&|LAB|GENERAL|EHR|GENERAL|202401021011||ORU^R01|V123|P|2.5.1"


def masked(*segments: str, accept: bool = False, end: str = "\r") -> list[str]:
    body = "".join(f"{segment}{end}" for segment in (MSH, *segments)).encode()
    done = mask(body, HL7, "", context(accept=accept)).body.decode()
    assert done.endswith(end)
    return done.split(end)[1:-1]


def test_identity_segments_are_masked_by_field() -> None:
    assert masked(
        "PID|1||M1^^^GENERAL^MR~999-12-3456^^^USSSA^SS||Doe^Jane^Q||19800203|F|||1 Main^^Boston"
        "^MA^02139^USA||(617) 555-0100^PRN^PH||EN|M||AC1|999-12-3456|DL1",
        "NK1|1|Doe^John|SPO|2 Elm^^Boston^MA^02139|555",
    ) == [
        (
            "PID|1||[mrn]^^^GENERAL^MR~[ssn]^^^USSSA^SS||[name]^[name]^[name]||1980|F|||[address]^^[city]^MA^021^USA"
            "||[phone]^PRN^PH||EN|M||[account]|[ssn]|[license]"
        ),
        "NK1|1|[name]^[name]|SPO|[address]^^[city]^MA^021|[phone]",
    ]


def test_the_header_keeps_its_separators_and_routing() -> None:
    done = mask(f"{MSH}\r".encode(), HL7, "", context()).body.decode().split("|")

    assert done[:6] == ["MSH", "^~\\&", "LAB", "GENERAL", "EHR", "GENERAL"]
    assert done[6] == "2024"
    assert done[9].startswith("masked-")


def test_observations_keep_numbers_and_codes_and_withhold_text() -> None:
    rows = (
        "OBX|1|NM|8480-6^Systolic^LN||120.50|mm[Hg]|90-120|H|||F",
        "OBX|2|TX|11506-3^Note^LN||Jane fell||||||F",
        "OBX|3|DT|x||20240102||||||F",
        "OBX|4|CE|x||H^High^L||||||F",
        "NTE|1||Jane fell",
    )

    assert masked(*rows) == [
        rows[0],
        "OBX|2|TX|11506-3^Note^LN||[text]||||||F",
        "OBX|3|DT|x||2024||||||F",
        rows[3],
        "NTE|1||[text]",
    ]


def test_names_of_the_message_are_found_in_accepted_text() -> None:
    done = masked(
        "NTE|1||Jane fell \\T\\ J. Doe left\\.br\\at 2024-01-02", "PID|1||M1||Doe^Jane", accept=True
    )

    assert done[0] == "NTE|1||[name] fell \\T\\ [name] left\\.br\\at 2024"


def test_people_called_as_places_are_found_in_accepted_text() -> None:
    done = masked(
        "PID|1||M1||West^Ed", "PV1|1|I|Ward^2", "NTE|1||West came to the ward. Ed's sister left",
        accept=True,
    )  # fmt: skip

    assert done[-1] == "NTE|1||[name] came to the ward. [name] sister left"


def test_escapes_hide_nothing() -> None:
    done = masked("NTE|1||J\\H\\ane \\X4A616E65\\ x", "PID|1||M1||Doe^Jane", accept=True)

    assert "4A616E65" not in done[0]
    assert "ane" not in done[0].replace("[name]", "")


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_any_line_end_is_kept(end: str) -> None:
    assert masked("PID|1||||Doe^Jane", end=end) == ["PID|1||||[name]^[name]"]


def test_a_segment_behind_another_line_end_is_a_segment() -> None:
    body = f"{MSH}\r\nNTE|1||x\rPID|1||||Doe^Jane\nPID|2||||Roe\r\n".encode()
    done = mask(body, HL7, "", context()).body

    assert done.endswith(b"NTE|1||[text]\rPID|1||||[name]^[name]\nPID|2||||[name]\r\n")


def test_own_separators_are_followed() -> None:
    body = b"MSH#*~!%#A#B\rPID#1##M1*x####Doe*Jane%Q\rPID#1####Doe*Jane%Q\r"

    assert mask(body, HL7, "", context()).body.endswith(b"PID#1####[name]*[name]%[name]\r")


def test_segments_of_ones_own_are_withheld_as_text() -> None:
    assert masked("ZPI|1|Jane|x") == ["ZPI|[text]|[text]|[text]"]


def test_encapsulated_data_is_replaced() -> None:
    done = masked("OBX|1|ED|x||LAB^application^pdf^Base64^SmFuZQ==||||||F")

    assert "SmFuZQ" not in done[0]


@pytest.mark.parametrize(
    "body",
    [b"MSH|", b"MSH|^~", b"MSH|||||\rPID|1", b"MSH|^~\\&|A\rJane Doe", b"MSH|^~\\&|A\rPI", b"MSHX"],
)
def test_what_is_no_message_is_withheld(body: bytes) -> None:
    with pytest.raises(Withheld):
        mask(body, HL7, "", context())


def test_encapsulated_text_is_masked_and_a_pointer_is_not_shown() -> None:
    done = masked(
        "OBX|1|ED|x||LAB^TEXT^plain^Base64^SmFuZSBmZWxs||||||F",
        "OBX|2|RP|x||https://x.example/jane^PACS^IM^JPEG||||||F",
        "PID|1||M1||Doe^Jane",
        accept=True,
    )

    assert done[0] == "OBX|1|ED|x||LAB^TEXT^plain^Base64^W25hbWVdIGZlbGw=||||||F"
    assert done[1] == "OBX|2|RP|x||[url]^PACS^IM^JPEG||||||F"


def test_batches_carry_messages_each_with_its_own_separators() -> None:
    body = (
        b"FHS|^~\\&|LAB|G|||20240102||f.hl7|Jane Doe's file\rBHS|^~\\&|LAB\r"
        b"MSH|^~\\&|A\rPID|1||||Doe^Jane\rMSH#*~!%#A\rPID#1####Roe*Jim\r"
        b"BTS|2|for Jane\rFTS|1\r"
    )
    done = mask(body, HL7, "", context(accept=True)).body.decode().split("\r")

    assert done[3] == "PID|1||||[name]^[name]"
    assert done[5] == "PID#1####[name]*[name]"
    assert done[6] == "BTS|2|for [name]"
    assert "Doe" not in done[0]
    assert "|2024|" in done[0]


def test_names_under_other_separators_are_found_in_text() -> None:
    body = b"MSH#*~!%#A\rPID#1####Doe*Jane%Q~Roe*J\rNTE#1##Doe and Roe came\r"

    assert b"[name] and [name] came" in mask(body, HL7, "", context(accept=True)).body


def test_dates_are_known_by_their_form_where_no_field_names_them() -> None:
    done = masked(
        "RF1|A||||||20240102|x^y^20240103",
        "PID|1||5^^^G^MR^^20200101|||||||||||||||20240104",
        "OBX|1|NM|x||20240105||||||F",
        "OBX|2|TX|x||seen 20240106||||||F",
        accept=True,
    )

    assert done == [
        "RF1|A||||||2024|x^y^2024",
        "PID|1||[mrn]^^^G^MR^^2020|||||||||||||||[account]",
        "OBX|1|NM|x||20240105||||||F",
        "OBX|2|TX|x||seen 2024||||||F",
    ]


def test_two_identifiers_side_by_side_are_both_masked() -> None:
    done = masked("ORC|RE|||||||P123&LAB^F456&LAB")[0]

    assert "P123" not in done
    assert "F456" not in done
    assert done.count("&LAB") == 2


def test_a_zip_code_in_the_wrong_place_is_masked() -> None:
    assert masked("GT1|1||||1^Elm^^Boston^MA^021390000")[0].count("021390000") == 0


@pytest.mark.parametrize("profile", PROFILES)
def test_masking_twice_is_masking_once(profile: str) -> None:
    body = (
        f"{MSH}\rPID|1||M1^^^G^MR||Doe&von^Jane||19800203\rNTE|1||Jane \\T\\ Doe\\.br\\x\r".encode()
    )
    once = mask(body, HL7, "", context(profile, accept=True)).body

    assert mask(once, HL7, "", context(profile, accept=True)).body == once


@given(
    st.lists(st.text(alphabet="ab|^~\\&# \u00e9TX.", max_size=20), max_size=6),
    st.booleans(),
)
def test_the_number_of_fields_stays(rows: list[str], accept: bool) -> None:
    body = "\r".join([MSH, *(f"PID|{row}" for row in rows)]).encode()
    done = mask(body, HL7, "", context(accept=accept)).body

    for before, after in zip(body.split(b"\r"), done.split(b"\r"), strict=True):
        assert before.count(b"|") == after.count(b"|")


def test_a_number_that_slipped_into_another_component_is_masked() -> None:
    assert masked("PID|1||M1^^^G190-66-7795^^^USSSA^SS")[0].startswith("PID|1||[mrn]^^^[mrn]^")


@settings(max_examples=50, deadline=None)
@given(hl7v2(), st.sampled_from(PROFILES), st.booleans())
def test_segments_fields_components_and_line_ends_stay(
    document: tuple[str, bytes], profile: str, accept: bool
) -> None:
    kind, body = document
    done = mask(body, kind, "", context(profile, accept=accept)).body

    before, after = (re.split(rb"([\r\n]+)", data) for data in (body, done))
    assert before[1::2] == after[1::2]
    for one, other in zip(before[::2], after[::2], strict=True):
        assert one[:3] == other[:3]
        assert [field.count(b"^") for field in one.split(b"|")] == [
            field.count(b"^") for field in other.split(b"|")
        ]


def test_a_name_that_text_introduces_is_masked_in_segments_before_it() -> None:
    done = masked("NTE|1||Harker was here", "NTE|2||Mr. Harker called", accept=True)

    assert done == ["NTE|1||[name] was here", "NTE|2||[name] called"]


def test_words_of_authorities_and_types_are_no_names() -> None:
    done = masked(
        "PV1|1|||||||1234^Grant^Anna^^^^MD^^&1.2.3&ISO^L",
        "OBX|1|CE|x^Isolate^ISO||ISO^Isolated^L||||||F",
    )

    assert done[1] == "OBX|1|CE|x^Isolate^ISO||ISO^Isolated^L||||||F"


def test_more_fields_than_any_segment_has_are_withheld() -> None:
    with pytest.raises(Withheld):
        masked("NTE" + "|a" * 5_000)


def test_parameters_of_a_query_are_judged_as_the_field_they_ask_for() -> None:
    done = masked("QPD|Q22|1|@PID.19^999123456~@PID.5.1^Quimby~other", accept=True)

    assert done == ["QPD|Q22|1|@PID.19^[ssn]~@PID.5.1^[name]~other"]
