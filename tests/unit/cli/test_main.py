import subprocess
import sys

import pytest
import typer

from gateway import __version__
from gateway.cli import main
from gateway.errors import ConfigurationError


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["chaperone", *arguments])
    with pytest.raises(SystemExit) as caught:
        main.run()
    return caught.value.code


def replace_demo(monkeypatch: pytest.MonkeyPatch, error: BaseException | None) -> None:
    """Stands in for a command module, as `_load` finds one by name."""

    def demo(keep: bool = False) -> None:
        if error:
            raise error
        typer.echo("keep" if keep else "done")

    module = type(sys)("gateway.cli.demo")
    module.__dict__["demo"] = demo
    monkeypatch.setitem(sys.modules, "gateway.cli.demo", module)


def test_the_version_is_printed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"chaperone {__version__}\n"


def test_the_help_names_every_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "--help") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in main.COMMANDS)


def test_an_unknown_command_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, "frobnicate") == 2
    assert "No such command" in capsys.readouterr().err


@pytest.mark.parametrize("name", main.COMMANDS)
def test_every_command_can_be_loaded_and_has_a_help_of_its_own(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, name, "--help") == 0
    assert f"chaperone {name}" in capsys.readouterr().out


def test_a_command_gets_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_demo(monkeypatch, None)

    assert call(monkeypatch, "demo", "--keep") == 0
    assert capsys.readouterr().out == "keep\n"


def test_an_error_of_the_gateway_is_one_line_with_advice_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_demo(monkeypatch, ConfigurationError("no such file", advice="name one that exists"))

    assert call(monkeypatch, "demo") == 1
    assert capsys.readouterr().err == "chaperone: no such file\n  name one that exists\n"


def test_an_error_without_advice_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replace_demo(monkeypatch, ConfigurationError("no such file"))

    assert call(monkeypatch, "demo") == 1
    assert capsys.readouterr().err == "chaperone: no such file\n"


@pytest.mark.parametrize(("error", "status"), [(typer.Exit(3), 3), (KeyboardInterrupt(), 130)])
def test_the_exit_status_of_a_command_is_kept(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace_demo(monkeypatch, error)

    assert call(monkeypatch, "demo") == status


def test_the_help_does_not_import_what_it_does_not_need() -> None:
    code = (
        "import sys; sys.argv = ['chaperone', '--help']; from gateway.cli import main\n"
        "try: main.run()\n"
        "except SystemExit: pass\n"
        "heavy = {'azure', 'aiohttp', 'pydantic', 'faker', 'cryptography'} & set(sys.modules)\n"
        "print(sorted(heavy), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr == "[]\n"


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_a_reader_that_leaves_early_gets_no_traceback(option: str) -> None:
    code = f"import sys; sys.argv[1:] = ['{option}']; from gateway.cli.main import run; run()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
