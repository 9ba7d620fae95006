"""Where a Python of a given minor version is on this machine."""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path


@functools.cache
def interpreter(line: str) -> str:
    """A working interpreter of a minor version such as "3.13", "" where there is none.

    pyenv's shims exist for versions that are not active, so each candidate is asked.
    """
    root = os.environ.get("PYENV_ROOT")  # noqa: TID251 - of the builder's machine, no setting
    pyenv = Path(root or Path.home() / ".pyenv") / "versions"
    candidates = [str(path) for path in sorted(pyenv.glob(f"{line}.*/bin/python"), reverse=True)]
    candidates += [shutil.which(f"python{line}") or "", shutil.which("python3") or ""]
    candidates.append(sys.executable)
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    for candidate in filter(None, candidates):
        command = [candidate, "-c", code]
        probe = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if probe.stdout.strip() == line:
            return candidate
    return ""
