"""Terms of settings: forms that names have in Azure, and sentences for what is wrong.

Apart from `gateway.settings`, which reads the environment.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from pydantic.fields import FieldInfo

from gateway.errors import ConfigurationError

TABLE: Final = r"^[A-Za-z][A-Za-z0-9]{2,62}$"
CONTAINER: Final = r"^[a-z0-9](-?[a-z0-9]){2,62}$"
VAULT_NAME: Final = r"^[0-9A-Za-z-]{1,127}$"
"""https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates"""
SIGNING_IN: Final = (
    r"^(|(ClientId=[0-9A-Fa-f-]{36};)?Authorization=AAD(;ClientId=[0-9A-Fa-f-]{36})?)$"
)
"""https://learn.microsoft.com/azure/azure-monitor/app/azure-ad-authentication"""
STORAGE_ACCOUNT: Final = re.compile(
    r"/subscriptions/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/resourceGroups/[-\w.()]{1,90}"
    r"/providers/Microsoft\.Storage/storageAccounts/(?P<account>[a-z0-9]{3,24})",
    re.ASCII | re.IGNORECASE,
)
"""https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules"""
_ELSEWHERE: Final = frozenset({"CHAPERONE_TOKEN"})
"""Variables of this prefix that are no settings: an operator's own token, for commands."""
_PREFIX: Final = "CHAPERONE_"


def refuse_unknown(fields: Collection[str], variables: Collection[str]) -> None:
    """A name that is written wrong would leave its setting at what it is without it.

    Args:
        fields: names of the settings.
        variables: names in the environment.

    Raises:
        ConfigurationError: names each, and what may have been meant.
    """
    known = {_PREFIX + name.upper() for name in fields} | _ELSEWHERE
    unknown = sorted({name.upper() for name in variables if name.startswith(_PREFIX)} - known)
    if not unknown:
        return
    # Late: a start that goes on does not need it.
    from difflib import get_close_matches  # noqa: PLC0415

    meant = [get_close_matches(name, known, 1) for name in unknown]
    said = [
        f"{name}: there is no such setting{f' (is {found[0]} meant?)' if found else ''}"
        for name, found in zip(unknown, meant, strict=True)
    ]
    raise ConfigurationError(
        "; ".join(said), advice="take these variables away, or write them as docs/settings.md does"
    )


def sentence(fields: Mapping[str, FieldInfo], location: tuple[int | str, ...], message: str) -> str:
    """What is wrong, after the variable's name; a rule over several begins with a field's."""
    message = message.removeprefix("Value error, ")
    word = str(location[0]) if location else message.partition(" ")[0]
    for name, field in fields.items():
        alias = field.validation_alias
        if word in {name, alias}:
            variable = alias if isinstance(alias, str) else _PREFIX + name.upper()
            return f"{variable}: {message} ({field.description})"
    return message
