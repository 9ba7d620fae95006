"""Exchanges in the states that masking and approvals take."""

from datetime import UTC, datetime

from gateway.model.connection import (
    Connection,
    ConnectionKind,
    Credential,
    CredentialKind,
    Endpoint,
    Masking,
    Sensitivity,
)
from gateway.model.decision import Obligations
from gateway.model.exchange import (
    Approved,
    Authenticated,
    Authorised,
    Classified,
    Forwarded,
    Intended,
    Prepared,
    Receipt,
    Received,
    Screened,
)
from gateway.model.message import (
    Headers,
    Request,
    Target,
    Timings,
    UpstreamRequest,
    UpstreamResponse,
)
from gateway.model.operation import Access, Effect, Operation, Resource, Shape
from gateway.model.principal import Principal, PrincipalKind, Session

NOW = datetime(2026, 11, 23, tzinfo=UTC)
NONE = Masking("none", 0, ephi=False)
STRICT = Masking("safe-harbor", 40, ephi=True, digest="sha256:00")


def operation(shape: Shape) -> Operation:
    access = Access("Microsoft.Storage/…", Resource("phi", "clinic", ("intake", "a")), Effect.READ)
    return Operation("blob", "Get Blob", Effect.READ, (access,), shape)


def authorised(
    shape: Shape = Shape.CONTENT,
    masking: Masking = STRICT,
    names: Sensitivity = Sensitivity.PLAIN,
    *,
    needs_approval: bool = False,
) -> Authorised:
    request = Request("GET", "phi", Target("/intake/a"), Headers(), b"", "", "https://g.example")
    principal = Principal(
        "t", "o", "a", "u", PrincipalKind.APPLICATION, frozenset(), frozenset(), NOW, NOW
    )
    connection = Connection(
        "phi",
        ConnectionKind.BLOB,
        Endpoint("https", "clinic.blob.core.windows.net", 443, "", "clinic"),
        Credential(CredentialKind.MANAGED_IDENTITY),
        masking,
        names=names,
    )
    authenticated = Authenticated(
        Received("0" * 32, request, Timings(NOW)), principal, Session("0" * 32, "2026-11-23"), ""
    )
    classified = Classified(authenticated, "sha256:11", connection, operation(shape), "digest")
    return Authorised(
        classified, "read-notes", "sponsor", Obligations(masking), needs_approval=needs_approval
    )


def forwarded(status: int, shape: Shape = Shape.CONTENT, masking: Masking = STRICT) -> Forwarded:
    upstream = UpstreamRequest("GET", "https://clinic.blob.core.windows.net/", Headers(), b"")
    prepared = Prepared(Approved(Screened(authorised(shape, masking)), ""), upstream)
    intended = Intended(prepared, Receipt("j", 1, 0, 1))
    return Forwarded(intended, UpstreamResponse(status, Headers(), b"raw"), Timings(NOW))
