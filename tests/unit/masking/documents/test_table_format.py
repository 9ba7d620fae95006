import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.engine import mask
from gateway.masking.formats import BOM
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import table


def masked(text: str, kind: str = "text/csv", *, accept: bool = False) -> str:
    return mask(text.encode(), kind, "", context(accept=accept)).body.decode()


def test_columns_are_masked_by_their_headers() -> None:
    table = (
        "Id,BIRTHDATE,SSN,FIRST,LAST,ADDRESS,CITY,STATE,ZIP,VALUE,CODE,DESCRIPTION\n"
        "a,1980-02-03,999-12-3456,Jane,Doe,1 Main St,Boston,MA,02139,1.50,44054006,Some text\n"
    )
    row = masked(table).splitlines()[1].split(",")

    assert row[0].startswith("masked-")
    assert row[1:] == [
        "1980", "[ssn]", "[name]", "[name]", "[address]", "[city]", "MA", "021", "1.50", "44054006",
        "[text]",
    ]  # fmt: skip


def test_other_cells_go_through_the_recognisers() -> None:
    assert masked("a,b\n617-555-0100,fine\n") == "a,b\n[phone],fine\n"
    assert masked("a\nJane fell\n") == "a\n[text]\n"
    assert masked("name,x\nJane Doe,Doe fell\n", accept=True) == "name,x\n[name],[name] fell\n"


def test_quotes_tabs_and_line_ends_stay() -> None:
    assert masked('a,b\r\n"x,1","y""z"\r\n') == 'a,b\r\n"x,1","y""z"\r\n'
    assert masked("a\tname\nx\tJane\n", "text/tab-separated-values") == "a\tname\nx\t[name]\n"


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1\n",
        "a\n1,2\n",
        'a\n"x\n',
        "Jane,,x\n",
        "jane@example.com,x\n",
        "1980-02-03,x\n",
        "5,6\n",
        "Jane,Doe,Boston\nJim,Roe,Salem\n",
        "a;b,c\n1;2,3\n",
        "name,Dr. Jane Doe\nx,y\n",
    ],
)
def test_what_is_no_table_with_a_header_is_withheld(text: str) -> None:
    with pytest.raises(Withheld):
        masked(text)


@given(
    st.lists(
        st.lists(st.text(alphabet="abc ,\"\n'", max_size=5), min_size=2, max_size=2), max_size=5
    )
)
def test_the_shape_of_a_table_stays(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([["code", "unit"], *rows])

    done = masked(out.getvalue(), accept=True)

    assert list(csv.reader(io.StringIO(done, newline=""))) == [["code", "unit"], *rows]


def test_other_delimiters_are_found_where_only_one_can_be_it() -> None:
    assert masked('name;dose\n"Doe; Jane";5\n') == "name;dose\n[name];5\n"
    assert masked("name|dose\nJane|5\n") == "name|dose\n[name]|5\n"


def test_quotes_around_every_cell_stay() -> None:
    assert masked('"name","dose"\n"Jane","5"\n') == '"name","dose"\n"[name]","5"\n'


def test_a_formula_is_not_shown() -> None:
    assert masked('a,b\n"=""Ja""&""ne""",-5.5\n', accept=True) == "a,b\n[text],-5.5\n"


def test_lines_within_cells_stay_and_are_text() -> None:
    assert (
        masked('name,note\nDoe,"Doe\nfell"\n', accept=True) == 'name,note\n[name],"[name]\nfell"\n'
    )


def test_ids_are_numbered_alike_in_every_column() -> None:
    one, two = (f"{n}d188916-8390-282b-3ec2-73fce6e08649" for n in (1, 2))
    rows = masked(f"Id,PATIENT,PATIENTID,x\n{one},{two},{two},{one}\n").splitlines()[1].split(",")

    assert rows[0] == rows[3] != rows[1] == rows[2]
    assert all(value.startswith("masked-") for value in rows)


def test_numbers_codes_and_states_stay() -> None:
    table = "STATE,SOP_CODE,COST,NAME\nMA,1.2.840.10008.5.1.4.1.1.1.1,572540.9854999998,MA Clinic\n"

    assert (
        masked(table)
        .splitlines()[1]
        .startswith("MA,1.2.840.10008.5.1.4.1.1.1.1,572540.9854999998,[")
    )


def test_a_row_may_say_what_its_value_is() -> None:
    table = "DESCRIPTION,VALUE\nWhat address do you live at?,7 Effertz Bypass\nBody height,180.5\n"

    assert masked(table, accept=True).splitlines()[1:] == [
        "What address do you live at?,[address]",
        "Body height,180.5",
    ]


@pytest.mark.parametrize("accept", [False, True])
def test_masking_twice_is_masking_once(accept: bool) -> None:
    table = 'Id,name,ZIP,note\nx1,Jane Doe,02139,"Jane, 5 Elm St"\n'
    once = masked(table, accept=accept)

    assert masked(once, accept=accept) == once


@settings(max_examples=50, deadline=None)
@given(table(), st.sampled_from(PROFILES), st.booleans())
def test_rows_columns_quotes_and_line_ends_stay(
    document: tuple[str, bytes], profile: str, accept: bool
) -> None:
    kind, body = document
    done = mask(body, kind, "", context(profile, accept=accept)).body
    delimiter = next((char for char in ",;|\t" if char in body.decode().splitlines()[0]), ",")

    plain = body.removeprefix(BOM)
    before, after = (
        list(csv.reader(io.StringIO(data.decode(), newline=""), delimiter=delimiter))
        for data in (plain, done)
    )
    assert [len(row) for row in before] == [len(row) for row in after]
    assert before[0] == after[0]
    assert (b"\r\n" in plain) is (b"\r\n" in done)
    if plain.startswith(b'"') and b'"' + delimiter.encode() + b'"' in plain.splitlines()[0]:
        assert all(line.startswith(b'"') for line in done.split(b"\n")[:1])
    assert mask(plain, kind, "", context(profile, accept=accept)).counts.keys() == (
        mask(body, kind, "", context(profile, accept=accept)).counts.keys()
    )


def test_a_header_below_the_first_row_is_withheld() -> None:
    with pytest.raises(Withheld, match="not its first row"):
        masked("a,b\n1,2\nname,ssn\nZebulon,999123456\n")
