"""What `chaperone manifest explain` asks and shows: one request against the rules of a file."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, assert_never
from urllib.parse import unquote

from gateway.errors import InvalidRequest, Reason
from gateway.model.decision import Ask, Decision, Permit, Refuse
from gateway.model.message import Headers, Request, Target
from gateway.model.operation import Operation
from gateway.model.principal import Principal, PrincipalKind
from gateway.operations import classify
from gateway.policy.faults import suggestion
from gateway.policy.manifest import Manifest
from gateway.policy.policy import Explanation, Policy
from gateway.policy.rule import Verdict
from gateway.upstream.sources import Sources

_URL = re.compile(r"(https?://[^/?#]+)?/c/([^/?#]+)(/[^?#]*)?(?:\?([^#]*))?")
_NO_GATEWAY = "https://gateway.invalid"
_NO_GUID = "00000000-0000-0000-0000-000000000000"
_FAR_FUTURE = datetime(9999, 1, 1, tzinfo=UTC)
_WORDS: Mapping[type, str] = {Permit: "allow", Ask: "approve", Refuse: "deny"}


def gateway_request(method: str, url: str, headers: Iterable[str], body: bytes) -> Request:
    """The request that an agent would send.

    Raises:
        InvalidRequest: the URL or a header is malformed.
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise InvalidRequest(
            "not a URL of the gateway", advice="write /c/{connection}/{container}/{blob}"
        )
    pairs = [line.partition(":") for line in headers]
    if not all(name.strip() and colon for name, colon, _ in pairs):
        raise InvalidRequest("a header is not of the form 'Name: value'")
    return Request(
        method=method.upper(),
        connection=unquote(found[2]),
        target=Target(found[3] or "/", found[4] or ""),
        headers=Headers.of((name.strip(), value.strip()) for name, _, value in pairs),
        body=body,
        client_address="",
        base_url=found[1] or _NO_GATEWAY,
    )


def principal(
    manifest: Manifest, agent: str, groups: Iterable[str], roles: Iterable[str]
) -> Principal:
    """A caller as a token would describe it.

    Raises:
        InvalidRequest: neither a name of the manifest nor an id.
    """
    known = manifest.document.agents
    application = known[agent].application if agent in known else agent.lower()
    tenant = next((one.tenant for one in known.values() if one.application == application), "")
    if "-" not in application or len(application) != len(_NO_GUID):
        raise InvalidRequest(f"no such agent in the manifest{suggestion(agent, known)}")
    return Principal(
        tenant=tenant or _NO_GUID,
        object_id=_NO_GUID,
        application=application,
        token_id="",
        kind=PrincipalKind.APPLICATION,
        groups=frozenset(_group(manifest, name) for name in groups),
        roles=frozenset(roles),
        expires_at=_FAR_FUTURE,
        authenticated_at=datetime.fromtimestamp(0, UTC),
    )


def _group(manifest: Manifest, name: str) -> str:
    known = manifest.document.groups
    if name in known:
        return known[name]
    if len(name) != len(_NO_GUID):
        raise InvalidRequest(f"no such group in the manifest{suggestion(name, known)}")
    return name.lower()


def classified(policy: Policy, request: Request) -> Operation:
    """What it would do.

    Raises:
        InvalidRequest: no such connection, or the request is broken.
        Blocked: the operation is unknown.
    """
    connection = policy.connections.get(request.connection)
    if connection is None:
        hint = suggestion(request.connection, policy.connections)
        raise InvalidRequest(
            f"no such connection in the manifest{hint}", reason=Reason.CONNECTION_NOT_FOUND
        )
    return classify(connection, request, Sources(policy.connections, request.base_url).resolve)


def moment(text: str) -> datetime:
    """The moment that `--at` names, now for "".

    Raises:
        InvalidRequest: it is none.
    """
    if not text:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("--at is a moment such as 2026-08-03T12:00:00Z") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def lines(operation: Operation, explanation: Explanation) -> Iterator[str]:
    """The explanation for people: the decision, then what every rule says about every access."""
    yield f"{operation.name} ({operation.effect})"
    yield _sentence(explanation.decision)
    touched = ("", "")
    for item in explanation.considerations:
        if touched != (item.action, item.resource):
            touched = (item.action, item.resource)
            yield f"{item.action} on {item.resource}:"
        mark = {Verdict.MATCHED: "+", Verdict.ERROR: "!"}.get(item.verdict, " ")
        yield f" {mark} {item.line}: {item.effect} {item.rule}: {item.verdict}"


def _sentence(decision: Decision) -> str:
    match decision:
        case Permit(rule=rule, obligations=obligations):
            return f"allowed by rule {rule}; masked as {obligations.masking.profile}"
        case Ask(rule=rule, obligations=obligations):
            return f"needs approval, rule {rule}, workflow {obligations.workflow}"
        case Refuse(reason=reason, message=message):
            return f"denied ({reason}): {message}"
        case _:
            assert_never(decision)


def fields(manifest: Manifest, operation: Operation, explanation: Explanation) -> Mapping[str, Any]:
    """The explanation as JSON."""
    decision = explanation.decision
    shown: dict[str, Any] = {
        "manifest": manifest.digest,
        "operation": operation.name,
        "effect": operation.effect.value,
        "accesses": [
            {
                "action": access.action,
                "resource": str(access.resource),
                "effect": access.effect.value,
            }
            for access in operation.accesses
        ],
        "decision": _WORDS[type(decision)],
        "rule": decision.rule,
        "sponsor": decision.sponsor,
        "rules": [
            {
                "rule": item.rule,
                "line": item.line,
                "effect": item.effect,
                "action": item.action,
                "resource": item.resource,
                "matched": item.verdict is Verdict.MATCHED,
                "why": item.verdict.value,
            }
            for item in explanation.considerations
        ],
    }
    if isinstance(decision, Refuse):
        return {**shown, "reason": decision.reason, "message": decision.message}
    obligations = decision.obligations
    shown["obligations"] = {
        "masking": obligations.masking.profile,
        "free_text": "accept" if obligations.accept_free_text else "withhold",
        "workflow": obligations.workflow,
    }
    return shown
