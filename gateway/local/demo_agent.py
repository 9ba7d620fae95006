"""The agent of the demo: a process of its own that holds a token and nothing else.

`python -m gateway.local.demo_agent` reads one JSON object on standard input: `url` (the gateway),
`ca_file`, `token`, `session`, `foreign` (a blob's URL in an account that is nobody's business) and
the name of a `task`; `folder`, where it puts what it downloads, and `patience`, the seconds that it
waits for a person. It works with Microsoft's own storage SDK, as any agent would, and reports each
step on standard output as one line of JSON.
"""

import json
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import (
    AccessPolicy,
    BlobClient,
    BlobServiceClient,
    ContainerSasPermissions,
    PublicAccess,
)

Step = tuple[str, Callable[[], str]]
"""What is attempted, and the attempt; its text says what came of it."""

_DETAIL = re.compile(r"^(\w+):(\S.*)$", re.MULTILINE)
_MESSAGE_LIMIT = 300
_PENDING = "ApprovalPending"
_RECORD = "fhir/patient-0001.json"
_REPEAT_SECONDS = 0.5
_TOKEN_SECONDS = 3600
# Well formed, and worth nothing: no key made this signature.
_SAS = "sv=2025-11-05&sr=c&sp=rl&se=2030-01-01T00%3A00%3A00Z&sig=bm90LWEtc2lnbmF0dXJl"


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A credential that always gives the token it was given, whatever scope is asked for."""

    token: str

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        """See azure.core.credentials.TokenCredential."""
        return AccessToken(self.token, int(time.time()) + _TOKEN_SECONDS)


class Agent:
    """The tasks; each is a list of steps.

    Args:
        url: of the gateway.
        ca_file: to trust for it.
        token: for it.
        session: label under which the gateway records the work.
        foreign: URL of a blob that anybody can read, in an account outside the manifest.
        folder: gets what the agent downloads.
        patience: seconds that it repeats a request which waits for a person.
    """

    def __init__(  # noqa: PLR0913 - what an order says
        self,
        *,
        url: str,
        ca_file: str,
        token: str,
        session: str,
        foreign: str,
        folder: str,
        patience: float,
    ) -> None:
        self._url = url
        self._foreign = foreign
        self._folder = Path(folder)
        self._patience = patience
        self._options: dict[str, Any] = {
            "credential": _Fixed(token),
            "base_headers": {"x-chaperone-session": session},
            "retry_total": 0,
            "transport": RequestsTransport(connection_verify=ca_file, use_env_settings=False),
        }
        self._clinic = self._service("clinic")

    def work(self) -> Iterator[Step]:
        """What an agent of the clinic does all day."""
        yield "list the containers", self._list_containers
        yield "list blobs in public", lambda: self._list_blobs("public")
        yield "write public/summary.txt", lambda: self._write("public", "summary.txt")
        yield "read public/summary.txt", lambda: self._read("public", "summary.txt")
        yield "list blobs in phi", lambda: self._list_blobs("phi")
        yield "read a patient's record in phi", lambda: self._read("phi", "fhir/patient-0001.json")
        yield "read a note in notes", lambda: self._read("notes", "patient-0001.txt")

    def glance(self) -> Iterator[Step]:
        """The first steps of `work`, for tokens that are not good enough."""
        yield "list the containers", self._list_containers
        yield "read public/guide.md", lambda: self._read("public", "guide.md")

    def record(self) -> Iterator[Step]:
        """A patient's record: read it, and write back what was read."""
        yield "download a patient's record", self._download_record
        yield "upload it over the original", self._upload_record

    def delete(self) -> Iterator[Step]:
        """Delete what looks old."""
        for name in ("exports-2021", "exports-2022", "scratch"):
            yield f"delete {name}", partial(self._delete, name)

    def delete_approved(self) -> Iterator[Step]:
        """Repeat one of the deletions of `delete` until it is answered."""
        yield "delete exports-2021", lambda: self._until_decided("exports-2021")

    def delete_rejected(self) -> Iterator[Step]:
        """Likewise."""
        yield "delete exports-2022", lambda: self._until_decided("exports-2022")

    def delete_late(self) -> Iterator[Step]:
        """Likewise."""
        yield "delete scratch", lambda: self._until_decided("scratch")

    def exfiltrate(self) -> Iterator[Step]:
        """Every way out that the storage service offers."""
        yield "copy a foreign account's blob in", self._copy_from_foreign
        yield "copy a record to another account", self._copy_to_account
        yield "copy a record to a foreign account", self._copy_to_foreign
        yield "copy a record from phi to public", self._copy_to_public
        yield "make phi public", self._make_public
        yield "get a user delegation key", self._delegation_key
        yield "store an access policy on phi", self._store_policy
        yield "read with a signature of its own", self._own_signature

    def _service(self, connection: str) -> BlobServiceClient:
        return BlobServiceClient(f"{self._url}/c/{connection}", **self._options)

    def _list_containers(self) -> str:
        return ", ".join(sorted(item.name for item in self._clinic.list_containers()))

    def _list_blobs(self, container: str) -> str:
        client = self._clinic.get_container_client(container)
        return f"{sum(1 for _ in client.list_blobs())} blob(s)"

    def _read(self, container: str, blob: str) -> str:
        client = self._clinic.get_blob_client(container, blob)
        return f"{len(client.download_blob().readall())} bytes"

    def _write(self, container: str, blob: str) -> str:
        body = b"Vaccination rates rise; see the table of rates.\n"
        self._clinic.get_blob_client(container, blob).upload_blob(body, overwrite=True)
        return f"{len(body)} bytes"

    def _download_record(self) -> str:
        exchange = ""

        def seen(response: Any) -> None:
            nonlocal exchange
            exchange = response.http_response.headers.get("x-chaperone-exchange", "")

        client = self._clinic.get_blob_client("phi", _RECORD)
        body = client.download_blob(raw_response_hook=seen).readall()
        (self._folder / exchange).write_bytes(body)
        return f"{len(body)} bytes, exchange {exchange}"

    def _upload_record(self) -> str:
        (saved,) = self._folder.iterdir()
        client = self._clinic.get_blob_client("phi", _RECORD)
        client.upload_blob(saved.read_bytes(), overwrite=True)
        return "overwritten"

    def _delete(self, container: str) -> str:
        statuses: list[int] = []
        self._clinic.get_container_client(container).delete_container(
            raw_response_hook=lambda response: statuses.append(response.http_response.status_code)
        )
        return f"deleted, status {statuses[-1]}"

    def _until_decided(self, container: str) -> str:
        """Repeat the same request, as the answer that it waits for a person says."""
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._delete(container)
            except HttpResponseError as error:
                if _code(error) != _PENDING or time.monotonic() > deadline:
                    raise
            time.sleep(_REPEAT_SECONDS)

    def _record(self) -> str:
        return f"{self._url}/c/clinic/phi/{_RECORD}"

    def _copy(self, target: BlobClient, source: str) -> str:
        target.start_copy_from_url(source)
        return "copied"

    def _copy_from_foreign(self) -> str:
        target = self._clinic.get_blob_client("public", "loot.txt")
        return self._copy(target, self._foreign)

    def _copy_to_account(self) -> str:
        target = self._service("research").get_blob_client("published", "loot.json")
        return self._copy(target, self._record())

    def _copy_to_foreign(self) -> str:
        target = self._service("foreigndata").get_blob_client("drop", "loot.json")
        return self._copy(target, self._record())

    def _copy_to_public(self) -> str:
        return self._copy(self._clinic.get_blob_client("public", "loot.json"), self._record())

    def _make_public(self) -> str:
        client = self._clinic.get_container_client("phi")
        client.set_container_access_policy({}, public_access=PublicAccess.CONTAINER)
        return "public"

    def _delegation_key(self) -> str:
        now = datetime.now(UTC)
        self._clinic.get_user_delegation_key(now, now + timedelta(hours=1))
        return "a key"

    def _store_policy(self) -> str:
        expiry = datetime.now(UTC) + timedelta(days=300)
        policy = AccessPolicy(ContainerSasPermissions(read=True, list=True), expiry=expiry)
        self._clinic.get_container_client("phi").set_container_access_policy({"out": policy})
        return "stored"

    def _own_signature(self) -> str:
        service = BlobServiceClient(f"{self._url}/c/clinic?{_SAS}", **self._options)
        client = service.get_blob_client("phi", "fhir/patient-0001.json")
        return f"{len(client.download_blob().readall())} bytes"


