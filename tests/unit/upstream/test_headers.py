import re
from pathlib import Path

import azure.storage.blob
import pytest

from gateway.errors import InvalidRequest
from gateway.model.message import Headers
from gateway.upstream.headers import REQUEST, RESPONSE, forwardable, visible

GENERATED = Path(azure.storage.blob.__file__).parent / "_generated" / "operations"
# What the client sends and the gateway says itself, never lets through, or refuses as a credential.
OWN = {"accept", "content-length"}
CREDENTIALS = re.compile(r"x-ms-(?:source-)?encryption-(?:key|algorithm).*|.*-authorization")
HIDDEN = {"content-length", "date", "x-ms-copy-source", "x-ms-encryption-key-sha256"}


def named_by_the_sdk(pattern: str) -> set[str]:
    text = "".join(path.read_text("utf-8") for path in GENERATED.glob("*.py"))
    return {name.lower() for name in re.findall(pattern, text)}


def test_every_header_that_the_storage_client_sends_passes_or_is_a_credential() -> None:
    sent = named_by_the_sdk(r'_headers\["([A-Za-z0-9-]+)"\] = _SERIALIZER')
    missing = {name for name in sent - REQUEST - OWN if not CREDENTIALS.fullmatch(name)}

    assert len(sent) > 70
    assert missing <= {"x-ms-meta", "x-ms-file-request-intent"}


def test_every_header_that_the_storage_client_reads_passes_or_is_rewritten() -> None:
    read = named_by_the_sdk(r'response\.headers\.get\("([A-Za-z0-9-]+)"\)')

    assert len(read) > 60
    assert read - RESPONSE - HIDDEN <= {"x-ms-meta", "x-ms-or", "x-ms-or-policy-id"}


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "client-ip",
        "connection",
        "cookie",
        "disguised-host",
        "expect",
        "forwarded",
        "host",
        "keep-alive",
        "origin",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
        "x-arr-log-id",
        "x-chaperone-session",
        "x-forwarded-for",
        "x-http-method-override",
        "x-ms-client-principal",
        "x-ms-client-principal-id",
        "x-ms-date",
        "x-ms-invocation-id",
        "x-ms-token-aad-access-token",
        "x-original-url",
        "x-waws-unencoded-url",
    ],
)
def test_identity_forwarding_and_hop_by_hop_headers_stay_here(name: str) -> None:
    assert forwardable(Headers(((name, "x"),))).fields == ()


def test_what_the_service_needs_passes_with_spaces_trimmed() -> None:
    sent = Headers.of([("Range", " bytes=0-1 "), ("x-ms-meta-Ward", "a b"), ("if-match", "*")])

    assert forwardable(sent).fields == (
        ("range", "bytes=0-1"),
        ("x-ms-meta-ward", "a b"),
        ("if-match", "*"),
    )


@pytest.mark.parametrize(
    "fields",
    [
        (("if-match", "a"), ("if-match", "a")),
        (("connection", "close, If-Match"), ("if-match", "a")),
        (("x-ms-tags", "a=b\r\nx: y"),),
        (("x-ms-meta-a", "jürgen"),),
        (("x-ms-meta-a", "tab\there"),),
        (("x-ms-meta-a b", "c"),),
        (("x-ms-meta-", "c"),),
        (("x-ms-meta-é", "c"),),
        (("x-ms-if-new-condition", "c"),),
        (("x-ms-encryption-key", "c"),),
        (("x-ms-copy-source-authorization", "Bearer c"),),
    ],
)
def test_a_header_that_two_servers_could_read_differently_is_refused(
    fields: tuple[tuple[str, str], ...],
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        forwardable(Headers(fields))
    said = str(caught.value) + caught.value.advice
    words = {part for pair in fields for part in (*pair, "rgen") if len(part) > 1}
    assert not any(word in said for word in words)


def test_repeats_of_a_header_that_does_not_pass_do_not_matter() -> None:
    fields = (("x-forwarded-for", "a"), ("x-forwarded-for", "b"), ("connection", "te"))

    assert forwardable(Headers(fields)).fields == ()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("5ed95944-e6eb-11f1-a8f4-02fc00000001", True),
        ("run.7_a", True),
        ("a" * 65, False),
        ("jane doe", False),
        ("", False),
    ],
)
def test_a_client_request_id_passes_only_if_it_looks_like_one(sent: str, kept: bool) -> None:
    headers = forwardable(Headers((("x-ms-client-request-id", sent),)))

    assert ("x-ms-client-request-id" in headers) is kept


@pytest.mark.parametrize(
    "name",
    [
        "access-control-allow-origin",
        "connection",
        "content-length",
        "date",
        "location",
        "server",
        "set-cookie",
        "strict-transport-security",
        "transfer-encoding",
        "x-ms-copy-source",
        "x-ms-encryption-key-sha256",
        "x-ms-owner",
        "x-new",
    ],
)
def test_a_response_header_that_is_not_on_the_list_is_dropped(name: str) -> None:
    assert visible(Headers(((name, "x"),))).fields == ()


def test_repeated_response_headers_are_joined_where_that_is_allowed() -> None:
    headers = visible(
        Headers(
            (
                ("cache-control", "private"),
                ("cache-control", "no-store"),
                ("x-ms-meta-a", "1"),
                ("x-ms-meta-a", "2"),
                ("etag", '"1"'),
                ("etag", '"1"'),
                ("last-modified", "Mon"),
                ("last-modified", "Tue"),
            )
        )
    )
    assert headers.fields == (
        ("cache-control", "private, no-store"),
        ("x-ms-meta-a", "1, 2"),
        ("etag", '"1"'),
    )


@pytest.mark.parametrize("value", ["a\r\nset-cookie: x", "jürgen", "\x00", "a\x7f"])
def test_a_response_value_that_cannot_be_sent_on_is_dropped(value: str) -> None:
    assert visible(Headers((("x-ms-meta-a", value),))).fields == ()


@pytest.mark.parametrize(("value", "kept"), [("3", True), ("Mon, 23 Nov", False), ("", False)])
def test_retry_after_passes_as_seconds_only(value: str, kept: bool) -> None:
    assert ("retry-after" in visible(Headers((("retry-after", value),)))) is kept
