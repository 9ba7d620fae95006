import json

import pytest

from gateway.masking.engine import mask
from gateway.masking.fields.columns import column, is_header, is_plain, result_columns
from gateway.masking.kinds import Kind
from tests.unit.masking.contexts import context


@pytest.mark.parametrize(
    "name", ["PATIENTID", "PRIMARYPATIENTINSURANCEID", "SERIES_UID", "encounterid"]
)
def test_names_that_run_together_are_of_ids(name: str) -> None:
    assert column(name).kind is Kind.ID


@pytest.mark.parametrize("name", ["PAID", "VALID", "GRID", "DEPARTMENT"])
def test_other_words_are_not(name: str) -> None:
    assert column(name).kind is not Kind.ID


@pytest.mark.parametrize("names", [["a", "b"], ["height_cm", "VALUE2"], ["Patient Name", "Weight"]])
def test_headers(names: list[str]) -> None:
    assert is_header(names)


@pytest.mark.parametrize(
    "names", [[], ["Jane", "Doe"], ["jane@example.com"], ["name", ""], ["Jäne"]]
)
def test_what_may_be_a_record_is_no_header(names: list[str]) -> None:
    assert not is_header(names)


def masked(node: object) -> object:
    return json.loads(mask(json.dumps(node).encode(), "application/json", "", context()).body)


@pytest.mark.parametrize("key", ["rows", "data"])
@pytest.mark.parametrize(
    "columns",
    [
        ["ssn", "FIRST_NAME", "dose"],
        [{"name": name, "type": "t"} for name in ("ssn", "FIRST_NAME", "dose")],
    ],
)
def test_rows_of_a_query_are_masked_by_their_columns(key: str, columns: object) -> None:
    done = masked({"columns": columns, key: [["999123456", "Jane", 5], [None, "Joan", 1.5]]})

    assert done == {"columns": columns, key: [["[ssn]", "[name]", 5], [None, "[name]", 1.5]]}


def test_rows_as_objects_are_masked_by_their_keys() -> None:
    assert masked([{"ssn": "999123456", "dose": 5}]) == [{"ssn": "[ssn]", "dose": 5}]


def test_rows_that_do_not_fit_are_masked_as_any_json() -> None:
    node = {"columns": ["ssn"], "rows": [["1", "999-12-3456"]]}

    assert masked(node) == {"columns": ["ssn"], "rows": [["1", "[ssn]"]]}


def test_columns_are_no_place_to_hide() -> None:
    done = masked({"columns": ["SSN 999-12-3456", "Jane Doe"], "rows": [["a", "b"]]})

    assert "999-12" not in str(done)
    assert "Jane" not in str(done)


@pytest.mark.parametrize(
    "node", [{}, {"columns": []}, {"columns": ["a"]}, {"columns": [5], "rows": []}]
)
def test_other_objects_are_no_result(node: dict[str, object]) -> None:
    assert result_columns(node) is None  # type: ignore[arg-type]


def test_a_key_that_stands_twice_is_still_seen() -> None:
    body = b'{"columns": [{"name": "a", "name": "b"}], "rows": [[1]]}'
    with pytest.raises(Exception, match="twice"):
        mask(body, "application/json", "", context())


def test_plain_names() -> None:
    assert is_plain("dose_mg")
    assert not is_plain("Jane")
    assert not is_plain("n 1234")
