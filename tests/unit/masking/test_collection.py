import gc
from collections.abc import Iterator

import pytest

from gateway.errors import Withheld
from gateway.masking.collection import MAX_PAUSED, paused
from gateway.masking.engine import mask
from gateway.masking.payload import Payload
from tests.unit.masking.contexts import context


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    gc.enable()


def test_the_collector_rests_while_a_payload_is_masked() -> None:
    with paused(10):
        assert not gc.isenabled()
        with paused(10):
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_goes_on_after_a_failure() -> None:
    with pytest.raises(Withheld):
        mask(b"{", "application/json", "", context())

    assert gc.isenabled()


def test_it_does_not_rest_for_a_large_payload() -> None:
    with paused(MAX_PAUSED + 1):
        assert gc.isenabled()


def test_who_has_stopped_it_before_starts_it_again() -> None:
    gc.disable()
    with paused(10):
        pass
    assert not gc.isenabled()


@pytest.mark.parametrize("accept", [False, True])
def test_nothing_of_a_payload_waits_for_a_collection(accept: bool) -> None:
    body = b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","id":"1",'
    body += b'"name":[{"family":"Doe"}],"note":[{"text":"Jane Doe"}]}}]}'
    gc.collect()
    gc.disable()

    mask(body, "application/fhir+json", "", context(accept=accept))

    assert [item for item in gc.get_objects() if isinstance(item, Payload)] == []
