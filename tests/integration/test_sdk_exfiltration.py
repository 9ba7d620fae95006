"""Ways to get data out, and credentials of the agent's own: none works, none reaches storage."""

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import (
    AccessPolicy,
    BlobServiceClient,
    ContainerSasPermissions,
    CorsRule,
    CustomerProvidedEncryptionKey,
    PublicAccess,
    RetentionPolicy,
    StaticWebsite,
)

from tests.integration.stack import Fixed, Heard, Stack, code

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

SAS = "sv=2025-11-05&sr=c&sp=rl&se=2030-01-01T00%3A00%3A00Z&sig=bm90LWEtc2lnbmF0dXJl"
RECORD = "phi/fhir/patient-0001.json"
TOMORROW = datetime.now(UTC) + timedelta(days=1)

Attempt = Callable[["Agent"], Any]


class Agent:
    """An administrator's agent: the rules allow it everything, the guardrails do not."""

    def __init__(self, stack: Stack, heard: Heard) -> None:
        self.stack = stack
        self.clinic = stack.agent("clinic", raw_response_hook=heard)
        self.research = stack.agent("research", raw_response_hook=heard)
        self.record = f"{stack.running.url}/c/clinic/{RECORD}"
        self.bait = f"{stack.running.azurite.account_url('foreigndata')}/drop/bait.txt"
        self.evidence = f"{stack.running.azurite.account_url('chaperoneevidence')}/evidence/x"
        self.phi = self.clinic.get_container_client("phi")
        self.loot = self.clinic.get_blob_client("public", "loot")
        self.key = CustomerProvidedEncryptionKey(
            base64.b64encode(bytes(32)).decode(), base64.b64encode(bytes(32)).decode()
        )

    def named(self, connection: str) -> BlobServiceClient:
        return self.stack.agent(connection)

    def with_sas(self) -> BlobServiceClient:
        token = Fixed(self.stack.token("platform-agent", "platform-admins"))
        return self.stack.service("clinic?" + SAS, token)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def agent(stack: Stack, heard: Heard) -> Agent:
    return Agent(stack, heard)


@pytest.fixture
def untouched(stack: Stack) -> Iterator[None]:
    """Nothing arrives at storage during the test, and everything there stays as it was."""
    before = stack.contents()
    with stack.nothing_reaches_storage():
        yield
    assert stack.contents() == before


