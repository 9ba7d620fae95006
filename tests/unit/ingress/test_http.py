from collections.abc import Mapping

import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError, InvalidRequest, Reason
from gateway.ingress import http
from gateway.model.message import Answer, Headers, Request
from tests.fakes.gateway import FakeGateway

HOST = "https://gateway.example"


def request(
    url: str = "/c/clinic/box/name",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> func.HttpRequest:
    return func.HttpRequest(method, HOST + url, headers=headers or {}, body=body)


def read(req: func.HttpRequest) -> Request:
    return http.read(req, FakeGateway())


def refusal(req: func.HttpRequest) -> Reason:
    with pytest.raises(InvalidRequest) as caught:
        read(req)
    return caught.value.reason


def test_a_request_becomes_a_model_request_with_the_raw_target() -> None:
    body = b"\x00\xff"
    read_request = read(
        request(
            "/c/clinic/box//a%20b%2Fc?comp=block&id=%2F==&x",
            method="put",
            headers={"Content-Length": "2", "X-Ms-Version": "2025-11-05"},
            body=body,
        )
    )
    assert read_request.method == "PUT"
    assert read_request.connection == "clinic"
    assert read_request.target.path == "/box//a%20b%2Fc"
    assert read_request.target.query == "comp=block&id=%2F==&x"
    assert read_request.headers.get("x-ms-version") == "2025-11-05"
    assert read_request.body == body
    assert read_request.base_url == HOST


@pytest.mark.parametrize("url", ["/c/clinic", "/c/clinic/", "/C/clinic", "/C/clinic/?"])
def test_the_bare_connection_is_the_root(url: str) -> None:
    target = read(request(url)).target
    assert (target.path, target.query) == ("/", "")


def test_the_base_url_is_the_settings_and_not_the_host_header() -> None:
    req = func.HttpRequest("GET", "http://evil.example/c/clinic/", headers={}, body=b"")
    assert read(req).base_url == HOST


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/x/clinic",
        "/cc/clinic",
        "/c",
        "/c/",
        "//c/clinic",
        "/c/clinic/../other/x",
        "/c/clinic/%2e%2e/other",
        "/c/clinic/a%7Eb",
        "/c/clinic/é",
        "/c/clinic/a b",
        "/c/clinic/a\nb",
        "/c/clinic/%00",
        "/c/clinic/x#fragment",
        "/c/clinic/x?a=é",
        "/c/clinic/x?a=\r\nb",
        "/c/clinic/x?a= b",
    ],
)
def test_a_url_in_another_form_than_the_hosts_is_refused(url: str) -> None:
    assert refusal(request(url)) is Reason.TARGET_INVALID


@pytest.mark.parametrize("url", ["", "/c/clinic/x", "https:/c/clinic", "https://host"])
def test_a_url_that_is_not_absolute_is_refused(url: str) -> None:
    req = func.HttpRequest("GET", url, headers={}, body=b"")
    assert refusal(req) is Reason.TARGET_INVALID
    assert http.connection(req) == ""


