import json
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from bench import cost
from bench.cost import Load, Prices


def prices(**changed: float) -> Prices:
    free = {field.name: 0.0 for field in fields(Prices)} | changed
    return Prices(**{**free, "date": "2026-11-01", "source": "a list"})  # type: ignore[arg-type]


def test_two_records_a_request_go_out_in_as_many_appends_as_groups_need() -> None:
    one_by_one = cost.quantities(Load(requests=1_000_000))["requests"]
    grouped = cost.quantities(Load(requests=1_000_000, records_per_append=4))["requests"]

    assert one_by_one["evidence_write"] == 2_000_000
    assert grouped["evidence_write"] == 500_000


def test_prices_of_operations_are_for_ten_thousand_and_others_for_one() -> None:
    assert cost.cost({"evidence_write": 20_000}, prices(evidence_write=0.5)) == 1.0
    assert cost.cost({"evidence_gb_month": 3}, prices(evidence_gb_month=0.5)) == 1.5


def test_records_are_paid_for_until_the_end_of_their_retention() -> None:
    load = Load(requests=1_000_000, held=0, retention_months=84)
    kept = cost.quantities(load)["a month of records, kept to the end"]

    assert kept["evidence_gb_month"] == pytest.approx(2.36 * 84)


def test_a_use_of_nothing_still_costs_its_timers() -> None:
    found = cost.quantities(Load(requests=0, held=0, instances=0))

    assert found["timers"]["evidence_write"] > 0
    assert not any(found["requests"].values())


def test_the_page_on_operations_says_what_idle_timers_come_to() -> None:
    text = (Path(__file__).parents[2] / "docs/operations.md").read_text("utf-8")
    (row,) = (line for line in text.splitlines() if line.startswith("| a month, whatever the use"))
    timers = cost.quantities(Load(requests=0, held=0, instances=0))["timers"]
    units = {**timers, "million_executions": timers["million_executions"] * 1e6}

    for meter, number in units.items():
        assert f"{round(number, -3):,.0f} " in row, meter


def test_every_meter_has_a_price() -> None:
    priced = {field.name for field in fields(Prices)}

    assert {meter for part in cost.quantities(Load()).values() for meter in part} <= priced


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"table": None}, "table must be a number"),
        ({"table": -1}, "table must be a number"),
        ({"table": True}, "table must be a number"),
        ({"tables": 1}, "missing or unknown: tables"),
    ],
)
def test_a_wrong_price_is_named(tmp_path: Path, changed: dict[str, object], said: str) -> None:
    file = tmp_path / "prices.json"
    values = {field.name: 1 for field in fields(Prices)} | {"date": "d", "source": "s"} | changed
    file.write_text(json.dumps(values), "utf-8")

    with pytest.raises(ValueError, match=said):
        cost.read_prices(file)


def test_the_sum_is_that_of_its_parts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "prices.json"
    values = {field.name: 1 for field in fields(Prices)} | {"date": "2026-11", "source": "a list"}
    file.write_text(json.dumps(values), "utf-8")
    monkeypatch.setattr(sys, "argv", ["cost", "--prices", str(file), "--requests", "10"])

    assert cost.main() == 0
    shown = capsys.readouterr().out.splitlines()
    numbers = [float(line.split()[-1].replace(",", "")) for line in shown if "= money" in line]
    assert float(shown[-2].split()[-1].replace(",", "")) == pytest.approx(sum(numbers), abs=0.1)
    assert "prices of 2026-11, a list" in shown[-1]


def test_the_log_of_the_emulator_is_counted_by_meter() -> None:
    log = "\n".join(
        f'127.0.0.1 - - [23/Nov/2026:07:00:00 +0000] "{line} HTTP/1.1" 200 -'
        for line in (
            "PUT /own/evidence/journal/x?comp=appendblock",
            "GET /own/evidence?restype=container&comp=list",
            "GET /own/evidence/journal/x",
            "GET /state/chaperonedeny()?$top=1",
            "POST /state/$batch",
            "GET /state/chaperone-execute/messages",
            "DELETE /state/chaperone-execute/messages/1",
            "PUT /state/chaperone-held/1",
            "GET /state/chaperone-state/active",
            "GET /somebody/else/blob",
        )
    )

    assert cost.counted(log, "own", "state") == {
        "evidence_write": 2,
        "evidence_read": 1,
        "table": 2,
        "queue polls": 1,
        "queue": 1,
        "state_write": 1,
        "state_read": 1,
    }
