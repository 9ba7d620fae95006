import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.kinds import Kind
from gateway.masking.recognition.names import people
from gateway.masking.recognition.places import places
from gateway.masking.recognition.prose import find, merged, paragraphs
from gateway.masking.recognition.small_names import small_names
from gateway.masking.recognition.words import words
from gateway.masking.session_names import SessionNames


def found(text: str, session: SessionNames | None = None) -> list[tuple[str, str]]:
    data = text.encode()
    return [(kind.value, data[start:end].decode()) for start, end, kind in find(text, session)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Dr. Adams said", "Dr. Adams"),
        ("Dr. John A. Adams", "Dr. John A. Adams"),
        ("Mrs. O'Reilly", "Mrs. O'Reilly"),
        ("seen by Dr. A. today", "Dr. A."),
        ("Patient: Doe, Jane", "Doe, Jane"),
        ("PATIENT: DOE, JANE", "DOE, JANE"),
        ("Patient: Jane Doe, SSN", "Jane Doe"),
        ("Emergency contact: John Doe", "John Doe"),
        ("his name is John Doe", "John Doe"),
        ("John Doe, MD", "John Doe"),
        ("Elisa Jones\nis a 45 year-old", "Elisa Jones"),
        ("a 55-year-old woman, Sarah P., with gout", "Sarah P."),
        ("a 55-year-old man, Xochitl K., with gout", "Xochitl K."),
        ("a girl named Oluwaseyi Adebayo with fever", "Oluwaseyi Adebayo"),
        ("Xuan Quetzal (MRN 12) came", "Xuan Quetzal"),
        ("Maria's potassium is low", "Maria"),
        ("JOHN SMITH IS HERE", "JOHN SMITH"),
        ("Smith, John came", "Smith, John"),
        ("discussed with J. R. Nguyen", "J. R. Nguyen"),
        ("seen with Ludwig van der Berg", "Ludwig van der Berg"),
        ("Mary-Ann Smith-Jones fell", "Mary-Ann Smith-Jones"),
        ("José Núñez fell", "José Núñez"),
        ("Gail741 Mosciski958 has gout", "Gail741 Mosciski958"),
        ("reported by his spouse Xochitl today", "Xochitl"),
        ("Mary QUETZAL, DOB 1/2/1950, fell", "Mary QUETZAL"),
        ("Patient: Xochit, Quetzaly; fell", "Xochit, Quetzaly"),
    ],
)  # fmt: skip
def test_a_name_is_found(text: str, name: str) -> None:
    assert ("name", name) in found(text)


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("seen at St. Mary's Hospital on", "address", "St. Mary's Hospital"),
        ("admitted to UCLA", "address", "UCLA"),
        ("treated at Johns Hopkins Hospital in Baltimore, MD, on", "address",
         "Johns Hopkins Hospital in Baltimore, MD"),
        ("seen at Brigham & Women\u2019s on", "address", "Brigham & Women\u2019s"),
        ("visited our Dallas clinic", "address", "Dallas clinic"),
        ("lives in Springdale with", "city", "Springdale"),
        ("a patient from Cleveland with", "city", "Cleveland"),
        ("Elm Street Clinic called", "address", "Elm Street Clinic"),
        ("at Northside for", "address", "Northside"),
    ],
)  # fmt: skip
def test_a_place_is_found(text: str, kind: str, place: str) -> None:
    assert (kind, place) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "", "Lou Gehrig's disease", "Crohn's disease and Parkinson's", "a Foley catheter",
        "a Wells score of 3", "Addison's disease", "Barrett's esophagus", "Lyme disease",
        "Graves' disease", "a positive Chaddock reflex", "Framingham Heart Study findings",
        "Hodgkin's lymphoma", "the McGill Pain Index", "Type 2 Diabetes", "Ann Arbor stage II",
        "Marfan syndrome", "Kaplan-Meier", "recommendations from Mayo Clinic",
        "Patient presents with COPD. Will follow.", "May improve. Mark the site.",
        "referred to the hematology clinic", "a Hispanic female", "Vitamin D. Hepatitis C.",
        "Johnson & Johnson", "ACC/AHA guidelines from 2023", "Penicillin V Potassium 250 MG",
        "Assessment and Plan", "History of Present Illness", "lives in Texas", "ST elevation",
        "[name] and [address]", "the Geneva score", "a Jackson-Pratt drain", "her mother MRSA",
        "by the Mayo Clinic protocol", "scored on the Glasgow Coma Scale", "May-Thurner syndrome",
    ],
)  # fmt: skip
def test_ordinary_clinical_text_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_names_of_the_session_are_found_by_their_digests() -> None:
    empty = SessionNames(bytes(32))
    known = SessionNames(bytes(32), empty.seen({"Quorrmunt", "The", "Al"}))

    assert found("told Quorrmunt so") == []
    assert found("told QUORRMUNT so. The rest", known) == [("name", "QUORRMUNT")]
    assert found("told Quorrmunt so", SessionNames(b"1" * 32, known.digests)) == []


