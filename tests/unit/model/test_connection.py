import pytest

from gateway.model.connection import Endpoint, Masking


@pytest.mark.parametrize(
    ("endpoint", "origin"),
    [
        (Endpoint("https", "a.example", 443), "https://a.example"),
        (Endpoint("http", "127.0.0.1", 10000, "/acct", "acct"), "http://127.0.0.1:10000"),
        (Endpoint("https", "::1", 8443), "https://[::1]:8443"),
        (Endpoint("http", "localhost", 80), "http://localhost"),
    ],
)
def test_an_origin_leaves_out_the_schemes_own_port(endpoint: Endpoint, origin: str) -> None:
    assert endpoint.origin == origin


def test_rank_zero_masks_nothing() -> None:
    assert not Masking("none", 0, ephi=False).masks
    assert Masking("safe-harbor", 40, ephi=True).masks
