import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.model.digest import DigestKey
from gateway.model.fhir import Page
from gateway.upstream.fhir.pages import PageSeal
from tests.fakes import identity

KEY = DigestKey("1", b"k" * 32)
SEAL = PageSeal.of(KEY, identity.principal(), "ehr")
TEXT = st.text(max_size=200)


@given(st.lists(TEXT, max_size=5), TEXT, TEXT)
def test_what_is_sealed_is_opened(path: list[str], query: str, token: str) -> None:
    page = Page(tuple(path), query, token)

    assert SEAL.unseal(SEAL.seal(page)) == page


def test_a_sealed_page_says_nothing() -> None:
    sealed = SEAL.seal(Page(("Patient",), "family=Quartermaine", "Quartermaine"))

    assert "Quartermaine" not in sealed
    assert "Quartermaine" not in repr(SEAL.unseal(sealed))
    assert "k" * 32 not in repr(SEAL)


@given(st.data())
def test_any_change_is_refused(data: st.DataObject) -> None:
    sealed = SEAL.seal(Page(("Patient",), "gender=male", "token"))
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.sampled_from("Aa0-_.v1").filter(lambda letter: letter != sealed[at]))
    changed = sealed[:at] + other + sealed[at + 1 :]
    try:
        opened = SEAL.unseal(changed)
    except InvalidRequest:
        return
    # Spare bits of the last letter: the same bytes in another spelling.
    assert at == len(sealed) - 1
    assert opened == SEAL.unseal(sealed)


@pytest.mark.parametrize(
    "other",
    [
        PageSeal.of(KEY, identity.principal(object_id="other"), "ehr"),
        PageSeal.of(KEY, identity.principal(), "another"),
        PageSeal.of(DigestKey("1", b"j" * 32), identity.principal(), "ehr"),
        PageSeal.of(DigestKey("2", b"k" * 32), identity.principal(), "ehr"),
    ],
)
def test_a_page_is_its_caller_s_its_connection_s_and_its_key_s(other: PageSeal) -> None:
    with pytest.raises(InvalidRequest):
        other.unseal(SEAL.seal(Page(("Patient",), "", "token")))