def test_a_session_remembers_no_more_than_it_may() -> None:
    session = SessionNames(bytes(32))

    assert len(session.seen(f"name{number}" for number in range(5000))) == 2000
    with pytest.raises(ValueError, match="20,000"):
        SessionNames(bytes(32), frozenset(number.to_bytes(12) for number in range(20_001)))
    with pytest.raises(ValueError, match="32 to 64"):
        SessionNames(b"short")


WORDS = st.sampled_from(
    ["Dr.", "Mary", "Smith", "Smith,", "St.", "Hospital", "at", "seen", "in", "Boston", ", TX",
     "named", "A.", "O'Brien", "van", "Clinic", "disease", "José", "\u2019s", "[name]", "\n"]
)  # fmt: skip


@given(st.lists(st.one_of(WORDS, st.text(max_size=6)), max_size=14), st.sampled_from(["", " "]))
def test_spans_are_in_order_apart_and_whole_characters(pieces: list[str], between: str) -> None:
    text = between.join(pieces).encode("utf-8", "ignore").decode()
    data = text.encode()
    spans = find(text)

    ends = [0, *(end for _, end, _ in spans)]
    assert all(begin >= end for end, (begin, _, _) in zip(ends, spans, strict=False))
    assert all(data[begin:end].decode() for begin, end, _ in spans)


def test_overlapping_spans_become_one_and_a_town_gives_way() -> None:
    spans = [(0, 8, Kind.NAME), (0, 12, Kind.CITY), (20, 30, Kind.DATE), (25, 27, Kind.SECRET)]

    assert merged(spans) == [(0, 12, Kind.NAME), (20, 30, Kind.SECRET)]


@pytest.mark.parametrize("piece", ["A-", "Smith ", "St. ", "Mary's ", "A. ", "Hospital & ", "Dr "])
@pytest.mark.alone
def test_long_text_of_capitals_costs_linear_time(piece: str) -> None:
    text = piece * (200_000 // len(piece))
    begin = time.process_time()

    find(text)
    assert time.process_time() - begin < 20


# What rules for names and places look for on both sides of a word, and what parts paragraphs.
PARTS = [
    *(
        "Dr. Adams",
        "John Smith",
        "Smith, John",
        "Springfield",
        "Boston",
        "Mercy Hospital",
        "Mary A.",
    ),
    *("seen at ", "lives in ", "guidelines of ", "published in the ", "named ", "patient: ", ", "),
    *("MRN 12345", "DOB", "a 45 year-old male, ", "MA", " clinic", "St. ", "van ", "# ", " "),
    *("\n", "\n\n", "\n \n", ".\n\n", ":\n\n", ".\n\n\n\n", ". \n\t\n", "(\n\n", "- ", "é\n\n"),
]


@given(st.lists(st.sampled_from(PARTS), max_size=14).map("".join))
def test_a_paragraph_says_by_itself_what_it_says_among_others(text: str) -> None:
    capitalised = words(text)
    whole = [(*span, Kind.NAME) for span in (*small_names(text), *people(text, capitalised))]
    whole += places(text, capitalised)

    assert "".join(paragraphs(text)) == text
    data = text.encode()
    assert [data[start:end].decode() for start, end, _ in find(text)] == [
        text[start:end] for start, end, _ in merged(whole)
    ]
    assert [kind for _, _, kind in find(text)] == [kind for _, _, kind in merged(whole)]
