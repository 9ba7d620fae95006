import pytest
from defusedxml.ElementTree import fromstring

from gateway.errors import Reason, Withheld
from gateway.upstream import fault
from tests.unit.upstream.build import response
from tests.unit.upstream.documents import NOT_FOUND, UNAUTHENTICATED


@pytest.mark.parametrize(
    ("header", "body", "code"),
    [
        ("BlobNotFound", b"", "BlobNotFound"),
        ("", NOT_FOUND, "BlobNotFound"),
        ("ConditionNotMet", NOT_FOUND, "ConditionNotMet"),
        ("Jane Doe", NOT_FOUND, "BlobNotFound"),
        ("x" * 65, b"<html>", "UpstreamError"),
        ("", b"<Error><Message>Jane</Message></Error>", "UpstreamError"),
        ("", b"", "UpstreamError"),
    ],
)
def test_the_code_passes_only_in_the_form_of_a_code(header: str, body: bytes, code: str) -> None:
    assert fault.code_of(response(404, {"x-ms-error-code": header}, body)) == code


@pytest.mark.parametrize("status", [400, 404, 409, 412, 416, 429, 500, 503])
def test_the_text_is_the_gateways_own(status: int) -> None:
    root = fromstring(fault.body(status, "SomeCode"))

    assert root.tag == "Error"
    assert root.findtext("Code") == "SomeCode"
    assert str(root.findtext("Message")).startswith(("The upstream", "A condition"))


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "InvalidAuthenticationInfo"),
        (401, fault.UNKNOWN),
        (401, "CannotVerifyCopySource"),
        (403, "AuthenticationFailed"),
        (403, "AuthorizationFailure"),
        (403, "AuthorizationPermissionMismatch"),
        (403, fault.UNKNOWN),
        (407, fault.UNKNOWN),
        (400, "AuthenticationFailed"),
    ],
)
def test_a_refusal_of_the_gateways_own_credential_is_not_shown(status: int, code: str) -> None:
    with pytest.raises(Withheld) as caught:
        fault.refuse_credential_faults(response(status, body=UNAUTHENTICATED), code)
    assert caught.value.reason is Reason.UPSTREAM_CREDENTIAL_REFUSED
    assert "MAC" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "code"),
    [(403, "UnauthorizedBlobOverwrite"), (404, fault.UNKNOWN), (409, "LeaseIdMissing")],
)
def test_a_refusal_of_the_request_is_the_agents_to_see(status: int, code: str) -> None:
    fault.refuse_credential_faults(response(status), code)
