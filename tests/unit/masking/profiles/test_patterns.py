from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.kinds import Kind
from gateway.masking.profiles import patterns as user_patterns
from gateway.masking.profiles.patterns import PatternScan, Span, UserPattern, compile_pattern
from tests.unit.masking.own import masked, own, tree

OWN = "{extends: safe-harbor, rank: 41, patterns: [{kind: mrn, pattern: 'SH-[0-9]{4}'}]}"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("a*", "empty string"),
        (r"\b", "empty string"),
        ("x|", "empty string"),
        ("(?=a)", "RE2 cannot"),
        (r"(a)\1", "RE2 cannot"),
        ("a" * 501, "characters"),
        ("", "characters"),
        (r"(\pL{1,30}x){1,30}", "too large"),
    ],
)
def test_a_pattern_that_could_harm_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compile_pattern(pattern)


def test_without_re2_every_pattern_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(user_patterns, "re2", None)

    with pytest.raises(ValueError, match="google-re2"):
        compile_pattern("SH-[0-9]{4}")


def test_a_match_is_masked_wherever_text_is_looked_at() -> None:
    node = {"a": "SH-1234", "b": "see SH-1234 and SH-9", "c": ["SH-0000"]}

    assert tree(OWN, node, accept=True) == {"a": "[mrn]", "b": "see [mrn] and SH-9", "c": ["[mrn]"]}
    assert masked(OWN, b"see SH-1234", "text/plain", accept=True).counts == {"mrn": 1}


def test_single_words_are_looked_at_too() -> None:
    profile = "{extends: safe-harbor, rank: 41, patterns: [{kind: name, pattern: 'zq[a-z]+'}]}"

    assert tree(profile, {"state": "zqabc"}) == {"state": "[name]"}


def test_the_group_named_value_is_what_is_masked() -> None:
    profile = (
        "{extends: safe-harbor, rank: 41, patterns: ["
        "{kind: mrn, pattern: 'ward (?P<value>[0-9]+)'},"
        " {kind: account, pattern: 'bed (?P<value>[0-9]+)'}]}"
    )

    assert tree(profile, {"a": "ward 12, bed 3"}, accept=True) == {"a": "ward [mrn], bed [account]"}


def test_marks_are_not_looked_into() -> None:
    profile = "{extends: safe-harbor, rank: 41, patterns: [{kind: mrn, pattern: '[a-z]{3,}'}]}"
    once = masked(profile, b"Dr. Meyers, 517-64-9982", "text/plain", accept=True).body

    assert masked(profile, once, "text/plain", accept=True).body == once
    assert b"[ssn]" in once


class Found:
    """A scan that finds what it is told."""

    def __init__(self, *spans: tuple[int, int, Kind]) -> None:
        self._spans = spans

    def spans(self, data: bytes) -> Iterator[Span]:
        yield from self._spans


LDS = own("{extends: limited-data-set, rank: 21, operators: {zip: generalise}}").operators


@pytest.mark.parametrize(
    ("built_in", "kind", "expected"),
    [
        (Kind.SECRET, Kind.MRN, [(0, 4, Kind.MRN), (4, 8, Kind.SECRET)]),
        (Kind.SSN, Kind.MRN, [(0, 6, Kind.MRN), (6, 8, Kind.SSN)]),
        (Kind.SSN, Kind.ZIP, [(0, 4, Kind.ZIP), (4, 8, Kind.SSN)]),
        (Kind.SSN, Kind.CITY, [(4, 8, Kind.SSN)]),
    ],
)
def test_where_findings_overlap_nothing_is_shown_that_either_masks(
    built_in: Kind, kind: Kind, expected: list[tuple[int, int, Kind]]
) -> None:
    scan = PatternScan(Found((4, 8, built_in)), [UserPattern(kind, "a{6}")], LDS)

    assert list(scan.spans(b"aaaaaabb")) == expected


@given(st.lists(st.text("ab-1", max_size=6), max_size=5), st.sampled_from(["[ab]+", "[^1]{2,}"]))
def test_texts_that_are_scanned_together_are_found_alone(texts: list[str], pattern: str) -> None:
    profile = own(
        f"{{extends: secrets-only, rank: 11, operators: {{mrn: redact}}, patterns: "
        f"[{{kind: mrn, pattern: '{pattern}'}}]}}"
    )
    together = tree(profile, texts, accept=True)

    assert together == [tree(profile, [text], accept=True)[0] for text in texts]
