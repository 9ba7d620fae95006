"""Every operation of the Blob service REST API.

Source: "Operations on the account, containers and blobs"
(learn.microsoft.com/rest/api/storageservices/blob-service-rest-api) and the specification
Azure/azure-rest-api-specs, Microsoft.BlobStorage, for parameters and headers. Where Azure's
reference allows `blobs/write` or `blobs/add/action`, the table has `blobs/write`: whether a
request creates or overwrites is known to the service alone.
"""

from typing import Final

from gateway.model.operation import Shape
from gateway.operations.blob import actions as a
from gateway.operations.blob import headers as h
from gateway.operations.blob.spec import Body, Level, Scope, Spec, Variant

_ACCOUNT: Final = frozenset({Level.ACCOUNT})
_CONTAINER: Final = frozenset({Level.CONTAINER})
_BLOB: Final = frozenset({Level.BLOB})
_ANY: Final = frozenset(Level)

_GET: Final = frozenset({"GET"})
_READ: Final = frozenset({"GET", "HEAD"})
_HEAD: Final = frozenset({"HEAD"})
_PUT: Final = frozenset({"PUT"})
_POST: Final = frozenset({"POST"})
_DELETE: Final = frozenset({"DELETE"})

_PAGING: Final = frozenset({"marker", "maxresults"})
_VERSIONS: Final = frozenset({"snapshot", "versionid"})
_IMMUTABILITY: Final = frozenset({h.IMMUTABLE_UNTIL, h.IMMUTABILITY_MODE, h.LEGAL_HOLD})
_WRITE: Final = frozenset({h.TAGS, *_IMMUTABILITY})
_EXPIRY: Final = frozenset({h.EXPIRY, h.EXPIRY_TIME})
_SOURCE: Final = frozenset({h.COPY_SOURCE})

_NO_BATCH: Final = "Blob Batch is not carried out: send each sub-request as a request of its own."
_NO_QUERY: Final = "Query Blob Contents is not carried out: read the blob instead."

# fmt: off
SERVICE: Final = (
    Spec("List Containers", _ACCOUNT, _GET, (a.READ_CONTAINER,), Shape.LISTING, comp="list",
         parameters=_PAGING | {"prefix", "include"}),
    Spec("Get Blob Service Properties", _ACCOUNT, _GET, (a.READ_SERVICE,), Shape.PROTOCOL,
         "service", "properties"),
    Spec("Set Blob Service Properties", _ACCOUNT, _PUT, (a.WRITE_SERVICE,), Shape.NONE,
         "service", "properties", body=Body.SERVICE_PROPERTIES),
    Spec("Get Blob Service Stats", _ACCOUNT, _GET, (a.READ_SERVICE,), Shape.PROTOCOL,
         "service", "stats"),
    Spec("Get Account Information", _ANY, _READ, (a.GET_INFO,), Shape.NONE,
         "account", "properties", scope=Scope.ACCOUNT),
    Spec("Get User Delegation Key", _ACCOUNT, _POST, (a.DELEGATION_KEY,), Shape.PROTOCOL,
         "service", "userdelegationkey", body=Body.KEY_INFO),
    # Azure asks for no permission here; the answer tells the service's CORS rules.
    Spec("Preflight Blob Request", _ANY, frozenset({"OPTIONS"}), (a.READ_SERVICE,),
         scope=Scope.ACCOUNT),
    Spec("Find Blobs by Tags", _ACCOUNT, _GET, (a.FIND_BY_TAGS,), Shape.LISTING, comp="blobs",
         parameters=_PAGING | {"where", "include"}),
    Spec("Blob Batch", _ACCOUNT, _POST, (a.BATCH,), Shape.PROTOCOL, comp="batch",
         body=Body.BYTES, refused=_NO_BATCH),
)

