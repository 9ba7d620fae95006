"""Answers of a FHIR service: checked, masked as a whole, with the gateway's own addresses."""

from collections import Counter
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

import orjson

from gateway.errors import Reason, Withheld
from gateway.masking.codecs import json_codec
from gateway.masking.codecs.json_codec import Node
from gateway.model.connection import Connection, Masking
from gateway.model.exchange import Forwarded
from gateway.model.fhir import FhirCall, Interaction, Page
from gateway.model.message import Headers, Request, UpstreamResponse
from gateway.model.operation import Shape
from gateway.model.representation import Content, Terms
from gateway.upstream.fhir import addresses, capabilities, outcome
from gateway.upstream.fhir.headers import shown_etag, visible
from gateway.upstream.fhir.pages import PageSeal
from gateway.upstream.fhir.request import FHIR_JSON

_OUTCOME: Final = "OperationOutcome"
_BUNDLES: Final = frozenset(
    {
        Interaction.SEARCH,
        Interaction.HISTORY_INSTANCE,
        Interaction.HISTORY_TYPE,
        Interaction.EVERYTHING,
    }
)
_TOP: Final = frozenset({"resourceType", "id", "meta", "type", "timestamp", "total", "entry"})
_ENTRY: Final = frozenset({"fullUrl", "resource", "search", "request"})
_JSON_TYPES: Final = frozenset({"application/fhir+json", "application/json", "text/json"})
_TEXTS: Final = frozenset({"status", "etag", "location"})
_UNRESOLVABLE: Final = ("masked-", "th-")


@dataclass(frozen=True, slots=True)
class FhirAnswer:
    """What the agent is answered, and what masking did."""

    headers: Headers
    body: bytes = field(repr=False)
    content: Content = field(default_factory=lambda: Content(b""))


def answer(forwarded: Forwarded, terms: Terms, pages: PageSeal) -> FhirAnswer:
    """The answer as the agent may see it; the status stays the upstream's.

    Raises:
        Withheld: it may not be shown, cannot be masked, or is not what was asked for.
    """
    return _Answering.of(forwarded, terms, pages).answer(forwarded.response)


