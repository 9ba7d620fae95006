import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.publicity import check
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation
from tests.unit.guardrails.build import every_encoding, operation, place, request

CONTAINER = operation((place("intake"), Effect.WRITE), name="Create Container")
ACL = operation((place("intake"), Effect.WRITE), name="Set Container ACL")
SERVICE = operation((place(), Effect.WRITE), name="Set Blob Service Properties")
ACL_QUERY = "restype=container&comp=acl"
SERVICE_QUERY = "restype=service&comp=properties"


def reason(asked: Request, judged: Operation) -> Reason | None:
    try:
        check(asked, judged)
    except Blocked as error:
        return error.reason
    return None


def service(body: str, query: str = SERVICE_QUERY) -> Request:
    document = f"<StorageServiceProperties>{body}</StorageServiceProperties>"
    return request(path="/", query=query, body=document.encode())


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("container", Reason.PUBLIC_ACCESS),
        ("blob", Reason.PUBLIC_ACCESS),
        ("Blob ", Reason.PUBLIC_ACCESS),
        ("anything", Reason.PUBLIC_ACCESS),
        ("", None),
        ("none", None),
    ],
)
def test_a_container_cannot_be_made_public(level: str, expected: Reason | None) -> None:
    asked = request(headers={"x-ms-blob-public-access": level})

    assert reason(asked, CONTAINER) is expected


def test_a_public_level_that_only_classification_saw_is_blocked() -> None:
    judged = operation(facts={"public_access": "blob"})

    assert reason(request(), judged) is Reason.PUBLIC_ACCESS
    assert reason(request(), operation(facts={"public_access": ""})) is None


@pytest.mark.parametrize(
    ("container", "effect", "expected"),
    [
        ("$web", Effect.WRITE, Reason.PUBLIC_ACCESS),
        ("$WEB", Effect.WRITE, Reason.PUBLIC_ACCESS),
        ("$web", Effect.ACTION, Reason.PUBLIC_ACCESS),
        ("$web", Effect.READ, None),
        ("$web", Effect.DELETE, None),
        ("web", Effect.WRITE, None),
    ],
)
def test_nothing_is_written_to_the_web_container(
    container: str, effect: Effect, expected: Reason | None
) -> None:
    assert reason(request(), operation((place(container, "a"), effect))) is expected


POLICY = (
    b"""<SignedIdentifiers><SignedIdentifier><Id>x</Id></SignedIdentifier></SignedIdentifiers>"""
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (POLICY, Reason.STORED_ACCESS_POLICY),
        (POLICY.replace(b"SignedIdentifier>", b"signedidentifier>"), Reason.STORED_ACCESS_POLICY),
        (POLICY.replace(b"<SignedIdentifiers>", b"<SignedIdentifiers xmlns='x'>"),
         Reason.STORED_ACCESS_POLICY),
        (POLICY[:-3], Reason.REQUEST_INVALID),
        (b'<!DOCTYPE a [<!ENTITY e "x">]><SignedIdentifiers/>', Reason.REQUEST_INVALID),
        (b"<SignedIdentifiers/>", None),
        (b"", None),
    ],
)  # fmt: skip
def test_no_stored_access_policy_is_set(body: bytes, expected: Reason | None) -> None:
    assert reason(request(query=ACL_QUERY, body=body), ACL) is expected


@pytest.mark.parametrize("comp", every_encoding("acl"))
def test_a_policy_is_found_however_the_operation_is_written(comp: str) -> None:
    asked = request(query=f"restype=container&comp={comp}", body=POLICY)

    assert reason(asked, ACL) is Reason.STORED_ACCESS_POLICY


def test_policies_that_only_classification_counted_are_blocked() -> None:
    judged = operation(facts={"stored_access_policies": 1})

    assert reason(request(), judged) is Reason.STORED_ACCESS_POLICY
    assert reason(request(), operation(facts={"stored_access_policies": 0})) is None


def test_reading_the_policies_passes() -> None:
    assert reason(request("GET", query=ACL_QUERY), ACL) is None


@pytest.mark.parametrize("comp", every_encoding("userdelegationkey"))
def test_no_user_delegation_key_is_given_out(comp: str) -> None:
    asked = request("POST", "/", f"restype=service&comp={comp}", body=b"<KeyInfo/>")

    assert reason(asked, operation()) is Reason.DELEGATION_KEY


def test_a_delegation_key_that_classification_recognised_is_blocked() -> None:
    judged = operation(name="Get User Delegation Key")

    assert reason(request("POST"), judged) is Reason.DELEGATION_KEY


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<StaticWebsite><Enabled>true</Enabled></StaticWebsite>", Reason.PUBLIC_ACCESS),
        ("<StaticWebsite><Enabled>1</Enabled></StaticWebsite>", Reason.PUBLIC_ACCESS),
        ("<staticwebsite><Enabled>true</Enabled></staticwebsite>", Reason.PUBLIC_ACCESS),
        ("<StaticWebsite/>", Reason.PUBLIC_ACCESS),
        ("<StaticWebsite><Enabled>false</Enabled></StaticWebsite>", None),
        (
            "<Cors><CorsRule><AllowedOrigins>*</AllowedOrigins></CorsRule></Cors>",
            Reason.PUBLIC_ACCESS,
        ),
        (
            "<Cors><CorsRule><AllowedOrigins>https://*.example</AllowedOrigins></CorsRule></Cors>",
            Reason.PUBLIC_ACCESS,
        ),
        ("<Cors><CorsRule><AllowedOrigins>https://a.se</AllowedOrigins></CorsRule></Cors>", None),
        ("<Cors/>", None),
        ("", None),
        ("<unclosed>", Reason.REQUEST_INVALID),
    ],
)  # fmt: skip
def test_the_account_is_opened_to_nobody(body: str, expected: Reason | None) -> None:
    assert reason(service(body), SERVICE) is expected
    by_name_alone = service(body, query="comp=other")
    assert reason(by_name_alone, SERVICE) is expected


@pytest.mark.parametrize("fact", ["static_website", "cors"])
def test_an_opening_that_only_classification_saw_is_blocked(fact: str) -> None:
    assert reason(request(), operation(facts={fact: True})) is Reason.PUBLIC_ACCESS
    assert reason(request(), operation(facts={fact: False})) is None


def test_cors_for_known_origins_is_judged_by_the_body() -> None:
    body = "<Cors><CorsRule><AllowedOrigins>https://a.example</AllowedOrigins></CorsRule></Cors>"
    judged = operation((place(), Effect.WRITE), name=SERVICE.name, facts={"cors": True})

    assert reason(service(body), judged) is None
