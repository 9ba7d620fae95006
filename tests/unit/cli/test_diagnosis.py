import base64
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.adapters.rights_probe import PROBES, Right
from gateway.cli import diagnosis
from gateway.cli.diagnosis import Finding, State, failed, report
from gateway.evidence.retention import Retention

NOON = datetime(2026, 8, 3, 12, 0, 0, tzinfo=UTC)


def test_one_failure_is_a_failure_and_a_warning_is_none() -> None:
    findings = [Finding("a", State.OK, "x"), Finding("b", State.WARNING, "y")]
    assert not failed(findings)
    assert failed([*findings, Finding("c", State.FAILED, "z", "mend it")])
    assert report(findings)["ok"] is True
    assert report(findings)["findings"][1]["state"] == "warning"


def rights(**changes: Right) -> dict[str, tuple[Right, str]]:
    good = {name: Right.GRANTED if name in {"read", "add"} else Right.REFUSED for name in PROBES}
    return {name: (right, "Code") for name, right in {**good, **changes}.items()}


def test_rights_are_as_they_must_be() -> None:
    found = diagnosis.evidence_rights(rights(), emulator=False)
    assert {finding.state for finding in found} == {State.OK}
    assert len(found) == len(PROBES)


@pytest.mark.parametrize(
    ("name", "right", "state"),
    [
        ("delete", Right.GRANTED, State.FAILED),
        ("change metadata", Right.GRANTED, State.FAILED),
        ("read", Right.REFUSED, State.FAILED),
        ("add", Right.REFUSED, State.FAILED),
        ("delete", Right.UNKNOWN, State.FAILED),
    ],
)
def test_a_right_too_many_or_too_few_fails_with_a_fix(
    name: str, right: Right, state: State
) -> None:
    found = diagnosis.evidence_rights({name: (right, "Code")}, emulator=False)
    assert [finding.state for finding in found] == [state]
    assert found[0].fix


def test_the_emulators_rights_are_called_what_they_are() -> None:
    found = diagnosis.evidence_rights(rights(delete=Right.GRANTED), emulator=True)
    assert not failed(found)
    assert State.DEVELOPMENT in {finding.state for finding in found}
    assert not failed(found)


@pytest.mark.parametrize(
    ("retention", "state"),
    [
        (Retention("locked", 2557, "append"), State.OK),
        (Retention("unlocked", 2557, "append"), State.FAILED),
        (Retention("locked", 2000, "append"), State.FAILED),
        (Retention("locked", 2557, "append", legal_hold=True), State.WARNING),
        (Retention("locked", 2557, "all", legal_hold=True), State.OK),
    ],
)
def test_the_policy_is_judged_as_the_gateway_judges_it(retention: Retention, state: State) -> None:
    assert diagnosis.policy(retention, 2192).state is state


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (base64.b64encode(bytes(32)).decode(), State.OK),
        (base64.b64encode(bytes(31)).decode(), State.FAILED),
        ("not base64!", State.FAILED),
        ("", State.FAILED),
    ],
)
def test_a_key_is_base64_of_enough_bytes_and_is_not_shown(value: str, state: State) -> None:
    found = diagnosis.key("k", value, 32)
    assert found.state is state
    assert not value or value not in found.says + found.fix


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, State.OK), (29, State.OK), (45, State.WARNING), (61, State.FAILED), (-61, State.FAILED)],
)
def test_a_clock_that_differs_is_told(seconds: int, state: State) -> None:
    there = (NOON + timedelta(seconds=seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert diagnosis.clock(there, NOON, NOON).state is state


@given(st.text(max_size=60))
def test_any_date_header_has_a_finding(header: str) -> None:
    assert diagnosis.clock(header, NOON, NOON).state in set(State)


@pytest.mark.parametrize(
    ("header", "state"),
    [
        ("max-age=31536000", State.OK),
        ("includeSubDomains; max-age=31536000", State.OK),
        ("max-age=60", State.FAILED),
        ("max-age=x", State.FAILED),
        ("", State.FAILED),
    ],
)
def test_hsts_lasts(header: str, state: State) -> None:
    assert diagnosis.hsts(header).state is state


@pytest.mark.parametrize(
    ("version", "days", "state"),
    [
        ("TLSv1.3", 80, State.OK),
        ("TLSv1.2", 3, State.WARNING),
        ("TLSv1.1", 80, State.FAILED),
    ],
)
def test_old_protocols_fail_and_old_certificates_warn(
    version: str, days: int, state: State
) -> None:
    assert diagnosis.tls(version, NOON + timedelta(days=days), NOON).state is state


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (200, b'{"components": {"manifest": "ok"}}', State.OK),
        (503, b'{"components": {"evidence-policy": "PolicyNotLocked"}}', State.FAILED),
        (200, b'{"components": {"evidence-policy": "PolicyNotLocked"}}', State.FAILED),
        (200, b"<html>", State.FAILED),
        (200, b"[]", State.FAILED),
        (200, b'{"components": 3}', State.FAILED),
    ],
)
def test_readiness_names_what_is_not_ready(status: int, body: bytes, state: State) -> None:
    found = diagnosis.readiness(status, body)
    assert found.state is state
    assert ("PolicyNotLocked" in found.says) is (b"PolicyNotLocked" in body)


@pytest.mark.parametrize(
    ("status", "header", "state"),
    [
        (401, "Bearer authorization_uri=https://login/x resource_id=api://gw", State.OK),
        (401, "Bearer authorization_uri=https://login/x resource_id=api://other", State.FAILED),
        (401, "", State.FAILED),
        (200, "Bearer resource_id=api://gw", State.FAILED),
    ],
)
def test_the_challenge_names_our_audience(status: int, header: str, state: State) -> None:
    assert diagnosis.challenge(status, header, ("api://gw",)).state is state


def test_a_tokens_audience_is_read_and_the_token_is_not_shown() -> None:
    claims = base64.urlsafe_b64encode(
        orjson.dumps({"aud": "https://storage.azure.com/", "oid": "o"})
    )
    token = f"h.{claims.decode().rstrip('=')}.signature"
    found = diagnosis.token("storage", token, "https://storage.azure.com")
    assert (found.state, "as o" in found.says) == (State.OK, True)
    assert diagnosis.token("x", token, "https://vault.azure.net").state is State.FAILED
    assert "signature" not in found.says


@given(st.text(max_size=80))
def test_any_token_has_a_finding(text: str) -> None:
    assert diagnosis.token("x", text, "https://storage.azure.com").state in set(State)


@pytest.mark.parametrize(
    ("status", "word", "state"),
    [
        (None, "ClientConnectorError", State.OK),
        (403, "AuthorizationFailure", State.OK),
        (403, "ForbiddenByConnection", State.OK),
        (401, "", State.WARNING),
        (409, "PublicAccessNotPermitted", State.WARNING),
        (200, "", State.FAILED),
    ],
)
def test_evidence_that_anybody_reads_fails(status: int | None, word: str, state: State) -> None:
    assert diagnosis.exposure("state", status, word, emulator=False).state is state


def test_a_checkpoint_is_at_most_two_hours_old() -> None:
    recent = diagnosis.checkpoint(NOON - timedelta(hours=2), NOON, development=False)
    assert recent.state is State.OK
    for newest in (None, NOON - timedelta(hours=3)):
        assert diagnosis.checkpoint(newest, NOON, development=False).state is State.FAILED
        assert diagnosis.checkpoint(newest, NOON, development=True).state is State.DEVELOPMENT
