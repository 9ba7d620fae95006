"""List XML: gateway URLs in place of upstream ones, and each entry judged by its own place.

List Containers, List Blobs (flat and by hierarchy) and Find Blobs by Tags share the root
`EnumerationResults`; an entry is a `Container`, `Blob` or `BlobPrefix`.
"""

from collections.abc import Iterator
from functools import partial
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from gateway.model.connection import Connection
from gateway.model.operation import Resource
from gateway.model.representation import Terms
from gateway.upstream import validators, withholding, xml
from gateway.upstream.sources import Sources

_ROOT = "EnumerationResults"
_GROUPS = {"Blobs": frozenset({"Blob", "BlobPrefix"}), "Containers": frozenset({"Container"})}
_TOP = frozenset(
    {"Prefix", "Marker", "MaxResults", "Delimiter", "Where", "NextMarker", "StartFrom", *_GROUPS}
)
# Names and values that people chose: a URL in them is content, not an address to rewrite.
_OPAQUE = frozenset({"Name", "Metadata", "Tags", "Prefix", "Delimiter", "Where", "OrMetadata"})


def rewrite(
    body: bytes,
    connection: Connection,
    listed: Resource,
    sources: Sources,
    terms: Terms,
) -> bytes:
    """The listing as an agent may see it.

    Args:
        body: the upstream's answer.
        connection: whose listing it is.
        listed: the container or account that was listed.
        sources: translates URLs.
        terms: what masks, and where.

    Raises:
        ValueError: this is no listing.
    """
    root = xml.parse(body)
    if root.tag != _ROOT:
        raise ValueError("not a listing")
    masks = terms.masking_of(listed).masks
    for group, item in list(_entries(root)):
        place = _resource(item, connection, listed)
        masking = terms.masking_of(place) if place else None
        if masking is None:
            group.remove(item)
        elif masking.masks:
            masks = True
            withholding.entry(item, partial(terms.value, masking))
            _derive(item, terms.tag(masking, connection.name))
    if masks:
        for child in [child for child in root if child.tag not in _TOP]:
            root.remove(child)
    _localise(root, connection, sources)
    root.set("ServiceEndpoint", f"{sources.service_url(connection)}/")
    return xml.serialise(root)


def _entries(root: ET.Element) -> Iterator[tuple[ET.Element, ET.Element]]:
    """Each entry with its group; an element of another kind in a group goes at once."""
    for group in root:
        known = _GROUPS.get(group.tag)
        for item in list(group) if known else []:
            if known and item.tag in known:
                yield group, item
            else:
                group.remove(item)


def _resource(item: ET.Element, connection: Connection, listed: Resource) -> Resource | None:
    """The resource of an entry, None where its place cannot be known."""
    element = item.find("Name")
    name = (element.text or "") if element is not None else ""
    if element is not None and element.get("Encoded", "").lower() == "true":
        # Azure encodes names that XML cannot hold.
        name = unquote(name)
    if item.tag == "Container":
        path: tuple[str, ...] = (name,)
    else:
        container = item.findtext("ContainerName") or "".join(listed.path[:1])
        path = (container, name)
    return Resource(connection.name, listed.authority, path) if all(path) else None


def _derive(item: ET.Element, tag: str) -> None:
    for etag in item.iterfind("Properties/Etag"):
        etag.text = validators.derive(etag.text or "", tag)


def _localise(element: ET.Element, connection: Connection, sources: Sources) -> None:
    """Rewrite every URL; remove those that lie elsewhere."""
    for name, value in list(element.attrib.items()):
        if _is_url(value):
            local = sources.gateway_url(value, connection)
            if local is None:
                del element.attrib[name]
            else:
                element.set(name, local)
    for child in list(element):
        if child.tag in _OPAQUE:
            continue
        if _is_url(child.text or ""):
            child.text = sources.gateway_url((child.text or "").strip(), connection)
            if child.text is None:
                element.remove(child)
                continue
        _localise(child, connection, sources)


def _is_url(text: str) -> bool:
    return "://" in text and text.lstrip()[:8].lower().startswith(("http://", "https://"))
