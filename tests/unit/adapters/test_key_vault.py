import asyncio
import inspect
import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from azure.core import exceptions
from azure.keyvault.secrets import KeyVaultSecret, SecretProperties
from azure.keyvault.secrets.aio import SecretClient

from gateway.adapters.key_vault import Lifetimes, VaultSecrets
from gateway.errors import Reason, Unavailable
from tests.fakes.time import NOON, FakeClock

SECRET = "the-account-key"


class Vault(SecretClient):
    """The client with its network replaced: answers or raises what the test says."""

    def __init__(self) -> None:
        self.answer: Callable[[str], KeyVaultSecret] | Exception = stored()
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def get_secret(
        self, name: str, version: str | None = None, **_: object
    ) -> KeyVaultSecret:
        self.calls += 1
        await self.gate.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer(name)


def stored(
    value: str | None = SECRET,
    *,
    version: str = "v1",
    enabled: bool = True,
    expires: datetime | None = None,
    starts: datetime | None = None,
) -> Callable[[str], KeyVaultSecret]:
    def answer(name: str) -> KeyVaultSecret:
        properties = SecretProperties(
            vault_id=f"https://v.vault.azure.net/secrets/{name}/{version}",
        )
        attributes = type(
            "Attributes", (), {"enabled": enabled, "expires": expires, "not_before": starts}
        )
        properties._attributes = attributes()
        return KeyVaultSecret(properties, value)

    return answer


def http_error(status: int, kind: type[exceptions.HttpResponseError]) -> Exception:
    error = kind("https://v.vault.azure.net/ says " + SECRET)
    error.status_code = status
    return error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def vault() -> Vault:
    return Vault()


@pytest.fixture
async def secrets(vault: Vault, clock: FakeClock) -> VaultSecrets:
    return VaultSecrets(vault, clock, limit=2)


async def test_a_fresh_secret_is_not_asked_for_again(
    secrets: VaultSecrets, vault: Vault, clock: FakeClock
) -> None:
    first = await secrets.get("key")
    clock.advance(299)
    assert await secrets.get("key") == first
    assert (first.value, first.version, vault.calls) == (SECRET, "v1", 1)
    clock.advance(2)
    vault.answer = stored("rotated", version="v2")
    assert (await secrets.get("key")).value == "rotated"


async def test_many_callers_share_one_call(secrets: VaultSecrets, vault: Vault) -> None:
    vault.gate.clear()
    waiting = [asyncio.create_task(secrets.get("key")) for _ in range(20)]
    await asyncio.sleep(0)
    vault.gate.set()
    assert {secret.value for secret in await asyncio.gather(*waiting)} == {SECRET}
    assert vault.calls == 1


