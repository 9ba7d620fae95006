"""The development provider as a process of its own, and the production code against it."""

import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import azure.identity
import pytest

from gateway.adapters.entra_keys import EntraKeys
from gateway.authn.token import Accepted
from gateway.cli.token import Provider, request_token, token
from gateway.errors import (
    ConfigurationError,
    GatewayError,
    InvalidRequest,
    Reason,
    Unavailable,
)
from gateway.local import directory, tls
from gateway.model.principal import PrincipalKind
from gateway.refresh.keyring import KeyAges, KeyRing
from gateway.refresh.verifier import EntraVerifier

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

AGENT = directory.AGENTS["triage-agent"]
NOT_AT_ONCE = KeyAges(retry=timedelta(0))


class WallClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class Running:
    url: str
    ca_file: Path
    state: Path
    pid: int

    def post(self, path: str, form: Mapping[str, str] | None = None) -> tuple[int, Any]:
        return self.ask(path, urllib.parse.urlencode(form or {}).encode())

    def ask(self, path: str, data: bytes | None = None, **headers: str) -> tuple[int, Any]:
        context = ssl.create_default_context(cafile=self.ca_file)
        request = urllib.request.Request(f"{self.url}{path}", data, headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as response:  # noqa: S310
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def answer(self, form: Mapping[str, str]) -> tuple[int, Any]:
        fields = {
            "grant_type": "client_credentials",
            "client_id": AGENT.application,
            "client_secret": directory.CLIENT_SECRET,
            "scope": f"{directory.AUDIENCE}/.default",
        }
        return self.post(f"/{directory.TENANT}/oauth2/v2.0/token", {**fields, **form})

    def token(self, **form: str) -> str:
        status, body = self.answer(form)
        assert status == 200, body
        return str(body["access_token"])


def start(folder: Path, environment: str | None) -> subprocess.Popen[str]:
    _, certificate, key = tls.create(folder)
    values = {name: value for name, value in os.environ.items() if name != "CHAPERONE_ENVIRONMENT"}
    if environment is not None:
        values["CHAPERONE_ENVIRONMENT"] = environment
    pair = ["--cert", str(certificate), "--key", str(key), "--state", str(folder / "idp.json")]
    return subprocess.Popen(
        [sys.executable, "-m", "gateway.local.identity_provider", "--port", "0", *pair],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=values,
    )


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("idp")
    with start(folder, "development") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("READY "), line
        url = json.loads(line.removeprefix("READY "))["identity_provider"]
        yield Running(url, folder / "ca.pem", folder / "idp.json", process.pid)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == -signal.SIGTERM


@pytest.fixture
async def verifier(provider: Running) -> AsyncIterator[EntraVerifier]:
    keys = EntraKeys(provider.url, ca_file=provider.ca_file)
    clock = WallClock()
    accepted = Accepted(
        tenants=frozenset({directory.TENANT}),
        audiences=frozenset({directory.AUDIENCE, directory.AUDIENCE_ID}),
        authority=provider.url,
        leeway=60,
    )
    yield EntraVerifier(KeyRing(keys, clock, provider.url, NOT_AT_ONCE), accepted, clock)
    await keys.close()


async def reason(verifier: EntraVerifier, token: str) -> Reason:
    with pytest.raises(GatewayError) as caught:
        await verifier.verify(token)
    return caught.value.reason


@pytest.mark.parametrize("version", ["1", "2"])
async def test_an_agents_token_is_verified_by_the_production_code(
    provider: Running, verifier: EntraVerifier, version: str
) -> None:
    found = await verifier.verify(provider.token(dev_version=version, dev_roles="Agent.Use"))
    assert found.tenant == directory.TENANT
    assert found.object_id == AGENT.object_id
    assert found.application == AGENT.application
    assert found.kind is PrincipalKind.APPLICATION
    assert found.groups == {directory.GROUPS["phi-readers"]}
    assert found.roles == {"Agent.Use"}
    assert found.token_id


@pytest.mark.parametrize("version", ["1", "2"])
async def test_a_token_about_a_person_is_a_users(
    provider: Running, verifier: EntraVerifier, version: str
) -> None:
    found = await verifier.verify(provider.token(dev_person="dr.lee", dev_version=version))
    assert found.kind is PrincipalKind.USER
    assert found.object_id == directory.PERSONS["dr.lee"].object_id
    assert found.name == "dr.lee@clinic.example"
    assert "mfa" in found.methods


async def test_groups_are_chosen_by_name_or_object_id(
    provider: Running, verifier: EntraVerifier
) -> None:
    other = "12345678-1234-4234-8234-123456789abc"
    found = await verifier.verify(provider.token(dev_groups=f"outsiders,{other.upper()}"))
    assert found.groups == {directory.GROUPS["outsiders"], other}
    assert (await verifier.verify(provider.token(dev_groups=""))).groups == frozenset()


async def test_an_expired_token_is_refused(provider: Running, verifier: EntraVerifier) -> None:
    assert await reason(verifier, provider.token(dev_expires_in="-3600")) is Reason.TOKEN_EXPIRED


@pytest.mark.parametrize(
    "form",
    [
        {"dev_audience": "https://management.azure.com"},
        {"scope": "https://storage.azure.com/.default"},
    ],
)
async def test_a_token_for_another_audience_is_refused(
    provider: Running, verifier: EntraVerifier, form: dict[str, str]
) -> None:
    assert await reason(verifier, provider.token(**form)) is Reason.AUDIENCE_NOT_ACCEPTED


async def test_rotation_keeps_old_tokens_good_until_the_key_is_withdrawn(
    provider: Running, verifier: EntraVerifier
) -> None:
    old = provider.token()
    assert (await verifier.verify(old)).object_id == AGENT.object_id
    provider.post("/dev/rotate")
    new = provider.token()
    assert (await verifier.verify(new)).object_id == AGENT.object_id
    assert (await verifier.verify(old)).object_id == AGENT.object_id
    provider.post("/dev/rotate?withdraw=true")
    newest = provider.token()
    assert (await verifier.verify(newest)).object_id == AGENT.object_id
    assert await reason(verifier, old) is Reason.TOKEN_INVALID


def test_the_azure_identity_library_gets_tokens_from_it(provider: Running) -> None:
    credential = azure.identity.ClientSecretCredential(
        directory.TENANT,
        AGENT.application,
        directory.CLIENT_SECRET,
        authority=provider.url,
        disable_instance_discovery=True,
        connection_verify=str(provider.ca_file),
    )
    with credential:
        found = credential.get_token(f"{directory.AUDIENCE}/.default")
    assert found.token.count(".") == 2


def test_client_credentials_may_come_as_http_basic(provider: Running) -> None:
    form = {"grant_type": "client_credentials", "scope": f"{directory.AUDIENCE}/.default"}
    pair = base64.b64encode(f"{AGENT.application}:{directory.CLIENT_SECRET}".encode()).decode()
    path = f"/{directory.TENANT}/oauth2/v2.0/token"
    data = urllib.parse.urlencode(form).encode()
    assert provider.ask(path, data, Authorization=f"Basic {pair}")[0] == 200
    assert provider.ask(path, data, Authorization="Basic !")[0] == 401
    assert provider.ask(path, data, Authorization="Bearer x")[0] == 401


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "unknown"}, "invalid_client"),
        ({"scope": "api://chaperone-dev"}, "invalid_scope"),
        ({"scope": "/.default"}, "invalid_scope"),
        ({"scope": "a/.default b/.default"}, "invalid_scope"),
        ({"dev_version": "3"}, "invalid_request"),
        ({"dev_version": "two"}, "invalid_request"),
        ({"dev_expires_in": "1000000"}, "invalid_request"),
        ({"dev_groups": "nobody"}, "invalid_request"),
        ({"dev_person": "nobody"}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_with_an_oauth_error(
    provider: Running, form: dict[str, str], error: str
) -> None:
    status, body = provider.answer(form)
    assert status == (401 if error == "invalid_client" else 400)
    assert body["error"] == error


@pytest.mark.parametrize(
    "body",
    [b"\xff", b"scope=a&scope=b&grant_type=client_credentials", b"x" * 70_000, b"&a=b" * 200],
    ids=["not-ascii", "twice", "too-large", "too-many-fields"],
)
def test_a_body_that_is_no_sensible_form_is_refused(provider: Running, body: bytes) -> None:
    status, answer = provider.ask(f"/{directory.TENANT}/oauth2/v2.0/token", body)
    assert (status, "error" in answer) in {(400, True), (401, True)}


def test_the_discovery_document_names_every_endpoint(provider: Running) -> None:
    status, document = provider.ask(f"/{directory.TENANT}/v2.0/.well-known/openid-configuration")
    assert status == 200
    assert document["issuer"] == f"{provider.url}/{directory.TENANT}/v2.0"
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert document[name].startswith(f"{provider.url}/{directory.TENANT}/")
    path = document["authorization_endpoint"].removeprefix(provider.url)
    assert provider.ask(path)[1]["error"] == "unauthorized_client"
    assert document["code_challenge_methods_supported"] == ["S256"]


@pytest.mark.parametrize("path", ["oauth2/v2.0/authorize", "dev/persons"])
def test_nobody_that_there_is_not_signs_in_or_is_changed(provider: Running, path: str) -> None:
    status, answer = provider.post(f"/{directory.TENANT}/{path}", {"person": "nobody"})
    assert (status, "error" in answer) == (400, True)
    assert provider.ask(f"/{directory.TENANT}/{path}", b"\xff")[0] == 400


def test_published_keys_have_no_private_part(provider: Running) -> None:
    _, document = provider.ask(f"/{directory.TENANT}/discovery/v2.0/keys")
    assert document["keys"]
    for key in document["keys"]:
        assert set(key) == {"kty", "use", "kid", "n", "e", "issuer"}


def test_health_and_unknown_paths(provider: Running) -> None:
    assert provider.ask("/dev/health") == (200, {"status": "ready"})
    assert provider.ask("/other")[0] == 404
    assert provider.post("/other")[0] == 404


def test_the_state_file_says_where_it_listens(provider: Running) -> None:
    state = json.loads(provider.state.read_text("utf-8"))
    assert state["identity_provider"] == provider.url
    assert state["tenant"] == directory.TENANT
    assert provider.url.startswith("https://127.0.0.1:")


@pytest.mark.parametrize("environment", ["production", None, "staging"])
def test_it_starts_in_development_only(tmp_path: Path, environment: str | None) -> None:
    with start(tmp_path, environment) as process:
        out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert out == ""
    assert "production" in err
    assert not (tmp_path / "idp.json").exists()


# --- chaperone token ----------------------------------------------------------------------------


async def test_the_token_command_prints_a_token_that_verifies(
    provider: Running, verifier: EntraVerifier, capsys: pytest.CaptureFixture[str]
) -> None:
    token(group=["data-writers"], role=["Agent.Use"], idp=provider.url, ca=provider.ca_file)
    printed = capsys.readouterr().out
    found = await verifier.verify(printed.strip())
    assert printed.count("\n") == 1
    assert found.groups == {directory.GROUPS["data-writers"]}
    assert found.roles == {"Agent.Use"}


async def test_the_token_command_reads_the_state_file_of_a_running_gateway(
    provider: Running,
    verifier: EntraVerifier,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    state = tmp_path / "dev.json"
    state.write_text(
        json.dumps(
            {
                "gateway": "https://127.0.0.1:1",
                "ca_file": str(provider.ca_file),
                "identity_provider": provider.url,
                "tenant": directory.TENANT,
                "audience": directory.AUDIENCE,
            }
        )
    )
    token(agent="etl-agent", person="rita.reviewer", version=1, state=state)
    found = await verifier.verify(capsys.readouterr().out.strip())
    assert found.application == directory.AGENTS["etl-agent"].application
    assert found.name == "rita.reviewer@clinic.example"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"expired": True}, Reason.TOKEN_EXPIRED),
        ({"audience": "https://storage.azure.com"}, Reason.AUDIENCE_NOT_ACCEPTED),
    ],
)
async def test_the_token_command_makes_tokens_that_are_refused(
    provider: Running,
    verifier: EntraVerifier,
    capsys: pytest.CaptureFixture[str],
    options: dict[str, Any],
    expected: Reason,
) -> None:
    token(idp=provider.url, ca=provider.ca_file, **options)
    assert await reason(verifier, capsys.readouterr().out.strip()) is expected


