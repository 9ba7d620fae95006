"""The app in the library that runs it in Azure, on every Python that this machine has."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.local import tls
from infra.interpreter import interpreter
from tests.worker import environments

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

ROOT = Path(__file__).resolve().parents[2]
HOST = "https://gateway.example"
TOKEN = {"authorization": "Bearer x"}

CALLS: dict[str, dict[str, Any]] = {
    "health": {"function": "health", "method": "GET", "url": "/healthz"},
    "ready": {"function": "ready", "method": "GET", "url": "/readyz"},
    "anonymous": {"function": "proxy", "method": "GET", "url": "/c/clinic/box"},
    "put": {
        "function": "proxy",
        "method": "PUT",
        "url": "/c/clinic/box/a%20b?comp=block&id=%2F",
        "headers": {**TOKEN, "content-length": "4", "x-ms-meta-a": "1,2"},
        "body": base64.b64encode(b"\x00\xff\r\n").decode(),
        "params": {"connection": "ignored", "path": "ignored"},
    },
    "merge": {
        "function": "proxy",
        "method": "MERGE",
        "url": "/C/clinic",
        "headers": {**TOKEN, "content-length": "0"},
    },
    "chunked": {
        "function": "proxy",
        "method": "PUT",
        "url": "/c/clinic/box/a",
        "headers": {**TOKEN, "transfer-encoding": "chunked"},
    },
    "doubled": {
        "function": "proxy",
        "method": "GET",
        "url": "/c/clinic/box/a",
        "headers": {"authorization": "Bearer x,Bearer y"},
    },
    "empty": {
        "function": "proxy",
        "method": "DELETE",
        "url": "/c/clinic/box/a",
        "headers": {**TOKEN, "x-status": "204"},
    },
    "head": {"function": "proxy", "method": "HEAD", "url": "/c/clinic/box", "headers": TOKEN},
    "sweep": {"function": "sweep", "timer": True},
    "count": {"function": "count", "timer": True},
}


def order(bootstrap: str, *names: str) -> dict[str, Any]:
    calls = [CALLS[name] for name in names]
    absolute = [{**call, "url": HOST + call["url"]} if "url" in call else call for call in calls]
    return {"bootstrap": bootstrap, "calls": absolute}


def drive(line: str, bootstrap: str, names: list[str], settings: dict[str, str]) -> dict[str, Any]:
    try:
        outcome = environments.drive(line, order(bootstrap, *names), settings)
    except environments.NoEnvironmentError as error:
        if os.environ.get("CI") and interpreter(line):
            raise
        pytest.skip(str(error))
    assert "failure" not in outcome, outcome["failure"]
    return {**outcome, "results": dict(zip(names, outcome["results"], strict=True))}


@pytest.fixture(scope="module", params=environments.LINES)
def driven(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Everything invoked once, with a gateway that shows what reached it."""
    return drive(request.param, "fake", list(CALLS), {})


def seen(driven: dict[str, Any], name: str) -> Any:
    return json.loads(base64.b64decode(driven["results"][name]["body"]))


def test_the_worker_finds_exactly_the_apps_functions_and_bindings(driven: dict[str, Any]) -> None:
    triggers = {
        name: (bindings[0]["type"], bindings[0].get("route") or bindings[0].get("schedule"))
        for name, bindings in driven["functions"].items()
    }
    assert triggers == {
        "proxy": ("httpTrigger", "c/{connection}/{*path}"),
        "health": ("httpTrigger", "healthz"),
        "ready": ("httpTrigger", "readyz"),
        "approval": ("httpTrigger", "approvals/{id}"),
        "approvals": ("httpTrigger", "approvals"),
        "signin": ("httpTrigger", "signin"),
        "signin_callback": ("httpTrigger", "signin/callback"),
        "signout": ("httpTrigger", "signout"),
        "operation": ("httpTrigger", "operations/{id}"),
        "detokenize": ("httpTrigger", "detokenize"),
        "execute": ("queueTrigger", None),
        "execute_poison": ("queueTrigger", None),
        "notify": ("queueTrigger", None),
        "notify_poison": ("queueTrigger", None),
        "expire": ("timerTrigger", "30 * * * * *"),
        "sweep": ("timerTrigger", "0 */10 * * * *"),
        "count": ("timerTrigger", "0 * * * * *"),
        "policy": ("timerTrigger", "45 */10 * * * *"),
        "attest": ("timerTrigger", "40 * * * * *"),
        "project": ("timerTrigger", "15 * * * * *"),
    }
    proxy = driven["functions"]["proxy"][0]
    assert proxy["authLevel"] == "ANONYMOUS"
    assert not proxy.get("methods"), "the proxy takes every method"
    library = driven["library"].partition(".")[0]
    assert library == ("2" if driven["python"].startswith("3.13") else "1")


