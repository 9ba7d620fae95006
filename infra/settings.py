"""The app's settings, held against the one definition that the gateway itself reads."""

from collections.abc import Mapping
from typing import Final

import pulumi
from pulumi_azure_native import web

from gateway.settings import Settings

PREFIX: Final = "CHAPERONE_"
DEVELOPMENT_ONLY: Final = "dev_"


class UnknownSetting(ValueError):
    """The program sets what the gateway does not know, or leaves out what it needs."""


def gateway_settings(
    values: Mapping[str, pulumi.Input[str]],
) -> dict[str, pulumi.Input[str]]:
    """Environment variables of the gateway by name.

    Args:
        values: by field of `gateway.settings.Settings`.

    Raises:
        UnknownSetting: a name that is no field, a field that is required and missing, or one of
            the development stand-ins.
    """
    known = Settings.model_fields
    for name in values:
        if name not in known:
            raise UnknownSetting(f"{name} is no setting of the gateway")
        if name.startswith(DEVELOPMENT_ONLY):
            raise UnknownSetting(f"{name} is a development stand-in and not deployed")
    missing = [name for name, field in known.items() if field.is_required() and name not in values]
    if missing:
        raise UnknownSetting(f"required settings are missing: {', '.join(missing)}")
    return {f"{PREFIX}{name.upper()}": value for name, value in values.items()}


def pairs(
    values: Mapping[str, pulumi.Input[str]],
) -> list[pulumi.Input[web.NameValuePairArgsDict]]:
    """App settings as Resource Manager wants them, in name order."""
    return [{"name": name, "value": values[name]} for name in sorted(values)]
