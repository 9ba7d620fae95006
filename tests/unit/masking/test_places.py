"""Towns and places of care, and what is only called after one."""

import pytest

from tests.unit.masking.test_names import masked


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("seen in Ocala on Monday", "seen in [city] on Monday"),
        ("seen in South Bend on Monday", "seen in [city] on Monday"),
        ("followed at VA Palo Alto since", "followed at [address] since"),
        ("discharged from UT Southwestern today", "discharged from [address] today"),
        ("seen at Our Lady of Lourdes today", "seen at [address] today"),
        ("seen at Cedar Grove Nursing Home today", "seen at [address] today"),
        ("seen in BrookCare last week", "seen in [address] last week"),
        ("treated at Vale Medical Center in Overbrooke", "treated at [address]"),
        ("admitted yesterday to Kaiser Sunnyside for", "admitted yesterday to [address] for"),
    ],
)
def test_where_somebody_was(text: str, after: str) -> None:
    assert masked(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "use the Ottawa ankle rules",
        "is the Norfolk catheter safe",
        "the Los Angeles grade C esophagitis",
        "the Seattle Heart Failure Model",
        "the Rome IV criteria for IBS",
        "the Denver developmental screening test",
        "the Bristol stool chart",
        "seen at ED Monday",
    ],
)
def test_what_is_called_after_a_town(text: str) -> None:
    assert masked(text) == text
