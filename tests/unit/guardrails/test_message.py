import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Blocked
from gateway.guardrails.message import comp, document, flag, parameters
from tests.unit.guardrails.build import every_encoding, request


@pytest.mark.parametrize("name", every_encoding("sig"))
def test_a_name_is_found_in_every_spelling(name: str) -> None:
    assert list(parameters(f"a=b&{name}=C")) == [("a", "b"), ("sig", "c")]


@given(st.text(max_size=30))
def test_any_query_can_be_read(query: str) -> None:
    assert all(name == name.lower() for name, _ in parameters(query))


def test_comp_and_restype_are_empty_where_absent() -> None:
    assert comp(request(query="")) == ("", "")
    assert comp(request(query="Comp=ACL&RESTYPE=container")) == ("container", "acl")


@pytest.mark.parametrize(
    "body", [b"", b"<a>", b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', b"\xff"]
)
def test_a_body_that_cannot_be_screened_is_blocked(body: bytes) -> None:
    with pytest.raises(Blocked):
        document(request(body=body))


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), (" TRUE ", True), ("1", True), ("false", False), ("", False)],
)
def test_flags_are_read_as_xml_booleans(text: str, value: bool) -> None:
    root = document(request(body=f"<a><b>{text}</b></a>".encode()))

    assert flag(root, "b") is value
    assert flag(root, "c") is None
    assert flag(None, "b") is None
