"""Functions' HTTP messages to model values and back.

`read` refuses what the classic `HttpRequest` cannot show truly (chunked bodies, doubled fields,
rewritten names); `write` spells out what the library and the host would otherwise make up, and
what a browser must not do with an answer.
"""

import re
from functools import lru_cache
from ipaddress import ip_address

import azure.functions as func

from gateway.errors import GatewayError, InvalidRequest, Reason
from gateway.ingress import kestrel
from gateway.ingress.contract import Gateway
from gateway.model.message import Answer, Headers, Request, Target

UNENCODED_URL = "x-waws-unencoded-url"  # what App Service's front received, path and query raw

_ROUTE = re.compile(r"/[cC]/(?P<connection>[^/]+)(?P<path>/.*)?", re.DOTALL)
_CONNECTION = re.compile(r"[a-z0-9-]{1,63}")
_METHOD = re.compile(r"[A-Z]{1,20}")
_LENGTH = re.compile(r"[0-9]{1,15}")
_QUERY = re.compile(r"[\x21-\x7e]*")
# Names are tokens (RFC 9110 §5.6.2).
_FIELDS = re.compile(r"(?:[!#$%&'*+.^_`|~0-9A-Za-z-]+\0[\t\x20-\x7e]*\n)*")

_WITH_BODY = frozenset({"MERGE", "PATCH", "POST", "PUT"})
# The host joins repeats with commas; in these a comma can only be a repeat.
_SINGLE = frozenset(
    {
        "host",
        "content-length",
        "x-ms-access-tier",
        "x-ms-blob-public-access",
        "x-ms-blob-type",
        "x-ms-delete-snapshots",
        "x-ms-delete-type-permanent",
        "x-ms-lease-action",
        "x-ms-lease-id",
        "x-ms-page-write",
        "x-ms-proposed-lease-id",
        "x-ms-version",
    }
)
# RFC 9110 §7.6.1: fields of one hop; the host frames its own messages.
_FRAMING = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)
# On every answer, the upstream's included: a browser asks over TLS alone (RFC 6797), and takes no
# blob for a script or a page whose content type does not say so (WHATWG Fetch §3.6).
_SECURITY = (
    ("strict-transport-security", "max-age=31536000"),
    ("x-content-type-options", "nosniff"),
)
_ELSEWHERE = _FRAMING | {"content-type", "set-cookie"}
_STATUS = range(200, 600)
_MAX_ADDRESS = 64
_NO_CONTENT = frozenset({204, 304})


def read(req: func.HttpRequest, gateway: Gateway) -> Request:
    """The request as the pipeline takes it.

    Raises:
        InvalidRequest: it cannot be understood as it stands, or is over a bound.
    """
    if not _METHOD.fullmatch(req.method):
        raise InvalidRequest("the method is not an HTTP method")
    headers = Headers.of(req.headers.items())
    path, query = _split(req.url)
    _check_url(path, query, headers.get(UNENCODED_URL))
    name, rest = _route(path)
    _check_repeats(headers)
    return Request(
        method=req.method,
        connection=name,
        target=Target(rest or "/", query),
        headers=headers,
        body=_body(req, headers, gateway.max_request_bytes),
        client_address=client_address(headers),
        base_url=gateway.public_url,
    )


def connection(req: func.HttpRequest) -> str:
    """The connection that the URL names, "" where it names none: for shaping an error only."""
    try:
        return _route(_split(req.url)[0])[0]
    except InvalidRequest:
        return ""


def write(answer: Answer, *, head: bool) -> func.HttpResponse:
    """The response for the host: exact status, always a content type, framed by its body.

    Args:
        answer: what the agent receives.
        head: the request was HEAD: the length is the representation's, and no body goes out.

    Raises:
        GatewayError: the answer cannot be sent as HTTP.
    """
    headers = answer.headers
    if answer.status not in _STATUS or not _can_be_sent(headers):
        raise GatewayError("the answer cannot be sent as HTTP")
    response = func.HttpResponse(
        body=b"" if head or answer.status in _NO_CONTENT else answer.body,
        status_code=answer.status,
        headers={"content-type": headers.get("content-type") or "application/octet-stream"},
    )
    fields = headers.fields
    if len(headers.names) < len(fields):
        fields = tuple((name, ", ".join(headers.all(name))) for name in headers.names)
    for name, value in fields:  # RFC 9110 §5.3
        if name not in _ELSEWHERE:
            response.headers.add(name, value)
    for name, value in _SECURITY:
        if name not in headers:
            response.headers.add(name, value)
    for cookie in headers.all("set-cookie"):
        response.headers.add("set-cookie", cookie)
    length = _length(answer, head=head)
    if length:
        response.headers.add("content-length", length)
    return response


def _can_be_sent(headers: Headers) -> bool:
    """All fields in one look. A newline too many would make one field look like two."""
    text = "".join([f"{name}\0{value}\n" for name, value in headers])
    return text.count("\n") == len(headers.fields) and _FIELDS.fullmatch(text) is not None


