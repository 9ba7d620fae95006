import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.connection import Endpoint
from gateway.policy.endpoint import endpoint, is_own

OWN = frozenset(
    {
        "evidence1.blob.core.windows.net",
        "host1.table.core.windows.net:443",
        "vault1.vault.azure.net",
        "gateway.example.org",
        "127.0.0.1:10000/ownaccount",
        "127.0.0.1:8443",
    }
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "https://clinicdata.blob.core.windows.net",
            Endpoint("https", "clinicdata.blob.core.windows.net", 443, "", "clinicdata"),
        ),
        (
            "https://ClinicData.Blob.Core.Windows.Net./",
            Endpoint("https", "clinicdata.blob.core.windows.net", 443, "", "clinicdata"),
        ),
        (
            "https://clinic.z12.blob.storage.azure.net",
            Endpoint("https", "clinic.z12.blob.storage.azure.net", 443, "", "clinic"),
        ),
        (
            "https://clinic.privatelink.blob.core.windows.net:443",
            Endpoint("https", "clinic.privatelink.blob.core.windows.net", 443, "", "clinic"),
        ),
        (
            "https://clinic-secondary.blob.core.windows.net",
            Endpoint("https", "clinic-secondary.blob.core.windows.net", 443, "", "clinic"),
        ),
        (
            "http://127.0.0.1:10000/devstoreaccount1",
            Endpoint("http", "127.0.0.1", 10000, "/devstoreaccount1", "devstoreaccount1"),
        ),
        (
            "https://localhost:10000/devstoreaccount1/",
            Endpoint("https", "localhost", 10000, "/devstoreaccount1", "devstoreaccount1"),
        ),
        (
            "http://[::1]:10000/devstoreaccount1",
            Endpoint("http", "::1", 10000, "/devstoreaccount1", "devstoreaccount1"),
        ),
    ],
)
def test_blob_endpoints_are_taken_apart(url: str, expected: Endpoint) -> None:
    assert endpoint(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://clinic.blob.core.windows.net",
        "https://clinic.queue.core.windows.net",
        "https://clinic.blob",
        "https://example.org",
        "https://clinic.blob.core.windows.net/container",
        "https://user:pass@clinic.blob.core.windows.net",
        "https://clinic.blob.core.windows.net?x=1",
        "https://clinic.blob.core.windows.net#x",
        "https://clinic.blob.core.windows.net:99999",
        "https://clin\u00efc.blob.core.windows.net",
        "https://clinic.blob.core.windows.net\\@evil",
        "https://cl inic.blob.core.windows.net",
        "https://169.254.169.254/metadata",
        "https://0.0.0.0:10000/account1",
        "http://2130706433:10000/account1",
        "http://0x7f.1:10000/account1",
        "http://10.0.0.1:10000/account1",
        "http://127.0.0.1:10000",
        "http://127.0.0.1:10000/a/b",
        "http://127.0.0.1:10000//account1",
        "http://127.0.0.1:10000/../x",
        "ftp://clinic.blob.core.windows.net",
        "clinic.blob.core.windows.net",
        "https://",
        "https://[::1",
        "https://-a-.blob.core.windows.net",
        "https://a..blob.core.windows.net",
        "",
    ],
)
def test_anything_else_is_no_upstream(url: str) -> None:
    with pytest.raises(ValueError, match=r"upstream|endpoint|URL"):
        endpoint(url)


@given(st.text(max_size=60) | st.from_regex(r"https?://[a-z0-9.\[\]:@/-]{1,40}", fullmatch=True))
def test_any_text_is_an_endpoint_or_a_value_error(url: str) -> None:
    try:
        found = endpoint(url)
    except ValueError:
        return
    assert found.account
    assert found.scheme == "https" or found.base_path


@pytest.mark.parametrize(
    "url",
    [
        "https://evidence1.blob.core.windows.net",
        "https://EVIDENCE1.blob.core.windows.net.:443/",
        "https://evidence1-secondary.blob.core.windows.net",
        "https://evidence1.z03.blob.storage.azure.net",
        "https://evidence1.privatelink.blob.core.windows.net",
        "https://host1.blob.core.windows.net",
        "http://127.0.0.1:10000/ownaccount",
        "http://127.0.0.1:10000/ownaccount-secondary",
        "http://localhost:10000/ownaccount",
        "http://127.9.9.9:10000/ownaccount",
        "http://[::1]:10000/ownaccount",
        "http://[::ffff:127.0.0.1]:10000/ownaccount",
        "https://127.0.0.1:8443/anything1",
    ],
)
def test_the_gateways_own_accounts_are_recognised_however_written(url: str) -> None:
    assert is_own(endpoint(url), OWN)


@pytest.mark.parametrize(
    "url",
    [
        "https://clinicdata.blob.core.windows.net",
        "https://evidence12.blob.core.windows.net",
        "http://127.0.0.1:10000/other1",
        "http://127.0.0.1:10001/ownaccount",
    ],
)
def test_other_accounts_are_not(url: str) -> None:
    assert not is_own(endpoint(url), OWN)


def test_a_whole_host_of_the_gateway_is_recognised() -> None:
    assert is_own(Endpoint("https", "gateway.example.org", 443), OWN)
    assert is_own(Endpoint("https", "gateway.example.org", 443, "/x"), OWN)
    assert is_own(Endpoint("https", "vault1.vault.azure.net", 443), OWN)
    assert not is_own(Endpoint("https", "gateway.example.org", 8443), OWN)
