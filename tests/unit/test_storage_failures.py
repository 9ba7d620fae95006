"""One map for both stores, which covers whatever the SDK may raise."""

import inspect

import pytest
from azure.core import exceptions
from azure.storage.blob import StorageErrorCode

from gateway.errors import NotFound, StoreUnavailable
from gateway.storage_failures import OUTCOMES, code_of, translated


def library_errors() -> set[type[Exception]]:
    return {
        kind
        for _, kind in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(kind, Exception)
    }


def test_every_exception_of_the_library_is_mapped() -> None:
    assert library_errors() - set(OUTCOMES) == set()


def test_a_store_is_named_in_its_failures() -> None:
    with (
        pytest.raises(StoreUnavailable, match="the evidence store did not answer") as caught,
        translated("the evidence store", {}),
    ):
        raise TimeoutError("https://account.example?sig=secret")

    assert caught.value.details == (("error", "TimeoutError"),)


def test_a_code_that_means_something_is_that() -> None:
    error = exceptions.HttpResponseError("gone")
    error.error_code = StorageErrorCode.BLOB_NOT_FOUND  # type: ignore[attr-defined]

    with (
        pytest.raises(NotFound, match="the state store answered BlobNotFound"),
        translated("the state store", {"BlobNotFound": NotFound}),
    ):
        raise error
    assert code_of(error) == "BlobNotFound"


def test_what_is_no_failure_of_storage_passes_as_it_is() -> None:
    with pytest.raises(KeyError), translated("the state store", {}):
        raise KeyError("k")
