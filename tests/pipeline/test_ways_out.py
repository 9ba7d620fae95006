"""Ways to get at withheld content or values, end to end: refused, recorded, and never forwarded."""

import pytest

from gateway.errors import GatewayError, Reason
from gateway.model.message import Request
from tests.fakes import identity
from tests.pipeline import world

RULES = b"""
rules:
  - id: masked-by-rule
    effect: allow
    groups: [readers]
    actions: ["*/blobs/read"]
    resources: ["lab/plain/**"]
    obligations: {masking: safe-harbor}
  - id: scratch
    effect: allow
    groups: [readers]
    actions: ["*"]
    resources: ["lab/scratch/**", "lab", "clinic/**"]
"""
CONNECTIONS = b"""
connections:
  lab:
    kind: blob
    upstream: https://labdata.blob.core.windows.net
    credential: {kind: account-key, secret: lab-key}
    masking: {profile: none, ephi: false}
    areas:
      - {pattern: "phi/**", profile: safe-harbor, ephi: true}
"""
HEAD, _, REST = world.MANIFEST.partition(b"\nconnections:")
MANIFEST = HEAD + CONNECTIONS.rstrip() + REST.partition(b"\nworkflows:")[0] + RULES


def copy(source: str, target: str, **headers: str) -> Request:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    address = ("x-ms-copy-source", f"{world.BASE}/c/{source}")
    connection, _, path = target.partition("/")
    return world.request(
        "PUT", f"/{path}", headers=(address, *fields.items()), connection=connection
    )


def rename(header: str) -> Request:
    comp = "rename" if header == "x-ms-source-container-name" else "undelete"
    fields = [(header, "phi")]
    if comp == "undelete":
        fields.append(("x-ms-deleted-container-version", "01D"))
    return world.request("PUT", "/phi-two", query=f"restype=container&comp={comp}", headers=fields)


def search(where: str) -> Request:
    return world.request(path="/", query=f"comp=blobs&where={where}", connection="lab")


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (copy("lab/plain/a", "lab/scratch/a"), Reason.MASKED_LESS),
        (
            copy(
                "clinic/phi/a", "clinic/phi/b", x_ms_source_content_md5="AhKbuGEGHRoFLFkuLcazgw=="
            ),
            Reason.CONTENT_WITHHELD,
        ),
        (search("dob%3E%271970%27"), Reason.CONTENT_WITHHELD),
        (search("dob%3D%271970-01-01%27"), Reason.CONTENT_WITHHELD),
        (
            world.request(
                "HEAD", "/phi/a", headers=(("x-ms-if-tags", "\"mrn\" = '5'"),), connection="lab"
            ),
            Reason.NO_RULE_ALLOWS,
        ),
        (
            world.request("HEAD", "/phi/a", headers=(("x-ms-if-tags", "\"mrn\" = '5'"),)),
            Reason.CONTENT_WITHHELD,
        ),
        (
            copy("clinic/phi/a", "clinic/phi/b", x_ms_source_if_tags="\"mrn\" = '5'"),
            Reason.CONTENT_WITHHELD,
        ),
        (rename("x-ms-source-container-name"), Reason.OPERATION_NOT_SUPPORTED),
        (rename("x-ms-deleted-container-name"), Reason.OPERATION_NOT_SUPPORTED),
        (
            copy("lab/scratch/a", "lab/scratch/b", x_ms_copy_source_authorization="Bearer mine"),
            Reason.CREDENTIAL_NOT_ACCEPTED,
        ),
        (
            world.request("HEAD", headers=(("x-ms-encryption-key", "mine"),)),
            Reason.CREDENTIAL_NOT_ACCEPTED,
        ),
    ],
)
async def test_a_way_out_is_refused_and_on_record_with_its_operation(
    asked: Request, reason: Reason
) -> None:
    here = world.World(manifest=MANIFEST)
    with pytest.raises(GatewayError) as caught:
        await here.pipeline().handle(asked)

    assert caught.value.reason is reason
    assert here.upstream.sent == []
    assert here.journal.types() == ["denied"]
    assert here.journal.records[0]["operation"]
    assert identity.AGENT in str(here.journal.records[0]["actor"])
