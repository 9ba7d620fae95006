import base64

import pytest

from gateway.errors import Reason, Unavailable
from gateway.ports import TokenKeys
from gateway.refresh.token_keys import SecretTokenKeys
from tests.fakes.secrets import FakeSecrets

GOOD = base64.b64encode(bytes(64)).decode()


def keys(value: str) -> tuple[TokenKeys, FakeSecrets]:
    secrets = FakeSecrets({"token-key": value})
    return SecretTokenKeys(secrets, "token-key"), secrets


async def test_the_key_is_named_by_the_secrets_version_and_follows_it() -> None:
    port, secrets = keys(GOOD)
    first = await port.current()
    assert (first.version, first.key) == ("1", bytes(64))
    assert await port.current() is first

    secrets.set("token-key", base64.b64encode(b"\x01" * 64).decode())
    second = await port.current()
    assert (second.version, second.key) == ("2", b"\x01" * 64)


@pytest.mark.parametrize("value", ["", "no base64!", base64.b64encode(bytes(32)).decode()])
async def test_what_is_no_key_of_that_size_is_refused_without_showing_it(value: str) -> None:
    port, _ = keys(value)
    with pytest.raises(Unavailable) as refused:
        await port.current()

    assert refused.value.reason is Reason.CREDENTIAL_UNAVAILABLE
    assert "64" in str(refused.value)
    assert not value or value not in str(refused.value) + refused.value.advice


async def test_a_vault_that_fails_is_no_key() -> None:
    port, secrets = keys(GOOD)
    secrets.failure = Unavailable("down")
    with pytest.raises(Unavailable):
        await port.current()
