import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Blocked, GatewayError, InvalidRequest, Reason
from gateway.model.operation import Effect, Operation
from gateway.model.sas import SAS_PARAMETERS
from gateway.operations.blob import headers as h
from gateway.operations.blob.table import OPERATIONS
from tests.unit.operations.build import Url, classify_request, classify_url

VECTORS: list[dict[str, Any]] = [
    json.loads(line)
    for line in (Path(__file__).parents[3] / "conformance/vectors/blob-operations.ndjson")
    .read_text("utf-8")
    .splitlines()
]
GOOD = [
    Url(
        vector["method"],
        vector["url"],
        tuple(vector["headers"].items()),
        vector.get("body", "").encode(),
    )
    for vector in VECTORS
    if "expect" in vector
]
NAMES = [vector["name"] for vector in VECTORS if "expect" in vector]
KNOWN = {"timeout", "comp", "restype"}.union(*(spec.parameters for spec in OPERATIONS))
SOURCE = "https://clinic.blob.core.windows.net/phi/source.json"
BLOBS_READ = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"

methods = st.sampled_from(["GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "get", ""])
paths = st.text(max_size=30) | st.lists(
    st.sampled_from(["/", "phi", "%2e", "..", "a.json", "%2F", "$root", "%25", "ä", "\\"]),
    max_size=6,
).map("/".join)
parameters = st.tuples(
    st.sampled_from(sorted(KNOWN | {"sig", "x", "Comp"})),
    st.sampled_from(sorted({spec.comp for spec in OPERATIONS}))
    | st.sampled_from(["container", "account", "service", "permanent", "1", "2024-01-01"])
    | st.text(max_size=8),
).map("=".join)
queries = st.text(max_size=30) | st.lists(parameters, max_size=4).map("&".join)
header_pairs = st.tuples(
    st.sampled_from([*sorted(h.EFFECTS), "x-ms-version", "x-http-method", "if-none-match"]),
    st.sampled_from(["BlockBlob", "true", "acquire", "COPY", "only", SOURCE, "phi", "*"])
    | st.text(max_size=10),
)


def _read(given_url: Url) -> Operation | None:
    try:
        return classify_url(given_url)
    except GatewayError:
        return None


@settings(max_examples=400)
@given(methods, paths, queries, st.lists(header_pairs, max_size=4).map(tuple), st.binary())
def test_anything_is_an_operation_or_a_gateway_error(
    method: str, path: str, query: str, headers: tuple[tuple[str, str], ...], body: bytes
) -> None:
    try:
        found = classify_request(method, path, query, headers, body)
    except GatewayError as error:
        assert isinstance(error, (Blocked, InvalidRequest))  # noqa: PT017
    else:
        assert found.accesses


@given(st.sampled_from(GOOD), st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True))
def test_an_unknown_parameter_is_always_denied(url: Url, name: str) -> None:
    if name in KNOWN | SAS_PARAMETERS:
        return
    joint = "&" if "?" in url.url else "?"
    with pytest.raises(Blocked) as caught:
        classify_url(Url(url.method, f"{url.url}{joint}{name}=1", url.headers, url.body))
    assert caught.value.reason is Reason.OPERATION_UNKNOWN


@pytest.mark.parametrize("url", GOOD, ids=NAMES)
def test_a_repeated_parameter_is_always_refused(url: Url) -> None:
    query = url.url.partition("?")[2]
    for pair in query.split("&") if query else []:
        name = pair.partition("=")[0]
        for other in (name, name.upper(), f"%{ord(name[0]):02x}{name[1:]}"):
            if "%" in name:
                continue
            with pytest.raises(InvalidRequest):
                classify_url(Url(url.method, f"{url.url}&{other}=x", url.headers, url.body))


@given(st.sampled_from(GOOD), st.data())
def test_another_spelling_is_never_judged_as_something_else(url: Url, data: st.DataObject) -> None:
    base, mark, query = url.url.partition("?")
    scheme, _, rest = base.partition("://")
    host, slash, path = rest.partition("/")

    def respell(character: str) -> str:
        if not character.isalnum() or not data.draw(st.booleans()):
            return character
        return f"%{ord(character):02X}"

    def recase(pair: str) -> str:
        name, equals, value = pair.partition("=")
        return (name.swapcase() if data.draw(st.booleans()) else name) + equals + value

    plain = "%" not in url.url
    new_path = "".join(respell(character) for character in path) if plain else path
    pairs = [recase(pair) for pair in query.split("&")] if query and plain else [query]
    spelt = f"{scheme}://{host}{slash}{new_path}{mark}{'&'.join(pairs)}"
    found = _read(Url(url.method, spelt, url.headers, url.body))
    expected = classify_url(url)
    if host.startswith("clinic"):
        assert found is None or found == expected


@pytest.mark.parametrize("url", GOOD, ids=NAMES)
def test_a_copy_source_adds_a_read_or_is_refused(url: Url) -> None:
    headers = tuple(pair for pair in url.headers if pair[0] != h.COPY_SOURCE)
    here = "https://clinic.blob.core.windows.net"
    if not url.url.startswith(here):
        return
    found = _read(Url(url.method, url.url, (*headers, (h.COPY_SOURCE, SOURCE)), b""))
    if found is not None:
        assert found.reads_content
        assert any(
            access.action == BLOBS_READ
            and str(access.resource) == "clinic/phi/source.json"
            and access.effect is Effect.READ
            for access in found.accesses
        )


@pytest.mark.parametrize("url", GOOD, ids=NAMES)
def test_the_effect_is_the_worst_of_the_accesses(url: Url) -> None:
    found = classify_url(url)
    order = [Effect.READ, Effect.WRITE, Effect.DELETE, Effect.ACTION]
    assert found.effect is max((access.effect for access in found.accesses), key=order.index)


def test_errors_hold_nothing_from_the_request() -> None:
    marker = "patient-4711"
    attempts = (
        ("GET", f"/phi/{marker}/..", "", ()),
        ("GET", "/phi/x", f"{marker}=1", ()),
        ("GET", "/phi/x", f"comp={marker}", ()),
        ("PUT", "/phi/x", "", (("x-ms-blob-type", marker),)),
        ("GET", "/phi", f"restype=container&comp=list&include={marker}", ()),
    )
    for method, path, query, headers in attempts:
        with pytest.raises(GatewayError) as caught:
            classify_request(method, path, query, headers)
        assert marker not in f"{caught.value} {caught.value.advice} {caught.value.details}"
