import pytest

from gateway.errors import Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

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
