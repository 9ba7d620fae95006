"""What `chaperone mask` works with: the profile, the token key, the type of a file."""

import base64
import binascii
import stat
from pathlib import Path
from typing import Final

from gateway.errors import ConfigurationError
from gateway.masking.profiles.profile import BUILT_IN, SAFE_HARBOR, Profile
from gateway.masking.tokens import KEY_BYTES, TokenKey

_MAX_KEY_FILE: Final = 4096
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_TYPES: Final = {
    ".csv": "text/csv",
    ".htm": "text/html",
    ".html": "text/html",
    ".hl7": "x-application/hl7-v2+er7",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".md": "text/markdown",
    ".ndjson": "application/x-ndjson",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".xml": "application/xml",
}


def profile_of(name: str, file: Path | None) -> Profile:
    """The built-in profile of a name, `safe-harbor` without one, or a profile from a file.

    Raises:
        ConfigurationError: no such profile, or its file is faulty, with every fault.
    """
    if file is not None:
        # Pydantic and YAML take longer to import than a small document takes to mask.
        from gateway.policy.profile_file import read_profile  # noqa: PLC0415
        from gateway.policy.syntax import MAX_BYTES  # noqa: PLC0415

        with file.open("rb") as stream:
            return read_profile(stream.read(MAX_BYTES + 1), name)
    found = BUILT_IN.get(name or SAFE_HARBOR.name)
    if found is None:
        raise ConfigurationError(
            f'"{name[:80]}" is no built-in profile',
            advice=f"one of {', '.join(BUILT_IN)}, or your own with --profile-file",
        )
    return found


def token_key(file: Path | None, version: str) -> TokenKey | None:
    """The key in a file: 64 bytes in base64 or hexadecimal digits.

    Raises:
        ConfigurationError: others can read the file, it holds no such key, or the version is not
            letters and digits.
    """
    if file is None:
        return None
    if file.stat().st_mode & _OTHERS:
        raise ConfigurationError(
            f"others than its owner may read or write {file}",
            advice=f"a key opens every token made with it: chmod 600 {file}",
        )
    with file.open("rb") as stream:
        text = b"".join(stream.read(_MAX_KEY_FILE).split())
    try:
        key = (
            bytes.fromhex(text.decode("ascii"))
            if len(text) == 2 * KEY_BYTES
            else base64.b64decode(text, validate=True)
        )
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise _no_key(f"{file} holds no key") from None
    try:
        return TokenKey(version, key)
    except ValueError as error:
        raise _no_key(str(error)) from None


def _no_key(why: str) -> ConfigurationError:
    return ConfigurationError(
        why, advice="64 random bytes as base64 or hexadecimal: openssl rand -base64 64"
    )


def content_type_of(file: Path | None) -> str:
    """The content type that a file's ending says.

    Raises:
        ConfigurationError: it says none, or there is no file.
    """
    found = _TYPES.get(file.suffix.lower()) if file is not None else None
    if found is None:
        what = f"{file} has no ending that says its type" if file else "the content has no type"
        raise ConfigurationError(what, advice="say it: --content-type application/fhir+json")
    return found
