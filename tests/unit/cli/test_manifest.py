import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli.manifest import app
from gateway.errors import ConfigurationError, GatewayError, Unauthenticated
from gateway.model.digest import sha256
from gateway.model.own import Own
from gateway.model.principal import Principal
from gateway.policy.active import blob_name
from gateway.policy.reference import markdown
from tests.fakes.evidence import FakeEvidenceStore
from tests.fakes.manifest import HEAD, StoredJournal, manifest, rule
from tests.fakes.store import FakeStateStore
from tests.fakes.time import FakeClock
from tests.unit.recording.test_activation import PERSON

FIRST = manifest(rule("one"))
SECOND = manifest(rule("two"))


@dataclass
class FakeVerifier:
    async def verify(self, token: str) -> Principal:
        if token != "good":
            raise Unauthenticated("the token is not good")
        return PERSON


@dataclass
class FakeTools:
    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeEvidenceStore = field(default_factory=FakeEvidenceStore)
    verifier: FakeVerifier = field(default_factory=FakeVerifier)
    own: Own = field(default_factory=Own)
    state: FakeStateStore = field(init=False)
    journal: StoredJournal = field(init=False)

    def __post_init__(self) -> None:
        self.state = FakeStateStore(self.clock)
        self.journal = StoredJournal(self.store, self.clock)


@pytest.fixture
def tools() -> FakeTools:
    return FakeTools()


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tools: FakeTools, tmp_path: Path) -> Run:
    @asynccontextmanager
    async def opened() -> AsyncIterator[FakeTools]:
        yield tools

    def factory() -> AbstractAsyncContextManager[FakeTools]:
        return opened()

    def invoke(*arguments: str | bytes, env: dict[str, str] | None = None) -> tuple[int, str]:
        """Run a command; bytes become a file."""
        words = []
        for number, argument in enumerate(arguments):
            if isinstance(argument, bytes):
                file = tmp_path / f"manifest-{number}.yaml"
                file.write_bytes(argument)
                words.append(str(file))
            else:
                words.append(argument)
        result = CliRunner().invoke(app, words, obj=factory, env=env)
        if isinstance(result.exception, GatewayError):
            raise result.exception
        assert result.exception is None or isinstance(result.exception, SystemExit)
        return result.exit_code, result.stdout

    return invoke


def answer(found: tuple[int, str]) -> Any:
    return json.loads(found[1])


def test_check_says_that_a_manifest_is_good_and_what_to_look_at(run: Run) -> None:
    status, text = run("check", FIRST)

    assert status == 0
    assert "warning: " in text
    assert "[loosened-area]" in text
    assert f"ok: 1 rules, 2 connections, {sha256(FIRST)}" in text


def test_check_shows_every_fault_with_line_and_column(run: Run) -> None:
    status, text = run("check", manifest(rule("r", effect="alow"), rule("r")))

    line = HEAD.count("\n") + 2
    assert status == 1
    assert f"manifest-1.yaml:{line}:13: error: rules[0].effect" in text
    assert "2 to mend" in text


def test_check_refuses_what_lints_call_an_error(run: Run) -> None:
    status, text = run("check", manifest(rule("r", "deny", actions='["x/y"]')))

    assert status == 1
    assert "error: rule r: never matches" in text
    assert "not to be activated" in text


def test_check_as_json_has_faults_and_lints(run: Run) -> None:
    good = answer(run("check", FIRST, "--json"))
    bad = answer(run("check", b"version: 2\n", "--json"))

    assert (good["ok"], good["digest"], good["faults"]) == (True, sha256(FIRST), [])
    assert {item["id"] for item in good["lints"]} == {"loosened-area", "unused-group"}
    assert bad["ok"] is False
    assert {"line", "column", "path", "message"} == set(bad["faults"][0])


def test_a_manifest_cannot_drive_the_terminal(run: Run) -> None:
    _, text = run("check", manifest().replace(b"version: 1", b'version: "\\e[31m"'))

    assert "\x1b" not in text