def test_health_and_readiness_answer(driven: dict[str, Any]) -> None:
    for name in ("health", "ready"):
        assert driven["results"][name]["status"] == 200
        assert driven["results"][name]["headers"]["content-type"] == "application/json"


def test_a_request_without_a_token_gets_the_challenge(driven: dict[str, Any]) -> None:
    result = driven["results"]["anonymous"]
    assert result["status"] == 401
    assert result["headers"]["www-authenticate"].startswith("Bearer authorization_uri=")
    assert result["headers"]["content-type"] == "application/xml"


def test_target_headers_and_bytes_arrive_as_sent(driven: dict[str, Any]) -> None:
    put = seen(driven, "put")
    assert (put["method"], put["target"]) == ("PUT", "/box/a%20b?comp=block&id=%2F")
    assert base64.b64decode(put["body"]) == b"\x00\xff\r\n"
    assert put["headers"]["x-ms-meta-a"] == "1,2"
    assert seen(driven, "merge")["target"] == "/"


def test_a_chunked_request_is_refused(driven: dict[str, Any]) -> None:
    result = driven["results"]["chunked"]
    assert result["status"] == 411
    assert b"Content-Length" in base64.b64decode(result["body"])


def test_a_doubled_authorization_is_refused(driven: dict[str, Any]) -> None:
    assert driven["results"]["doubled"]["status"] == 400


def test_repeated_response_headers_survive(driven: dict[str, Any]) -> None:
    result = driven["results"]["put"]
    assert result["headers"]["x-repeated"] == "1, 2"
    assert result["cookies"] == ["a=1", "b=2"]


def test_the_content_type_is_never_the_librarys(driven: dict[str, Any]) -> None:
    result = driven["results"]["empty"]
    assert (result["status"], result["body"]) == (204, "")
    assert result["headers"]["content-type"] == "application/json"
    assert "content-length" not in result["headers"]


def test_head_has_a_length_and_no_body(driven: dict[str, Any]) -> None:
    result = driven["results"]["head"]
    assert (result["status"], result["body"]) == (200, "")
    assert int(result["headers"]["content-length"]) > 0


def test_timers_run(driven: dict[str, Any]) -> None:
    assert driven["results"]["sweep"] == driven["results"]["count"] == {}


@pytest.mark.parametrize("line", environments.LINES)
def test_the_real_gateway_refuses_a_caller_without_a_token(line: str, tmp_path: Path) -> None:
    example = json.loads((ROOT / "local.settings.example.json").read_text())["Values"]
    secrets = tmp_path / "secrets.json"
    secrets.write_text(json.dumps({"chaperone-digest-key": base64.b64encode(bytes(32)).decode()}))
    secrets.chmod(0o600)
    authority, _, _ = tls.create(tmp_path)
    files = {
        "CHAPERONE_DEV_SECRETS_FILE": str(secrets),
        "CHAPERONE_DEV_CA_FILE": str(authority),
    }
    outcome = drive(line, "real", ["health", "anonymous"], {**example, **files})
    assert outcome["results"]["health"]["status"] == 200
    refused = outcome["results"]["anonymous"]
    assert refused["status"] == 401
    assert refused["headers"]["x-ms-error-code"] == "TokenMissing"
    assert "authorization_uri=" in refused["headers"]["www-authenticate"]


def test_wrong_settings_answer_503_and_say_why_to_the_log_alone() -> None:
    outcome = drive(environments.LINES[0], "real", ["anonymous", "count"], {})
    refused = outcome["results"]["anonymous"]
    assert refused["status"] == 503
    assert b"CHAPERONE_" not in base64.b64decode(refused["body"])
    assert "CHAPERONE_TENANTS" in outcome["log"]
    assert outcome["results"]["count"]["failure"] == "TickFailed: timer count: InternalError"
