"""Names that the shorthand of notes and handovers gives away, and what is written like them."""

import pytest

from tests.unit.masking.recognition.test_names import masked


@pytest.mark.parametrize(
    ("text", "after"),
    [
        # beds and what is handed over
        ("rm 4 Lund, NPO; bed 12: Quorra Z. to IR", "rm 4 [name], NPO; bed 12: [name] to IR"),
        ("Handoff: Lindqvist in 3B", "Handoff: [name] in 3B"),
        # who does what
        ("d/w PCP Lund about it", "d/w PCP [name] about it"),
        ("seen w/ NP Eriksson", "seen w/ NP [name]"),
        ("ID consult by Eriksson.", "ID consult by [name]."),
        ("notified Eriksson at 4", "notified [name] at 4"),
        ("told Officer Lund so", "told [name] so"),
        ("Olson scrubbed, Lund is the surgeon", "[name] scrubbed, Lund is the surgeon"),
        # ages
        ("Zelmira 41yo fell", "[name] 41yo fell"),
        ("GYN: Ingrid, 41, here for", "GYN: [name], 41, here for"),
        ("a plan for Zelmi, the 77-year-old", "a plan for [name], the 77-year-old"),
        ("Peds: Zelmi Quorra, 6 mo check", "Peds: [name], 6 mo check"),
        ("clinic: Zelmi (MRN pending)", "clinic: [name] (MRN pending)"),
        # newborns and kin
        ("Baby Girl Quorra, day 3", "Baby Girl [name], day 3"),
        ("infant Zelmi 5 wks, febrile", "infant [name] 5 wks, febrile"),
        ("came with mom Hope today", "came with mom [name] today"),
        ("her son August has a fever", "her son [name] has a fever"),
        ("restrained passenger Zelmi Quorra, GCS 15", "restrained passenger [name], GCS 15"),
        # things of one's own
        ("consent for Zelmi's appendectomy", "consent for [name]'s appendectomy"),
        ("moved Zelmi's next appointment", "moved [name]'s next appointment"),
        ("Anticoag: Sol Eriksson INR 3.4", "Anticoag: [name] INR 3.4"),
        ("pt Zelmi ambulated 50 ft", "pt [name] ambulated 50 ft"),
        ("Zelmi's vitals are fine", "[name]'s vitals are fine"),
        ("Consent: Zelmi Quorra, wife.", "Consent: [name], wife."),
        # messages
        ("Dear Zelmi,\nyour labs", "Dear [name],\nyour labs"),
        ("a refill please. Thanks, Zelmi", "a refill please. Thanks, [name]"),
        ("Zelmi refused her tray", "[name] refused her tray"),
        # nicknames, labels
        ('OT: Frank "Buddy" Quorra today', "OT: [name] today"),
        ('for Ruth "Big B" Quorra, 60yo', "for [name], 60yo"),
        ('tube labeled "LUND, RUTH" came', 'tube labeled "[name]" came'),
        # given names that are words
        ("April Winters called about it", "[name] called about it"),
        ("seen Crystal Dawn Quorra today", "seen [name] today"),
        ("Admission H&P. Zelmi Lund, retired nurse", "Admission H&P. [name], retired nurse"),
    ],
)
def test_a_name_in_shorthand(text: str, after: str) -> None:
    assert masked(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "Report: Portable Chest X-ray. Handoff: Stable overnight",
        "Room 12 Contact Precautions; bed 3 Telemetry",
        "Confirmed by Western blot, reviewed by Pharmacy, seen by Neuro.",
        "per Friedewald equation, per Surviving Sepsis guidance",
        "PA Catheter removed; NP Swab negative; RN Case Manager; Resident Rights reviewed",
        "Officer on duty; Detective work; Deputy Director; Coach Mom on latching",
        "Baby Aspirin 81 mg; infant Tylenol 2.5 mL; toddler Motrin",
        "Lipase, 36, Troponin, 12. Zestril, 10, daily. GYN: Menarche, 12, regular",
        "However, the 77-year-old declined. In Texas, a 54-year-old farmer",
        "Strict Bedrest, 2 days. GI: Melena, 3 days. Foley 16F, Tmax, 101F",
        "Crohn's colectomy, Meckel's diverticulectomy, Today's labs, Medicare's records",
        'Labeled "Fragile"; Frank hematuria; H&P. Normal exam',
        "the modified Brooke formulas",
        "Patient Portal is down, Pt Eval was done, Patient Safety reports",
        "Dear Colleague, thank you. Hello, Team. Thanks, Doctor",
        "Sister Mary Joseph nodule",
    ],
)
def test_what_is_nobody(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("Ruth Quorra, 96, fell", "[name], [age], fell"),
        ("Mr. Lund (91) fell", "[name] ([age]) fell"),
        ("Mrs. Lund 94F fell", "[name] [age]F fell"),
        ("Mr. Lund, 96% on RA", "[name], 96% on RA"),
        ("Mr. Lund, 98.6 F", "[name], 98.6 F"),
        ("Mr. Lund, 89, fell", "[name], 89, fell"),
    ],
)
def test_an_age_over_89_behind_a_name(text: str, after: str) -> None:
    assert masked(text) == after
