"""A stand-in for the FHIR R4 service of Azure Health Data Services, over real HTTP.

There is no emulator on PyPI or npm. This one keeps resources in memory and speaks what clients of
the service rely on: versions and ETags, conditional requests, searches with paging by `ct`, JSON
Patch, history, and OperationOutcomes whose diagnostics quote what they are about, as servers do.
https://hl7.org/fhir/R4/http.html
"""

import asyncio
import base64
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

from aiohttp import web

from gateway.local.patients import generate
from gateway.local.patients_fhir import bundle
from gateway.local.patients_model import Patient

TOKEN = "token-for-the-fhir-service"
MEDIA_TYPE = "application/fhir+json"
_CHANGED = "2024-03-04T05:06:07.000+00:00"
_CHANGED_HTTP = "Mon, 04 Mar 2024 05:06:07 GMT"
_CONTROLS = {"_count", "_elements", "_summary", "_total", "_include", "_revinclude", "ct", "_sort"}
_PREFIX = re.compile(r"(eq|ne|gt|lt|ge|le)?(\d.*)")

Json = dict[str, Any]


@dataclass
class Reply:
    """An answer before HTTP."""

    status: int
    body: Json | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Fault(Exception):
    """An error with its OperationOutcome."""

    def __init__(self, status: int, code: str, diagnostics: str) -> None:
        super().__init__(diagnostics)
        issue = {"severity": "error", "code": code, "diagnostics": diagnostics}
        self.reply = Reply(status, {"resourceType": "OperationOutcome", "issue": [issue]})


