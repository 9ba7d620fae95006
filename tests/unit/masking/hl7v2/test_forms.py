from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.engine import PayloadMasker
from gateway.masking.hl7v2.separators import Separators
from gateway.masking.hl7v2.values import FieldValues, Masking
from gateway.masking.memo import Memo, texts
from gateway.masking.payload import Payload
from gateway.masking.ruling.records import RecordRules
from gateway.masking.text import TextMasker
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import VALUES

SEPARATORS = Separators()
OTHERS = Separators("#", "-", "+", "!", "$")
FIELDS = (
    *(("PID", 3, ""), ("PID", 5, ""), ("PID", 7, ""), ("PID", 11, ""), ("PID", 13, "")),
    *(("PID", 18, ""), ("PID", 19, ""), ("MSH", 7, ""), ("MSH", 10, ""), ("OBR", 29, "")),
    *(("NTE", 3, ""), ("OBX", 5, "TX"), ("OBX", 5, "XPN"), ("OBX", 5, "XTN"), ("OBX", 5, "DT")),
    *(("OBX", 5, "NM"), ("NK1", 13, ""), ("PV1", 3, ""), ("ZZZ", 2, ""), ("OBX", 18, "")),
)
PARTS = (
    *(VALUES),
    *("MR", "SS", "DL", "AN", "USA", "GENERAL", "12345678", "123-45-6789", "19800203", "1930"),
    *("20240102101100-0500", "20240102101100+0500", "(617) 555-0100", "PRN", "CP", '""'),
    *("\\T\\", "\\X41\\", "\\Zx\\", "12 days", "masked-", "tk-x", "[nam", "1.2.3.4.5.6.7"),
)
component = st.sampled_from(PARTS)
repetition = st.lists(st.one_of(st.just(""), component), min_size=1, max_size=7)


def written(separators: Separators) -> st.SearchStrategy[str]:
    """Values of a field as they stand in a message; none is empty."""
    inner = separators.component, separators.subcomponent
    joined = st.builds(str.join, st.sampled_from(inner), repetition)
    return st.lists(joined, min_size=1, max_size=3).map(separators.repetition.join).filter(bool)


def made(
    field: tuple[str, int, str],
    values: list[str],
    separators: Separators,
    payload: Payload,
    *,
    by_form: bool,
) -> tuple[list[str], dict[str, int], tuple[tuple[str, str, int], ...]]:
    """What values become, and what that counts."""
    text = TextMasker(payload)
    walk = PayloadMasker(payload).walk()
    masking = Masking(payload, walk, lambda data, _kind, _path: data, RecordRules(payload, text))
    memo = Memo(payload, walk)
    segment, number, typed = field
    place = FieldValues(masking, memo, segment, number, typed, separators).place()
    if not by_form:
        place.at_once = None
    payload.known.learn_name("Zebulon Quimby")
    cells = [memo.met(place, value) for value in values]
    memo.settle(cells)
    memo.forget()
    return texts(cells), payload.counts, payload.paths


@given(
    st.data(),
    st.sampled_from(FIELDS),
    st.sampled_from((SEPARATORS, SEPARATORS, OTHERS)),
    st.sampled_from(PROFILES),
    st.booleans(),
)
def test_what_form_decides_is_what_judging_decides(
    data: st.DataObject,
    field: tuple[str, int, str],
    separators: Separators,
    profile: str,
    accept: bool,
) -> None:
    values = data.draw(st.lists(written(separators), min_size=1, max_size=5))
    at_once, judged = (
        made(
            field,
            values,
            separators,
            Payload(context(profile, accept=accept), b"x"),
            by_form=by_form,
        )
        for by_form in (True, False)
    )

    assert at_once == judged


def test_parts_that_come_again_are_counted_each_time() -> None:
    payload = Payload(context(), b"x")
    values = [f"{number}^^^Quimby&x^MR~{number}^^^Zebulon^SS" for number in range(10, 13)]
    values += [value.replace("&x", "") for value in values]
    shown, counts, _ = made(("PID", 3, ""), values, SEPARATORS, payload, by_form=True)

    assert shown == [
        *["[mrn]^^^[name]&x^MR~[ssn]^^^[name]^SS"] * 3,
        *["[mrn]^^^[name]^MR~[ssn]^^^[name]^SS"] * 3,
    ]
    assert counts == {"mrn": 6, "name": 12, "ssn": 6}


def test_marks_stay_beside_what_is_masked() -> None:
    payload = Payload(context(), b"x")
    values = ["masked-5f2a9c01-3^[name]^Doe", "Doe^masked-5f2a9c01-3", "\\X5B\\name]^Doe"]
    shown, counts, _ = made(("PID", 5, ""), values, SEPARATORS, payload, by_form=True)

    assert shown[:2] == ["masked-5f2a9c01-3^[name]^[name]", "[name]^masked-5f2a9c01-3"]
    assert shown[2].endswith("^[name]")
    assert counts == {"name": 3}
