from datetime import date

from tests.unit.masking.own import masked, tree

SECRET = "sig=" + "a1B2" * 12
ER7 = "x-application/hl7-v2+er7"
MESSAGE = "\r".join(
    [
        r"MSH|^~\&|A|B|C|D|20200101||ADT^A01|1|P|2.5",
        "PID|1||4711^^^A^MR~4712||MEYERS^JO||19800110|M|||1 Elm^^Boston^MA^02115||||||||999112222",
        "OBX|1|ST|x||better than before",
        "PV1|1|" + "|" * 42 + "20200105",
        "",
    ]
)


def rules(*found: str, base: str = "safe-harbor", more: str = "") -> str:
    return f"{{extends: {base}, rank: 41, fields: [{', '.join(found)}]{more}}}"


def table(profile: str, text: str, *, accept: bool = False) -> list[list[str]]:
    body = masked(profile, text.encode(), "text/csv", accept=accept).body.decode()
    return [line.split(",") for line in body.split("\n") if line]


def hl7(profile: str) -> dict[str, list[str]]:
    body = masked(profile, MESSAGE.encode(), ER7).body.decode()
    return {line[:3]: line.split("|") for line in body.split("\r") if line}


def test_columns_follow_their_rules_in_any_case() -> None:
    profile = rules(
        "{path: 'column:SSN', do: keep}",
        "{path: 'column:x', as: mrn}",
        "{path: 'column:y', do: drop}",
    )

    assert table(profile, "ssn,name,x,y\n517-64-9982,Jo Meyers,a,b\n") == [
        ["ssn", "name", "x", "y"],
        ["517-64-9982", "[name]", "[mrn]", ""],
    ]


def test_a_kept_column_shows_no_secret() -> None:
    done = table(rules("{path: 'column:a', do: keep}"), f"a,b\n{SECRET},1\n")

    assert done[1][0] == "sig=[secret]"


def test_rows_of_one_patient_move_together() -> None:
    profile = "{extends: limited-data-set, rank: 21, operators: {date: date-shift}}"
    rows = table(
        profile, "patient_id,seen\n1,2020-01-01\n2,2020-01-01\n1,2020-01-11\n,2020-01-01\n"
    )
    one, two, other, nobody = (row[1] for row in rows[1:])

    assert (date.fromisoformat(other) - date.fromisoformat(one)).days == 10
    assert one not in {two, "2020-01-01"}
    assert nobody == "2020"


def test_fields_of_segments_follow_their_rules() -> None:
    found = hl7(
        rules("{path: PID-5, do: keep}", "{path: PID-3, do: hash}", "{path: OBX-5, do: drop}")
    )

    assert found["PID"][5] == "MEYERS^JO"
    assert all(part.startswith("[mrn#1:") for part in found["PID"][3].split("~"))
    assert found["OBX"][5] == ""
    assert found["PID"][19] == "[ssn]"


def test_a_field_can_be_said_to_be_of_a_kind() -> None:
    assert hl7(rules("{path: PID-19, as: account}"))["PID"][19] == "[account]"


def test_dates_after_the_patient_move_with_it() -> None:
    found = hl7("{extends: limited-data-set, rank: 21, operators: {date: date-shift}}")
    born, seen = found["PID"][7], found["PV1"][44]

    moved = date.fromisoformat(seen) - date(2020, 1, 5)
    assert date.fromisoformat(born) - date(1980, 1, 10) == moved
    assert moved.days
    assert found["MSH"][6] == "2020"


def test_a_limited_data_set_shows_the_town_of_an_address() -> None:
    assert hl7("{extends: limited-data-set, rank: 20}")["PID"][11] == ("[address]^^Boston^MA^02115")


def test_text_that_is_dropped_leaves_its_field_empty() -> None:
    profile = "{extends: safe-harbor, rank: 41, text: drop}"

    assert hl7(profile)["OBX"][5] == ""
    assert table(profile, "id,note\n1,he is well\n", accept=True)[1][1] == ""
    assert tree(profile, {"note": "he is well"}) == {}


def test_a_birth_date_that_says_too_much_is_no_year_even_by_a_rule() -> None:
    old = MESSAGE.replace("19800110", "19300110").encode()
    shown = masked(rules("{path: PID-7, as: date, do: generalise}"), old, ER7).body

    assert b"1930" not in shown
