import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


def test_the_library_is_loaded_without_its_command_line() -> None:
    code = (
        "import sys\n"
        "from gateway.policy.library import cel\n"
        "assert cel.compile('1 + 1 == 2').execute(cel.Context(variables={})) is True\n"
        "unwanted = {'cel.cli', 'prompt_toolkit', 'pygments', 'rich', 'typer'}\n"
        "print(sorted(unwanted & set(sys.modules)))\n"
        "import cel.cli\n"
        "print(hasattr(cel.cli, 'app'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "True"]