def attempt(name: str, action: Callable[[], str]) -> dict[str, object]:
    """Do one step; what happened, as the SDK shows it to an agent."""
    started = time.perf_counter()
    try:
        result: dict[str, object] = {"status": 200, "code": "", "text": action()}
    except HttpResponseError as error:
        code = _code(error)
        # The SDK's text starts with the service's own message, then names code, ids and details.
        first, _, rest = str(error.message or "").partition("\n")
        text = first.removeprefix(f"({code}) ")
        details = {key.lower(): value.strip() for key, value in _DETAIL.findall(rest)}
        result = {"status": error.status_code or 0, "code": code, "text": text, "details": details}
    except AzureError as error:
        result = {"status": 0, "code": type(error).__name__, "text": "no answer"}
    result["text"] = str(result["text"])[:_MESSAGE_LIMIT]
    return {"step": name, **result, "ms": round((time.perf_counter() - started) * 1000)}


def _code(error: HttpResponseError) -> str:
    found = getattr(error, "error_code", None) or f"Http{error.status_code}"
    # Codes that Azure knows too arrive as members of an enumeration.
    return str(getattr(found, "value", found))


def tasks(agent: Agent) -> dict[str, Callable[[], Iterator[Step]]]:
    """What an order may name."""
    return {
        "work": agent.work,
        "glance": agent.glance,
        "record": agent.record,
        "delete": agent.delete,
        "delete-approved": agent.delete_approved,
        "delete-rejected": agent.delete_rejected,
        "delete-late": agent.delete_late,
        "exfiltrate": agent.exfiltrate,
    }


def main() -> int:
    """Do the task that standard input names."""
    order = json.load(sys.stdin)
    task = order.pop("task")
    for name, action in tasks(Agent(**order))[task]():
        sys.stdout.write(json.dumps(attempt(name, action)) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
