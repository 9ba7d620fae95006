"""A scripted person at a browser: opens a request's page, signs in, decides by the page's form.

Only what pages show is used: links, forms and cookies, over real TLS.
"""

import ssl
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from email.message import Message
from html.parser import HTMLParser
from http.client import HTTPResponse
from http.cookiejar import Cookie, CookieJar
from pathlib import Path
from typing import IO
from urllib.parse import urlencode, urljoin, urlsplit

from gateway.errors import GatewayError

_SECONDS = 20
_SEPARATE = frozenset(
    {"p", "h1", "h2", "h3", "li", "td", "th", "dt", "dd", "caption", "blockquote"}
)


@dataclass(slots=True)
class Form:
    """A form as a page has it: where it goes, and what it sends before anybody fills it in."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Page:
    """What came back in the end, redirects followed."""

    url: str
    status: int
    headers: Message = field(repr=False)
    html: str = field(repr=False)
    forms: tuple[Form, ...] = field(repr=False)
    text: str = field(repr=False)

    def form_with(self, button: str) -> Form:
        """The form with a button of this name.

        Raises:
            GatewayError: there is none: the page is not the one that was expected.
        """
        for form in self.forms:
            if any(name == button for name, _ in form.buttons):
                return form
        raise GatewayError("the page has no such form", advice=self.text[:300])


class Browser:
    """Keeps cookies, follows redirects, trusts one certificate authority, runs no script."""

    def __init__(self, ca_file: Path) -> None:
        self.cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=ca_file)),
            urllib.request.HTTPCookieProcessor(self.cookies),
        )

    def open(self, url: str, *, method: str = "GET", **headers: str) -> Page:
        """A page, whatever its status."""
        return self._send(urllib.request.Request(url, method=method, headers=headers))  # noqa: S310

    def submit(self, page: Page, form: Form, **fields: str) -> Page:
        """Send a form with these fields filled in, as a browser would from that page."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        headers = {"Origin": origin, "Content-Type": "application/x-www-form-urlencoded"}
        return self._send(
            urllib.request.Request(  # noqa: S310 - TLS with the given authority only
                urljoin(page.url, form.action),
                urlencode({**form.fields, **fields}).encode(),
                headers,
                method="POST",
            )
        )

    def cookie(self, name: str) -> Cookie | None:
        """A cookie that is kept, by name."""
        return next((cookie for cookie in self.cookies if cookie.name == name), None)

    def _send(self, request: urllib.request.Request) -> Page:
        response: HTTPResponse | urllib.error.HTTPError
        try:
            response = self._opener.open(request, timeout=_SECONDS)
        except urllib.error.HTTPError as error:
            response = error
        except OSError as error:
            raise GatewayError("the page cannot be reached") from error
        with response:
            return _page(response.geturl(), response.status or 0, response.headers, response)


@dataclass(frozen=True, slots=True)
class Reviewer:
    """Somebody of the development directory, at a browser of their own."""

    name: str
    browser: Browser

    def read(self, url: str) -> Page:
        """The page of a request, after signing in where that is asked for."""
        page = self.browser.open(url)
        if any(name == "dev_person" for form in page.forms for name, _ in form.buttons):
            form = page.form_with("dev_person")
            page = self.browser.submit(page, form, dev_person=self.name)
        return page

    def decide(self, url: str, decision: str, reason: str = "") -> Page:
        """Read it, then press a button: "approve" or "reject"; the page after that.

        Raises:
            GatewayError: the page offers no decision.
        """
        page = self.read(url)
        form = page.form_with("decision")
        return self.browser.submit(page, form, decision=decision, reason=reason)


class _Reader(HTMLParser):
    """Forms and text of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._area = ""
        self._select = ""
        self._hidden = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self.forms.append(Form(given.get("action", ""), given.get("method", "get")))
            case "input" if self.forms and given.get("name"):
                self.forms[-1].fields[given["name"]] = given.get("value", "")
            case "textarea" if self.forms:
                self._area = given.get("name", "")
                self.forms[-1].fields[self._area] = ""
            case "select":
                self._select = given.get("name", "")
            case "option" if self.forms and self._select:
                self.forms[-1].fields.setdefault(self._select, given.get("value", ""))
            case "button" if self.forms:
                pair = (given.get("name", ""), given.get("value", ""))
                self.forms[-1].buttons.append(pair)
            case "style":
                self._hidden = True
            case _:
                pass

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "textarea":
                self._area = ""
            case "select":
                self._select = ""
            case "style":
                self._hidden = False
            case _:
                pass
        if tag in _SEPARATE:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1].fields[self._area] += data
        elif not self._hidden:
            self.words.append(data)


def _page(url: str, status: int, headers: Message, body: IO[bytes]) -> Page:
    text = body.read().decode("utf-8", "replace")
    reader = _Reader()
    reader.feed(text)
    words = "".join(reader.words)
    lines = (" ".join(line.split()) for line in words.splitlines())
    return Page(
        url, status, headers, text, tuple(reader.forms), "\n".join(line for line in lines if line)
    )
