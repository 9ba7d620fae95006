"""An upstream that answers from a script and remembers what was sent."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from gateway.errors import ResponseTooLarge, UpstreamUnreachable
from gateway.model.message import Headers, UpstreamRequest, UpstreamResponse

Script = UpstreamResponse | Exception | Callable[[UpstreamRequest], UpstreamResponse]


def response(
    status: int = 200, body: bytes = b"", headers: Iterable[tuple[str, str]] = ()
) -> UpstreamResponse:
    """An answer with its length, as a real upstream would give it."""
    fields = Headers.of(headers)
    if "content-length" not in fields:
        fields = fields.replacing("content-length", str(len(body)))
    return UpstreamResponse(status, fields, body)


@dataclass
class FakeUpstream:
    """Plays `script` in order, then answers 200 without a body.

    An exception in the script is raised: after the request counts as sent, unless it is
    `UpstreamUnreachable`, whose promise is that nothing was sent.
    """

    script: list[Script] = field(default_factory=list)
    sent: list[UpstreamRequest] = field(default_factory=list)
    reads: list[bool] = field(default_factory=list)

    def then(self, *steps: Script) -> "FakeUpstream":
        """Add to the script."""
        self.script.extend(steps)
        return self

    async def send(
        self, request: UpstreamRequest, max_bytes: int, *, read: bool = False
    ) -> UpstreamResponse:
        step: Script = self.script.pop(0) if self.script else response()
        if isinstance(step, UpstreamUnreachable):
            raise step
        self.sent.append(request)
        self.reads.append(read)
        if isinstance(step, Exception):
            raise step
        answer = step(request) if callable(step) else step
        if len(answer.body) > max_bytes:
            raise ResponseTooLarge("the answer is over the bound")
        return answer