CONTAINERS: Final = (
    Spec("Create Container", _CONTAINER, _PUT, (a.WRITE_CONTAINER,), Shape.NONE, "container",
         headers=frozenset({h.PUBLIC_ACCESS})),
    Spec("Get Container Properties", _CONTAINER, _READ, (a.READ_CONTAINER,), Shape.METADATA,
         "container"),
    Spec("Get Container Metadata", _CONTAINER, _READ, (a.READ_CONTAINER,), Shape.METADATA,
         "container", "metadata"),
    Spec("Set Container Metadata", _CONTAINER, _PUT, (a.WRITE_CONTAINER,), Shape.NONE,
         "container", "metadata"),
    Spec("Get Container ACL", _CONTAINER, _READ, (a.GET_ACL,), Shape.PROTOCOL,
         "container", "acl"),
    Spec("Set Container ACL", _CONTAINER, _PUT, (a.SET_ACL,), Shape.NONE, "container", "acl",
         headers=frozenset({h.PUBLIC_ACCESS}), body=Body.SIGNED_IDENTIFIERS),
    Spec("Delete Container", _CONTAINER, _DELETE, (a.DELETE_CONTAINER,), Shape.NONE,
         "container"),
    Spec("Restore Container", _CONTAINER, _PUT, (a.WRITE_CONTAINER,), Shape.NONE,
         "container", "undelete", headers=frozenset({h.DELETED_CONTAINER}),
         needs=frozenset({h.DELETED_CONTAINER}), variant=Variant.RESTORE_CONTAINER),
    # Not in the reference's list; in the REST specification. The content moves with the name.
    Spec("Rename Container", _CONTAINER, _PUT, (a.WRITE_CONTAINER,), Shape.NONE,
         "container", "rename", headers=frozenset({h.SOURCE_CONTAINER}),
         needs=frozenset({h.SOURCE_CONTAINER}), variant=Variant.RENAME_CONTAINER),
    Spec("Lease Container", _CONTAINER, _PUT, (a.WRITE_CONTAINER,), Shape.NONE,
         "container", "lease", headers=frozenset({h.LEASE_ACTION}),
         needs=frozenset({h.LEASE_ACTION})),
    # Azure has no action of its own for listing: it is blobs/read on the container.
    Spec("List Blobs", _CONTAINER, _GET, (a.READ_BLOB,), Shape.LISTING, "container", "list",
         parameters=_PAGING | {"prefix", "delimiter", "include", "showonly", "startfrom",
                               "endbefore"}),
    Spec("Find Blobs by Tags in Container", _CONTAINER, _GET, (a.FIND_BY_TAGS,), Shape.LISTING,
         "container", "blobs", parameters=_PAGING | {"where", "include"}),
    Spec("Blob Batch", _CONTAINER, _POST, (a.BATCH,), Shape.PROTOCOL, "container", "batch",
         body=Body.BYTES, refused=_NO_BATCH),
)

READS: Final = (
    Spec("Get Blob", _BLOB, _GET, (a.READ_BLOB,), Shape.CONTENT, parameters=_VERSIONS,
         reads_content=True),
    Spec("Get Blob Properties", _BLOB, _HEAD, (a.READ_BLOB,), Shape.METADATA,
         parameters=_VERSIONS),
    Spec("Get Blob Metadata", _BLOB, _READ, (a.READ_BLOB,), Shape.METADATA, comp="metadata",
         parameters=_VERSIONS),
    Spec("Get Blob Tags", _BLOB, _GET, (a.READ_TAGS,), Shape.METADATA, comp="tags",
         parameters=_VERSIONS),
    Spec("Get Block List", _BLOB, _GET, (a.READ_BLOB,), Shape.PROTOCOL, comp="blocklist",
         parameters=_VERSIONS | {"blocklisttype"}),
    Spec("Get Page Ranges", _BLOB, _GET, (a.READ_BLOB,), Shape.PROTOCOL, comp="pagelist",
         parameters=_VERSIONS | _PAGING | {"prevsnapshot"},
         headers=frozenset({h.PREVIOUS_SNAPSHOT})),
    Spec("Query Blob Contents", _BLOB, _POST, (a.READ_BLOB,), Shape.CONTENT, comp="query",
         parameters=_VERSIONS, body=Body.BYTES, refused=_NO_QUERY, reads_content=True),
)

