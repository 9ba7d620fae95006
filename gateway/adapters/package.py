"""The digest of the code that runs: recorded when a journal opens."""

import hashlib
from pathlib import Path

_FILES = ("function_app.py", "host.json", "requirements.txt")


def package_digest(root: Path) -> str:
    """`sha256:{hex}` over the deployed files below `root`, names included, in name order.

    Covers `gateway/**` source and data, the function app, the host configuration and the pinned
    dependencies; compiled files are left out, since they differ from run to run.
    """
    digest = hashlib.sha256()
    files = [root / name for name in _FILES]
    files += [path for path in (root / "gateway").rglob("*") if "__pycache__" not in path.parts]
    for path in sorted(path for path in files if path.is_file()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root).as_posix()}\0{content}\n".encode())
    return f"sha256:{digest.hexdigest()}"
