"""A transport for the storage SDK that answers from a script: real pipeline, no network."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import AsyncHttpResponse, AsyncHttpTransport


@dataclass(frozen=True)
class Answer:
    """One answer of the service; `code` becomes `x-ms-error-code`."""

    status: int
    code: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay: float = 0


class _Response(AsyncHttpResponse):
    def __init__(self, request: Any, answer: Answer) -> None:
        super().__init__(request, None)
        self.status_code = answer.status
        self.reason = "scripted"
        self.content_type = "application/xml"
        self.headers = {"x-ms-error-code": answer.code} if answer.code else {}
        self.headers.update(answer.headers)
        self._body = answer.body

    def body(self) -> bytes:
        return self._body

    async def load_body(self) -> None:
        """Nothing to load."""

    async def read(self) -> bytes:
        return self._body

    def stream_download(self, pipeline: Any, **_: Any) -> Any:
        return _Parts(self._body, self)


class _Parts:
    """A body in one part; the SDK hangs properties on it."""

    def __init__(self, body: bytes, response: AsyncHttpResponse) -> None:
        self.body = body
        self.response = response
        self.content_length = len(body)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.body


class ScriptedTransport(AsyncHttpTransport[Any, Any]):
    """Gives these answers, or raises these exceptions, and notes each request."""

    def __init__(self, *script: Answer | Exception) -> None:
        self.script = list(script)
        self.requests: list[Any] = []

    async def send(self, request: Any, **_: Any) -> Any:
        self.requests.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        if step.delay:
            await asyncio.sleep(step.delay)
        return _Response(request, step)

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Nothing to close."""


def library_error(kind: type[Exception], message: str) -> Exception:
    """An exception of azure-core of this class, whatever its constructor asks for."""
    error = kind.__new__(kind)
    if isinstance(error, HttpResponseError):
        HttpResponseError.__init__(error, message=message)
    elif isinstance(error, AzureError):
        AzureError.__init__(error, message)
    else:
        error.args = (message,)
    return error
