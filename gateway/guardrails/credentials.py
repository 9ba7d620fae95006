"""Credentials that the agent brings for the upstream: none is accepted, so none can leak."""

from gateway.errors import Blocked, Reason
from gateway.guardrails.message import parameters
from gateway.model.message import Request
from gateway.model.operation import Operation
from gateway.model.sas import SAS_PARAMETERS

_HEADERS = frozenset(
    {
        "x-ms-copy-source-authorization",
        "x-ms-encryption-algorithm",
        "x-ms-encryption-key",
        "x-ms-encryption-key-sha256",
        # Says that the copy source's token is meant for Azure Files; no token, no intent.
        "x-ms-file-request-intent",
        "x-ms-source-encryption-algorithm",
        "x-ms-source-encryption-key",
        "x-ms-source-encryption-key-sha256",
    }
)
_URLS = ("x-ms-copy-source", "x-ms-previous-snapshot-url", "x-ms-rename-source")
_FACTS = ("sas", "copy_source_sas", "copy_source_authorization", "encryption_key")


def check(request: Request, operation: Operation) -> None:
    """Pass a request that carries no credential for the upstream.

    Raises:
        Blocked: a SAS in the query or in a source URL, user information in a source URL, an
            authorization for a copy source, or an encryption key.
    """
    queries = [request.target.query] if request.target.query else []
    for name in _URLS:
        for url in request.headers.all(name):
            address, _, query = url.partition("?")
            queries.append(query.replace("#", "&"))
            if "@" in address.partition("://")[2].partition("/")[0]:
                raise _refusal("A copy source carries a user name or password.")
    if any(name in SAS_PARAMETERS for query in queries for name, _ in parameters(query)):
        raise _refusal("The request carries a shared access signature.")
    if not _HEADERS.isdisjoint(request.headers.names):
        raise _refusal("The request carries an authorization or an encryption key.")
    if any(operation.facts.get(fact) for fact in _FACTS):
        raise _refusal("The request carries a credential of its own.")


def _refusal(message: str) -> Blocked:
    return Blocked(
        message,
        reason=Reason.CREDENTIAL_NOT_ACCEPTED,
        advice="Leave it out: the gateway holds the credentials and adds them itself.",
    )
