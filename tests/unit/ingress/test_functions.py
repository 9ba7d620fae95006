from types import SimpleNamespace

import azure.functions as func
import orjson
import pytest

from gateway import errors
from gateway.errors import GatewayError, Reason
from gateway.ingress import functions
from gateway.ingress.contract import Gateway, Reception, ReceptionProvider
from gateway.ingress.visit import Visit
from gateway.model.message import Answer, Headers
from tests.fakes.gateway import CHALLENGE, FakeGateway

SECRET = "ann-smith-1970"


def request(url: str = "/c/clinic/box", method: str = "GET", **headers: str) -> func.HttpRequest:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return func.HttpRequest(method, "https://gateway.example" + url, headers=fields, body=b"")


async def broken() -> Gateway:
    raise errors.ConfigurationError("CHAPERONE_TENANTS: missing")


async def test_the_proxy_answers_with_what_the_gateway_answers() -> None:
    gateway = FakeGateway()
    response = await functions.proxy(gateway.provide, request())
    assert (response.status_code, response.get_body()) == (200, b"hello")
    assert gateway.requests[0].connection == "clinic"


async def test_a_denial_on_an_xml_service_is_xml_with_the_challenge() -> None:
    gateway = FakeGateway(errors.Unauthenticated("no token", reason=Reason.TOKEN_MISSING))
    response = await functions.proxy(gateway.provide, request())
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == CHALLENGE
    assert response.headers["content-type"] == "application/xml"
    assert response.get_body().startswith(b"<?xml")


@pytest.mark.parametrize(
    ("req", "kind"),
    [
        (request("/c/other/x"), "application/json"),
        (request("/c/other/x", x_ms_version="2025-11-05"), "application/xml"),
        (request("/c/UPPER/x"), "application/json"),
    ],
)
async def test_an_error_has_the_shape_that_the_client_expects(
    req: func.HttpRequest, kind: str
) -> None:
    response = await functions.proxy(FakeGateway(errors.Forbidden("no")).provide, req)
    assert response.headers["content-type"] == kind


async def test_head_gets_the_code_without_a_body() -> None:
    gateway = FakeGateway(errors.Forbidden("no"))
    response = await functions.proxy(gateway.provide, request(method="HEAD"))
    assert response.status_code == 403
    assert response.headers["x-ms-error-code"] == "NoRuleAllows"
    assert response.get_body() == b""


async def test_a_request_that_cannot_be_read_never_reaches_the_gateway() -> None:
    gateway = FakeGateway()
    response = await functions.proxy(gateway.provide, request(method="PUT"))
    assert response.status_code == 411
    assert b"Content-Length" in response.get_body()
    assert gateway.requests == []


async def test_an_unforeseen_exception_shows_and_logs_no_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    response = await functions.proxy(FakeGateway(ValueError(SECRET)).provide, request())
    assert response.status_code == 500
    assert SECRET.encode() not in response.get_body()
    assert SECRET not in caplog.text
    assert "ValueError in handle" in caplog.text


async def test_an_answer_that_cannot_be_sent_becomes_a_sanitised_500() -> None:
    gateway = FakeGateway(Answer(200, Headers((("x", SECRET + "\r\n"),)), b""))
    response = await functions.proxy(gateway.provide, request())
    assert response.status_code == 500
    assert SECRET.encode() not in response.get_body()


@pytest.mark.parametrize("version", [{}, {"x_ms_version": "2025-11-05"}])
async def test_a_gateway_that_cannot_start_answers_503_and_logs_why(
    caplog: pytest.LogCaptureFixture, version: dict[str, str]
) -> None:
    response = await functions.proxy(broken, request(**version))
    assert response.status_code == 503
    assert b"CHAPERONE" not in response.get_body()
    assert "CHAPERONE_TENANTS: missing" in caplog.text


