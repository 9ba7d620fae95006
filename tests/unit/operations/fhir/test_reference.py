from pathlib import Path

from gateway.operations.fhir.reference import page

ROOT = Path(__file__).resolve().parents[4]


def test_the_page_is_in_step_with_the_code() -> None:
    written = (ROOT / "docs" / "operations-fhir.md").read_text("utf-8")

    assert written == page()
