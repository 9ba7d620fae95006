"""Towns and places of care, and what is only called after one."""

import pytest

from tests.unit.masking.recognition.test_names import masked


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
        ("Does Overbrooke Family Practice have a protocol", "Does [address] have a protocol"),
        ("Is Quorra Vale accepting transfers", "Is [address] accepting transfers"),
        ("from Overbrooke County", "from [address]"),
        ("seen in Overbrooke on Sep-04-2017", "seen in [city] on Sep-04-2017"),
        ("had a reaction on 9/19/14 in Overbrooke.", "had a reaction on 9/19/14 in [city]."),
        ("at Dr. Quorra's clinic today", "at [address] today"),
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
        "born in Mexico, travelled to Southeast Asia",
        "follow-up: Heart Failure Clinic in 7 days",
        "II/VI SEM at LUSB",
        "inserted at Palmer's point",
        "commonly seen in Marfan",
    ],
)
def test_what_is_called_after_a_town(text: str) -> None:
    assert masked(text) == text