async def test_health_needs_nothing() -> None:
    response = await functions.health(request("/healthz"))
    assert (response.status_code, orjson.loads(response.get_body())) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    ("components", "status", "word"),
    [
        ({"evidence": "ok", "manifest": "ok"}, 200, "ok"),
        ({"evidence": "ok", "manifest": "ManifestUnavailable"}, 503, "unavailable"),
        ({}, 503, "unavailable"),
    ],
)
async def test_ready_needs_every_component(
    components: dict[str, str], status: int, word: str
) -> None:
    gateway = FakeGateway(components=components)
    response = await functions.ready(gateway.provide, request("/readyz"))
    assert response.status_code == status
    assert orjson.loads(response.get_body()) == {"status": word, "components": components}


async def test_a_gateway_that_cannot_start_is_not_ready() -> None:
    response = await functions.ready(broken, request("/readyz"))
    assert response.status_code == 503
    assert orjson.loads(response.get_body())["components"] == {"gateway": "InternalError"}


async def test_a_timer_ticks_the_gateway() -> None:
    gateway = FakeGateway()
    await functions.tick(gateway.provide, "sweep")
    assert gateway.ticks == ["sweep"]


@pytest.mark.parametrize("failure", [errors.StoreUnavailable(SECRET), GatewayError(SECRET)])
async def test_a_failed_tick_fails_the_run_with_the_reason_alone(failure: GatewayError) -> None:
    gateway = FakeGateway(failure=failure)
    with pytest.raises(functions.TickFailed) as caught:
        await functions.tick(gateway.provide, "count")
    assert str(caught.value) == "timer count: InternalError"
    assert caught.value.__cause__ is None


def test_the_place_of_an_exception_without_a_trace_is_unknown() -> None:
    assert functions._place(ValueError(SECRET)) == "ValueError in unknown"


class FakePages:
    """Answers, or raises what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked: list[tuple[str, str]] = []

    async def respond(self, page: str, visit: Visit) -> Answer:
        self.asked.append((page, visit.ticket))
        if self.error is not None:
            raise self.error
        return Answer(200, Headers((("content-type", "text/html"), ("set-cookie", "a=1"))), b"<p>")


def reception(pages: FakePages) -> ReceptionProvider:
    async def provide() -> Reception:
        return SimpleNamespace(pages=pages)

    return provide


async def test_a_page_is_what_the_gateways_pages_answer() -> None:
    pages = FakePages()
    req = func.HttpRequest(
        "GET", "https://gateway.example/x", headers={}, body=b"", route_params={"id": "t"}
    )
    response = await functions.page(reception(pages), req, "ticket")
    assert (response.status_code, response.get_body()) == (200, b"<p>")
    assert response.headers["set-cookie"] == "a=1"
    assert pages.asked == [("ticket", "t")]
    head = await functions.page(reception(pages), request("/x", "HEAD"), "ticket")
    assert (head.status_code, head.get_body()) == (200, b"")


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.NotFound("t"), 404),
        (errors.Unavailable("no sign-in"), 503),
        (ValueError(SECRET), 500),
    ],
)
async def test_what_goes_wrong_with_a_page_is_a_page_with_its_headers(
    error: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    response = await functions.page(reception(FakePages(error)), request("/x"), "ticket")
    assert response.status_code == status
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["x-frame-options"] == "DENY"
    assert SECRET.encode() not in response.get_body()
    assert SECRET not in caplog.text


async def test_a_page_of_a_gateway_that_cannot_start_says_so_without_its_settings() -> None:
    async def provide() -> Reception:
        raise errors.ConfigurationError("CHAPERONE_TENANTS: missing")

    response = await functions.page(provide, request("/x"), "ticket")
    assert response.status_code == 503
    assert b"CHAPERONE" not in response.get_body()


async def test_a_form_that_is_none_is_answered_with_a_page() -> None:
    response = await functions.page(reception(FakePages()), request("/x", "POST"), "ticket")
    assert response.status_code == 400
    assert b"not a form of this page" in response.get_body()
