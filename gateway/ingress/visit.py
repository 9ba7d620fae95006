"""A browser's request, as the pages for people take it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import azure.functions as func

from gateway.errors import Forbidden, InvalidRequest, Reason

MAX_FORM_BYTES = 16 * 1024
MAX_QUERY_CHARS = 16 * 1024
_MAX_FIELDS = 20
_FORM = "application/x-www-form-urlencoded"
_COOKIE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([\x21\x23-\x2b\x2d-\x3a\x3c-\x7e]*)")


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a browser; nothing of it is trusted.

    Attributes:
        method: GET, HEAD or POST.
        ticket: the ticket's id from the path, as received; "" where the route has none.
        query: parsed query, every value of every name.
        cookies: by name; a name sent twice is left out, since neither can be believed.
        form: of a POST, else empty.
        origin: the Origin field, "" where there is none.
        fetch_site: the Sec-Fetch-Site field, "" where there is none.
    """

    method: str
    ticket: str
    query: Mapping[str, Sequence[str]] = field(repr=False)
    cookies: Mapping[str, str] = field(repr=False)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    origin: str = ""
    fetch_site: str = ""

    def field_of(self, name: str) -> str:
        """The one value of a form field, "" where it is missing.

        Raises:
            InvalidRequest: it was sent more than once.
        """
        return _single(self.form, name)

    def asked(self, name: str) -> str:
        """The one value of a query parameter, likewise.

        Raises:
            InvalidRequest: it was sent more than once.
        """
        return _single(self.query, name)

    def check_origin(self, own: str) -> None:
        """Refuse what another site's page sent.

        Args:
            own: the gateway's origin.

        Raises:
            Forbidden: the browser says that the form is not of this gateway.
        """
        foreign = self.origin and self.origin.rstrip("/") != own
        if foreign or (self.fetch_site and self.fetch_site != "same-origin"):
            raise Forbidden(
                "the form was not sent from this gateway's own page",
                reason=Reason.REQUEST_INVALID,
                advice="open the request's page and decide there",
            )


def read(req: func.HttpRequest) -> Visit:
    """The visit of a request.

    Raises:
        InvalidRequest: a form that is none, or is too large.
    """
    return Visit(
        method=req.method,
        ticket=req.route_params.get("id", ""),
        query=_parsed(urlsplit(req.url).query, MAX_QUERY_CHARS),
        cookies=cookies(req.headers.get("cookie", "")),
        form=_form(req) if req.method == "POST" else {},
        origin=req.headers.get("origin", ""),
        fetch_site=req.headers.get("sec-fetch-site", ""),
    )


def cookies(value: str) -> dict[str, str]:
    """A Cookie field's pairs (RFC 6265 §4.2.1); hosts join several fields with "; " or ","."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"[;,]", value):
        match = _COOKIE.fullmatch(part.strip())
        if match:
            found.setdefault(match[1], []).append(match[2])
    return {name: values[0] for name, values in found.items() if len(values) == 1}


def _form(req: func.HttpRequest) -> Mapping[str, Sequence[str]]:
    kind = req.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = req.get_body()
    if kind != _FORM or len(body) > MAX_FORM_BYTES:
        raise InvalidRequest("the request is not a form of this page", advice="open the page again")
    try:
        return _parsed(body.decode("ascii"), MAX_FORM_BYTES)
    except UnicodeDecodeError:
        raise InvalidRequest("the form is not URL-encoded") from None


def _parsed(text: str, bound: int) -> Mapping[str, Sequence[str]]:
    if len(text) > bound:
        raise InvalidRequest("the request is too long")
    try:
        return parse_qs(text, keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError:
        raise InvalidRequest("the request's fields cannot be read") from None


def _single(fields: Mapping[str, Sequence[str]], name: str) -> str:
    values = fields.get(name, [""])
    if len(values) != 1:
        raise InvalidRequest("a field was sent more than once", advice="open the page again")
    return values[0]
