"""HTTP messages as values: what came in, what goes up, what came back, what is answered."""

from collections.abc import Iterable, Iterator, KeysView
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Headers:
    """Header fields in order; names in lower case (RFC 9110 §5.1: case-insensitive)."""

    fields: tuple[tuple[str, str], ...] = ()
    # Values by name, a tuple where it stands more than once; made when a name is first asked for.
    _values: "dict[str, str | tuple[str, ...]] | None" = field(
        default=None, init=False, repr=False, compare=False
    )

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Headers":
        """Lower-case the names, keep order and repeats."""
        return cls(tuple([(name.lower(), value) for name, value in pairs]))

    def get(self, name: str) -> str | None:
        """The first value of `name`, or None."""
        value = (self._values or self._by_name()).get(name.lower())
        return value[0] if isinstance(value, tuple) else value

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of `name`, in order."""
        value = (self._values or self._by_name()).get(name.lower())
        if value is None:
            return ()
        return value if isinstance(value, tuple) else (value,)

    @property
    def names(self) -> KeysView[str]:
        """The names, each once."""
        return (self._values or self._by_name()).keys()

    def _by_name(self) -> "dict[str, str | tuple[str, ...]]":
        values: dict[str, str | tuple[str, ...]] = dict(self.fields)
        if len(values) < len(self.fields):
            grouped: dict[str, list[str]] = {}
            for name, value in self.fields:
                grouped.setdefault(name, []).append(value)
            values = {
                name: tuple(found) if len(found) > 1 else found[0]
                for name, found in grouped.items()
            }
        object.__setattr__(self, "_values", values)
        return values

    def __contains__(self, name: str) -> bool:
        return name.lower() in (self._values or self._by_name())

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.fields)

    def without(self, *names: str) -> "Headers":
        """A copy lacking these names."""
        gone = {name.lower() for name in names}
        return Headers(tuple([pair for pair in self.fields if pair[0] not in gone]))

    def replacing(self, name: str, value: str) -> "Headers":
        """A copy in which `name` stands once, with `value`."""
        name = name.lower()
        return Headers((*[pair for pair in self.fields if pair[0] != name], (name, value)))

    def __repr__(self) -> str:
        # Values may hold tokens or ePHI; a repr ends in logs and tracebacks.
        return f"Headers({', '.join(name for name, _ in self.fields)})"


@dataclass(frozen=True, slots=True)
class Target:
    """A request target below a connection, in the one string form that is judged and sent.

    Attributes:
        path: percent-encoded, starts with "/", dot segments already removed; "/" alone is the root.
        query: raw query string without "?", "" when there is none.
    """

    path: str
    query: str = ""

    def __str__(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Request:
    """An agent's request, as the ingress hands it over.

    Attributes:
        method: upper case.
        connection: name from the gateway URL `/c/{connection}/…`, not yet known to exist.
        target: what is asked of the upstream.
        headers: as received; may hold the agent's token (`authorization`).
        body: whole, bounded by the ingress.
        client_address: as the front reports it, "" when unknown; a hint, never a decision.
        base_url: the gateway's own origin as the agent sees it, `https://host[:port]`.
    """

    method: str
    connection: str
    target: Target
    headers: Headers
    body: bytes = field(repr=False)
    client_address: str
    base_url: str


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """What the gateway sends; `url` is exact bytes-for-bytes, nothing re-encodes it."""

    method: str
    url: str
    headers: Headers
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class UpstreamResponse:
    """What came back, undecoded.

    Attributes:
        status: HTTP status.
        headers: in order, repeats kept, names in lower case.
        body: whole, content codings left as they are.
        sends: how often the client library put the request on the wire (1 unless re-sent).
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    sends: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent receives.

    `headers` always has a `content-type`: the Functions library would add text/plain.
    """

    status: int
    headers: Headers
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Timings:
    """Moments of one exchange, timezone aware; durations are recorded in whole microseconds."""

    received_at: datetime
    forwarded_at: datetime | None = None
    answered_at: datetime | None = None
