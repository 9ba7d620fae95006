import pytest

from gateway.errors import InvalidRequest
from gateway.model.message import Headers
from gateway.operations.blob import headers as h


def _headers(*pairs: tuple[str, str]) -> Headers:
    return Headers.of(pairs)


def test_a_word_is_read_without_regard_to_case_and_written_as_azure_writes_it() -> None:
    assert h.word(_headers(("X-Ms-Blob-Type", " blockBLOB ")), h.BLOB_TYPE) == "BlockBlob"
    assert h.word(_headers(), h.BLOB_TYPE) == ""


@pytest.mark.parametrize("value", ["", "FileBlob", "BlockBlob,PageBlob"])
def test_a_word_outside_the_vocabulary_is_refused(value: str) -> None:
    with pytest.raises(InvalidRequest):
        h.word(_headers((h.BLOB_TYPE, value)), h.BLOB_TYPE)


@pytest.mark.parametrize("name", sorted(h.EFFECTS))
def test_a_repeated_header_that_decides_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        h.check(_headers((name, "a"), (name.upper(), "a")))


@pytest.mark.parametrize(
    "version", ["", "2009-07-17", "2017-07-29", "2017-11-9", "1999-12-31", "3000-01-01", "latest"]
)
def test_an_old_or_malformed_service_version_is_refused(version: str) -> None:
    with pytest.raises(InvalidRequest):
        h.check(_headers((h.VERSION, version)))


@pytest.mark.parametrize("version", ["2017-11-09", "2026-10-06"])
def test_a_service_version_that_knows_entra_passes(version: str) -> None:
    h.check(_headers((h.VERSION, version)))


@pytest.mark.parametrize("url", ["", "https://a/b c", "https://a/ä", "h" * 2049])
def test_a_url_that_no_header_carries_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest):
        h.url(_headers((h.COPY_SOURCE, url)), h.COPY_SOURCE)
