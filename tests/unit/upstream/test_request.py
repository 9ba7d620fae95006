from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.errors import Blocked, InvalidRequest, Reason, Withheld
from gateway.model.connection import Area, Masking
from gateway.model.message import Headers, UpstreamRequest
from gateway.model.operation import Resource
from gateway.model.representation import Cached, Part, Plan
from gateway.upstream import build
from gateway.upstream.request import SERVICE_VERSION
from gateway.upstream.sources import Sources
from gateway.upstream.validators import NEVER, tag
from tests.fakes.masking import terms
from tests.unit.upstream.build import (
    GATEWAY,
    NONE,
    STRICT,
    access,
    below,
    connection,
    copy,
    everywhere,
    operation,
    request,
    resource,
)

PHI = connection("phi")
SOURCES = Sources({"phi": PHI}, GATEWAY)
TAG = tag(STRICT, "phi")


def plan(masking_of: Callable[[Resource], Masking]) -> Plan:
    return Plan(terms(masking_of))


def built(masking: Masking = STRICT, **headers: str) -> UpstreamRequest:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = request("GET", headers=fields)
    return build(PHI, asked, operation(), SOURCES, plan(everywhere(masking)))


def test_the_request_goes_to_the_manifests_endpoint_with_the_gateways_own_headers() -> None:
    upstream = build(
        PHI,
        request("PUT", headers={"Host": "evil", "Accept": "application/vnd.apache.arrow.stream"}
                | {"User-Agent": "me", "Accept-Encoding": "gzip"}, body=b"x"),
        operation(),
        SOURCES,
        plan(everywhere(NONE)),
    )  # fmt: skip

    assert upstream.method == "PUT"
    assert upstream.url == "https://clinic.blob.core.windows.net/intake/ward/jane.json"
    assert upstream.body == b"x"
    assert dict(upstream.headers) == {
        "x-ms-version": SERVICE_VERSION,
        "accept": "application/xml",
        "accept-encoding": "identity",
        "user-agent": upstream.headers.get("user-agent"),
    }
    assert str(upstream.headers.get("user-agent")).startswith("chaperone/")


def test_the_agents_service_version_is_kept() -> None:
    assert built(x_ms_version="2026-04-06").headers.all("x-ms-version") == ("2026-04-06",)


@pytest.mark.parametrize(
    "name", ["if-match", "if-none-match", "x-ms-blob-if-match", "x-ms-blob-if-none-match"]
)
def test_conditions_translate_back_to_the_original(name: str) -> None:
    def sent(masking: Masking, condition: str) -> str | None:
        asked = request("GET", headers={name: condition})
        return build(PHI, asked, operation(), SOURCES, plan(everywhere(masking))).headers.get(name)

    assert sent(STRICT, f'"0x1~{TAG}"') == '"0x1"'
    assert sent(STRICT, '"0x1"') == NEVER
    assert sent(NONE, '"0x1"') == '"0x1"'


def test_a_range_of_a_place_that_does_not_mask_passes() -> None:
    assert built(NONE, x_ms_range="bytes=0-1").headers.get("x-ms-range") == "bytes=0-1"


RANGED = {
    "range": "bytes=0-9",
    "x-ms-range": "bytes=0-9",
    "x-ms-range-get-content-md5": "true",
    "x-ms-range-get-content-crc64": "true",
    "x-ms-structured-body": "XSM/1.0; properties=crc64",
}


def test_what_is_masked_as_a_whole_is_asked_for_as_a_whole() -> None:
    asked = request(headers=RANGED)
    parts = plan(everywhere(STRICT))
    whole = replace(parts, whole=True)

    sent = build(PHI, asked, operation(), SOURCES, whole).headers
    assert not RANGED.keys() & {name for name, _ in sent}
    kept = build(PHI, asked, operation(), SOURCES, parts).headers
    assert RANGED.keys() <= {name for name, _ in kept}


def test_a_cached_part_is_vouched_for_by_the_upstream_under_the_agents_own_condition() -> None:
    cached = Cached('"0x1"', 10, Headers(), {}, (), "")
    part = replace(plan(everywhere(STRICT)), whole=True, part=Part(cached, 0, 1, b"x"))
    asked = request(headers={"if-match": f'"0x1~{TAG}"', "range": "bytes=0-0"})

    sent = build(PHI, asked, operation(), SOURCES, part).headers
    assert (sent.get("if-match"), sent.get("if-none-match")) == ('"0x1"', '"0x1"')
    assert "range" not in sent


@pytest.mark.parametrize("condition", ["\"mrn\" > '5'", "\"mrn\" = '5'"])
def test_no_request_depends_on_withheld_tag_values(condition: str) -> None:
    with pytest.raises(Withheld):
        built(x_ms_if_tags=condition)
    assert built(NONE, x_ms_if_tags=condition).headers.get("x-ms-if-tags") == condition