def _length(answer: Answer, *, head: bool) -> str:
    """Content-Length, or "" for none (RFC 9110 §8.6: never on 204, of the representation on HEAD).

    HEAD without a stated length and without a body says nothing: the length is not known.
    """
    if answer.status in _NO_CONTENT:
        return ""
    if not head:
        return str(len(answer.body))
    stated = answer.headers.get("content-length") or ""
    if _LENGTH.fullmatch(stated):
        return stated
    return str(len(answer.body)) if answer.body else ""


def _split(url: str) -> tuple[str, str]:
    """Raw path and query of the host's absolute URL; urllib would strip and reinterpret."""
    _, mark, rest = url.partition("://")
    slash = rest.find("/")
    if not mark or slash < 0 or "#" in url:
        raise _target_invalid("the URL is not an absolute URL with a path")
    path, _, query = rest[slash:].partition("?")
    return path, query


def _check_url(path: str, query: str, unencoded: str | None) -> None:
    """Deny names that the host's decoding makes look like other names."""
    if _shown(path) != path:
        raise _target_invalid("the path is not in the form that the Functions host gives paths")
    if not _QUERY.fullmatch(query):
        raise _target_invalid("the query holds characters that must be percent-encoded")
    if unencoded is None:
        return
    raw, _, raw_query = unencoded.partition("?")
    if _shown(raw) != path or kestrel.encode_query(raw_query) != query:
        raise _target_invalid("the URL that the front received and the one that arrived differ")
    if kestrel.ambiguous(raw):
        raise _target_invalid(
            "a name that holds a percent sign and two hexadecimal digits once decoded, or is not "
            "UTF-8, cannot be carried"
        )


def _shown(path: str) -> str:
    try:
        return kestrel.encode(kestrel.decode(path))
    except ValueError:
        raise _target_invalid("the path is malformed") from None


def _route(path: str) -> tuple[str, str]:
    match = _ROUTE.fullmatch(path)
    if not match:
        raise _target_invalid("the path does not start with /c/ and a connection's name")
    if not _CONNECTION.fullmatch(match["connection"]):
        raise InvalidRequest(
            "the connection's name is not of the form [a-z0-9-]{1,63}",
            reason=Reason.CONNECTION_NOT_FOUND,
            advice="use a connection name from the manifest: https://<gateway>/c/<connection>/…",
        )
    return match["connection"], match["path"] or ""


def _check_repeats(headers: Headers) -> None:
    fields = dict(headers.fields)  # names are unique here: the host has joined repeats
    if "," in fields.get("authorization", ""):
        raise InvalidRequest(
            "the Authorization header was sent more than once",
            advice="send one Authorization header with one bearer token",
        )
    for name in sorted(fields.keys() & _SINGLE):
        if "," in fields[name]:
            raise InvalidRequest(
                f"the {name} header was sent more than once", advice="send it once"
            )


def _body(req: func.HttpRequest, headers: Headers, bound: int) -> bytes:
    body = req.get_body()
    length = headers.get("content-length")
    unframed = length is None and (bool(body) or req.method in _WITH_BODY)
    if "transfer-encoding" in headers or unframed:
        raise InvalidRequest(
            "the request does not state the length of its body, and chunked bodies do not arrive",
            reason=Reason.LENGTH_REQUIRED,
            advice="send Content-Length, without Transfer-Encoding; 0 for an empty body",
        )
    if length is None:
        return b""
    if not _LENGTH.fullmatch(length):
        raise InvalidRequest("the Content-Length header is not a number")
    if max(int(length), len(body)) > bound:
        raise InvalidRequest(
            f"the body is over {bound} bytes",
            reason=Reason.REQUEST_TOO_LARGE,
            advice="upload in smaller blocks: the SDK's max_block_size and max_single_put_size",
        )
    if int(length) != len(body):
        raise InvalidRequest(
            "the body is not as long as Content-Length says", advice="send the request again"
        )
    return body


def client_address(headers: Headers) -> str:
    """The hop that the front itself saw, as an address without its port."""
    forwarded = (headers.get("x-forwarded-for") or "").rpartition(",")[2]
    for text in (forwarded, headers.get("x-azure-clientip") or ""):
        host = text.strip()
        if host.startswith("["):
            host = host[1:].partition("]")[0]
        elif host.count(":") == 1:
            host = host.partition(":")[0]
        # A zone id is free text; no address without one is as long.
        if "%" not in host and len(host) <= _MAX_ADDRESS and (address := _address(host)):
            return address
    return ""


@lru_cache(maxsize=1024)
def _address(host: str) -> str:
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def _target_invalid(message: str) -> InvalidRequest:
    return InvalidRequest(
        message,
        reason=Reason.TARGET_INVALID,
        advice="use URLs of the form https://<gateway>/c/<connection>/<path>?<query>",
    )