def test_a_file_over_the_bound_is_refused_without_reading_all_of_it(run: Run) -> None:
    status, text = run("check", b"#" * (2 * 1024 * 1024))

    assert status == 1
    assert "at most 1048576 bytes" in text


def test_the_schema_is_printed_for_editors_and_for_people(run: Run) -> None:
    assert answer(run("schema"))["title"] == "Document"
    assert run("schema", "--markdown")[1] == markdown()


READ_CHART = ("GET", "/c/clinic/charts/a.json")


def explain(run: Run, *arguments: str | bytes, data: bytes = FIRST) -> Any:
    return answer(run("explain", data, *arguments, "--json"))


def test_explain_says_which_rules_match_and_why_others_do_not(run: Run) -> None:
    data = manifest(rule("one"), rule("two", groups="[writers]"))

    found = explain(run, "--as", "triage-bot", "--group", "readers", *READ_CHART, data=data)

    assert (found["decision"], found["rule"]) == ("allow", "one")
    assert found["operation"] == "Get Blob"
    assert found["accesses"][0]["resource"] == "clinic/charts/a.json"
    assert found["obligations"]["masking"] == "safe-harbor"
    assert [(item["rule"], item["matched"]) for item in found["rules"]] == [
        ("one", True),
        ("two", False),
    ]
    assert "groups" in found["rules"][1]["why"]


def test_explain_takes_an_agent_for_one_of_its_own_tenant(run: Run) -> None:
    tenant = b"tenant: 7e0a4d00-0000-4000-8000-000000000001\n    sponsor:"
    data = manifest(rule("one")).replace(b"sponsor:", tenant)

    found = explain(run, "--as", "triage-bot", "--group", "readers", *READ_CHART, data=data)

    assert found["decision"] == "allow"


def test_explain_is_readable_without_json(run: Run) -> None:
    data = manifest(
        rule("one"),
        rule("two", "approve", resources='["clinic/charts/**"]', obligations="{workflow: review}"),
        rule("late", "deny", when='"hour > 20"'),
    )
    arguments = ("--as", "triage-bot", "--group", "readers", *READ_CHART)

    noon = run("explain", data, *arguments, "--at", "2026-08-03T12:00:00")[1]
    night = run("explain", data, *arguments, "--at", "2026-08-03T22:00:00Z")[1]
    public = run(
        "explain", data, *arguments[:-1], "/c/clinic/public/a", "--at", "2026-08-03T12:00Z"
    )

    assert "needs approval, rule two, workflow review" in noon
    assert " + " in noon
    assert 'denied (RuleDenies): rule "late" denies it' in night
    assert "allowed by rule one; masked as none" in public[1]


def test_explain_takes_whole_urls_headers_and_bodies(run: Run, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"12345")
    writes = rule("w", actions='["*/write"]', when="\"size == 5 && blob_type == 'BlockBlob'\"")

    found = explain(
        run,
        *("--as", "5F0C2D4E-8A51-4B1E-9D3E-0F6B7A2C9E11"),
        *("--group", "0A7D3F52-1B6C-4E8D-9F20-A1B2C3D4E5F6"),
        *("--header", "x-ms-blob-type: BlockBlob", "--body", str(body)),
        *("--role", "Data.Write"),
        *("put", "https://gateway.example/c/clinic/public/new.bin?timeout=30"),
        data=manifest(writes),
    )

    assert found["decision"] == "allow"
    assert found["operation"] == "Put Blob"


def test_explain_resolves_copy_sources_at_the_gateway(run: Run) -> None:
    found = explain(
        run,
        *("--as", "triage-bot", "--group", "readers"),
        *("--header", "x-ms-copy-source: https://gateway.example/c/lab/raw/a"),
        *("--header", "x-ms-requires-sync: true", "--header", "x-ms-version: 2023-11-03"),
        *("PUT", "https://gateway.example/c/clinic/public/copy"),
    )

    assert {access["resource"] for access in found["accesses"]} >= {
        "clinic/public/copy",
        "lab/raw/a",
    }
    assert (found["decision"], found["reason"]) == ("deny", "NoRuleAllows")


