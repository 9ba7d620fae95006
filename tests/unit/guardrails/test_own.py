from dataclasses import replace

import pytest

from gateway.errors import Blocked, Reason
from gateway.guardrails.own import check
from gateway.model.connection import Credential, CredentialKind, Endpoint
from gateway.model.operation import Effect, Resource
from gateway.model.own import Own
from tests.unit.guardrails.build import ENDPOINT, connection, operation, place, request

OWN = Own(
    frozenset(
        {
            "gateway.example",
            "evidence.blob.core.windows.net",
            "state.table.core.windows.net",
            "chaperone.vault.azure.net",
            "login.microsoftonline.com",
            "127.0.0.1:10000/chaperoneevidence",
            "127.0.0.1:8443",
        }
    )
)
TARGET = (place("archive", "a"), Effect.WRITE)


def reaches(authority: str, *path: str) -> bool:
    foreign = (Resource("", authority, path), Effect.READ)
    return is_blocked(ENDPOINT, foreign)


def is_blocked(
    endpoint: Endpoint, *further: tuple[Resource, Effect], path: str = "/intake/a"
) -> bool:
    try:
        check(connection(endpoint), request(path=path), operation(TARGET, *further), OWN)
    except Blocked as error:
        return error.reason is Reason.GATEWAY_RESOURCE and "evidence" not in str(error)
    return False


@pytest.mark.parametrize(
    "host",
    [
        "gateway.example",
        "gateway.example.",
        "GATEWAY.example",
        "evidence.blob.core.windows.net",
        "evidence.blob.core.windows.net.",
        "evidence-secondary.blob.core.windows.net",
        "evidence.dfs.core.windows.net",
        "evidence.table.core.windows.net",
        "evidence.z6.web.core.windows.net",
        "evidence.privatelink.blob.core.windows.net",
        "evidence.z01.blob.storage.azure.net",
        "state.blob.core.windows.net",
        "chaperone.vault.azure.net",
        "login.microsoftonline.com",
    ],
)
def test_the_gateways_own_things_are_found_under_all_their_names(host: str) -> None:
    assert reaches(host, "c", "b")
    assert is_blocked(Endpoint("https", host, 443, "", ""))


@pytest.mark.parametrize(
    "host",
    [
        "clinic.blob.core.windows.net",
        "evidence2.blob.core.windows.net",
        "myevidence.blob.core.windows.net",
        "gateway.example.org",
        "other.vault.azure.net",
        "gateway.example:8443",
        "blob.core",
    ],
)
def test_neighbours_are_not_the_gateway(host: str) -> None:
    assert not reaches(host, "c", "b")


@pytest.mark.parametrize(
    ("authority", "path"),
    [
        ("127.0.0.1:10000", ("chaperoneevidence", "c", "b")),
        ("127.0.0.1:10000", ("chaperoneevidence-secondary", "c")),
        ("127.0.0.2:10000", ("chaperoneevidence",)),
        ("localhost:10000", ("chaperoneevidence",)),
        ("[::1]:10000", ("chaperoneevidence",)),
        ("[::ffff:127.0.0.1]:10000", ("chaperoneevidence",)),
        ("0.0.0.0:10000", ("chaperoneevidence",)),
        ("chaperoneevidence.localhost:10000", ("c", "b")),
        ("chaperoneevidence.blob.localhost:10000", ("c", "b")),
        ("chaperoneevidence-secondary.blob.localhost:10000", ("c", "b")),
        ("127.0.0.1:8443", ("health",)),
        ("localhost:8443", ()),
    ],
)
def test_on_loopback_the_account_is_in_the_path_or_in_the_host(
    authority: str, path: tuple[str, ...]
) -> None:
    assert reaches(authority, *path)


@pytest.mark.parametrize(
    ("authority", "path"),
    [
        ("127.0.0.1:10000", ("clinicdata", "chaperoneevidence")),
        ("127.0.0.1:10001", ("chaperoneevidence",)),
        ("clinicdata.localhost:10000", ("c",)),
        ("127.0.0.1", ()),
    ],
)
def test_other_accounts_on_the_same_loopback_address_are_not_the_gateway(
    authority: str, path: tuple[str, ...]
) -> None:
    assert not reaches(authority, *path)


def test_an_upstream_is_judged_with_its_path() -> None:
    clinic = Endpoint("http", "127.0.0.1", 10000, "/clinicdata", "clinicdata")
    evidence = Endpoint("http", "127.0.0.1", 10000, "/chaperoneevidence", "chaperoneevidence")
    whole = Endpoint("http", "::1", 10000, "", "")

    assert not is_blocked(clinic)
    assert is_blocked(evidence)
    assert is_blocked(whole, path="/chaperoneevidence/c/b")
    assert is_blocked(whole, path="/%63haperoneevidence/c/b")
    assert not is_blocked(whole, path="/clinicdata/c/b")


def test_a_source_behind_a_connection_is_judged_by_the_connections_endpoint() -> None:
    assert not is_blocked(ENDPOINT, (place("c", "b", authority="evidence"), Effect.READ))


@pytest.mark.parametrize("host", ["[1:2:3", "evidence.blob.core.windows.net:99999", "[::::]"])
def test_an_authority_that_cannot_be_read_is_an_answer_too(host: str) -> None:
    assert reaches(host, "c") is ("evidence" in host)


def test_a_connection_is_not_opened_with_what_is_the_gateways_own() -> None:
    mine = Own(client_id="11111111-0000-4000-8000-000000000001")
    via = replace(connection(), credential=Credential(CredentialKind.MANAGED_IDENTITY))

    with pytest.raises(Blocked, match="own identity or secret") as caught:
        check(via, request(), operation(TARGET), mine)

    assert caught.value.reason is Reason.GATEWAY_RESOURCE
