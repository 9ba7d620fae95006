"""Every operation of the OpenAPI document, called with generated requests.

Whatever comes in: the gateway answers as the document says, with no server error, no value of a
patient and no secret.
"""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict
from schemathesis import APIOperation, Case
from schemathesis.checks import load_all_checks
from schemathesis.core.result import Ok

from gateway.local.dev import Running
from gateway.local.reviewer import Browser, Reviewer
from tests.integration import canaries, doors
from tests.integration.deployment import Deployment
from tests.integration.doors import CHECKS, Doors
from tests.integration.stack import ADMINISTRATOR, READER, Stack

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "openapi.yaml"
SCHEMA = schemathesis.openapi.from_path(DOCUMENT)
OPERATIONS = [item.ok() for item in SCHEMA.get_all_operations() if isinstance(item, Ok)]
EXAMPLES = 20
CONNECTIONS = ("clinic", "research")
# Beside generated ones, so that a request also gets as far as storage and masking.
PATHS = ("", "public", "public/guide.md", "phi/nothing", "a/%2e%2e/public/guide.md", "a%00b", "%")
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"comp": "list"},
    {"restype": "container", "comp": "list"},
    {"comp": "metadata"},
    {"comp": "\x00"},
    {"sig": "x", "se": "2026-01-01"},
)
# How far generated requests come, of those that may come to different ends.
REACHED = {
    "GET /c/{connection}/{path}": {400, 401, 403},
    "HEAD /c/{connection}/{path}": {401, 403},
    "GET /operations/{id}": {401, 404},
    "GET /approvals": {200, 303},
    "GET /approvals/{id}": {303, 404},
    "POST /approvals/{id}": {401, 403},
    "GET /signin": {303},
    "GET /signin/callback": {400},
}


@dataclass(frozen=True)
class Callers:
    """Who may be calling: headers by kind of caller, and what must never be in an answer."""

    agents: tuple[dict[str, str], ...]
    browsers: tuple[dict[str, str], ...]
    session: requests.Session
    url: str
    ca_file: str
    patients: canaries.Search
    secrets: tuple[bytes, ...]

    def call(self, case: Case[Any], path: str | None) -> requests.Response:
        """Send a case; `path` as it stands in place of the one that the case has, None for that."""
        message = case.as_transport_kwargs(base_url=self.url)
        if path is not None:
            message["url"] = f"{self.url}/c/{case.path_parameters['connection']}/{path}"
        return self.session.request(
            **message, verify=self.ca_file, allow_redirects=False, timeout=30
        )


@pytest.fixture(scope="module")
def callers(whole_stack: Running) -> Iterator[Callers]:
    with ExitStack() as resources, requests.Session() as session:
        stack = Stack(whole_stack, Deployment(whole_stack, whole_stack.environment), resources)
        without_a_memory(session)
        tokens = [stack.token(*READER), stack.token(*ADMINISTRATOR)]
        expired = stack.token(*READER, expires_in=-60)
        # Half of them are let in, so that generated requests also come further.
        agents = [f"Bearer {token}" for token in (*tokens, *tokens, expired, "x.y.z", "")]
        rita = Reviewer("rita.reviewer", Browser(whole_stack.ca_file))
        rita.read(f"{whole_stack.url}/approvals")
        cookie = "; ".join(f"{item.name}={item.value}" for item in rita.browser.cookies)
        assert "__Host-chaperone-session=" in cookie
        began = session.get(
            f"{whole_stack.url}/signin", verify=str(whole_stack.ca_file), allow_redirects=False
        )
        attempt = began.headers["set-cookie"].partition(";")[0]
        yield Callers(
            agents=({}, *({"authorization": value} for value in agents)),
            browsers=(
                {},
                *({"cookie": text} for text in (cookie, attempt, "__Host-chaperone-session=1~x")),
            ),
            session=session,
            url=whole_stack.url,
            ca_file=str(whole_stack.ca_file),
            patients=canaries.of(whole_stack),
            secrets=tuple(secret.encode() for secret in canaries.Place.of(whole_stack).secrets),
        )


