"""The digest of the code that runs: recorded when a journal opens."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_FILES = ("function_app.py", "host.json", "requirements.txt")
_FOLDERS = ("__pycache__", "gateway")
_UNCHECKED = (1).to_bytes(4, "little")


def package_digest(root: Path) -> str:
    """`sha256:{hex}` over the deployed files below `root`, names included, in name order.

    Covers `gateway/**` source and data, the function app, the host configuration and the pinned
    dependencies. Of compiled files, those that Python runs without a look at their source (PEP 552,
    unchecked hash) count, as a package holds them; others are made anew on each machine.
    """
    names = [name for name in _FILES if (root / name).is_file()]
    for folder in _FOLDERS:
        names += _below(f"{root}/", folder)
    digest = hashlib.sha256()
    for name in sorted(names):
        with open(f"{root}/{name}", "rb", buffering=0) as file:  # noqa: PTH123 - see `_below`
            head = file.read(8)
            if name.endswith(".pyc") and head[4:] != _UNCHECKED:
                continue
            content = hashlib.sha256(head + file.read()).hexdigest()
        digest.update(f"{name}\0{content}\n".encode())
    return f"sha256:{digest.hexdigest()}"


def _below(root: str, folder: str) -> Iterator[str]:
    """Names of all files in a folder and below; `pathlib` takes three times as long."""
    if not os.path.isdir(root + folder):  # noqa: PTH112
        return
    with os.scandir(root + folder) as entries:
        for entry in entries:
            name = f"{folder}/{entry.name}"
            if entry.is_dir():
                yield from _below(root, name)
            elif entry.is_file():
                yield name
