import pytest

from gateway.masking.recognition.scan import scanner

DATES = [
    ("Geboren am 4. März 1943.", "4. März 1943"),
    ("GEBOREN AM 4. MÄRZ 1943.", "4. MÄRZ 1943"),
    ("vu le 1er août 2023 à Lyon", "1er août 2023"),
    ("née le 4 JUILLET 1943", "4 JUILLET 1943"),
    ("nacido el 4 de julio de 1943", "4 de julio de 1943"),
    ("nato il 4 luglio 1943", "4 luglio 1943"),
    ("geboren op 4 mei 1943", "4 mei 1943"),
    ("em 4 de março de 1943", "4 de março de 1943"),
    ("dnia 12 września 2021", "12 września 2021"),
    ("родился 4 июля 1943", "4 июля 1943"),
    ("am 3. Dezember", "3. Dezember"),
    ("janv. dernier, 3 janv. 2020", "3 janv. 2020"),
    ("seit Oktober", "Oktober"),
    ("marzo de 2023", "marzo de 2023"),
    ("1943年7月4日生まれ", "1943年7月4日"),
]


@pytest.mark.parametrize("with_re2", [True, False])
@pytest.mark.parametrize(("text", "date"), DATES)
def test_months_of_other_languages_are_dates(text: str, date: str, with_re2: bool) -> None:
    data = text.encode()

    found = [data[start:end].decode() for start, end, _ in _spans(data, with_re2)]

    assert found == [date]


@pytest.mark.parametrize(
    "text",
    [
        "walked 2 out of 3 laps",
        "3 sets of 10, 2 outpatient visits",
        "5 agonists, 4 magnesium tablets, 10 genes",
        "the mars rover an august company",
        "10 junior doctors",
    ],
)
def test_words_that_only_look_like_months_stay(text: str) -> None:
    assert list(_spans(text.encode(), with_re2=True)) == []


def _spans(data: bytes, with_re2: bool) -> list[tuple[int, int, object]]:
    return list(scanner(identifiers=True, with_re2=with_re2).spans(data))
