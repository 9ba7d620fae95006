import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.profiles.paths import FieldPath, parse


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Patient.identifier.value", FieldPath("", ("Patient", "identifier", "value"))),
        ("**.note", FieldPath("", ("**", "note"))),
        ("Observation.value[x]", FieldPath("", ("Observation", "value[x]"))),
        ("column: Home Phone ", FieldPath("", column="home phone")),
        ("PID-5", FieldPath("", field=("PID", 5))),
    ],
)
def test_a_path_is_of_one_of_three_forms(text: str, path: FieldPath) -> None:
    found = parse(text)

    assert (found.segments, found.column, found.field) == (path.segments, path.column, path.field)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a..b",
        "a.**",
        "**",
        "a b",
        "column:",
        "PID-0",
        "Patient.name[0]",
        "Patient.resourceType",
        ".".join("a" * 13),
        "**.a.**.b.**.c",
        "a" * 201,
    ],
)
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"path|column|resourceType"):
        parse(text)


@given(st.text(max_size=40))
def test_every_text_is_a_path_or_refused(text: str) -> None:
    try:
        found = parse(text)
    except ValueError:
        return
    assert bool(found.segments) + bool(found.column) + bool(found.field) == 1