@pytest.mark.parametrize("name", ["Clinic", "a_b", "a.b", "x" * 64, "cl%20nic", "*"])
def test_a_connection_name_outside_the_alphabet_is_not_found(name: str) -> None:
    assert refusal(request(f"/c/{name}/box")) is Reason.CONNECTION_NOT_FOUND


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("/c/clinic/a%20b", "/c/clinic/a%20b"),
        ("/c/clinic/a%28b?x=%28", "/c/clinic/a(b?x=%28"),
        ("/c/clinic/%78", "/c/clinic/x"),
        ("/c/clinic/a?x=#y", "/c/clinic/a?x=%23y"),
        ("/c/clinic/a/../b", "/c/clinic/b"),
    ],
)
def test_the_fronts_url_may_differ_by_the_hosts_own_rules(raw: str, shown: str) -> None:
    assert read(request(shown, headers={http.UNENCODED_URL: raw})).connection == "clinic"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("/c/clinic/a%2520b", "/c/clinic/a%20b"),
        ("/c/clinic/x%252Fy", "/c/clinic/x%2Fy"),
        ("/c/clinic/a%FF", "/c/clinic/a%FF"),
        ("/c/other/x", "/c/clinic/x"),
        ("/c/clinic/x%2Fy", "/c/clinic/x/y"),
        ("/c/clinic/x?a=1", "/c/clinic/x?a=2"),
        ("/c/clinic/x?a=1", "/c/clinic/x"),
        ("/c/clinic/x,/c/clinic/x", "/c/clinic/x"),
        ("c/clinic/x", "/c/clinic/x"),
        ("/c/clinic/%00", "/c/clinic/"),
    ],
)
def test_a_url_that_the_front_received_otherwise_is_refused(raw: str, shown: str) -> None:
    req = request(shown, headers={http.UNENCODED_URL: raw})
    assert refusal(req) is Reason.TARGET_INVALID


def test_a_chunked_request_is_refused_with_411_and_what_to_send() -> None:
    req = request(method="PUT", headers={"transfer-encoding": "chunked"})
    with pytest.raises(InvalidRequest, match="chunked") as caught:
        read(req)
    assert caught.value.reason is Reason.LENGTH_REQUIRED
    assert "Content-Length" in caught.value.advice


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "MERGE"])
def test_a_method_with_a_body_must_state_its_length(method: str) -> None:
    assert refusal(request(method=method)) is Reason.LENGTH_REQUIRED
    assert read(request(method=method, headers={"content-length": "0"})).body == b""


def test_a_body_without_a_stated_length_is_refused_whatever_the_method() -> None:
    assert refusal(request(method="DELETE", body=b"x")) is Reason.LENGTH_REQUIRED


def test_transfer_encoding_beside_content_length_is_refused() -> None:
    headers = {"transfer-encoding": "identity", "content-length": "1"}
    req = request(method="PUT", headers=headers, body=b"x")
    assert refusal(req) is Reason.LENGTH_REQUIRED


@pytest.mark.parametrize("length", ["1", "3", "-1", "0x2", "2,2", " 2", "２", "", "9" * 16])  # noqa: RUF001
def test_a_length_that_is_not_the_bodys_is_refused(length: str) -> None:
    req = request(method="PUT", headers={"content-length": length}, body=b"ab")
    assert refusal(req) is Reason.REQUEST_INVALID


def test_a_body_over_the_bound_is_refused() -> None:
    req = request(method="PUT", headers={"content-length": "1025"}, body=bytes(1025))
    assert refusal(req) is Reason.REQUEST_TOO_LARGE
    announced = request(method="PUT", headers={"content-length": "1025"})
    assert refusal(announced) is Reason.REQUEST_TOO_LARGE
    full = request(method="PUT", headers={"content-length": "1024"}, body=bytes(1024))
    assert len(read(full).body) == 1024


@pytest.mark.parametrize(
    "name", ["authorization", "content-length", "host", "x-ms-version", "x-ms-lease-id"]
)
def test_a_doubled_header_that_must_be_single_is_refused(name: str) -> None:
    assert refusal(request(headers={name: "a,b"})) is Reason.REQUEST_INVALID


def test_a_list_header_may_hold_commas() -> None:
    headers = {"if-match": '"a", "b"', "range": "bytes=0-1,3-4", "x-ms-meta-names": "a,b"}
    assert read(request(headers=headers)).headers.get("if-match") == '"a", "b"'


