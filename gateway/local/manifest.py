"""The development manifest, and the addresses that are known only once storage runs."""

from collections.abc import Mapping
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.policy.manifest import parse

DEFAULT = Path(__file__).with_name("manifest.yaml")
DATA_ACCOUNTS = ("clinicdata", "researchdata", "foreigndata")
"""Storage accounts for manifests: `${CLINICDATA_URL}` and secret `clinicdata-key`, and so on."""


def secret_name(account: str) -> str:
    """The development secret that holds an account's key."""
    return f"{account}-key"


def check(path: Path) -> None:
    """Pass a manifest that could be served, whatever the addresses will be.

    Raises:
        ConfigurationError: the file cannot be read, or what it says is not good, with lines.
    """
    parse(render(path, {account: f"http://127.0.0.1:1/{account}" for account in DATA_ACCOUNTS}))


def render(path: Path, urls: Mapping[str, str]) -> bytes:
    """The manifest in `path` with `${ACCOUNT_URL}` replaced by each account's URL.

    Args:
        path: a manifest, UTF-8.
        urls: blob endpoint by account.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the manifest {path} cannot be read", advice="give --manifest a UTF-8 text file"
        ) from error
    for account, url in urls.items():
        text = text.replace(f"${{{account.upper()}_URL}}", url)
    return text.encode()
