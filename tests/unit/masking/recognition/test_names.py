"""Names that are words as well, unlisted names, and what is no name."""

import pytest

from gateway.masking.recognition import prose


def masked(text: str) -> str:
    done, data = b"", text.encode()
    end = 0
    for start, stop, kind in prose.find(text):
        done += data[end:start] + f"[{kind}]".encode()
        end = stop
    return (done + data[end:]).decode()


@pytest.mark.parametrize(
    ("text", "after"),
    [
        # surnames that are words
        ("A 62-year-old, Lorna White, evaluated today", "A 62-year-old, [name], evaluated today"),
        ("Ask Ruth Black and Tomas about it", "Ask [name] and [name] about it"),
        ("Seen by Dr. Best for a rash", "Seen by [name] for a rash"),
        ("Referred by Dr. Case in clinic", "Referred by [name] in clinic"),
        ("Regarding Otis Drake - refill", "Regarding [name] - refill"),
        ("The plan for Joy Park is unchanged", "The plan for [name] is unchanged"),
        ("Follow-up for Naomi WEST, MRN 7", "Follow-up for [name], MRN 7"),
        # given names that are words, months and states
        ("Regarding Will Hunter - refill", "Regarding [name] - refill"),
        ("A woman like May Lindberg needs it", "A woman like [name] needs it"),
        ("Give it to June Castle twice", "Give it to [name] twice"),
        ("such as April N. (case 3)", "such as [name] (case 3)"),
        ("Does August H., 71, need it in June?", "Does [name], 71, need it in June?"),
        ("Reports that Georgia H. in room 12 refuses", "Reports that [name] in room 12 refuses"),
        # by an initial, on no list
        ("Should Zelmira P. (insured) have it", "Should [name] (insured) have it"),
        ("F. Finch was discharged", "[name] was discharged"),
        # surname first
        ("White, Lorna (MRN 77123)", "[name] (MRN 77123)"),
        ("Patient Plumbert, Zelmira, chart no. 12", "Patient [name], chart no. 12"),
        ("Winters, Chase, DOB unknown", "[name], DOB unknown"),
        ("Ruiz, María-Elena came", "[name] came"),
        # particles and hyphens
        ("Consult from Dr. von Braunau today", "Consult from [name] today"),
        ("We saw Luca Di Marco again", "We saw [name] again"),
        ("We saw Fatima al-Sayed again", "We saw [name] again"),
        ("We saw Soo-jin Kim again", "We saw [name] again"),
        # a series, a nickname, kin, an id behind
        ("Cc: Ruth Ek, Zelmi Quorra; Re: Tom Lund", "Cc: [name], [name]; Re: [name]"),
        ('for Ruth "Bibs" Quorra, 60yo', "for [name], 60yo"),
        ("Zelmi Quorra's caregiver called", "[name]'s caregiver called"),
        ("siblings of Zelmi Quorra, diagnosed", "siblings of [name], diagnosed"),
        ("Plan: Zelmi Quorra; DOB unknown", "Plan: [name]; DOB unknown"),
        ("Consult: Lund/Olson today", "Consult: [name]/[name] today"),
        ("seen by Ruth St. Clair today", "seen by [name] today"),
        ("Zelmi B. Quorra came", "[name] came"),
        ("A. K. Quorra came", "[name] came"),
        ("in a 63 yo F, Quorra, Ruth, admitted", "in a 63 yo F, [name], admitted"),
        ("Quorra denies chest pain.", "[name] denies chest pain."),
        ("what should ruth eriksson take", "what should [name] take"),
        # whom a sentence is about
        ("Zelmira is a 34 year-old white female.", "[name] is a 34 year-old white female."),
        ("Zelmira\n is a newborn girl.", "[name]\n is a newborn girl."),
        ("# History\nZelmira\n is a 34 year-old.", "# History\n[name]\n is a 34 year-old."),
    ],
)
def test_a_name_by_what_stands_around_it(text: str, after: str) -> None:
    assert masked(text) == after


@pytest.mark.parametrize(
    "text",
    [
        "Outcomes of Black and White patients",
        "In White women and Black men the dose is the same",
        "Vitamin D. levels are low",
        "Treat E. coli and K. pneumoniae",
        "In May Medicare changed the rules",
        "Will Long QT syndrome recur?",
        "Rocky Mountain spotted fever",
        "The San Francisco Syncope Rule",
        "A May Grunwald stain",
        "Patient is a 40-year-old",
        "Toddler is a 2 year-old",
        "Kerley B. lines are seen",
        "Plan B. was taken",
        "A Week-long course",
        "Tommy John surgery",
        "Braxton Hicks contractions",
        "Refer to Interventional Radiology",
        "Susceptibilities by Kirby-Bauer: sensitive",
        "Tanner I, testes descended",
        "Leopold's third maneuver",
        "Ask Dr. Google about statins",
        "Does Johns Hopkins publish guidance?",
        "Everyone denies it. Wife denies abuse.",
        "Lateral I. V. access",
    ],
)
def test_what_is_no_name(text: str) -> None:
    assert masked(text) == text
