"""Ways for others to read without the gateway: public access, web, CORS, signatures to come."""

from gateway.errors import Blocked, Reason
from gateway.guardrails.message import (
    SET_SERVICE_PROPERTIES,
    comp,
    document,
    flag,
    named,
    sets_service,
)
from gateway.model.message import Request
from gateway.model.operation import Effect, Operation

_WEB = "$web"
_PRIVATE = frozenset({"", "none", "off", "private"})


def check(request: Request, operation: Operation) -> None:
    """Pass an operation that opens no way to read stored data without this gateway.

    Raises:
        Blocked: public access, a static website, a CORS rule for any origin, a stored access
            policy or a user delegation key.
    """
    levels = [*request.headers.all("x-ms-blob-public-access")]
    levels.append(str(operation.facts.get("public_access", "")))
    if any(level.strip().lower() not in _PRIVATE for level in levels):
        raise _public("A container would become readable without a token.")
    for access in operation.accesses:
        container = "".join(access.resource.path[:1]).lower()
        if container == _WEB and access.effect not in {Effect.READ, Effect.DELETE}:
            raise _public("The container $web is served to everybody as a web site.")
    kind = comp(request)
    if kind[1] == "userdelegationkey" or operation.name == "Get User Delegation Key":
        raise Blocked(
            "A user delegation key signs access that passes by this gateway.",
            reason=Reason.DELEGATION_KEY,
            advice="Use the gateway's own URLs; it adds the credential.",
        )
    if request.method == "PUT" and kind == ("container", "acl"):
        _check_policies(request)
    if operation.facts.get("stored_access_policies"):
        raise _stored_policy()
    if sets_service(request, operation):
        _check_service(request)
    if operation.facts.get("static_website") or _opens_cors(operation):
        raise _public("The account would answer readers other than this gateway.")


def _opens_cors(operation: Operation) -> bool:
    """The fact alone does not say for which origins; the body, where there is one, does."""
    cors = operation.facts.get("cors")
    return bool(cors) and operation.name != SET_SERVICE_PROPERTIES


def _check_policies(request: Request) -> None:
    if request.body and any(True for _ in named(document(request), "SignedIdentifier")):
        raise _stored_policy()


def _check_service(request: Request) -> None:
    root = document(request)
    if any(flag(site, "Enabled") is not False for site in named(root, "StaticWebsite")):
        raise _public("A static website serves blobs to everybody.")
    if any("*" in (origins.text or "") for origins in named(root, "AllowedOrigins")):
        raise _public("A CORS rule would let pages of any origin read.")


def _public(message: str) -> Blocked:
    return Blocked(
        message,
        reason=Reason.PUBLIC_ACCESS,
        advice="Keep the data private; readers come through this gateway.",
    )


def _stored_policy() -> Blocked:
    return Blocked(
        "A stored access policy is the base of shared access signatures.",
        reason=Reason.STORED_ACCESS_POLICY,
        advice="Send an empty list of policies; access is given by the gateway's manifest.",
    )
