"""One request for each status that the OpenAPI document names and a working gateway can give."""

import json
import re
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from schemathesis import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.local import directory
from gateway.local.reviewer import Browser, Reviewer

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
MAX_REQUEST_BYTES = 64 * 1024
"""Of the host that is asked."""

PROXIED = "/c/{connection}/{path}"
METHODS = ("GET", "HEAD", "OPTIONS", "DELETE", "PUT", "POST", "PATCH")
SESSION, ATTEMPT = "__Host-chaperone-session", "__Host-chaperone-signin"
NOBODY = "0" * 32

# What a working gateway does not answer, and the rest that is not asked for here.
OUTAGES = {"500", "503"}  # test_outage.py
ELSEWHERE = {
    # A principal on the deny list: test_sdk_identity.py.
    "GET /operations/{id}": {"403"},
    "HEAD /operations/{id}": {"403"},
    # A sign-in that has become too old: unit/ingress/test_signin.py.
    "GET /approvals": {"403"},
    "HEAD /approvals": {"403"},
    # No operation of a blob has these methods, so nothing is sent to an upstream that is away.
    "OPTIONS /c/{connection}/{path}": {"502"},
    "POST /c/{connection}/{path}": {"502"},
    "PATCH /c/{connection}/{path}": {"502"},
}


def documented(schema: Any) -> dict[str, set[str]]:
    """Statuses by operation, as far as a working gateway gives them to these requests."""
    found = {}
    for result in schema.get_all_operations():
        operation = result.ok()
        name = f"{operation.method.upper()} {operation.path}"
        given = set(operation.definition.raw["responses"]) - OUTAGES - {"default"}
        found[name] = {str(status) for status in given} - ELSEWHERE.get(name, set())
    return found


@dataclass(frozen=True)
class Doors:
    """The schema and a session to call it with; keeps every (operation, status) that came."""

    schema: Any
    url: str
    ca_file: Path
    session: requests.Session
    identity_provider: str
    seen: set[tuple[str, str]] = field(default_factory=set)

    def ask(
        self,
        method: str,
        template: str,
        *,
        at: Mapping[str, str] | None = None,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        data: Any = None,
    ) -> requests.Response:
        """Send a request as it is, and hold the answer against the document."""
        operation = self.schema[template][method]
        case: Case[Any] = operation.Case(path_parameters=dict(at or {}))
        address = template.format(**(at or {}))
        response = self.session.request(
            method,
            f"{self.url}{address}{'?' if query else ''}{query}",
            headers=dict(headers or {}),
            data=data,
            verify=str(self.ca_file),
            allow_redirects=False,
            timeout=30,
        )
        case.validate_response(response, checks=CHECKS)
        self.seen.add((f"{method} {template}", str(response.status_code)))
        return response

    def reviewer(self, name: str = "rita.reviewer") -> tuple[Reviewer, dict[str, str]]:
        """Somebody who has signed in, and the header with their session."""
        reviewer = Reviewer(name, Browser(self.ca_file))
        reviewer.read(f"{self.url}/approvals")
        cookies = [cookie for cookie in reviewer.browser.cookies if cookie.name != ATTEMPT]
        assert any(cookie.name.startswith(SESSION) for cookie in cookies)
        return reviewer, {"cookie": "; ".join(f"{item.name}={item.value}" for item in cookies)}

    def signed_in(self, address: str, methods: str) -> str:
        """The query with which the provider sends back a person who signs in there."""
        page = Browser(self.ca_file).open(address)
        fields = page.form_with("dev_person").fields
        answer = self.session.post(
            urllib.parse.urljoin(address, "authorize"),
            {**fields, "dev_person": "rita.reviewer", "dev_methods": methods},
            verify=str(self.ca_file),
            allow_redirects=False,
            timeout=30,
        )
        return urllib.parse.urlsplit(answer.headers["location"]).query

    @contextmanager
    def disabled(self, name: str) -> Iterator[None]:
        """The directory lets somebody in no more while the block runs."""
        address = f"{self.identity_provider}/{directory.TENANT}/dev/persons"
        for change in ({"disabled": "true"}, {}):
            answer = self.session.post(
                address, {"person": name, **change}, verify=str(self.ca_file), timeout=30
            )
            assert answer.status_code == 200
            if change:
                yield


def below_a_connection(doors: Doors, tokens: Callable[..., str]) -> None:
    """Every method, and what each is answered."""
    reader = bearer(tokens("triage-agent", "phi-readers"))
    administrator = bearer(tokens("platform-agent", "platform-admins"))
    too_long = b"." * (MAX_REQUEST_BYTES + 1)
    guide = {"connection": "clinic", "path": "public/guide.md"}
    for method in METHODS:
        doors.ask(method, PROXIED, at=guide)
        doors.ask(method, PROXIED, at=guide, headers=reader, query="comp=%00")
        doors.ask(method, PROXIED, at=guide, headers=reader, query="comp=acl")
        doors.ask(method, PROXIED, at=guide, headers=reader, data=iter([b"chunk"]))
        doors.ask(method, PROXIED, at=guide, headers=reader, data=too_long)
    box = {"connection": "gone", "path": "box/blob"}
    for method in ("GET", "HEAD", "DELETE"):
        doors.ask(method, PROXIED, at=box, headers=administrator)
    put = {**administrator, "x-ms-blob-type": "BlockBlob"}
    doors.ask("PUT", PROXIED, at=box, headers=put, data=b"x")


