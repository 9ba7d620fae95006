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
        ("home with Overbrooke Home Health", "home with [address]"),
        ("accepted by Pleasant Meadows, report", "accepted by [address], report"),
        ("brought by Ocala PD", "brought by [address]"),
        ("transport Overbrooke Ambulance 0900", "transport [address] 0900"),
        ("Source: Overbrooke Gastro.", "Source: [address]."),
        ("specimen at Overbrooke Recovery.", "specimen at [address]."),
        ("employer Overbrooke Shipyard, light duty", "employer [address], light duty"),
        ("Quorra County Health Dept called", "[address] called"),
        ("Ruth Lund, Overbrooke Heart Institute.", "[name], [address]."),
        ("sent to CVS #4016 today", "sent to [address] today"),
        ("lives alone in Overbrooke", "lives alone in [city]"),
        ("lives off Route 4 in Overbrooke", "lives off Route 4 in [city]"),
        ("this gentleman from Overbrooke Beach", "this gentleman from [city]"),
        ("specimen from WARD 2 ST AGNES today", "specimen from WARD 2 [address] today"),
        ("her St. Agnes chart", "her [address] chart"),
        ("daughter in Overbrooke called", "daughter in [city] called"),
        ("a farm outside Overbrooke", "a farm outside [city]"),
        ("stay at hotel Overbrooke Arms", "stay at hotel [address]"),
        ("sent to 4 Quorra Ct, Overbrooke by", "sent to 4 Quorra Ct, [city] by"),
        ("records at Quest, Overbrooke.", "records at [address]."),
        ("works at the Ocala plant", "works at the [address]"),
        ("moved to Pleasant Meadows today", "moved to [address] today"),
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
        "seen in Clinic, Afebrile",
        "St. John's wort, St. Vitus dance, ST Elevation in V2",
        "works in Radiology, lives in Assisted Living",
        "Referral to Specialist, resume Home Health, call Ambulance",
        "Seen by Interventional Radiology; home with Home Health",
        "Employer: Retired. Facility: Outpatient. Pharmacy: Mail Order",
        "Source: Urine Clean Catch. Location: Left Lower Quadrant",
    ],
)
def test_what_is_called_after_a_town(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Morse 45, Glasgow 15, alert",
        "Clark level III, Bethesda IV, Fuhrman 2",
        "Wagner 2 ulcer on the left foot",
        "polyp Paris IIa, Boston bowel prep 8, Prague C2M4",
    ],
)
def test_what_is_graded_by_a_town_or_a_surname_stays(text: str) -> None:
    assert masked(text) == text


def test_somebody_from_a_town_does_not() -> None:
    assert masked("lives in Glasgow, 15 years now") == "lives in [city], 15 years now"
