import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, Reason
from gateway.operations.blob.names import check_blob, check_container, decode


@pytest.mark.parametrize(
    "name", ["abc", "a-b-c", "0zz", "a" * 63, "$root", "$web", "$logs", "$blobchangefeed"]
)
def test_a_name_that_azure_accepts_is_a_container(name: str) -> None:
    check_container(name)


@pytest.mark.parametrize(
    "name", ["", "ab", "a" * 64, "-ab", "ab-", "a--b", "Abc", "a_b", "a.b", "abc\n", "$else", "äbc"]
)
def test_any_other_name_is_not(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_container(name)
    assert caught.value.reason is Reason.TARGET_INVALID


@pytest.mark.parametrize("name", ["a", "/a", "a//b", "a/", ".a", "a.b/c", "100%", "%2", "a" * 1024])
def test_a_blob_name_with_one_reading_passes(name: str) -> None:
    check_blob(name)


@pytest.mark.parametrize(
    "name", ["", "a" * 1025, "a\\b", "a%2fb", "..", "a/../b", "a/./b", "a./b", "a."]
)
def test_a_blob_name_with_two_readings_does_not(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_blob(name)


def test_decoding_happens_once() -> None:
    assert decode("a%252Fb%20+%C3%A4") == "a%2Fb +ä"


@pytest.mark.parametrize(
    "text", ["%FF", "%C0%AF", "%ED%A0%80", "%00", "%7F", "%C2%80", "%EF%BF%BF"]
)
def test_what_is_not_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest):
        decode(text)


@given(st.text())
def test_a_check_says_yes_or_invalid_request(name: str) -> None:
    for check in (check_container, check_blob):
        try:
            check(name)
        except InvalidRequest as error:
            # Messages are for agents and logs: never the value itself.
            assert len(name) < 4 or name not in str(error)  # noqa: PT017
