"""What goes wrong between the gateway and a storage account, in the gateway's own terms.

For the adapters of both stores, which do not import each other. Needs the SDK's exceptions alone.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from types import MappingProxyType
from typing import Final

from azure.core import exceptions

from gateway.errors import StoreError, StoreUnavailable

_UNSENT: Final = "could not be reached; nothing was sent"
_UNKNOWN: Final = "did not answer; the write may have landed"
_REFUSED: Final = "refused the request"
_UNREADABLE: Final = "gave an answer that cannot be read"

OUTCOMES: Final[Mapping[type[Exception], str]] = MappingProxyType(
    {
        exceptions.AzureError: _UNKNOWN,
        exceptions.ServiceRequestError: _UNSENT,
        exceptions.ServiceRequestTimeoutError: _UNSENT,
        exceptions.ServiceResponseError: _UNKNOWN,
        exceptions.ServiceResponseTimeoutError: _UNKNOWN,
        exceptions.HttpResponseError: _REFUSED,
        exceptions.ResourceExistsError: _REFUSED,
        exceptions.ResourceNotFoundError: _REFUSED,
        exceptions.ClientAuthenticationError: _REFUSED,
        exceptions.ResourceModifiedError: _REFUSED,
        exceptions.ResourceNotModifiedError: _REFUSED,
        exceptions.TooManyRedirectsError: _REFUSED,
        exceptions.ODataV4Error: _REFUSED,
        exceptions.DecodeError: _UNREADABLE,
        exceptions.IncompleteReadError: _UNREADABLE,
        exceptions.StreamConsumedError: _UNREADABLE,
        exceptions.StreamClosedError: _UNREADABLE,
        exceptions.ResponseNotReadError: _UNREADABLE,
        exceptions.SerializationError: _UNSENT,
        exceptions.DeserializationError: _UNREADABLE,
        # What a transport may let through unwrapped, and our own time limit.
        TimeoutError: _UNKNOWN,
        OSError: _UNKNOWN,
    }
)
"""What each library exception says about the request; all of them become a StoreError."""

Codes = Mapping[str, type[StoreError]]
"""Service error codes that mean something to a caller, and what.

https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
"""


@contextmanager
def translated(store: str, codes: Codes) -> Iterator[None]:
    """Library exceptions become StoreErrors: by service error code, else unavailable.

    Args:
        store: which one, for the sentence: "the evidence store".
        codes: of the call that is made.
    """
    try:
        yield
    except tuple(OUTCOMES) as error:
        code = code_of(error)
        if kind := codes.get(code):
            raise kind(f"{store} answered {code}") from None
        # The name of the class is safe to show; messages of the SDK carry URLs and headers.
        raise StoreUnavailable(
            f"{store} {_outcome(error)}",
            advice="check that the storage account, its container and the role assignments exist",
            details=(("error", type(error).__name__), *((("code", code),) if code else ())),
        ) from None


def code_of(error: Exception) -> str:
    """The service's error code, "" where there is none; members of the SDK's enum are unwrapped."""
    code = getattr(error, "error_code", None)
    return str(code.value if isinstance(code, Enum) else code or "")


def _outcome(error: Exception) -> str:
    return next(OUTCOMES[kind] for kind in type(error).__mro__ if kind in OUTCOMES)
