import re

import pytest

from gateway.local import directory
from gateway.local.issuer import Issuer, RefusedError, TokenRequest
from tests.fakes.time import NOON

AGENT = directory.AGENTS["etl-agent"]
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}")


def test_identifiers_of_the_directory_are_guids_and_unique() -> None:
    found = [directory.TENANT, directory.AUDIENCE_ID, *directory.GROUPS.values()]
    for agent in directory.AGENTS.values():
        found += [agent.application, agent.object_id]
    found += [person.object_id for person in directory.PERSONS.values()]
    assert all(GUID.fullmatch(value) for value in found)
    assert len(set(found)) == len(found)


def test_groups_that_the_directory_uses_exist() -> None:
    used = {group for agent in directory.AGENTS.values() for group in agent.groups}
    used |= {group for person in directory.PERSONS.values() for group in person.groups}
    assert used <= set(directory.GROUPS)


def test_an_agent_is_found_by_its_application_id() -> None:
    assert directory.agent_of(AGENT.application) is AGENT
    assert directory.agent_of("unknown") is None


def test_the_newest_two_keys_are_published_until_they_are_withdrawn() -> None:
    issuer = Issuer("https://127.0.0.1:1", directory.TENANT)
    kids = [issuer.rotate() for _ in range(2)]

    def published() -> list[str]:
        keys = issuer.key_set()["keys"]
        assert isinstance(keys, list)
        return [key["kid"] for key in keys]

    assert published() == kids[::-1]
    last = issuer.rotate(withdraw=True)
    assert published() == [last]


def test_an_unknown_group_is_refused_with_the_names_that_exist() -> None:
    issuer = Issuer("https://127.0.0.1:1", directory.TENANT)
    with pytest.raises(RefusedError) as caught:
        issuer.token(TokenRequest(AGENT, directory.AUDIENCE, groups=("nobody",)), NOON)
    assert "phi-readers" in str(caught.value)
