from gateway.policy.faults import MAX_FAULTS, Fault, ManifestInvalid, Position, dotted, suggestion


def test_a_fault_says_where_and_what() -> None:
    assert str(Fault(Position(3, 5), "rules[0].id", "wrong")) == "3:5: rules[0].id: wrong"
    assert str(Fault(Position(3, 5), "", "wrong")) == "3:5: wrong"


def test_faults_come_in_file_order_once_each_and_not_endlessly() -> None:
    faults = [Fault(Position(line, 1), "", "x") for line in range(500, 0, -1)]

    error = ManifestInvalid([*faults, *faults])

    assert len(error.faults) == MAX_FAULTS
    assert [fault.position.line for fault in error.faults[:3]] == [1, 2, 3]
    assert "manifest check" in error.advice


def test_a_path_reads_like_code() -> None:
    assert dotted(("rules", 2, "groups", 0)) == "rules[2].groups[0]"
    assert dotted(()) == ""


def test_a_near_word_is_suggested_else_the_few_choices() -> None:
    assert suggestion("gruops", ["groups", "rules"]) == '; did you mean "groups"?'
    assert suggestion("xyzzy", ["groups", "rules"]) == "; known: groups, rules"
    assert suggestion("xyzzy", [f"word-{index}" for index in range(20)]) == ""
    assert suggestion("xyzzy", []) == ""
