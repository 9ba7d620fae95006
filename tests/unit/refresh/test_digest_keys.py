import base64

import pytest

from gateway.errors import Unavailable
from gateway.refresh.digest_keys import SecretDigestKeys
from tests.fakes.secrets import FakeSecrets

GOOD = base64.b64encode(b"k" * 32).decode()


async def test_the_version_of_the_secret_names_the_key() -> None:
    secrets = FakeSecrets({"digest": GOOD})
    keys = SecretDigestKeys(secrets, "digest")
    first = await keys.current()
    assert first is await keys.current()

    secrets.set("digest", base64.b64encode(b"j" * 32).decode())
    second = await keys.current()
    assert (first.version, second.version) == ("1", "2")
    assert first.of("a", b"b") != second.of("a", b"b")


@pytest.mark.parametrize("value", ["", "not base64!", base64.b64encode(b"short").decode()])
async def test_a_secret_that_is_no_key_is_an_outage_and_shows_nothing(value: str) -> None:
    with pytest.raises(Unavailable) as refused:
        await SecretDigestKeys(FakeSecrets({"digest": value}), "digest").current()
    assert not value or value not in str(refused.value)


async def test_without_the_secret_there_is_no_key() -> None:
    with pytest.raises(Unavailable):
        await SecretDigestKeys(FakeSecrets(), "digest").current()
