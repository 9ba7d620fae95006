import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails import screen
from gateway.masking.marks import marks
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation, Resource
from gateway.model.own import Own
from tests.unit.guardrails.build import GATEWAY, NONE, connection, masked, operation, place, request

TARGET = (place("archive", "a"), Effect.WRITE)
OWN = Own(frozenset({"evidence.blob.core.windows.net"}))
FOREIGN = Resource("", "evil.blob.core.windows.net", ("c", "b"))
EVIDENCE = Resource("", "evidence.blob.core.windows.net", ("c", "b"))
POLICIES = b"<SignedIdentifiers><SignedIdentifier/></SignedIdentifiers>"


def test_an_ordinary_write_passes_every_guardrail() -> None:
    screen(connection(), request(body=b"x"), operation(), masked(), OWN, marks)


@pytest.mark.parametrize(
    ("asked", "judged", "reason"),
    [
        (request(), operation(TARGET, (EVIDENCE, Effect.READ)), Reason.GATEWAY_RESOURCE),
        (request(), operation(TARGET, (FOREIGN, Effect.READ)), Reason.FOREIGN_SOURCE),
        (
            request(headers={"x-ms-copy-source": "https://evil.blob.core.windows.net/c/b?sig=x"}),
            operation(TARGET, (FOREIGN, Effect.READ)),
            Reason.FOREIGN_SOURCE,
        ),
        (
            request(headers={"x-ms-copy-source": f"{GATEWAY}/c/phi/archive/b?sig=x"}),
            operation(TARGET, (place("archive", "b"), Effect.READ)),
            Reason.CREDENTIAL_NOT_ACCEPTED,
        ),
        (
            request(),
            operation((place("open", "b"), Effect.WRITE), (place("intake", "b"), Effect.READ)),
            Reason.MASKED_LESS,
        ),
        (request(query="sig=x"), operation(), Reason.CREDENTIAL_NOT_ACCEPTED),
        (
            request(query="restype=container&comp=rename"),
            operation(),
            Reason.OPERATION_NOT_SUPPORTED,
        ),
        (request(headers={"x-ms-blob-public-access": "blob"}), operation(), Reason.PUBLIC_ACCESS),
        (
            request(query="restype=container&comp=acl", body=POLICIES),
            operation(),
            Reason.STORED_ACCESS_POLICY,
        ),
        (
            request("POST", query="restype=service&comp=userdelegationkey"),
            operation(),
            Reason.DELEGATION_KEY,
        ),
        (
            request(query="restype=service&comp=properties", body=b"<S><Logging/></S>"),
            operation(),
            Reason.PROTECTION_DISABLED,
        ),
        (
            request(headers={"x-ms-meta-patient": "[withheld]"}),
            operation(),
            Reason.MASKED_WRITEBACK,
        ),
    ],
)
def test_each_concern_is_screened(asked: Request, judged: Operation, reason: Reason) -> None:
    with pytest.raises(Blocked) as caught:
        screen(connection(), asked, judged, masked(open=NONE), OWN, marks)
    assert caught.value.reason is reason
    assert caught.value.advice
