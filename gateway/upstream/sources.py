"""Which resource a URL means, and the same resource's URL on the other side of the gateway."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote, urlsplit

from gateway.errors import InvalidRequest, Reason
from gateway.model.connection import Connection, Endpoint
from gateway.model.operation import Resource
from gateway.upstream import percent

MAX_URL = 4096
_URL = re.compile(r"(https?)://([^/?#]*)(/[^?#]*)?(?:\?([^#]*))?", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::([1-9][0-9]{0,4}))?"
)
_CONTAINER = re.compile(r"\$(?:root|web|logs|blobchangefeed)|(?=.{3,63}\Z)[a-z0-9](?:-?[a-z0-9])+")
_VERSION = re.compile(r"[0-9A-Za-z:.\-]{1,64}")
_PORTS = {"https": 443, "http": 80}
_VERSION_PARAMETERS = ("snapshot", "versionid")


@dataclass(frozen=True, slots=True)
class _Url:
    """An absolute http(s) URL that has one reading."""

    scheme: str
    host: str
    port: int
    path: str
    query: str

    @property
    def authority(self) -> str:
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Source:
    resource: Resource
    connection: Connection | None
    parameter: str = ""


class Sources:
    """Resolves copy sources and translates URLs between agents and upstreams."""

    def __init__(self, connections: Mapping[str, Connection], base_url: str) -> None:
        """Take the manifest's connections and the gateway's own origin, as agents see it."""
        self._connections = connections
        self._base_url = base_url.rstrip("/")
        self._own = _origin(self._base_url)

    def resolve(self, url: str) -> Resource:
        """The blob that a copy-source URL means; `connection` is "" for a foreign one.

        A URL of the gateway (`{base_url}/c/{connection}/{container}/{blob}`, as SDK clients
        build it) or of a connection's upstream is resolved. Query parameters other than `snapshot`
        and `versionid` do not count, and `upstream_url` never forwards them.

        Raises:
            InvalidRequest: the URL has more than one reading, names no blob, names a connection
                that does not exist, or fits several.
        """
        return self._locate(url).resource

    def upstream_url(self, url: str) -> str:
        """The URL at which the upstream finds the source that `resolve` finds for `url`.

        Raises:
            InvalidRequest: as for `resolve`, or the source is foreign.
        """
        source = self._locate(url)
        if source.connection is None:
            raise _invalid("The source lies behind no connection of this gateway.")
        endpoint = source.connection.endpoint
        container, name = source.resource.path
        path = percent.encode((container, *name.split("/")))
        version = source.resource.version
        query = f"?{source.parameter}={quote(version, safe=':')}" if version else ""
        return f"{endpoint.origin}{endpoint.base_path}{path}{query}"

    def gateway_url(self, url: str, connection: Connection) -> str | None:
        """The gateway's URL for a URL below `connection`'s upstream, None for any other URL."""
        try:
            parsed = _parse(url)
            tail = _tail(parsed, connection.endpoint)
            parts = percent.segments(tail) if tail else ()
            parameter, version = _version(parsed.query)
        except (InvalidRequest, ValueError):
            return None
        if tail is None:
            return None
        query = f"?{parameter}={quote(version, safe=':')}" if version else ""
        return f"{self.service_url(connection)}{percent.encode(parts)}{query}"

    def service_url(self, connection: Connection) -> str:
        """The gateway's URL of the connection itself, without a slash at the end."""
        return f"{self._base_url}/c/{connection.name}"

    def _locate(self, url: str) -> _Source:
        parsed = _parse(url)
        matches = list(self._matches(parsed))
        if len(matches) > 1:
            raise _invalid(
                "The source's URL fits more than one connection.",
                "Name the source by the gateway's own URL, which says the connection.",
            )
        try:
            if not matches:
                return _Source(_foreign(parsed), None)
            connection, tail = matches[0]
            container, *name = percent.segments(tail)
            parameter, version = _version(parsed.query)
        except ValueError:
            raise _invalid("The source's URL can be read in more than one way.") from None
        if not _CONTAINER.fullmatch(container) or not name or not all(name):
            raise _invalid("The source's URL names no blob as /container/blob.")
        path = (container, "/".join(name))
        authority = connection.endpoint.account or connection.endpoint.host
        return _Source(Resource(connection.name, authority, path, version), connection, parameter)

    def _matches(self, url: _Url) -> Iterator[tuple[Connection, str]]:
        if (url.scheme, url.host, url.port) == self._own and url.path.startswith("/c/"):
            name, slash, tail = url.path.removeprefix("/c/").partition("/")
            connection = self._connections.get(name)
            if connection is None:
                raise _invalid("The source's URL names a connection that does not exist.")
            yield connection, slash + tail
            return
        for connection in self._connections.values():
            tail = _tail(url, connection.endpoint) or ""
            if tail:
                yield connection, tail


def _tail(url: _Url, endpoint: Endpoint) -> str | None:
    """The path below the endpoint, "" for the endpoint itself, None where it lies elsewhere."""
    here = (endpoint.scheme, _bracketed(endpoint.host), endpoint.port)
    if (url.scheme, url.host, url.port) != here:
        return None
    if url.path in {endpoint.base_path, endpoint.base_path + "/"}:
        return ""
    if not url.path.startswith(endpoint.base_path + "/"):
        return None
    return url.path[len(endpoint.base_path) :]


def _parse(url: str) -> _Url:
    match = _URL.fullmatch(url) if len(url) <= MAX_URL and url.isascii() else None
    authority = _AUTHORITY.fullmatch(match[2].lower()) if match else None
    if match is None or authority is None or _has_space_or_control(url):
        raise _invalid("The source is not an absolute https URL of the usual form.")
    scheme = match[1].lower()
    port = int(authority[2] or _PORTS[scheme])
    return _Url(scheme, authority[1], port, match[3] or "/", match[4] or "")


def _has_space_or_control(url: str) -> bool:
    return any(not "!" <= character <= "~" for character in url)


def _version(query: str) -> tuple[str, str]:
    """Parameter name and value of the snapshot or version, ("", "") without one."""
    percent.check_query(query)
    found = [
        (name.lower(), value)
        for name, value in parse_qsl(query, keep_blank_values=True, errors="strict")
        if name.lower() in _VERSION_PARAMETERS
    ]
    if len(found) > 1 or any(not _VERSION.fullmatch(value) for _, value in found):
        raise ValueError("more than one version, or one of another form")
    return found[0] if found else ("", "")


def _foreign(url: _Url) -> Resource:
    parts = percent.segments(url.path)
    return Resource("", url.authority, parts if any(parts) else ())


@lru_cache(maxsize=8)
def _origin(base_url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of the gateway, taken apart once."""
    own = urlsplit(base_url.lower())
    return own.scheme, _bracketed(own.hostname or ""), own.port or _PORTS.get(own.scheme)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _invalid(message: str, advice: str = "") -> InvalidRequest:
    return InvalidRequest(
        message,
        reason=Reason.TARGET_INVALID,
        advice=advice
        or "Name the source as https://gateway/c/connection/container/blob, each character that "
        "needs it encoded once, with snapshot or versionid at most.",
    )
