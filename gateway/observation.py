"""What telemetry is told of an exchange once it has ended: read off its last state.

Neither function raises: what became of the exchange is decided and on record by then.
"""

from datetime import datetime
from typing import Final

from gateway.errors import ApprovalRequired, Denied, GatewayError, InvalidRequest, OutcomeUnrecorded
from gateway.model.exchange import Concluded, Forwarded, Intended, Masked
from gateway.model.signals import Attribute, Outcome, Signal, Step, status_class
from gateway.ports import Clock, Telemetry
from gateway.ports.telemetry import harmless
from gateway.trail import Trail, sent

REFUSED: Final = "refused"
FAILED: Final = "failed"


@harmless
def observe(
    telemetry: Telemetry, trail: Trail, status: int, error: GatewayError | None, clock: Clock
) -> None:
    """Count the decision, time the request, trace it.

    Args:
        telemetry: takes it all.
        trail: of the exchange, as it was left.
        status: of the answer, 0 for an error.
        error: what it ended with, None for an answer.
        clock: says when it ended.
    """
    if not telemetry.on:
        return
    now = clock.now()
    began = trail.received.timings.received_at
    effect = _effect(trail, error)
    word = status_class(status) if error is None else _how(error)
    decided = {
        Attribute.EFFECT: effect,
        Attribute.RULE: _rule(trail),
        Attribute.REASON: error.reason if error else "",
    }
    timed = {Attribute.STATUS: word, Attribute.CONNECTION_KIND: _kind(trail)}
    telemetry.add(Signal.DECISIONS, 1, decided)
    telemetry.measure(Signal.REQUEST_TIME, _milliseconds(began, now), timed)
    if isinstance(error, OutcomeUnrecorded):
        telemetry.add(Signal.OUTCOME_UNWRITTEN)
    trace(telemetry, trail)
    failed = effect is Outcome.FAIL
    telemetry.span(
        Step.REQUEST, trail.received.id, (began, now), {**decided, **timed}, failed=failed
    )


@harmless
def trace(telemetry: Telemetry, trail: Trail) -> None:
    """The call of the upstream, if there was one with an answer."""
    if not telemetry.on:
        return
    state = trail.state
    forwarded = sent(state) if isinstance(state, Forwarded | Masked | Concluded) else None
    if not isinstance(forwarded, Forwarded):
        return
    times = forwarded.timings
    if times.forwarded_at is not None and times.answered_at is not None:
        told = {
            Attribute.STATUS: status_class(forwarded.response.status),
            Attribute.CONNECTION_KIND: _kind(trail),
        }
        moments = (times.forwarded_at, times.answered_at)
        telemetry.span(Step.UPSTREAM, trail.received.id, moments, told)


def _effect(trail: Trail, error: GatewayError | None) -> Outcome:
    if error is None or isinstance(trail.state, Intended | Forwarded | Masked | Concluded):
        # Once it is sent, what happens then is no decision any more.
        asked = trail.authorised is not None and trail.authorised.needs_approval
        return Outcome.APPROVE if asked else Outcome.ALLOW
    match error:
        case ApprovalRequired():
            return Outcome.APPROVE
        case Denied() | InvalidRequest():
            return Outcome.DENY
        case _:
            return Outcome.FAIL


def _how(error: GatewayError) -> str:
    return REFUSED if isinstance(error, Denied | InvalidRequest) else FAILED


def _rule(trail: Trail) -> str:
    if trail.refusal is not None:
        return trail.refusal.rule
    return trail.authorised.rule if trail.authorised else ""


def _kind(trail: Trail) -> str:
    """Of the connection, "" where the request named none that the manifest has."""
    policy = trail.policy
    connection = policy.connections.get(trail.request.connection) if policy else None
    return connection.kind if connection else ""


def _milliseconds(began: datetime, ended: datetime) -> float:
    return (ended - began).total_seconds() * 1000
