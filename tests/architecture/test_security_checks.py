"""The checks of .ci/run that look at dependencies and at the tree: they pass, and would notice."""

import http.server
import importlib.machinery
import importlib.metadata
import importlib.util
import json
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "scripts" / name), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def script(name: str) -> Any:
    loader = importlib.machinery.SourceFileLoader(f"script_{name}", str(ROOT / "scripts" / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_ci_runs_all_three() -> None:
    steps = (ROOT / ".ci" / "run").read_text("utf-8")
    for name in ("licences", "secrets", "advisories"):
        assert f"scripts/{name}" in steps


def test_every_installed_distribution_may_be_used() -> None:
    done = run("licences")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("Apache-2.0 OR GPL-3.0-only", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("Apache-2.0 AND GPL-3.0-only", False),
        ("AGPL-3.0-or-later", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_a_licence_is_judged_part_by_part(expression: str, allowed: bool) -> None:
    assert script("licences").is_allowed(expression) is allowed


def test_a_licence_that_no_metadata_states_is_read_in_its_file() -> None:
    found = importlib.metadata.distribution("fhirpy")
    assert not {"License", "License-Expression"} & set(found.metadata)
    assert script("licences").licence(found) == "MIT"
    text = found.read_text("licenses/LICENSE.md")
    assert text is not None
    assert script("licences").is_mit(text)
    assert not script("licences").is_mit(text + "Not for commercial use.")
    assert not script("licences").is_mit(text.replace("without restriction", "with restrictions"))


def test_the_tree_holds_no_secret() -> None:
    done = run("secrets")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "make",
    [
        lambda: (
            "AccountKey=" + secrets.token_urlsafe(64).replace("-", "a").replace("_", "b") + "=="
        ),
        lambda: "token: ghp_" + secrets.token_hex(18),
        lambda: "-----BEGIN " + "PRIVATE KEY-----\n" + secrets.token_hex(32),
        lambda: (
            "ey"
            + secrets.token_hex(12)
            + ".ey"
            + secrets.token_hex(12)
            + "."
            + secrets.token_hex(16)
        ),
        lambda: "AKIA" + secrets.token_hex(8).upper(),
    ],
    ids=["account-key", "github", "private-key", "web-token", "aws"],
)
def test_a_planted_secret_is_reported_and_not_repeated(make: Any, tmp_path: Path) -> None:
    planted = make()
    place = tmp_path / "settings.txt"
    place.write_text(f"# settings\n{planted}\n")
    done = run("secrets", str(place))
    assert done.returncode == 1
    assert f"{place}:2" in done.stderr
    assert planted.splitlines()[-1][-20:] not in done.stderr + done.stdout


class Osv(http.server.BaseHTTPRequestHandler):
    """Stands in for OSV's `POST /v1/querybatch`: one package is bad."""

    def do_POST(self) -> None:
        data = json.loads(self.rfile.read(int(self.headers["content-length"])))
        bad = {"vulns": [{"id": "GHSA-0000-0000-0000", "modified": "2026-01-01T00:00:00Z"}]}
        results = [
            bad if query["package"]["name"] == self.server.bad else {}  # type: ignore[attr-defined]
            for query in data["queries"]
        ]
        body = json.dumps({"results": results}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""


@pytest.fixture
def osv() -> Iterator[Any]:
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Osv)
    server.bad = ""
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.enable_socket
def test_a_known_advisory_fails_and_none_passes(osv: Any) -> None:
    url = f"http://127.0.0.1:{osv.server_port}"
    assert run("advisories", "--url", url).returncode == 0
    osv.bad = "aiohttp"
    done = run("advisories", "--url", url)
    assert done.returncode == 1
    assert "aiohttp" in done.stderr
    assert "GHSA-0000-0000-0000" in done.stderr


@pytest.mark.enable_socket
def test_an_audit_that_could_not_happen_says_so() -> None:
    done = run("advisories", "--url", "http://127.0.0.1:1")
    assert done.returncode == 0
    assert "SKIPPED" in done.stdout
