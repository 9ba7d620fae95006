"""`chaperone mask`: what an agent would see of a document, without a gateway, network or vault."""

import os
import stat
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, BinaryIO, Final, NoReturn

import typer

from gateway.cli.mask_diff import differences
from gateway.cli.mask_inputs import content_type_of, profile_of, token_key
from gateway.cli.mask_report import Report
from gateway.errors import ConfigurationError, Withheld
from gateway.masking.engine import Context
from gateway.masking.engine import mask as mask_body
from gateway.masking.generalise import year_end
from gateway.masking.profiles.profile import Profile
from gateway.masking.streams import MAX_BYTES, MAX_LINE
from gateway.masking.tokens import TokenKey, numbering_salt

USAGE: Final = 2
WITHHELD: Final = 3
MAX_SAID: Final = 10
"""Withheld lines whose reasons are said one by one."""
_TEXT: Final = frozenset({"text/plain", "text/markdown"})


class FreeText(StrEnum):
    """What becomes of free text where the profile itself does not say."""

    ACCEPT = "accept"
    WITHHOLD = "withhold"


def mask(
    files: Annotated[
        list[Path] | None,
        typer.Argument(exists=True, dir_okay=False, help="Documents; none reads standard input."),
    ] = None,
    profile: Annotated[
        str, typer.Option(help="Built-in profile, or which one of --profile-file.")
    ] = "",
    profile_file: Annotated[
        Path | None,
        typer.Option(
            exists=True, dir_okay=False, help="A profile of your own, as in a manifest, or one."
        ),
    ] = None,
    content_type: Annotated[
        str, typer.Option(help="Of the content; without it, by the file's ending.")
    ] = "",
    lines: Annotated[
        bool, typer.Option("--lines", help="Each input line is a document of its own.")
    ] = False,
    report: Annotated[
        str, typer.Option(help="What was masked where, as JSON to this file; - for stderr.")
    ] = "",
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what changes, values included, and not the result.")
    ] = False,
    key_file: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Token key: 64 bytes, base64 or hex."),
    ] = None,
    key_version: Annotated[str, typer.Option(help="Of that key; stands in tokens.")] = "1",
    scope: Annotated[
        str, typer.Option(help="Within which equal values have equal tokens.")
    ] = "local",
    free_text: Annotated[
        FreeText | None,
        typer.Option(help="Without it: accept in plain text, withhold elsewhere."),
    ] = None,
) -> None:
    """Mask documents: standard input or FILES to standard output.

    Exit status: 0 done, 2 wrong usage, profile or key, 3 something was withheld (its reason stands
    on standard error, and nothing of it on standard output; with --lines its line is empty).
    """
    try:
        found = profile_of(profile, profile_file)
        key = token_key(key_file, key_version)
        if found.makes_tokens and key is None:
            _refuse("this profile makes tokens", "give their key: --key-file FILE")
        sources: list[Path | None] = list(files) if files else [None]
        kinds = [content_type or content_type_of(file) for file in sources]
    except ConfigurationError as error:
        _refuse(str(error), error.advice)
    # None where the caller has closed them.
    if sys.stdout is None or (sys.stdin is None and None in sources):
        _refuse("standard input or output is closed", "give files, and somewhere to write to")
    run = _Run(found, key, scope, free_text, Report(found, wanted=bool(report)), diff=diff)
    try:
        for file, kind in zip(sources, kinds, strict=True):
            with file.open("rb") if file else nullcontext(sys.stdin.buffer) as stream:
                name = str(file) if file else "standard input"
                (run.lines if lines else run.document)(stream, kind, name)
        sys.stdout.buffer.flush()
        run.report.write(report)
    except BrokenPipeError:
        # The reader has gone, as with `| head`.
        _discard()
    except OSError as error:
        _discard()
        _refuse(
            f"reading or writing failed: {error.strerror or 'an input or output error'}",
            "the output is not complete; see to its place and run it again",
        )
    if run.withheld:
        raise typer.Exit(WITHHELD)