@dataclass
class FhirStandIn:
    """Contents and behaviour of the stand-in, changed by tests while it runs.

    Attributes:
        versions: every version of a resource by (type, id), the last one being current; None is a
            deletion.
        seen: requests in order.
        url: where it listens.
        override: answered in place of everything, where set.
    """

    versions: dict[tuple[str, str], list[Json | None]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    url: str = "https://ws-ehr.fhir.azurehealthcareapis.com"
    override: Reply | None = None

    @classmethod
    def with_patients(cls, seed: int = 7, count: int = 3) -> "tuple[FhirStandIn, list[Patient]]":
        """A stand-in with synthetic patients, whose ids are UUIDs as the service makes them."""
        made, patients = cls(), generate(seed, count)
        for patient in patients:
            for entry in json.loads(_with_uuids(bundle(patient).decode()))["entry"]:
                made.put(entry["resource"])
        return made, patients

    def put(self, resource: Json) -> Json:
        """Store a version."""
        key = resource["resourceType"], resource["id"]
        number = len(self.versions.get(key, ())) + 1
        stored = {**resource, "meta": {"versionId": str(number), "lastUpdated": _CHANGED}}
        self.versions.setdefault(key, []).append(stored)
        return stored

    def current(self, kind: str) -> list[Json]:
        """Resources of a type that are there, in the order in which they came."""
        found = [held[-1] for (name, _), held in self.versions.items() if name == kind]
        return [resource for resource in found if resource is not None]

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Reply:
        """One request; `target` is raw, headers are in lower case."""
        self.seen.append(Seen(method, target, headers, body))
        if self.override is not None:
            return self.override
        if headers.get("authorization") != f"Bearer {TOKEN}":
            return Fault(401, "login", "no token").reply
        path, _, query = target.partition("?")
        parts = [unquote(part) for part in path.split("/") if part]
        try:
            return self._answer(method, parts, parse_qsl(query), headers, body)
        except Fault as fault:
            return fault.reply

    def _answer(  # noqa: PLR0911 - one for each interaction
        self,
        method: str,
        parts: list[str],
        pairs: list[tuple[str, str]],
        headers: dict[str, str],
        body: bytes,
    ) -> Reply:
        if method == "GET" and len(parts) != 2:
            return self._read(parts, pairs)
        match method, parts:
            case "POST", [kind, "_search"]:
                return self._search(kind, parse_qsl(body.decode()))
            case "POST", []:
                return self._batch(json.loads(body))
            case "POST", [_, "$validate"]:
                issue = {"severity": "information", "code": "informational", "diagnostics": "ok"}
                return Reply(200, {"resourceType": "OperationOutcome", "issue": [issue]})
            case "POST", [kind]:
                return self._create(kind, headers, json.loads(body))
            case "PUT", [kind]:
                return self._conditional_update(kind, pairs, headers, json.loads(body))
            case "DELETE", [kind]:
                return self._conditional_delete(kind, pairs)
            case _, [kind, identity]:
                return self._instance(method, kind, identity, headers, body)
            case _:
                raise _unsupported(parts)

    def _batch(self, bundle: Json) -> Reply:
        """Each entry by itself; a transaction is undone as a whole where one fails."""
        before = {key: list(held) for key, held in self.versions.items()}
        entries = [self._entry(entry) for entry in bundle["entry"]]
        failed = [entry for entry in entries if int(entry["response"]["status"][:3]) >= 400]
        if bundle["type"] == "transaction" and failed:
            self.versions = before
            raise Fault(int(failed[0]["response"]["status"][:3]), "processing", json.dumps(failed))
        kind = f"{bundle['type']}-response"
        return Reply(200, {"resourceType": "Bundle", "type": kind, "entry": entries})

    def _entry(self, entry: Json) -> Json:
        asked = entry["request"]
        path, _, query = asked["url"].partition("?")
        headers = {"if-match": asked.get("ifMatch"), "if-none-exist": asked.get("ifNoneExist")}
        given = {name: value for name, value in headers.items() if value}
        body = json.dumps(entry.get("resource")).encode()
        parts = [unquote(part) for part in path.split("/") if part]
        try:
            reply = self._answer(asked["method"], parts, parse_qsl(query), given, body)
        except Fault as fault:
            reply = fault.reply
        response: Json = {"status": f"{reply.status} OK", **reply.headers}
        if reply.status >= 400:
            return {"response": {**response, "outcome": reply.body}}
        return {"response": response, **({"resource": reply.body} if reply.body else {})}

    def _read(self, parts: list[str], pairs: list[tuple[str, str]]) -> Reply:
        match parts:
            case ["metadata"]:
                return Reply(200, self._capabilities())
            case [kind]:
                return self._search(kind, pairs)
            case [kind, identity, "$everything"]:
                return self._everything(kind, identity, dict(pairs))
            case [kind, identity, "_history"]:
                held = self._held(kind, identity)
                return Reply(200, self._bundle("history", [item for item in held if item], ""))
            case [kind, identity, "_history", version]:
                return self._version(kind, identity, version)
            case _:
                raise _unsupported(parts)

    def _instance(
        self, method: str, kind: str, identity: str, headers: dict[str, str], body: bytes
    ) -> Reply:
        if method == "PUT":
            return self._update(kind, identity, headers, json.loads(body))
        held = self._held(kind, identity)
        found = held[-1]
        if found is None:
            raise Fault(410, "deleted", f"{kind}/{identity} was deleted")
        etag = f'W/"{len(held)}"'
        match method:
            case "GET" if headers.get("if-none-match") == etag:
                return Reply(304, None, {"etag": etag})
            case "GET":
                return Reply(200, found, {"etag": etag, "last-modified": _CHANGED_HTTP})
            case "PATCH":
                return self._update(kind, identity, headers, _patched(found, json.loads(body)))
            case "DELETE":
                held.append(None)
                return Reply(204, None, {"etag": f'W/"{len(held)}"'})
            case _:
                raise Fault(405, "not-supported", method)

    def _held(self, kind: str, identity: str) -> list[Json | None]:
        held = self.versions.get((kind, identity))
        if held is None:
            raise Fault(404, "not-found", f"Resource type '{kind}' with id '{identity}' not found")
        return held

    def _version(self, kind: str, identity: str, version: str) -> Reply:
        held = self._held(kind, identity)
        found = held[int(version) - 1] if 0 < int(version) <= len(held) else None
        if found is None:
            raise Fault(404, "not-found", f"no version {version} of {kind}/{identity}")
        return Reply(200, found, {"etag": f'W/"{version}"'})

    def _create(self, kind: str, headers: dict[str, str], resource: Json) -> Reply:
        criteria = headers.get("if-none-exist")
        if criteria:
            found = self._matching(kind, parse_qsl(criteria))
            if len(found) > 1:
                raise Fault(412, "multiple-matches", f"several match {criteria}")
            if found:
                return Reply(200, found[0])
        return self._stored(201, {**resource, "id": str(uuid.uuid4())})

    def _update(self, kind: str, identity: str, headers: dict[str, str], resource: Json) -> Reply:
        held = self.versions.get((kind, identity), [])
        wanted = headers.get("if-match")
        if wanted and wanted != f'W/"{len(held)}"':
            raise Fault(412, "conflict", f"{kind}/{identity} is at version {len(held)}")
        return self._stored(200 if held else 201, {**resource, "id": identity})

    def _conditional_update(
        self, kind: str, pairs: list[tuple[str, str]], headers: dict[str, str], resource: Json
    ) -> Reply:
        found = self._matching(kind, pairs)
        if len(found) > 1:
            raise Fault(412, "multiple-matches", f"several match {pairs}")
        identity = found[0]["id"] if found else str(uuid.uuid4())
        return self._update(kind, identity, headers, resource)

    def _conditional_delete(self, kind: str, pairs: list[tuple[str, str]]) -> Reply:
        limit = int(dict(pairs).get("_count", "1"))
        found = self._matching(kind, [pair for pair in pairs if pair[0] != "hardDelete"])
        if len(found) > limit:
            raise Fault(412, "multiple-matches", f"several match {pairs}")
        for resource in found:
            self.versions[kind, resource["id"]].append(None)
        return Reply(204)

    def _stored(self, status: int, resource: Json) -> Reply:
        stored = self.put(resource)
        kind, identity, version = stored["resourceType"], stored["id"], stored["meta"]["versionId"]
        location = f"{self.url}/{kind}/{identity}/_history/{version}"
        return Reply(status, stored, {"etag": f'W/"{version}"', "location": location})

    def _everything(self, kind: str, identity: str, pairs: dict[str, str]) -> Reply:
        self._held(kind, identity)
        wanted = {kind, *pairs.get("_type", "").split(",")}
        address = f"{kind}/{identity}"
        found = [
            resource
            for held in self.versions.values()
            if (resource := held[-1]) is not None
            and resource["resourceType"] in wanted
            and (resource["id"] == identity or address in _references(resource, "subject"))
        ]
        return Reply(200, self._bundle("searchset", found, ""))

    def _search(self, kind: str, pairs: list[tuple[str, str]]) -> Reply:
        matching = self._matching(kind, pairs)
        given = dict(pairs)
        count = int(given.get("_count", "10"))
        start = int(base64.urlsafe_b64decode(given["ct"])) if "ct" in given else 0
        page = matching[start : start + count]
        following = ""
        if start + count < len(matching):
            token = base64.urlsafe_b64encode(str(start + count).encode()).decode()
            kept = [pair for pair in pairs if pair[0] != "ct"]
            following = f"{self.url}/{kind}?{urlencode([*kept, ('ct', token)])}"
        included = [item for pair in pairs for item in self._included(pair, page)]
        made = self._bundle("searchset", [*page, *included], following)
        made["total"] = len(matching)
        return Reply(200, made)

    def _included(self, pair: tuple[str, str], page: list[Json]) -> Iterator[Json]:
        name, value = pair
        if name == "_include":
            _, parameter, target = value.split(":")
            wanted = {item for found in page for item in _references(found, parameter)}
            for resource in self.current(target):
                if f"{target}/{resource['id']}" in wanted:
                    yield resource
        elif name == "_revinclude":
            source, parameter, target = value.split(":")
            named = {f"{target}/{found['id']}" for found in page}
            for resource in self.current(source):
                if not named.isdisjoint(_references(resource, parameter)):
                    yield resource

    def _matching(self, kind: str, pairs: list[tuple[str, str]]) -> list[Json]:
        criteria = [(name, value) for name, value in pairs if name not in _CONTROLS]
        return [
            resource
            for resource in self.current(kind)
            if all(self._fits(resource, name, value) for name, value in criteria)
        ]

    def _fits(self, resource: Json, name: str, value: str) -> bool:
        first, dot, rest = name.partition(".")
        if dot:
            parameter, _, target = first.partition(":")
            addresses = _references(resource, parameter)
            return any(
                f"{target}/{found['id']}" in addresses and self._fits(found, rest, value)
                for found in self.current(target)
            )
        code, _, modifier = name.partition(":")
        alternatives = [_unescaped(item) for item in re.findall(r"(?:[^,\\]|\\.)+", value)]
        return any(_compare(resource, code, modifier, item) for item in alternatives)

    def _bundle(self, kind: str, resources: list[Json], following: str) -> Json:
        entries = [
            {
                "fullUrl": f"{self.url}/{item['resourceType']}/{item['id']}",
                "resource": item,
                "search": {"mode": "match"},
            }
            for item in resources
        ]
        links = [{"relation": "self", "url": f"{self.url}{self.seen[-1].target}"}]
        links += [{"relation": "next", "url": following}] if following else []
        identity = str(uuid.uuid4())
        return {
            "resourceType": "Bundle",
            "id": identity,
            "type": kind,
            "link": links,
            "entry": entries,
        }

    def _capabilities(self) -> Json:
        return {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "fhirVersion": "4.0.1",
            "implementation": {"url": self.url},
            "rest": [
                {
                    "mode": "server",
                    "security": {"extension": [{"url": "oauth-uris"}]},
                    "resource": [{"type": "Patient", "interaction": [{"code": "read"}]}],
                }
            ],
        }

    @contextmanager
    def serving(self) -> Iterator["FhirStandIn"]:
        """Listen on loopback, in a thread; `/msi/token` is App Service's identity endpoint."""
        loop = asyncio.new_event_loop()
        ready = threading.Event()
        runner = web.AppRunner(self._application())

        async def start() -> None:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            host, port = runner.addresses[0][:2]
            self.url = f"http://{host}:{port}"
            ready.set()

        def run() -> None:
            loop.run_until_complete(start())
            loop.run_forever()
            loop.run_until_complete(runner.cleanup())
            loop.close()

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert ready.wait(10)
        try:
            yield self
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join(10)

    def _application(self) -> web.Application:
        async def serve(request: web.Request) -> web.Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            body = await request.read()
            reply = self.handle(request.method, request.raw_path, headers, body)
            if reply.body is None:
                return web.Response(status=reply.status, headers=reply.headers)
            fields = {**reply.headers, "content-type": f"{MEDIA_TYPE}; charset=utf-8"}
            return web.Response(
                status=reply.status, headers=fields, body=json.dumps(reply.body).encode()
            )

        async def identity(request: web.Request) -> web.Response:
            issued = {"access_token": TOKEN, "expires_on": "4102444800", "token_type": "Bearer"}
            return web.json_response({**issued, "resource": request.query.get("resource", "")})

        application = web.Application()
        application.router.add_get("/msi/token", identity)
        application.router.add_route("*", "/{path:.*}", serve)
        return application


def _unsupported(parts: list[str]) -> Fault:
    return Fault(404, "not-supported", f"no such interaction: {'/'.join(parts)}")


def _compare(resource: Json, code: str, modifier: str, value: str) -> bool:
    found = [str(item) for item in _values(resource, code)]
    if code in {"birthdate", "date", "_lastUpdated"}:
        match = _PREFIX.fullmatch(value)
        assert match is not None
        sign, wanted = match[1] or "eq", match[2]
        return any(_dated(item[: len(wanted)], sign, wanted) for item in found)
    system, bar, rest = value.rpartition("|")
    if code == "identifier" and bar:
        return f"{system}|{rest}" in found
    if code == "identifier":
        return any(item.rpartition("|")[2] == value for item in found)
    if code in {"name", "family", "given"} and modifier != "exact":
        return any(item.lower().startswith(value.lower()) for item in found)
    if code in {"subject", "patient"} and "/" not in value:
        return any(item.endswith(f"/{value}") for item in found)
    return (rest if bar else value) in found


def _dated(found: str, sign: str, wanted: str) -> bool:
    return {
        "eq": found == wanted,
        "ne": found != wanted,
        "gt": found > wanted,
        "lt": found < wanted,
        "ge": found >= wanted,
        "le": found <= wanted,
    }[sign]


def _names(resource: Json, part: str) -> list[str]:
    found = [name.get(part, "") for name in resource.get("name", [])]
    return [item for value in found for item in (value if isinstance(value, list) else [value])]


def _numbers(resource: Json) -> list[str]:
    return [f"{item.get('system', '')}|{item['value']}" for item in resource["identifier"]]


def _contacts(resource: Json) -> list[str]:
    return [item.get("value", "") for item in resource.get("telecom", [])]


def _codes(resource: Json) -> list[str]:
    return [item["code"] for item in resource.get("code", {}).get("coding", [])]


def _subjects(resource: Json) -> list[str]:
    return list(_references(resource, "subject"))


_SEARCHED: dict[str, Callable[[Json], list[str]]] = {
    "_id": lambda resource: [resource["id"]],
    "_lastUpdated": lambda resource: [resource["meta"]["lastUpdated"]],
    "birthdate": lambda resource: [resource.get("birthDate", "")],
    "code": _codes,
    "date": lambda resource: [resource.get("effectiveDateTime") or resource.get("date", "")],
    "email": _contacts,
    "family": lambda resource: _names(resource, "family"),
    "gender": lambda resource: [resource.get("gender", "")],
    "given": lambda resource: _names(resource, "given"),
    "identifier": _numbers,
    "name": lambda resource: [*_names(resource, "family"), *_names(resource, "given")],
    "patient": _subjects,
    "phone": _contacts,
    "status": lambda resource: [resource.get("status", "")],
    "subject": _subjects,
    "telecom": _contacts,
}


def _values(resource: Json, code: str) -> list[str]:
    if code not in _SEARCHED:
        raise Fault(400, "not-supported", f"The search parameter '{code}' is not supported")
    return _SEARCHED[code](resource)


def _references(resource: Json, parameter: str) -> set[str]:
    element = resource.get("subject" if parameter == "patient" else parameter) or {}
    items = element if isinstance(element, list) else [element]
    return {item.get("reference", "") for item in items}


def _patched(resource: Json, steps: list[Json]) -> Json:
    made: Json = json.loads(json.dumps(resource))
    for step in steps:
        name = step["path"].lstrip("/")
        if step["op"] == "remove":
            made.pop(name)
        else:
            made[name] = step["value"]
    return made


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _with_uuids(text: str) -> str:
    """Ids of the synthetic patients as UUIDs, the same for the same id."""
    ids = set(re.findall(r'"id": "([^"]+)"', text))
    pattern = re.compile("|".join(sorted(map(re.escape, ids), key=len, reverse=True)))
    return pattern.sub(lambda match: str(uuid.uuid5(uuid.NAMESPACE_OID, match[0])), text)
