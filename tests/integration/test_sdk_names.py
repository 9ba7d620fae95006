"""Blobs with odd names: what the SDK writes is what stands in storage, under that very name."""

import pytest
from azure.core.exceptions import HttpResponseError

from tests.integration.stack import Both, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

ODD = [
    "with space.txt",
    " leading and trailing ",
    "ünïcödé/日本語/🙂.txt",
    "e\u0301 is not \u00e9",
    "plus+and&and=and;semi,comma",
    "quote'quote\"double",
    "(paren)[bracket]{brace}",
    "hash#question?at@colon:",
    "dollar$star*bang!tilde~caret^pipe|back`tick",
    "100%",
    "50% off",
    ".hidden/..two/...three",
    "UPPER/lower",
    "comp=list&restype=container",
    "c/research/nested",
    "<tag>&amp;",
]
WITH_EMPTY_PARTS = ["a//b", "/a///b//c", "trailing/"]
# Dot segments never leave a Python client: it collapses them itself.
REFUSED = ["back\\slash", "encoded%2Fslash", "twice%2541", "dot.", "a/dot./b", "tab\tx"]


@pytest.mark.parametrize(
    "name",
    [*ODD, *WITH_EMPTY_PARTS, "long/" + "n" * 1000, "ä" * 200],
    ids=range(len(ODD) + len(WITH_EMPTY_PARTS) + 2),
)
def test_a_name_arrives_as_it_is(name: str, research: Both) -> None:
    blob = research.through.get_blob_client(name)
    data = name.encode()

    blob.upload_blob(data, metadata={"a": "b"})

    assert research.names() == [name]
    assert research.holds(name) == data
    assert blob.download_blob().readall() == data
    assert blob.get_blob_properties().name == name
    assert [item.name for item in research.through.list_blobs()] == [name]
    assert list(research.through.list_blob_names(name_starts_with=name[:3])) == [name]
    blob.delete_blob()
    assert research.names() == []


@pytest.mark.parametrize("name", ODD, ids=range(len(ODD)))
def test_a_copy_finds_its_source_by_any_name(name: str, research: Both) -> None:
    research.put(name, name.encode())
    source = research.through.get_blob_client(name)

    research.through.get_blob_client("copy").start_copy_from_url(source.url)

    assert research.holds("copy") == name.encode()


@pytest.mark.parametrize("name", WITH_EMPTY_PARTS, ids=range(len(WITH_EMPTY_PARTS)))
def test_a_copy_source_with_an_empty_part_is_refused(
    name: str, stack: Stack, research: Both
) -> None:
    """Stricter than for targets: who resolves the source's URL is not the gateway."""
    research.put(name, b"x")
    source = research.through.get_blob_client(name)

    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        research.through.get_blob_client("copy").start_copy_from_url(source.url)

    assert code(caught.value) == "TargetInvalid"


@pytest.mark.parametrize("name", REFUSED, ids=range(len(REFUSED)))
def test_a_name_with_two_readings_is_refused(name: str, stack: Stack, research: Both) -> None:
    with stack.nothing_reaches_storage(), pytest.raises(HttpResponseError) as caught:
        research.through.get_blob_client(name).upload_blob(b"x")

    assert (caught.value.status_code, code(caught.value)) == (400, "TargetInvalid")
