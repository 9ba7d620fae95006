import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.connection import Endpoint
from gateway.policy.endpoint import endpoint, fhir_endpoint


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
    ("url", "expected"),
    [
        (
            "https://Ward-EHR.fhir.azurehealthcareapis.com/",
            Endpoint("https", "ward-ehr.fhir.azurehealthcareapis.com", 443),
        ),
        (
            "https://ward-ehr.fhir.azurehealthcareapis.us",
            Endpoint("https", "ward-ehr.fhir.azurehealthcareapis.us", 443),
        ),
        ("http://127.0.0.1:8080", Endpoint("http", "127.0.0.1", 8080)),
    ],
)
def test_a_fhir_service_is_a_host_of_its_own(url: str, expected: Endpoint) -> None:
    assert fhir_endpoint(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://ward-ehr.fhir.azurehealthcareapis.com",
        "https://ward-ehr.fhir.azurehealthcareapis.com/fhir",
        "https://ward-ehr.fhir.azurehealthcareapis.com:8443",
        "https://ward-ehr.fhir.azurehealthcareapis.com.evil.example",
        "https://ehr.fhir.azurehealthcareapis.com",
        "https://fhir.azurehealthcareapis.com",
        "https://clinicdata.blob.core.windows.net",
        "https://user@ward-ehr.fhir.azurehealthcareapis.com",
    ],
)
def test_anything_else_is_no_fhir_service(url: str) -> None:
    with pytest.raises(ValueError, match=r"^\w"):
        fhir_endpoint(url)
