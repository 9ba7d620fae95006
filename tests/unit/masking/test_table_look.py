import pytest

from gateway.masking.table_look import is_table


@pytest.mark.parametrize(
    "text",
    [
        "name,ssn\nJane,1\n",
        "\ufefffirst_name;last_name;dose\nJane;Doe;5\n",
        "patient_id\tbirth_date\r\n1\t1980-02-03\r\n",
        '"name","note"\n"Jane","two\nlines"\n',
        "mrn|x\n1|2\n\n3|4\n",
    ],
)
def test_a_header_and_rows_of_its_width_are_a_table(text: str) -> None:
    assert is_table(text.encode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name,ssn",
        "name\nJane\n",
        "Name, address and date of birth were checked.\nThe patient left.\n",
        "Jane,Doe\nfell,twice\n",
        "name,ssn\nJane\n",
        "name,ssn\nshe fell, twice, at home\n",
        'name,ssn\n"Jane,1\n',
        "a,b\n1,2\n",
        "name;ssn,dose\n1;2,3\n",
        "2024-01-02, note\nfine, so far\n",
    ],
)
def test_prose_is_none(text: str) -> None:
    assert not is_table(text.encode())
