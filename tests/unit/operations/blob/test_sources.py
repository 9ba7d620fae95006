import pytest

from gateway.errors import InvalidRequest, Reason
from gateway.model.operation import Resource
from gateway.operations import classify
from tests.unit.operations.build import classify_request, connection, request

HERE = "https://clinic.blob.core.windows.net/phi/x"


def _copy(source: str, *more: tuple[str, str]) -> dict[str, object]:
    headers = (("x-ms-copy-source", source), *more)
    return dict(classify_request("PUT", "/public/y", headers=headers).facts)


def test_a_source_of_the_same_account_is_named_as_rules_name_it() -> None:
    facts = _copy(HERE)
    assert facts["copy_source"] == "clinic/phi/x"
    assert facts["copy_source_foreign"] is False
    assert facts["copy_source_sas"] is False


def test_a_foreign_source_is_named_by_its_host_alone() -> None:
    facts = _copy("https://evil.example/path/secret")
    assert facts["copy_source"] == "evil.example"
    assert facts["copy_source_foreign"] is True


@pytest.mark.parametrize("query", ["sig=x", "SIG=x", "%73ig=x", "a=1&se=x", "a=1;sig=x", "sig"])
def test_a_sas_token_in_the_source_is_seen_however_it_is_written(query: str) -> None:
    assert _copy(f"{HERE}?{query}")["copy_source_sas"] is True


@pytest.mark.parametrize(
    "path", [(), ("phi",), ("phi", ""), ("Phi", "x"), ("phi", "../x"), ("phi", "x", "y")]
)
def test_a_resolver_that_names_no_blob_is_not_believed(path: tuple[str, ...]) -> None:
    sent = request("PUT", "/public/y", headers=(("x-ms-copy-source", HERE),))
    with pytest.raises(InvalidRequest) as caught:
        classify(connection(), sent, lambda _: Resource("clinic", "clinic", path))
    assert caught.value.reason is Reason.TARGET_INVALID


def test_the_resolver_is_asked_only_where_a_header_names_a_source() -> None:
    def never(_: str) -> Resource:
        raise AssertionError

    assert classify(connection(), request("GET", "/phi/x"), never).name == "Get Blob"
