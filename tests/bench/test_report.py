import json
import math
from pathlib import Path

import pytest

from bench import latency
from bench.rig import report
from bench.rig.load import Sample
from bench.rig.rounds import Measured, Run


def run(gateway_cpu: float) -> Run:
    found = Run()
    for name, cpu, p50 in (
        ("direct", 10, 50),
        ("nginx", 50, 100),
        ("mitmproxy", 1000, 900),
        ("gateway", gateway_cpu, 350),
        ("gateway without recording", 160, 300),
    ):
        for connections in (1, 32):
            sample = Sample(100, 1.0, p50, 2 * p50, 0)
            found.cells[name, "2k", connections].append(Measured(sample, cpu))
    return found


def verdicts(found: Run) -> dict[str, bool | None]:
    return {item.name: item.met for item in report.ratios(found)}


def test_ratios_are_met_missed_or_not_measured() -> None:
    good, bad = verdicts(run(200)), verdicts(run(300))
    rate = "requests per core, gateway over mitmproxy, 2k, c=32"
    assert (good[rate], bad[rate]) == (True, False)
    recording = "CPU, with recording over without, 2k, c=32"
    assert (good[recording], bad[recording]) == (True, False)
    assert good["added p50, gateway over nginx, 2k, c=1"] is True
    assert good["requests per core, gateway over mitmproxy, 200k, c=32"] is None


def test_latency_ratios_need_a_baseline_that_adds_something() -> None:
    found = run(200)
    found.cells["nginx", "2k", 1] = found.cells["direct", "2k", 1]
    assert verdicts(found)["added p50, gateway over nginx, 2k, c=1"] is None


def test_json_has_null_for_what_was_not_measured() -> None:
    found = run(200)
    found.cells["direct", "10m", 1].append(Measured(Sample(0, 1.0, math.nan, math.nan, 0), 1))
    whole = json.loads(report.as_json(found, {"rounds": 1}, {"nginx": "not installed"}))
    assert whole["left_out"] == {"nginx": "not installed"}
    assert [line["p50_us"] for line in whole["cells"] if line["size"] == "10m"] == [None]


def test_the_page_is_renewed_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{latency.BEGIN}\nold\n{latency.END}\nafter\n", "utf-8")
    monkeypatch.setattr(latency, "PAGE", page)
    latency.write("new")
    text = page.read_text("utf-8")
    assert text.split() == ["before", *latency.BEGIN.split(), "new", *latency.END.split(), "after"]