def test_explain_shows_that_an_unknown_agent_is_refused(run: Run) -> None:
    found = explain(run, "--as", "00000000-0000-0000-0000-000000000001", *READ_CHART)

    assert found["reason"] == "AgentUnknown"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--as", "triage-bt", *READ_CHART), 'did you mean "triage-bot"'),
        (("--as", "triage-bot", "--group", "reader", *READ_CHART), 'did you mean "readers"'),
        (("--as", "triage-bot", "GET", "/c/clinc/x"), 'did you mean "clinic"'),
        (("--as", "triage-bot", "GET", "/clinic/x"), "not a URL of the gateway"),
        (("--as", "triage-bot", "--header", "x", *READ_CHART), "not of the form"),
        (("--as", "triage-bot", "--at", "noon", *READ_CHART), "--at is a moment"),
    ],
)
def test_explain_says_what_it_does_not_understand(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(GatewayError, match=message):
        run("explain", FIRST, *arguments)


def test_activating_says_what_is_active_and_where_it_is_recorded(
    run: Run, tools: FakeTools
) -> None:
    status, text = run("activate", FIRST, "--token", "good")

    assert status == 0
    assert f"active: {sha256(FIRST)}" in text
    assert "before: none" in text
    assert "record: journal/2026/08/03/" in text
    assert tools.store.blobs[blob_name(sha256(FIRST))] == FIRST


def test_the_token_may_come_from_the_environment(run: Run) -> None:
    env = {"CHAPERONE_TOKEN": "good"}

    done = answer(run("activate", FIRST, "--json", env=env))

    assert (done["digest"], done["previous"]) == (sha256(FIRST), "")
    assert done["record"]["seq"] == 0
    assert all(item["severity"] == "warning" for item in done["lints"])


def test_nobody_activates_with_a_bad_token_or_none(run: Run, tools: FakeTools) -> None:
    with pytest.raises(Unauthenticated):
        run("activate", FIRST, "--token", "bad")
    assert run("activate", FIRST)[0] == 2
    assert tools.store.blobs == {}


def test_going_back_history_and_what_is_active(run: Run) -> None:
    run("activate", FIRST, "--token", "good")
    run("activate", SECOND, "--token", "good", "--expect", sha256(FIRST))
    run("rollback", sha256(FIRST), "--token", "good")

    status, text = run("history")
    lines = [json.loads(line) for line in run("history", "--json")[1].splitlines()]
    now = answer(run("active", "--json"))

    assert status == 0
    assert len(text.splitlines()) == 3
    assert [(line["digest"], line["act"], line["by"]) for line in lines] == [
        (sha256(FIRST), "rolled-back", PERSON.name),
        (sha256(SECOND), "activated", PERSON.name),
        (sha256(FIRST), "activated", PERSON.name),
    ]
    assert now == lines[0]
    assert sha256(FIRST) in run("active")[1]
    assert run("active", "--show")[1] == FIRST.decode()


def test_what_no_record_confirms_is_said_with_an_exit_status(run: Run, tools: FakeTools) -> None:
    run("activate", FIRST, "--token", "good")
    ((name, data),) = tools.store.journals()
    tools.store.blobs[name] = data.replace(b"activated", b"Activated")

    status, text = run("history")

    assert status == 1
    assert "not confirmed by its journal" in text
    assert run("active")[0] == 1


def test_before_the_first_activation_nothing_is_active(run: Run) -> None:
    assert run("history") == (0, "no manifest was activated yet\n")
    with pytest.raises(ConfigurationError, match="no manifest is active"):
        run("active")


def test_without_settings_a_deployment_is_not_reached(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["history"], env={"CHAPERONE_ENVIRONMENT": ""})

    assert isinstance(result.exception, ConfigurationError)
