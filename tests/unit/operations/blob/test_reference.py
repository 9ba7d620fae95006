import runpy

import pytest

from gateway.operations.blob.facts import FACTS
from gateway.operations.blob.reference import page
from gateway.operations.blob.table import OPERATIONS


def test_the_page_names_every_operation_and_every_fact() -> None:
    text = page()
    for spec in OPERATIONS:
        assert f"| {spec.name}" in text
    for name in FACTS:
        assert f"| `{name}` |" in text


def test_every_table_row_has_as_many_cells_as_its_head() -> None:
    columns = 0
    for line in page().splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        columns = columns or line.count("|")
        assert line.count("|") == columns, line


# Run as a program, the module is loaded a second time beside the imported one.
@pytest.mark.filterwarnings("ignore:.*found in sys.modules.*:RuntimeWarning")
def test_run_as_a_program_it_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_module("gateway.operations.blob.reference", run_name="__main__")
    assert capsys.readouterr().out == page()