@pytest.mark.parametrize(
    ("pattern", "path", "refused"),
    [
        ("intake/**", (), True),
        ("intake/**", ("intake",), True),
        ("intake/secret/**", ("intake",), True),
        ("*/secret/**", ("archive",), True),
        ("**", ("archive",), True),
        ("intake/**", ("archive",), False),
    ],
)
def test_a_search_that_may_reach_into_an_area_that_masks_is_refused(
    pattern: str, path: tuple[str, ...], refused: bool
) -> None:
    mixed = replace(PHI, masking=NONE, areas=(Area(pattern, STRICT), Area("archive/**", NONE)))
    judged = operation(access(resource(*path)))

    def search(where: str) -> str:
        asked = request(path="/", query=f"comp=blobs&where={where}")
        return build(mixed, asked, judged, SOURCES, plan(everywhere(NONE))).url

    by_container = "%40container%3D%27archive%27"
    assert search(by_container).endswith(f"where={by_container}")
    for where in ("mrn%3E%275%27", "mrn%3D%275%27"):
        if refused:
            with pytest.raises(Withheld):
                search(where)
        else:
            assert search(where).endswith(f"where={where}")


SOURCE = resource("intake", "ward/jane.json")
TARGET = resource("archive", "jane.json")


def copied(masking: Masking = STRICT, judged: Resource = SOURCE, **headers: str) -> UpstreamRequest:
    url = headers.pop("url", f"{GATEWAY}/c/phi/intake/ward/jane.json?sig=x&snapshot=2026")
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = request("PUT", "/archive/jane.json", headers={"x-ms-copy-source": url, **fields})
    place = below(intake=masking, archive=NONE)
    return build(PHI, asked, copy(judged, TARGET), SOURCES, plan(place))


def test_a_copy_source_becomes_the_upstreams_url_without_its_credential() -> None:
    expected = "https://clinic.blob.core.windows.net/intake/ward/jane.json?snapshot=2026"

    assert copied().headers.all("x-ms-copy-source") == (expected,)


def test_conditions_on_a_source_are_those_of_the_sources_place() -> None:
    upstream = copied(
        x_ms_source_if_match=f'"0x1~{TAG}"', x_ms_source_if_none_match='"0x1"', if_match='"0x2"'
    )
    assert upstream.headers.get("x-ms-source-if-match") == '"0x1"'
    assert upstream.headers.get("x-ms-source-if-none-match") == NEVER
    assert upstream.headers.get("if-match") == '"0x2"'
    plain = copied(NONE, x_ms_source_if_match='"0x1"')
    assert plain.headers.get("x-ms-source-if-match") == '"0x1"'
    assert copied(NONE, x_ms_source_if_tags="\"mrn\" = '5'").headers.get("x-ms-source-if-tags")
    with pytest.raises(Withheld):
        copied(x_ms_source_if_tags="\"mrn\" = '5'")


@pytest.mark.parametrize("name", ["x-ms-source-content-md5", "x-ms-source-content-crc64"])
def test_withheld_content_cannot_be_guessed_by_its_checksum(name: str) -> None:
    headers = {
        "x-ms-copy-source": f"{GATEWAY}/c/phi/intake/ward/jane.json",
        "x-ms-source-range": "bytes=0-0",
        name: "AhKbuGEGHRoFLFkuLcazgw==",
    }
    asked = request("PUT", "/archive/jane.json", headers=headers)

    with pytest.raises(Withheld):
        build(PHI, asked, copy(SOURCE, TARGET), SOURCES, plan(everywhere(STRICT)))
    plain = build(PHI, asked, copy(SOURCE, TARGET), SOURCES, plan(everywhere(NONE)))
    assert plain.headers.get(name) == headers[name]


@pytest.mark.parametrize(
    "url",
    [
        f"{GATEWAY}/c/phi/intake/ward/john.json",
        "https://evil.blob.core.windows.net/intake/ward/jane.json",
    ],
)
def test_a_source_that_was_not_judged_is_not_forwarded(url: str) -> None:
    with pytest.raises(Blocked) as caught:
        copied(url=url)
    assert caught.value.reason is Reason.FOREIGN_SOURCE


def test_a_foreign_source_has_no_url_here_even_if_it_was_judged() -> None:
    foreign = Resource("", "evil.blob.core.windows.net", ("intake", "a"))

    with pytest.raises(InvalidRequest):
        copied(judged=foreign, url="https://evil.blob.core.windows.net/intake/a")


def test_a_previous_snapshots_url_is_translated_too() -> None:
    headers = {"x-ms-previous-snapshot-url": f"{GATEWAY}/c/phi/intake/ward/jane.json?snapshot=1"}
    upstream = build(PHI, request(headers=headers), operation(), SOURCES, plan(everywhere(NONE)))

    expected = "https://clinic.blob.core.windows.net/intake/ward/jane.json?snapshot=1"
    assert upstream.headers.get("x-ms-previous-snapshot-url") == expected
