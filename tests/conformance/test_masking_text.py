"""Free text: recall on clinical questions, and secrets as Microsoft's scanners find them.

The data lies beside the checkout (`../shared/data`, see its SOURCES.md) and is not part of it.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bench.accuracy.questions import Score, masked_text, replaced
from gateway.masking.recognition.scan import scanner

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
QUESTIONS = DATA / "asq-phi" / "dev.jsonl"
RULES = sorted((DATA / "security-utilities").glob("*/*.json"))
ABSENT = f"no sample data in {DATA.name} beside this"
# These ask for a place that is known to hold secrets: a bare hash or password looks the same. The
# sample token is no secret; of the user and password in a URL, only the password is one.
CONTEXT_ONLY = {
    "AadClientAppLegacyCredentials",
    "Unclassified16ByteHexadecimalString",
    "Unclassified32ByteBase64String",
    "SecretScanningSampleToken",
    "UrlCredentials",
    "AdoLegacyPat",
    "AzureMessagingLegacyCredentials",
    "AzureStorageAccountLegacyCredentials",
}


def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in QUESTIONS.read_text("utf-8").splitlines()]


@pytest.mark.skipif(not QUESTIONS.exists(), reason=ABSENT)
def test_at_least_95_percent_of_values_are_masked_and_at_most_5_of_negatives_touched() -> None:
    score = Score()
    for row in questions():
        after = masked_text(row["text"])
        score.add(row, replaced(row["text"], after), after)

    table = score.table()
    assert table["share"] >= 0.95
    assert table["touched"] <= 0.05 * table["negatives"]


@pytest.mark.skipif(not QUESTIONS.exists(), reason=ABSENT)
def test_without_re2_the_same_is_found() -> None:
    fast, slow = scanner(identifiers=True), scanner(identifiers=True, with_re2=False)
    for row in questions():
        data = row["text"].encode()
        assert list(fast.spans(data)) == list(slow.spans(data))


def rules() -> dict[str, str]:
    found = {
        rule["Name"]: rule["Pattern"] for path in RULES for rule in json.loads(path.read_text())
    }
    return {name: pattern for name, pattern in found.items() if name not in CONTEXT_ONLY}


@pytest.mark.skipif(not RULES, reason=ABSENT)
@pytest.mark.parametrize("name", sorted(rules()))
def test_what_a_published_rule_finds_is_found(name: str) -> None:
    pattern = re.compile(rules()[name], re.ASCII)
    secrets = scanner(identifiers=False)
    printable = st.characters(min_codepoint=32, max_codepoint=126)

    @seed(1)
    @settings(
        max_examples=5,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.from_regex(pattern, fullmatch=True, alphabet=printable))
    def found(text: str) -> None:
        match = pattern.search(text)
        assert match
        refined = "refine" in pattern.groupindex and match["refine"] is not None
        start, end = match.span("refine" if refined else 0)
        spans = secrets.spans(text.encode())
        assert any(first <= start + 2 and last >= end - 3 for first, last, _ in spans)

    found()