WRITES: Final = (
    Spec("Put Blob", _BLOB, _PUT, (a.WRITE_BLOB,), headers=_WRITE | _EXPIRY | {h.BLOB_TYPE},
         needs=frozenset({h.BLOB_TYPE}), lacks=_SOURCE, body=Body.BYTES),
    Spec("Put Blob From URL", _BLOB, _PUT, (a.WRITE_BLOB,),
         headers=_WRITE | _EXPIRY | _SOURCE | {h.BLOB_TYPE, h.COPY_TAGS},
         needs=_SOURCE | {h.BLOB_TYPE}),
    Spec("Copy Blob", _BLOB, _PUT, (a.WRITE_BLOB,), headers=_WRITE | _SOURCE | {h.COPY_TAGS},
         needs=_SOURCE, lacks=frozenset({h.BLOB_TYPE, h.REQUIRES_SYNC})),
    Spec("Copy Blob From URL", _BLOB, _PUT, (a.WRITE_BLOB,),
         headers=_WRITE | _SOURCE | {h.COPY_TAGS, h.REQUIRES_SYNC},
         needs=_SOURCE | {h.REQUIRES_SYNC}, lacks=frozenset({h.BLOB_TYPE})),
    Spec("Incremental Copy Blob", _BLOB, _PUT, (a.WRITE_BLOB,), comp="incrementalcopy",
         headers=_SOURCE, needs=_SOURCE),
    Spec("Abort Copy Blob", _BLOB, _PUT, (a.WRITE_BLOB,), comp="copy",
         parameters=frozenset({"copyid"}), required=frozenset({"copyid"}),
         headers=frozenset({h.COPY_ACTION}), needs=frozenset({h.COPY_ACTION})),
    Spec("Put Block", _BLOB, _PUT, (a.WRITE_BLOB,), comp="block",
         parameters=frozenset({"blockid"}), required=frozenset({"blockid"}), lacks=_SOURCE,
         body=Body.BYTES),
    Spec("Put Block From URL", _BLOB, _PUT, (a.WRITE_BLOB,), comp="block",
         parameters=frozenset({"blockid"}), required=frozenset({"blockid"}), headers=_SOURCE,
         needs=_SOURCE),
    Spec("Put Block List", _BLOB, _PUT, (a.WRITE_BLOB,), comp="blocklist",
         headers=_WRITE | _EXPIRY, body=Body.BLOCK_LIST),
    Spec("Put Page", _BLOB, _PUT, (a.WRITE_BLOB,), comp="page",
         headers=frozenset({h.PAGE_WRITE}), needs=frozenset({h.PAGE_WRITE}), lacks=_SOURCE,
         body=Body.BYTES),
    Spec("Put Page From URL", _BLOB, _PUT, (a.WRITE_BLOB,), comp="page",
         headers=_SOURCE | {h.PAGE_WRITE}, needs=_SOURCE | {h.PAGE_WRITE}),
    Spec("Append Block", _BLOB, _PUT, (a.WRITE_BLOB,), comp="appendblock", lacks=_SOURCE,
         body=Body.BYTES),
    Spec("Append Block From URL", _BLOB, _PUT, (a.WRITE_BLOB,), comp="appendblock",
         headers=_SOURCE, needs=_SOURCE),
    Spec("Append Blob Seal", _BLOB, _PUT, (a.WRITE_BLOB,), comp="seal"),
    Spec("Snapshot Blob", _BLOB, _PUT, (a.WRITE_BLOB,), comp="snapshot"),
    Spec("Delete Blob", _BLOB, _DELETE, (), parameters=_VERSIONS | {"deletetype"},
         headers=frozenset({h.DELETE_SNAPSHOTS}), variant=Variant.DELETE_BLOB),
    # The table of permissions says containers/write, the operation's own page blobs/write.
    Spec("Undelete Blob", _BLOB, _PUT, (a.WRITE_BLOB,), comp="undelete"),
)

SETTINGS: Final = (
    Spec("Set Blob Properties", _BLOB, _PUT, (a.WRITE_BLOB,), comp="properties"),
    Spec("Set Blob Metadata", _BLOB, _PUT, (a.WRITE_BLOB,), comp="metadata"),
    Spec("Set Blob Tags", _BLOB, _PUT, (a.WRITE_TAGS,), comp="tags",
         parameters=frozenset({"versionid"}), body=Body.TAGS),
    Spec("Set Blob Tier", _BLOB, _PUT, (a.WRITE_BLOB,), comp="tier", parameters=_VERSIONS),
    Spec("Set Blob Expiry", _BLOB, _PUT, (a.WRITE_BLOB,), comp="expiry", headers=_EXPIRY,
         variant=Variant.SET_EXPIRY),
    Spec("Lease Blob", _BLOB, _PUT, (a.WRITE_BLOB,), comp="lease",
         headers=frozenset({h.LEASE_ACTION}), needs=frozenset({h.LEASE_ACTION})),
    Spec("Set Blob Immutability Policy", _BLOB, _PUT, (a.SET_IMMUTABILITY,),
         comp="immutabilitypolicies", parameters=_VERSIONS, headers=_IMMUTABILITY),
    Spec("Delete Blob Immutability Policy", _BLOB, _DELETE, (a.DELETE_IMMUTABILITY,),
         comp="immutabilitypolicies", parameters=_VERSIONS),
    # The table of permissions says containers/write, Azure's conditions reference this.
    Spec("Set Blob Legal Hold", _BLOB, _PUT, (a.SET_IMMUTABILITY,), comp="legalhold",
         parameters=_VERSIONS, headers=frozenset({h.LEGAL_HOLD})),
)
# fmt: on

OPERATIONS: Final = (*SERVICE, *CONTAINERS, *READS, *WRITES, *SETTINGS)
