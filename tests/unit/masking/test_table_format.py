import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context


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