@dataclass(frozen=True, slots=True)
class _Answering:
    """One answer under way."""

    connection: Connection
    request: Request
    call: FhirCall
    shape: Shape
    masking: Masking
    terms: Terms
    pages: PageSeal

    @classmethod
    def of(cls, forwarded: Forwarded, terms: Terms, pages: PageSeal) -> "_Answering":
        authorised = forwarded.intended.prepared.approved.screened.authorised
        classified = authorised.classified
        call = classified.operation.fhir
        if call is None:
            raise _unreadable()
        return cls(
            classified.connection,
            classified.authenticated.received.request,
            call,
            classified.operation.shape,
            authorised.obligations.masking,
            terms,
            pages,
        )

    @property
    def address(self) -> str:
        return addresses.service(self.request.base_url, self.connection)

    def answer(self, response: UpstreamResponse) -> FhirAnswer:
        headers = visible(response.headers, masks=self.masking.masks)
        if response.status >= HTTPStatus.BAD_REQUEST:
            return FhirAnswer(_typed(headers), outcome.fault(response))
        headers = self._located(headers, response)
        if response.status >= HTTPStatus.MULTIPLE_CHOICES or not response.body:
            return FhirAnswer(_typed(headers), b"")
        if self.shape is Shape.NONE:
            return FhirAnswer(_typed(headers), b"")
        _check_json(response)
        if self.shape is Shape.PROTOCOL:
            shown = capabilities.shown(response.body, self.address)
            return FhirAnswer(_typed(headers), shown)
        node = _read(response.body)
        content = self._responses(node) if self.call.entries else self._content(node)
        return FhirAnswer(_typed(headers), content.body, content)

    def _responses(self, node: dict[str, Node]) -> Content:
        """The answers of a batch or transaction, each as that of its own request."""
        entries = node.get("entry")
        if node.get("resourceType") != "Bundle" or not isinstance(entries, list):
            raise _unexpected()
        if len(entries) != len(self.call.entries):
            raise _unexpected()
        counts: Counter[str] = Counter()
        paths: list[tuple[str, str, int]] = []
        version, shown = "", list[Node]()
        for asked, found in zip(self.call.entries, entries, strict=True):
            entry, content = replace(self, call=asked.call)._response(found)  # noqa: SLF001
            shown.append(entry)
            counts.update(content.counts)
            paths += content.paths
            version = version or content.key_version
        kind = f"{self.call.interaction.value}-response"
        made: dict[str, Node] = {"resourceType": "Bundle", "type": kind, "entry": shown}
        return Content(json_codec.encode(made), dict(counts), tuple(paths), version)

    def _response(self, entry: Node) -> tuple[Node, Content]:
        """One entry of such an answer: the response by an allow-list, the resource masked."""
        told = entry.get("response") if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or not isinstance(told, dict):
            raise _unexpected()
        found = {key: str(value) for key, value in told.items() if key in _TEXTS}
        response: dict[str, Node] = {"status": found.get("status", "")[:3]}
        etag = shown_etag(found.get("etag", ""), masks=self.masking.masks)
        location = self._local(found.get("location", ""))
        response |= {"etag": etag} if etag else {}
        response |= {"location": location} if location else {}
        if "outcome" in told:
            response["outcome"] = _plain(outcome.rebuilt(_loaded(told["outcome"])))
        resource, content = entry.get("resource"), Content(b"")
        if resource is None:
            return {"response": response}, content
        if not isinstance(resource, dict):
            raise _unexpected()
        content = self._content(resource)
        return {"resource": _decoded(content.body), "response": response}, content

    def _content(self, node: dict[str, Node]) -> Content:
        kind = node.get("resourceType")
        if kind == _OUTCOME or self.call.interaction is Interaction.VALIDATE:
            if kind != _OUTCOME:
                raise _unexpected()
            return Content(orjson.dumps(outcome.rebuilt(_loaded(node))))
        if self.call.interaction in _BUNDLES:
            return self._bundle(node)
        if kind not in self.call.types:
            raise _unexpected()
        self._localise(node)
        return self._masked(node)

    def _bundle(self, node: dict[str, Node]) -> Content:
        """A page of results: every entry of a type that the rules were asked about."""
        if node.get("resourceType") != "Bundle":
            raise _unexpected()
        links = self._links(node)
        entries = node.get("entry")
        kept: dict[str, Node] = {key: value for key, value in node.items() if key in _TOP}
        if entries is not None:
            if not isinstance(entries, list):
                raise _unexpected()
            kept["entry"] = [self._entry(entry) for entry in entries]
        masked = self._masked(kept)
        shown = _decoded(masked.body)
        self._address(shown)
        made: dict[str, Node] = {"resourceType": "Bundle", "link": links, **shown}
        return Content(json_codec.encode(made), masked.counts, masked.paths, masked.key_version)

    def _entry(self, entry: Node) -> Node:
        if not isinstance(entry, dict):
            raise _unexpected()
        kept: dict[str, Node] = {key: value for key, value in entry.items() if key in _ENTRY}
        resource = kept.get("resource")
        if resource is not None:
            kind = resource.get("resourceType") if isinstance(resource, dict) else None
            if kind == _OUTCOME:
                kept["resource"] = _plain(outcome.rebuilt(_loaded(resource)))
            elif kind not in self.call.types:
                raise _unexpected()
        self._localise(kept)
        url = kept.pop("fullUrl", None)
        local = addresses.relative(url, self.connection) if isinstance(url, str) else None
        return kept if local is None else {"fullUrl": local, **kept}

    def _links(self, node: dict[str, Node]) -> Node:
        """This page and the next, both below the gateway."""
        links: list[Node] = [{"relation": "self", "url": f"{self.address}{self.request.target}"}]
        found = node.get("link")
        for link in found if isinstance(found, list) else []:
            if not isinstance(link, dict) or link.get("relation") != "next":
                continue
            try:
                token = addresses.continuation(str(link.get("url")))
            except ValueError:
                raise _unreadable() from None
            sealed = self.pages.seal(Page(self.call.path, self.call.query, token))
            path = "/".join(part for part in self.call.path if part != "_search")
            links.append({"relation": "next", "url": f"{self.address}/{path}?_page={sealed}"})
        return links

    def _localise(self, node: Node) -> None:
        """Absolute references below the upstream become relative, in place."""
        level: list[Node] = [node]
        while level:
            following: list[Node] = []
            for item in level:
                if isinstance(item, dict):
                    reference = item.get("reference")
                    if isinstance(reference, str):
                        local = addresses.relative(reference, self.connection)
                        item["reference"] = reference if local is None else local
                    following += item.values()
                elif isinstance(item, list):
                    following += item
            level = following

    def _address(self, bundle: dict[str, Node]) -> None:
        """`fullUrl` is absolute (hl7.org/fhir/R4/bundle.html), also of a masked id."""
        entries = bundle.get("entry")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("fullUrl"), str):
                entry["fullUrl"] = f"{self.address}/{entry['fullUrl']}"

    def _masked(self, node: dict[str, Node]) -> Content:
        body = json_codec.encode(node)
        return self.terms.content(self.masking, body, FHIR_JSON, "")

    def _located(self, headers: Headers, response: UpstreamResponse) -> Headers:
        """Where a stored resource is, by its masked id; left out where that leads nowhere."""
        for name in ("location", "content-location"):
            values = response.headers.all(name)
            local = self._local(values[0]) if len(values) == 1 else ""
            headers = headers.replacing(name, local) if local else headers
        return headers

    def _local(self, url: str) -> str:
        """The gateway's address of a resource, "" where none leads to it."""
        named = addresses.resource(url, self.connection)
        if named is None:
            return ""
        kind, identity, version = named
        node: dict[str, Node] = {"resourceType": kind, "id": identity}
        shown = _decoded(self._masked(node).body).get("id")
        if not isinstance(shown, str) or shown.startswith(_UNRESOLVABLE):
            return ""
        history = f"/_history/{version}" if version else ""
        return f"{self.address}/{kind}/{shown}{history}"


