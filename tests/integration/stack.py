"""The running gateway as these tests see it: from the agent's side, and from storage's."""

import http.client
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobServiceClient, ContainerClient

from gateway.cli.token import Provider, request_token
from gateway.local import directory
from gateway.local.dev import Running
from gateway.local.manifest import DATA_ACCOUNTS
from tests.integration.deployment import Deployment

ACCOUNT_OF = {"clinic": "clinicdata", "research": "researchdata"}
ADMINISTRATOR = ("platform-agent", "platform-admins")
READER = ("triage-agent", "phi-readers")

_REQUEST = re.compile(r'^\S+ - - \[[^\]]*\] "([A-Z]+ /(\w+)\S*)', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Fixed:
    """A credential that gives one token, whatever scope is asked for."""

    token: str = field(repr=False)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        return AccessToken(self.token, int(time.time()) + 3600)


class Heard:
    """What came back, beside what the SDK returns: give it as `raw_response_hook`."""

    def __init__(self) -> None:
        self.responses: list[Any] = []

    def __call__(self, response: Any) -> None:
        self.responses.append(response.http_response)

    @property
    def statuses(self) -> list[int]:
        return [response.status_code for response in self.responses]

    @property
    def headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.responses[-1].headers.items()}

    @property
    def exchange(self) -> str:
        return self.headers["x-chaperone-exchange"]


@dataclass(frozen=True, slots=True)
class Both:
    """One container, through the gateway and as it is stored."""

    through: ContainerClient
    stored: ContainerClient

    def holds(self, name: str) -> bytes:
        """The bytes in storage."""
        return self.stored.download_blob(name).readall()

    def put(self, name: str, data: bytes, **options: Any) -> None:
        """Store a blob without the gateway."""
        self.stored.upload_blob(name, data, **options)

    def names(self) -> list[str]:
        """Of the blobs in storage."""
        return list(self.stored.list_blob_names())


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that `gateway.local.dev.running` started, and clients for it."""

    running: Running
    deployment: Deployment
    resources: ExitStack

    def token(
        self,
        agent: str = ADMINISTRATOR[0],
        *groups: str,
        version: int = 2,
        audience: str = "",
        expires_in: int = 3600,
        scope: str = f"{directory.AUDIENCE}/.default",
        provider: str = "",
    ) -> str:
        """A token of the development provider, for the gateway unless said otherwise."""
        form = [
            ("grant_type", "client_credentials"),
            ("client_id", directory.AGENTS[agent].application),
            ("client_secret", directory.CLIENT_SECRET),
            ("scope", scope),
            ("dev_version", str(version)),
            ("dev_expires_in", str(expires_in)),
        ]
        form += [("dev_groups", group) for group in groups]
        form += [("dev_audience", audience)] if audience else []
        url = provider or self.running.identity_provider
        return request_token(Provider(url, self.running.ca_file), form)

    def service(
        self, connection: str, credential: Any, *, url: str = "", **options: Any
    ) -> BlobServiceClient:
        """The SDK as an agent sets it up, without retries so that each answer shows."""
        transport = RequestsTransport(
            connection_verify=str(self.running.ca_file), use_env_settings=False
        )
        return self.resources.enter_context(
            BlobServiceClient(
                f"{url or self.running.url}/c/{connection}",
                credential=credential,
                transport=transport,
                **{"retry_total": 0, **options},
            )
        )

    def agent(self, connection: str, *who: str, **options: Any) -> BlobServiceClient:
        """A client with a token of (agent, group, …), an administrator's by default."""
        return self.service(connection, Fixed(self.token(*(who or ADMINISTRATOR))), **options)

    def account(self, name: str) -> BlobServiceClient:
        """A client of storage itself, with the account's key."""
        return self.resources.enter_context(
            BlobServiceClient.from_connection_string(
                self.running.azurite.connection_string(name),
                transport=RequestsTransport(use_env_settings=False),
                retry_total=0,
            )
        )

    def both(self, connection: str, name: str, service: BlobServiceClient | None = None) -> Both:
        """A container that both sides reach; storage gets it if it is not there."""
        stored = self.account(ACCOUNT_OF[connection]).get_container_client(name)
        if not stored.exists():
            stored.create_container()
        through = (service or self.agent(connection)).get_container_client(name)
        return Both(through, stored)

    def requests(self) -> list[str]:
        """`METHOD /account/…` of every request for the data accounts that storage has received.

        A line is written once its answer has gone out, so a request of ours comes last.
        """
        marker = uuid.uuid4().hex
        address = urlsplit(self.running.azurite.blob_url)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        connection.request("GET", f"/marker{marker}/x")
        connection.getresponse().read()
        connection.close()
        deadline = time.monotonic() + 10
        while marker not in (log := self.running.storage_log.read_text("utf-8", "replace")):
            assert time.monotonic() < deadline, "storage's access log does not grow"
            time.sleep(0.01)
        return [line for line, account in _REQUEST.findall(log) if account in DATA_ACCOUNTS]

    @contextmanager
    def nothing_reaches_storage(self) -> Iterator[None]:
        """No request for a data account arrives while the block runs."""
        before = self.requests()
        yield
        assert self.requests() == before

    def contents(self) -> list[tuple[Any, ...]]:
        """Every container with who may read it, every blob with its ETag, in all data accounts.

        Containers that tests made for themselves are left out.
        """
        found: list[tuple[Any, ...]] = []
        for account in DATA_ACCOUNTS:
            service = self.account(account)
            names = [item.name for item in service.list_containers()]
            for name in [name for name in names if not name.startswith("test-")]:
                client = service.get_container_client(name)
                policy = client.get_container_access_policy()
                identifiers = [item.id for item in policy["signed_identifiers"] or ()]
                found.append((account, name, policy["public_access"], identifiers))
                found += [
                    (account, name, blob.name, blob.snapshot, blob.etag, blob.metadata)
                    for blob in client.list_blobs(
                        include=["metadata", "snapshots", "uncommittedblobs"]
                    )
                ]
        return found

    def records(self, exchange: str) -> Sequence[dict[str, Any]]:
        """What the journals say of one exchange, in order."""
        return [record for record in self.deployment.records() if record.get("id") == exchange]


def code(error: BaseException) -> str:
    """The error code that an SDK exception carries, as text."""
    found = getattr(error, "error_code", None)
    return str(getattr(found, "value", found) or "")