def of_agents(doors: Doors, tokens: Callable[..., str], container: str) -> list[str]:
    """Values for tokens, and how held requests stand; three ids of requests that wait."""
    asker = bearer(tokens("etl-agent", "data-writers"))
    stray = bearer(tokens("stray-agent", "outsiders"))
    json_body = {**asker, "content-type": "application/json"}
    good = {"connection": "clinic", "tokens": ["[ssn]"], "reason": "call back"}
    for headers, body in (
        (json_body, json.dumps(good)),
        (json_body, "[]"),
        ({"content-type": "application/json"}, json.dumps(good)),
        ({**json_body, **stray}, json.dumps(good)),
    ):
        doors.ask("POST", "/detokenize", headers=headers, data=body)
    held = [_held(doors, asker, f"{container}{number}") for number in range(3)]
    for method in ("GET", "HEAD"):
        doors.ask(method, "/operations/{id}", at={"id": held[0]}, headers=asker)
        doors.ask(method, "/operations/{id}", at={"id": NOBODY}, headers=asker)
        doors.ask(method, "/operations/{id}", at={"id": held[0]})
        doors.ask(method, "/operations/{id}", at={"id": held[0]}, headers=stray)
    return held


def _held(doors: Doors, asker: Mapping[str, str], container: str) -> str:
    at = {"connection": "research", "path": container}
    refused = doors.ask("DELETE", PROXIED, at=at, query="restype=container", headers=asker)
    found = re.search(r"/approvals/([0-9a-f]{32})", refused.text)
    assert (refused.status_code, found is not None) == (403, True), refused.text
    assert found is not None
    return found[1]


def of_reviewers(doors: Doors, held: list[str]) -> None:
    """Pages and decisions."""
    rita, cookie = doors.reviewer()
    _, lee = doors.reviewer("dr.lee")
    _, raj = doors.reviewer("raj.reviewer")
    too_many = "&".join("a=1" for _ in range(30))
    for method in ("GET", "HEAD"):
        for template, at in (("/approvals", {}), ("/approvals/{id}", {"id": held[0]})):
            doors.ask(method, template, at=at)
            doors.ask(method, template, at=at, headers=cookie)
            doors.ask(method, template, at=at, headers=lee)
            doors.ask(method, template, at=at, headers=cookie, query=too_many)
            with doors.disabled("raj.reviewer"):
                doors.ask(method, template, at=at, headers=raj)
        doors.ask(method, "/approvals/{id}", at={"id": NOBODY}, headers=cookie)
    _decide(doors, rita, cookie, held)
    page = rita.read(f"{doors.url}/approvals")
    leave = next(form.fields for form in page.forms if form.action == "/signout")
    doors.ask("POST", "/signout", headers=cookie, data="no form")
    doors.ask("POST", "/signout", headers=cookie, data={"token": "x"})
    doors.ask("POST", "/signout", headers=cookie, data=leave)


def _decide(doors: Doors, rita: Reviewer, cookie: Mapping[str, str], held: list[str]) -> None:
    page = rita.read(f"{doors.url}/approvals/{held[1]}")
    form = {**page.form_with("decision").fields, "decision": "reject", "reason": "Still needed."}
    at = {"id": held[1]}
    doors.ask("POST", "/approvals/{id}", at=at, data=form)
    doors.ask("POST", "/approvals/{id}", at=at, headers=cookie, data=form | {"decision": "?"})
    doors.ask("POST", "/approvals/{id}", at=at, headers=cookie, data=form | {"token": "x"})
    doors.ask("POST", "/approvals/{id}", at=at, headers=cookie, data=form)
    doors.ask("POST", "/approvals/{id}", at=at, headers=cookie, data=form)
    doors.ask("POST", "/approvals/{id}", at={"id": "x"}, headers=cookie, data=form)


def of_sign_in(doors: Doors) -> None:
    """To the provider and back."""
    doors.ask("GET", "/signin")
    doors.ask("GET", "/signin", query="ticket=x")
    doors.ask("GET", "/signin", query="prompt=login&prompt=login")
    doors.ask("GET", "/signin/callback", query="state=x&code=x")
    for methods, more in (("mfa", ""), ("mfa", "&state=x"), ("password", "")):
        began = doors.ask("GET", "/signin")
        cookie = {"cookie": began.headers["set-cookie"].partition(";")[0]}
        back = doors.signed_in(began.headers["location"], methods)
        doors.ask("GET", "/signin/callback", query=back + more, headers=cookie)


def of_health(doors: Doors) -> None:
    """What load balancers ask."""
    for method in ("GET", "HEAD"):
        for template in ("/healthz", "/readyz"):
            doors.ask(method, template)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}", "x-ms-version": "2025-11-05"}
