from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.local import directory
from gateway.local.manifest import DATA_ACCOUNTS, DEFAULT, check, render, secret_name
from gateway.policy.compiler import compile_manifest
from gateway.policy.lint import Severity, lint
from gateway.policy.manifest import parse

URLS = {account: f"http://127.0.0.1:10000/{account}" for account in DATA_ACCOUNTS}


def test_the_sample_manifest_may_be_activated() -> None:
    manifest = parse(render(DEFAULT, URLS))

    lints = lint(manifest, compile_manifest(manifest))

    assert [item for item in lints if item.severity is Severity.ERROR] == []


def test_the_sample_manifest_names_people_groups_and_agents_of_the_directory() -> None:
    document = parse(render(DEFAULT, URLS)).document

    assert {agent.application for agent in document.agents.values()} <= {
        agent.application for agent in directory.AGENTS.values()
    }
    assert set(document.groups.items()) <= set(directory.GROUPS.items())
    assert {agent.sponsor.object_id for agent in document.agents.values()} <= {
        person.object_id for person in directory.PERSONS.values()
    }


def test_the_sample_manifest_leaves_one_agent_and_one_group_outside() -> None:
    document = parse(render(DEFAULT, URLS)).document

    assert "stray-agent" not in document.agents
    assert "outsiders" not in document.groups


def test_the_foreign_account_is_no_upstream() -> None:
    document = parse(render(DEFAULT, URLS)).document

    assert URLS["foreigndata"] not in {item.upstream for item in document.connections.values()}


def test_every_secret_of_the_sample_manifest_is_one_of_the_store() -> None:
    document = parse(render(DEFAULT, URLS)).document
    wanted = {getattr(item.credential, "secret", "") for item in document.connections.values()}

    assert wanted <= {secret_name(account) for account in DATA_ACCOUNTS}


def test_placeholders_are_replaced_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yaml"
    path.write_text("a: ${CLINICDATA_URL}\nb: ${HOME} $CLINICDATA_URL ${FOREIGNDATA_URL}\n")

    assert render(path, URLS) == (
        b"a: http://127.0.0.1:10000/clinicdata\n"
        b"b: ${HOME} $CLINICDATA_URL http://127.0.0.1:10000/foreigndata\n"
    )


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "manifest.yaml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"manifest\.yaml cannot be read"):
        render(path, URLS)


def test_a_manifest_is_checked_before_its_addresses_are_known(tmp_path: Path) -> None:
    check(DEFAULT)
    path = tmp_path / "manifest.yaml"
    path.write_text("version: 1\nruels: []\n")

    with pytest.raises(ConfigurationError, match=r"2:1.*rules"):
        check(path)