ATTEMPTS: dict[str, tuple[str, Attempt]] = {
    "copy from a foreign account": (
        "ForeignSource",
        lambda agent: agent.loot.start_copy_from_url(agent.bait),
    ),
    "synchronous copy from a foreign account": (
        "ForeignSource",
        lambda agent: agent.loot.start_copy_from_url(agent.bait, requires_sync=True),
    ),
    "upload from a foreign URL": (
        "ForeignSource",
        lambda agent: agent.loot.upload_blob_from_url(agent.bait),
    ),
    "block from a foreign URL": (
        "ForeignSource",
        lambda agent: agent.loot.stage_block_from_url("AAAA", agent.bait),
    ),
    "append from a foreign URL": (
        "ForeignSource",
        lambda agent: agent.loot.append_block_from_url(agent.bait),
    ),
    "page from a foreign URL": (
        "ForeignSource",
        lambda agent: agent.loot.upload_pages_from_url(agent.bait, 0, 512, 0),
    ),
    "copy from a public site": (
        "ForeignSource",
        lambda agent: agent.loot.start_copy_from_url("https://example.org/a/b"),
    ),
    "copy from the instance metadata service": (
        "ForeignSource",
        lambda agent: agent.loot.start_copy_from_url("http://169.254.169.254/metadata/instance"),
    ),
    "copy to another account": (
        "ForeignSource",
        lambda agent: agent.research.get_blob_client("published", "x").start_copy_from_url(
            agent.record
        ),
    ),
    "copy to a connection that is not there": (
        "ConnectionNotFound",
        lambda agent: (
            agent.named("foreigndata")
            .get_blob_client("drop", "x")
            .start_copy_from_url(agent.record)
        ),
    ),
    "copy from the gateway's own evidence": (
        "ForeignSource",
        lambda agent: agent.loot.start_copy_from_url(agent.evidence),
    ),
    "copy to where less is masked": (
        "MaskedLess",
        lambda agent: agent.loot.start_copy_from_url(agent.record),
    ),
    "upload from where more is masked": (
        "MaskedLess",
        lambda agent: agent.loot.upload_blob_from_url(agent.record),
    ),
    "block from where more is masked": (
        "MaskedLess",
        lambda agent: agent.loot.stage_block_from_url("AAAA", agent.record),
    ),
    "make a container public": (
        "PublicAccess",
        lambda agent: agent.phi.set_container_access_policy(
            {}, public_access=PublicAccess.CONTAINER
        ),
    ),
    "make blobs public": (
        "PublicAccess",
        lambda agent: agent.phi.set_container_access_policy({}, public_access=PublicAccess.BLOB),
    ),
    "create a public container": (
        "PublicAccess",
        lambda agent: agent.clinic.create_container("open", public_access=PublicAccess.BLOB),
    ),
    "switch a web site on": (
        "PublicAccess",
        lambda agent: agent.clinic.set_service_properties(
            static_website=StaticWebsite(enabled=True, index_document="index.html")
        ),
    ),
    "write to the web container": (
        "PublicAccess",
        lambda agent: agent.clinic.get_blob_client("$web", "index.html").upload_blob(b"x"),
    ),
    "let any origin read": (
        "PublicAccess",
        lambda agent: agent.clinic.set_service_properties(cors=[CorsRule(["*"], ["GET"])]),
    ),
    "switch soft delete off": (
        "ProtectionDisabled",
        lambda agent: agent.clinic.set_service_properties(
            delete_retention_policy=RetentionPolicy(enabled=False)
        ),
    ),
    "get a user delegation key": (
        "DelegationKey",
        lambda agent: agent.clinic.get_user_delegation_key(datetime.now(UTC), TOMORROW),
    ),
    "store an access policy": (
        "StoredAccessPolicy",
        lambda agent: agent.phi.set_container_access_policy(
            {"out": AccessPolicy(ContainerSasPermissions(read=True), expiry=TOMORROW)}
        ),
    ),
    "a signature in the account's URL": (
        "CredentialNotAccepted",
        lambda agent: agent.with_sas().get_blob_client("public", "guide.md").download_blob(),
    ),
    "a signature in a copy source": (
        "CredentialNotAccepted",
        lambda agent: agent.loot.start_copy_from_url(
            f"{agent.stack.running.url}/c/clinic/public/guide.md?{SAS}"
        ),
    ),
    "an authorization for a copy source": (
        "CredentialNotAccepted",
        lambda agent: agent.loot.upload_blob_from_url(
            f"{agent.stack.running.url}/c/clinic/public/guide.md",
            source_authorization="Bearer something",
        ),
    ),
    "an encryption key on a read": (
        "CredentialNotAccepted",
        lambda agent: agent.clinic.get_blob_client("public", "guide.md").download_blob(
            cpk=agent.key
        ),
    ),
    "an encryption key on a write": (
        "CredentialNotAccepted",
        lambda agent: agent.loot.upload_blob(b"x", cpk=agent.key),
    ),
    "a batch of deletes": (
        "OperationNotSupported",
        lambda agent: agent.phi.delete_blobs("fhir/patient-0001.json", "csv/patients.csv"),
    ),
    "a query": (
        "OperationNotSupported",
        lambda agent: agent.phi.get_blob_client("csv/patients.csv").query_blob("SELECT * from X"),
    ),
}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_blocked_with_its_reason(name: str, agent: Agent, stack: Stack) -> None:
    reason, attempt = ATTEMPTS[name]

    with pytest.raises(HttpResponseError) as caught:
        attempt(agent)

    assert code(caught.value) == reason
    assert caught.value.status_code in {400, 403}
    assert caught.value.response is not None
    exchange = caught.value.response.headers["x-chaperone-exchange"]  # type: ignore[attr-defined]
    (record,) = stack.records(exchange)
    assert (record["type"], record["decision"], record["reason"]) == ("denied", "denied", reason)
    assert record["actor"]["agent"] == "platform-agent"
    assert "bm90LWEtc2lnbmF0dXJl" not in str(record), "a signature is a secret"


def test_an_account_key_or_a_signature_of_the_agents_own_opens_nothing(stack: Stack) -> None:
    key = stack.running.azurite.keys["clinicdata"]
    credentials = [
        AzureNamedKeyCredential("clinicdata", key),
        AzureSasCredential(SAS),
        None,
    ]
    with stack.nothing_reaches_storage():
        for credential in credentials:
            with pytest.raises(HttpResponseError) as caught:
                list(stack.service("clinic", credential).list_containers())
            assert caught.value.status_code == 401
            assert code(caught.value) in {"CredentialNotAccepted", "TokenMissing"}