def _loaded(node: Node) -> object:
    return orjson.loads(json_codec.encode(node))


def _plain(node: dict[str, object]) -> Node:
    return json_codec.decode(orjson.dumps(node))


def _read(body: bytes) -> dict[str, Node]:
    """What the upstream wrote, each key once: it is written anew, so one of two would be lost."""
    node = _decoded(body)
    json_codec.check_read(body, node)
    return node


def _decoded(body: bytes) -> dict[str, Node]:
    careful = json_codec.has_minus_zero(body)
    node = json_codec.careful(body) if careful else json_codec.decode(body)
    if not isinstance(node, dict):
        raise _unreadable()
    return node


def _check_json(response: UpstreamResponse) -> None:
    kinds = {
        value.partition(";")[0].strip().lower() for value in response.headers.all("content-type")
    }
    if not kinds or not kinds <= _JSON_TYPES or response.headers.all("content-encoding"):
        raise _unreadable()


def _typed(headers: Headers) -> Headers:
    return headers.replacing("content-type", f"{FHIR_JSON}; charset=utf-8")


def _unreadable() -> Withheld:
    return Withheld(
        "The upstream's answer has a form that the gateway cannot read, so it is not shown.",
        reason=Reason.MASKING_FAILED,
        advice="Tell the gateway's operator.",
    )


def _unexpected() -> Withheld:
    return Withheld(
        "The upstream's answer holds another kind of resource than the rules were asked about, so "
        "it is not shown.",
        reason=Reason.MASKING_FAILED,
        advice="Ask for fewer types at a time, or tell the gateway's operator.",
    )