async def test_a_caller_that_gives_up_does_not_end_the_call_for_others(
    secrets: VaultSecrets, vault: Vault
) -> None:
    vault.gate.clear()
    first, second = (asyncio.create_task(secrets.get("key")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    vault.gate.set()
    assert (await second).value == SECRET
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_failure_that_nobody_waits_for_goes_unnoticed(
    secrets: VaultSecrets, vault: Vault
) -> None:
    vault.gate.clear()
    vault.answer = exceptions.ServiceRequestError("down")
    caller = asyncio.create_task(secrets.get("key"))
    await asyncio.sleep(0)
    caller.cancel()
    vault.gate.set()
    await asyncio.sleep(0.01)
    with pytest.raises(asyncio.CancelledError):
        await caller


@pytest.mark.parametrize(
    "outage",
    [
        exceptions.ServiceRequestError("down"),
        exceptions.ServiceResponseError("cut"),
        http_error(503, exceptions.HttpResponseError),
        http_error(429, exceptions.HttpResponseError),
        exceptions.ClientAuthenticationError("no token from Entra"),
        TimeoutError(),
    ],
)
async def test_an_outage_is_survived_for_an_hour_by_what_was_read(
    secrets: VaultSecrets, vault: Vault, clock: FakeClock, outage: Exception
) -> None:
    await secrets.get("key")
    vault.answer = outage
    clock.advance(timedelta(minutes=59))
    assert (await secrets.get("key")).value == SECRET
    assert (await secrets.get("key")).value == SECRET
    assert vault.calls == 2  # and the vault is left alone for a while
    clock.advance(11)
    await secrets.get("key")
    assert vault.calls == 3
    clock.advance(timedelta(minutes=1))
    with pytest.raises(Unavailable):
        await secrets.get("key")
    vault.answer = stored()
    assert (await secrets.get("key")).value == SECRET


@pytest.mark.parametrize(
    "refusal",
    [
        http_error(404, exceptions.ResourceNotFoundError),
        http_error(403, exceptions.HttpResponseError),
        http_error(401, exceptions.ClientAuthenticationError),
    ],
)
async def test_a_refusal_is_final_at_once(
    secrets: VaultSecrets, vault: Vault, clock: FakeClock, refusal: Exception
) -> None:
    await secrets.get("key")
    vault.answer = refusal
    clock.advance(301)
    with pytest.raises(Unavailable):
        await secrets.get("key")
    vault.answer = exceptions.ServiceRequestError("down")
    with pytest.raises(Unavailable):
        await secrets.get("key")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(stored(None), id="no value"),
        pytest.param(stored(""), id="empty"),
        pytest.param(stored(enabled=False), id="disabled"),
        pytest.param(stored(expires=NOON), id="expires now"),
        pytest.param(stored(expires=NOON - timedelta(days=1)), id="expired"),
        pytest.param(stored(starts=NOON + timedelta(seconds=1)), id="not yet valid"),
    ],
)
async def test_a_secret_that_is_not_valid_now_is_not_used(
    secrets: VaultSecrets, vault: Vault, answer: Callable[[str], KeyVaultSecret]
) -> None:
    vault.answer = answer
    with pytest.raises(Unavailable):
        await secrets.get("key")


async def test_a_secret_is_not_used_past_its_own_expiry(
    secrets: VaultSecrets, vault: Vault, clock: FakeClock
) -> None:
    vault.answer = stored(expires=NOON + timedelta(seconds=30))
    await secrets.get("key")
    vault.answer = exceptions.ServiceRequestError("down")
    clock.advance(31)
    with pytest.raises(Unavailable):
        await secrets.get("key")


async def test_the_longest_unused_secret_is_forgotten_first(
    secrets: VaultSecrets, vault: Vault
) -> None:
    for name in ("a", "b", "a", "c"):
        await secrets.get(name)
    assert repr(secrets) == "VaultSecrets(2 cached)"
    assert vault.calls == 3
    await secrets.get("a")
    assert vault.calls == 3
    await secrets.get("b")
    assert vault.calls == 4


async def test_a_vault_that_does_not_answer_has_a_bound(vault: Vault, clock: FakeClock) -> None:
    vault.gate.clear()
    secrets = VaultSecrets(vault, clock, lifetimes=Lifetimes(call=timedelta(milliseconds=20)))
    with pytest.raises(Unavailable):
        await secrets.get("key")


def library_errors() -> list[type[Exception]]:
    return [
        kind
        for _, kind in inspect.getmembers(exceptions, inspect.isclass)
        if issubclass(kind, Exception)
    ]


@pytest.mark.parametrize("kind", library_errors())
async def test_every_error_of_the_library_becomes_unavailable_without_its_message(
    secrets: VaultSecrets,
    vault: Vault,
    kind: type[Exception],
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = kind.__new__(kind)
    error.args = (SECRET,)
    vault.answer = error
    with caplog.at_level(logging.DEBUG), pytest.raises(Unavailable) as caught:
        await secrets.get("key")
    assert caught.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert SECRET not in f"{caught.value}{caught.value.advice}{caught.value.details}"
    assert caught.value.__cause__ is None
    assert SECRET not in caplog.text
