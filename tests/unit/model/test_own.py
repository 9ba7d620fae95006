import pytest

from gateway.model.connection import Credential, CredentialKind, Endpoint
from gateway.model.own import Own, addresses, is_loopback, reaching, storage_account, whereabouts
from gateway.policy.endpoint import endpoint

OWN = Own(
    frozenset(
        {
            "evidence1.blob.core.windows.net",
            "host1.table.core.windows.net:443",
            "vault1.vault.azure.net",
            "gateway.example.org",
            "127.0.0.1:10000/ownaccount",
            "127.0.0.1:8443",
        }
    )
)


@pytest.mark.parametrize(
    "url",
    [
        "https://evidence1.blob.core.windows.net",
        "https://EVIDENCE1.blob.core.windows.net.:443/",
        "https://evidence1-secondary.blob.core.windows.net",
        "https://evidence1.z03.blob.storage.azure.net",
        "https://evidence1.privatelink.blob.core.windows.net",
        "https://host1.blob.core.windows.net",
        "http://127.0.0.1:10000/ownaccount",
        "http://127.0.0.1:10000/ownaccount-secondary",
        "http://localhost:10000/ownaccount",
        "http://127.9.9.9:10000/ownaccount",
        "http://[::1]:10000/ownaccount",
        "http://[::ffff:127.0.0.1]:10000/ownaccount",
        "https://127.0.0.1:8443/anything1",
    ],
)
def test_the_gateways_own_accounts_are_recognised_however_written(url: str) -> None:
    assert OWN.is_at(reaching(endpoint(url)))


@pytest.mark.parametrize(
    "url",
    [
        "https://clinicdata.blob.core.windows.net",
        "https://evidence12.blob.core.windows.net",
        "http://127.0.0.1:10000/other1",
        "http://127.0.0.1:10001/ownaccount",
    ],
)
def test_other_accounts_are_not(url: str) -> None:
    assert not OWN.is_at(reaching(endpoint(url)))


def test_a_whole_host_of_the_gateway_is_recognised() -> None:
    assert OWN.is_at(reaching(Endpoint("https", "gateway.example.org", 443)))
    assert OWN.is_at(reaching(Endpoint("https", "gateway.example.org", 443, "/x")))
    assert OWN.is_at(reaching(Endpoint("https", "vault1.vault.azure.net", 443)))
    assert not OWN.is_at(reaching(Endpoint("https", "gateway.example.org", 8443)))


@pytest.mark.parametrize(
    "place",
    [
        "0.0.0.0:10000/ownaccount",
        "[::]:10000/ownaccount",
        "[::ffff:127.0.0.1]:10000/ownaccount",
        "evidence1.z123.blob.storage.azure.net",
        "evidence1.privatelink.z9.web.core.windows.net",
        "ownaccount.blob.localhost:10000/c",
    ],
)
def test_what_no_manifest_may_say_is_recognised_too(place: str) -> None:
    assert OWN.is_at(place)


def test_one_account_is_one_thing_under_all_its_names() -> None:
    places = [
        Endpoint("https", "clinic.blob.core.windows.net", 443, "", "clinic"),
        Endpoint("https", "clinic-secondary.blob.core.windows.net", 443, "", "clinic"),
        Endpoint("https", "clinic.z01.blob.storage.azure.net", 443, "", "clinic"),
    ]
    emulated = [
        Endpoint("http", host, 10000, "/clinic", "clinic")
        for host in ("127.0.0.1", "localhost", "::1")
    ]

    assert len(set(map(whereabouts, places))) == 1
    assert len(set(map(whereabouts, emulated))) == 1
    assert whereabouts(places[0]) != whereabouts(emulated[0])


@pytest.mark.parametrize("host", ["blob.core", "clinic.vault.azure.net", "x.blob.localhost", ""])
def test_other_hosts_are_no_storage_account(host: str) -> None:
    assert storage_account(host) is None


def test_the_unspecified_address_is_no_loopback_upstream_but_reaches_this_machine() -> None:
    assert not is_loopback("0.0.0.0")  # noqa: S104 - an address in text
    assert list(addresses("0.0.0.0:1/a")) == list(addresses("localhost:1/a"))


MINE = "11111111-0000-4000-8000-000000000001"
OTHER = "22222222-0000-4000-8000-000000000002"
MANAGED = CredentialKind.MANAGED_IDENTITY
PRINCIPAL = CredentialKind.SERVICE_PRINCIPAL


@pytest.mark.parametrize(
    ("client_id", "credential", "own"),
    [
        # Development, without an identity of the gateway's.
        (None, Credential(MANAGED), False),
        (None, Credential(MANAGED, client_id=OTHER), False),
        (MINE, Credential(MANAGED), True),
        (MINE, Credential(MANAGED, client_id=MINE.upper()), True),
        (MINE, Credential(MANAGED, client_id=OTHER), False),
        (MINE, Credential(PRINCIPAL, "s", client_id=MINE), True),
        (MINE, Credential(PRINCIPAL, "s", client_id=OTHER), False),
        # The system-assigned identity has no client id to name it by.
        ("", Credential(MANAGED), True),
        ("", Credential(MANAGED, client_id=OTHER), False),
        ("", Credential(CredentialKind.ACCOUNT_KEY, "s"), False),
    ],
)
def test_upstream_identities_are_others_than_the_gateways(
    client_id: str | None, credential: Credential, own: bool
) -> None:
    assert Own(client_id=client_id).holds(credential) is own


@pytest.mark.parametrize("kind", [CredentialKind.ACCOUNT_KEY, PRINCIPAL])
def test_the_gateways_own_secrets_open_no_upstream(kind: CredentialKind) -> None:
    mine = Own(secrets=frozenset({"chaperone-digest-key"}))

    assert mine.holds(Credential(kind, "Chaperone-Digest-Key"))
    assert not mine.holds(Credential(kind, "clinic-key"))
    assert not mine.holds(Credential(MANAGED))
