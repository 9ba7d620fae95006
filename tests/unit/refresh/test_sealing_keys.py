import base64

import pytest

from gateway.errors import Unavailable
from gateway.refresh.sealing_keys import SecretSealingKeys
from tests.fakes.secrets import FakeSecrets

OLD, NEW = (base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))


async def test_the_version_in_force_seals_and_every_version_opens() -> None:
    secrets = FakeSecrets({"k": OLD})
    keys = SecretSealingKeys(secrets, "k")
    old = await keys.current()
    secrets.set("k", NEW)
    new = await keys.current()
    assert (old.version, new.version) == ("1", "2")
    assert await keys.version("1") == old
    assert await keys.version("2") == new


async def test_a_version_that_never_was_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        await SecretSealingKeys(FakeSecrets({"k": OLD}), "k").version("7")


@pytest.mark.parametrize("value", ["no base64!", base64.b64encode(b"short").decode()])
async def test_a_secret_that_is_no_key_is_unavailable(value: str) -> None:
    with pytest.raises(Unavailable, match="32 bytes"):
        await SecretSealingKeys(FakeSecrets({"k": value}), "k").current()