def without_a_memory(session: requests.Session) -> None:
    """Nothing from the environment, and no cookie that an answer has set."""
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))


@st.composite
def cases(
    draw: st.DrawFn, operation: APIOperation[Any, Any, Any, Any], callers: Callers
) -> tuple[Case[Any], str | None]:
    """A request by somebody, and what stands in place of its path."""
    case: Case[Any] = draw(operation.as_strategy())
    kept_headers = {
        name: value
        for name, value in (case.headers or {}).items()
        if name.lower() not in {"authorization", "cookie"}
    }
    path = None
    if operation.path.startswith("/c/"):
        # A generated name is nearly never one of the manifest's.
        known = draw(st.sampled_from(("", *CONNECTIONS, *CONNECTIONS)))
        if known:
            case.path_parameters["connection"] = known
            path = draw(st.sampled_from((None, *PATHS)))
        case.query = draw(st.sampled_from(QUERIES))
        if draw(st.booleans()):
            kept_headers["x-ms-version"] = "2025-11-05"
    who = callers.agents if "agents" in (operation.tags or ()) else callers.browsers
    case.headers = CaseInsensitiveDict({**kept_headers, **draw(st.sampled_from(who))})
    return case, path


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda item: f"{item.method} {item.path}")
def test_an_operation_answers_as_documented_whatever_it_is_asked(
    operation: APIOperation[Any, Any, Any, Any], callers: Callers
) -> None:
    load_all_checks()
    seen: set[int] = set()

    # The same requests every time: what they reach is asserted.
    @settings(
        derandomize=True,
        database=None,
        max_examples=2 * EXAMPLES if operation.method == "get" else EXAMPLES,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(asked=cases(operation, callers))
    def ask(asked: tuple[Case[Any], str | None]) -> None:
        case, path = asked
        response = callers.call(case, path)
        if "%00" in (response.request.url or "").partition("?")[0]:
            # The host's own refusal: no function is asked.
            assert (response.status_code, response.content) == (400, b"")
            return
        seen.add(response.status_code)
        assert response.status_code < 500
        raw = repr(response.headers).encode() + response.content
        assert callers.patients.hits(raw) == []
        assert not any(secret in raw for secret in callers.secrets)
        assert "server" not in response.headers
        case.validate_response(response, checks=CHECKS)

    ask()
    assert seen >= REACHED.get(f"{operation.method.upper()} {operation.path}", set())


def test_what_the_service_answers_conforms_too(callers: Callers) -> None:
    operation = SCHEMA["/c/{connection}/{path}"]["GET"]
    good = {**callers.agents[1], "x-ms-version": "2025-11-05"}
    case: Case[Any] = operation.Case(
        path_parameters={"connection": "clinic", "path": ""}, headers=good
    )
    response = callers.call(case, "public/guide.md")
    assert (response.status_code, response.content[:7]) == (200, b"# Openi")
    case.validate_response(response, checks=CHECKS)


@pytest.fixture
def at_doors(whole_stack: Running) -> Iterator[tuple[Doors, Stack]]:
    """A host that takes small requests only, so that a body over the bound is soon sent."""
    deployment = Deployment(whole_stack, whole_stack.environment)
    with (
        ExitStack() as resources,
        requests.Session() as session,
        deployment.host(CHAPERONE_MAX_REQUEST_BYTES=str(doors.MAX_REQUEST_BYTES)) as host,
    ):
        without_a_memory(session)
        provider = whole_stack.identity_provider
        opened = Doors(SCHEMA, host.url, whole_stack.ca_file, session, provider)
        yield opened, Stack(whole_stack, deployment, resources)


def test_the_requests_came_through_every_door(at_doors: tuple[Doors, Stack]) -> None:
    asked, stack = at_doors
    load_all_checks()
    wanted = doors.documented(SCHEMA)

    doors.below_a_connection(asked, stack.token)
    held = doors.of_agents(asked, stack.token, f"test-{uuid.uuid4().hex}-")
    doors.of_sign_in(asked)
    doors.of_reviewers(asked, held)
    doors.of_health(asked)

    reached = {name: {status for at, status in asked.seen if at == name} for name in wanted}
    assert reached == wanted
