from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.credentials.bearer import STORAGE_VERSION, http_date, with_bearer
from gateway.model.message import Headers, UpstreamRequest

MOMENT = datetime(2026, 1, 5, 7, 8, 9, tzinfo=UTC)


def request(*headers: tuple[str, str]) -> UpstreamRequest:
    return UpstreamRequest("GET", "https://a.example/x", Headers.of(headers), b"")


def test_any_authorization_is_replaced_and_the_date_is_now() -> None:
    signed = with_bearer(
        request(
            ("authorization", "a"),
            ("Authorization", "b"),
            ("date", "yesterday"),
            ("x-ms-date", "yesterday"),
        ),
        "new",
        MOMENT,
    )
    assert signed.headers.fields == (
        ("x-ms-version", STORAGE_VERSION),
        ("x-ms-date", "Mon, 05 Jan 2026 07:08:09 GMT"),
        ("authorization", "Bearer new"),
    )


def test_the_agents_service_version_stays() -> None:
    signed = with_bearer(request(("x-ms-version", "2021-12-02")), "t", MOMENT)
    assert signed.headers.all("x-ms-version") == ("2021-12-02",)


@pytest.mark.parametrize("token", ["", "x y", "x\ty", "a\r\nx: y", "é", "\0"])
def test_a_token_that_could_break_the_header_is_refused_without_showing_it(token: str) -> None:
    with pytest.raises(ValueError, match="not a bearer token") as caught:
        with_bearer(request(), token, MOMENT)
    assert not token or token not in str(caught.value)


def test_dates_are_in_gmt_whatever_their_zone() -> None:
    moment = MOMENT.astimezone(timezone(timedelta(hours=-7)))
    assert http_date(moment) == "Mon, 05 Jan 2026 07:08:09 GMT"
