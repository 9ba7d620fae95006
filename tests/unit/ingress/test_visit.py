import azure.functions as func
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Forbidden, InvalidRequest
from gateway.ingress.visit import MAX_FORM_BYTES, Visit, cookies, read

FORM = "application/x-www-form-urlencoded"


def post(body: bytes, kind: str = FORM, **headers: str) -> Visit:
    fields = {
        "content-type": kind,
        **{name.replace("_", "-"): text for name, text in headers.items()},
    }
    return read(
        func.HttpRequest(
            "POST",
            "https://gateway.example/approvals/x?a=1",
            headers=fields,
            body=body,
            route_params={"id": "x"},
        )
    )


def test_a_form_is_read_with_its_fields_and_where_it_came_from() -> None:
    visit = post(
        b"reason=a+b%26c&token=t&empty=",
        kind=FORM + "; charset=UTF-8",
        origin="https://gateway.example",
        sec_fetch_site="same-origin",
        cookie="one=1; two=2",
    )
    assert (visit.method, visit.ticket) == ("POST", "x")
    assert visit.field_of("reason") == "a b&c"
    assert visit.field_of("empty") == ""
    assert visit.field_of("missing") == ""
    assert visit.asked("a") == "1"
    assert visit.cookies == {"one": "1", "two": "2"}
    assert (visit.origin, visit.fetch_site) == ("https://gateway.example", "same-origin")


def test_a_read_has_no_form_whatever_its_body() -> None:
    req = func.HttpRequest("GET", "https://gateway.example/x", headers={}, body=b"decision=approve")
    assert read(req).field_of("decision") == ""


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"a=1", "application/json"),
        (b"a=1", "multipart/form-data"),
        (b"a=1", ""),
        (b"a=" + b"x" * MAX_FORM_BYTES, FORM),
        (b"a=\xff", FORM),
        (b"a=%FF", FORM),
        (b"&".join(b"a=1" for _ in range(21)), FORM),
    ],
)
def test_what_is_no_form_of_ours_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(InvalidRequest):
        post(body, kind)


def test_a_field_that_was_sent_twice_has_no_value() -> None:
    visit = post(b"decision=approve&decision=reject")
    with pytest.raises(InvalidRequest, match="more than once"):
        visit.field_of("decision")


def test_a_query_beyond_all_bounds_is_refused() -> None:
    req = func.HttpRequest(
        "GET", "https://gateway.example/x?a=" + "b" * 20_000, headers={}, body=b""
    )
    with pytest.raises(InvalidRequest, match="too long"):
        read(req)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a=1;b=2,c=3", {"a": "1", "b": "2", "c": "3"}),
        ("a=1; a=2; b=3", {"b": "3"}),
        ("a=1; a=1", {}),
        ("novalue; =x; a b=1; c=1 2; d=", {"d": ""}),
        ('q="x"', {}),
    ],
)
def test_cookies_are_read_and_doubled_ones_left_out(value: str, found: dict[str, str]) -> None:
    assert cookies(value) == found


@given(value=st.text(max_size=100))
def test_no_cookie_field_breaks_the_reader(value: str) -> None:
    assert all(name and "=" not in name for name in cookies(value))


@pytest.mark.parametrize(
    ("origin", "site", "own"),
    [
        ("", "", True),
        ("https://gateway.example", "same-origin", True),
        ("https://gateway.example", "", True),
        ("", "same-origin", True),
        ("null", "", False),
        ("https://gateway.example.evil", "", False),
        ("http://gateway.example", "", False),
        ("https://gateway.example", "cross-site", False),
        ("", "none", False),
    ],
)
def test_a_form_comes_from_the_gateways_own_page(origin: str, site: str, own: bool) -> None:
    visit = Visit("POST", "", {}, {}, {}, origin, site)
    if own:
        visit.check_origin("https://gateway.example")
    else:
        with pytest.raises(Forbidden, match="own page"):
            visit.check_origin("https://gateway.example")


def test_a_visit_shows_no_secret() -> None:
    visit = Visit("POST", "t", {"code": ["secret-1"]}, {"c": "secret-2"}, {"token": ["secret-3"]})
    assert "secret" not in repr(visit)