class _Run:
    """One run of the command over its documents.

    Attributes:
        report: of what was masked.
        withheld: how many documents were not shown.
    """

    def __init__(
        self,
        profile: Profile,
        key: TokenKey | None,
        scope: str,
        free_text: FreeText | None,
        report: Report,
        *,
        diff: bool,
    ) -> None:
        today = year_end(datetime.now(UTC).date())
        self._context = Context(
            profile.name,
            profile.digest,
            ephi=True,
            accept_free_text=False,
            key=key,
            scope=scope,
            today=today,
            rank=profile.rank,
            definition=profile,
            salt=numbering_salt(key.key) if key else b"",
            clock=time.thread_time,
        )
        self._free_text = free_text
        self._diff = diff
        self._colour = diff and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.report = report
        self.withheld = 0

    def document(self, stream: BinaryIO, kind: str, name: str) -> None:
        """All of a stream as one document."""
        body = stream.read(MAX_BYTES + 1)
        try:
            self._write(body, self._masked(body, kind, self._in(kind)))
        except Withheld as error:
            self._lose()
            _say(f"{name}: {error}", error.advice)

    def lines(self, stream: BinaryIO, kind: str, name: str) -> None:
        """Each line as a document, answered at once where somebody may be waiting for it."""
        context = self._in(kind)
        waiting = not _is_regular(stream)
        before, number = self.withheld, 0
        for number, line in enumerate(_lines(stream), 1):
            body = line.rstrip(b"\r\n")
            try:
                masked = _one_line(line, self._masked(body, kind, context))
            except Withheld as error:
                self._lose()
                if self.withheld - before <= MAX_SAID:
                    _say(f"{name}, line {number}: {error}", "")
                masked = b""
            if self._diff:
                self._write(body, masked)
            else:
                sys.stdout.buffer.write(masked + b"\n")
            if waiting:
                sys.stdout.buffer.flush()
        if self.withheld > before:
            _say(f"{name}: {self.withheld - before} of {number} lines withheld", "")

    def _in(self, kind: str) -> Context:
        """The circumstances of content of this type: free text is accepted where all of it is."""
        accepted = self._free_text is FreeText.ACCEPT or (
            self._free_text is None and kind.partition(";")[0].strip().lower() in _TEXT
        )
        return replace(self._context, accept_free_text=accepted)

    def _masked(self, body: bytes, kind: str, context: Context) -> bytes:
        result = mask_body(body, kind, "", context)
        self.report.add(result)
        return result.body

    def _write(self, before: bytes, after: bytes) -> None:
        if not self._diff:
            sys.stdout.buffer.write(after)
            return
        for line in differences(before, after, colour=self._colour):
            sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")

    def _lose(self) -> None:
        self.withheld += 1
        self.report.withheld()


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; of one that is too long only the start, so that it is withheld."""
    while line := stream.readline(MAX_LINE + 1):
        yield line
        while len(line) > MAX_LINE and not line.endswith(b"\n"):
            line = stream.readline(MAX_LINE + 1)


def _one_line(line: bytes, masked: bytes) -> bytes:
    """What answers one line.

    Raises:
        Withheld: the line was too long to be read whole, or its masked form has several lines.
    """
    masked = masked.rstrip(b"\r\n")
    if masked.startswith(b"<?xml "):
        # Between the declaration and the document, white space says nothing.
        masked = masked.replace(b"?>\n", b"?>", 1)
    if b"\n" in masked or len(line) > MAX_LINE:
        raise Withheld(f"The line has over {MAX_LINE} bytes, or is not masked as one line.")
    return masked


def _is_regular(stream: BinaryIO) -> bool:
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except OSError:
        return False


def _discard() -> None:
    """Let go of what is buffered for standard output: writing it again would fail likewise."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say(message: str, advice: str) -> None:
    print(f"chaperone: {message}", file=sys.stderr)
    if advice:
        print(f"  {advice}", file=sys.stderr)


def _refuse(message: str, advice: str) -> NoReturn:
    _say(message, advice)
    raise typer.Exit(USAGE)