@pytest.mark.parametrize("method", ["G E T", "", "GET1", "A" * 21])
def test_a_method_that_is_no_token_is_refused(method: str) -> None:
    assert refusal(request(method=method)) is Reason.REQUEST_INVALID


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({}, ""),
        ({"x-forwarded-for": "203.0.113.7"}, "203.0.113.7"),
        ({"x-forwarded-for": "198.51.100.1, 203.0.113.7:5123"}, "203.0.113.7"),
        ({"x-forwarded-for": "[2001:db8::1]:443"}, "2001:db8::1"),
        ({"x-forwarded-for": "2001:DB8::1"}, "2001:db8::1"),
        ({"x-forwarded-for": "<script>", "x-azure-clientip": "203.0.113.8"}, "203.0.113.8"),
        ({"x-azure-clientip": "203.0.113.8"}, "203.0.113.8"),
        ({"x-forwarded-for": "fe80::1%<script>"}, ""),
        ({"x-forwarded-for": "203.0.113.7,"}, ""),
    ],
)
def test_the_client_address_is_the_last_hops_or_nothing(
    headers: dict[str, str], address: str
) -> None:
    assert read(request(headers=headers)).client_address == address


@given(st.text(st.characters(codec="latin-1"), max_size=40))
def test_any_url_is_read_or_refused_and_what_is_read_is_in_one_form(text: str) -> None:
    try:
        target = read(request("/c/clinic/" + text)).target
    except InvalidRequest:
        return
    assert str(target).isascii()
    assert target.path.startswith("/")
    assert not {".", ".."} & set(target.path.split("/"))


# --- write ------------------------------------------------------------------------------------


def answer(status: int = 200, *headers: tuple[str, str], body: bytes = b"hello") -> Answer:
    return Answer(status, Headers(headers), body)


@pytest.mark.parametrize("status", [200, 201, 204, 206, 299, 304, 403, 503, 599])
def test_the_status_is_exact_and_the_content_type_always_set(status: int) -> None:
    response = http.write(answer(status), head=False)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/octet-stream"


def test_the_answers_content_type_is_kept() -> None:
    response = http.write(answer(200, ("content-type", "application/xml")), head=False)
    assert response.headers.getlist("content-type") == ["application/xml"]


def test_the_length_is_the_bodys_whatever_the_answer_says() -> None:
    response = http.write(answer(200, ("content-length", "99")), head=False)
    assert response.headers.getlist("content-length") == ["5"]
    assert response.get_body() == b"hello"


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_content_has_neither_body_nor_length(status: int) -> None:
    response = http.write(answer(status, ("content-length", "5")), head=False)
    assert "content-length" not in response.headers
    assert response.get_body() == b""


@pytest.mark.parametrize(
    ("headers", "body", "length"),
    [
        ((("content-length", "123"),), b"", "123"),
        ((), b"hello", "5"),
        ((), b"", None),
        ((("content-length", "x"),), b"", None),
    ],
)
def test_head_has_the_representations_length_and_no_body(
    headers: tuple[tuple[str, str], ...], body: bytes, length: str | None
) -> None:
    response = http.write(Answer(200, Headers(headers), body), head=True)
    assert response.headers.get("content-length") == length
    assert response.get_body() == b""


def test_repeated_headers_are_joined_and_cookies_kept_apart() -> None:
    response = http.write(
        answer(
            200,
            ("vary", "origin"),
            ("vary", "accept"),
            ("set-cookie", "a=1"),
            ("set-cookie", "b=2"),
        ),
        head=False,
    )
    assert response.headers.getlist("vary") == ["origin, accept"]
    assert response.headers.getlist("set-cookie") == ["a=1", "b=2"]


@pytest.mark.parametrize("name", ["connection", "transfer-encoding", "keep-alive", "upgrade"])
def test_framing_headers_are_the_hosts_business(name: str) -> None:
    assert name not in http.write(answer(200, (name, "x")), head=False).headers


@pytest.mark.parametrize(
    "broken",
    [
        answer(101),
        answer(600),
        answer(200, ("x", "a\r\nset-cookie: b")),
        answer(200, ("x", "é")),
        answer(200, ("bad name", "x")),
        answer(200, ("", "x")),
    ],
)
def test_an_answer_that_is_not_http_is_not_sent(broken: Answer) -> None:
    with pytest.raises(GatewayError):
        http.write(broken, head=False)