def test_the_token_command_says_what_the_provider_refuses(provider: Running) -> None:
    with pytest.raises(InvalidRequest) as caught:
        token(group=["nobody"], idp=provider.url, ca=provider.ca_file)
    assert "phi-readers" in caught.value.advice


def test_the_token_command_knows_its_agents(provider: Running) -> None:
    with pytest.raises(InvalidRequest) as caught:
        token(agent="nobody", idp=provider.url, ca=provider.ca_file)
    assert "triage-agent" in caught.value.advice


def test_the_token_command_without_a_gateway_says_what_to_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        token(state=tmp_path / "dev.json")
    assert "chaperone dev" in caught.value.advice


@pytest.mark.parametrize("text", ["", "[]", "{", "{}"])
def test_a_broken_state_file_is_said(tmp_path: Path, text: str) -> None:
    state = tmp_path / "dev.json"
    state.write_text(text)
    with pytest.raises(ConfigurationError):
        token(state=state)


def test_a_provider_by_address_needs_its_certificate(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        token(idp="https://127.0.0.1:1")
    with pytest.raises(ConfigurationError):
        token(idp="https://127.0.0.1:1", ca=tmp_path / "absent.pem")


def test_a_token_is_not_asked_for_over_plain_http(provider: Running) -> None:
    with pytest.raises(ConfigurationError):
        request_token(Provider("http://127.0.0.1:1", provider.ca_file), [])


def test_a_provider_that_is_gone_is_said(provider: Running) -> None:
    with pytest.raises(Unavailable) as caught:
        token(idp="https://127.0.0.1:1", ca=provider.ca_file)
    assert "chaperone dev" in caught.value.advice
