"""Which deployment an operator's command acts on."""

import json
import sys

from gateway import settings
from gateway.errors import ConfigurationError
from gateway.local import state
from gateway.settings import Settings


def configured() -> Settings:
    """The settings of the environment; where it has none, those of a `chaperone dev` running here.

    Raises:
        ConfigurationError: the environment names no deployment and none runs here, or its settings
            are wrong.
    """
    try:
        settings.environment()
    except ConfigurationError:
        variables = _running_here()
        if variables:
            print("using the gateway of the `chaperone dev` that runs here", file=sys.stderr)
            return settings.load(variables)
    return settings.load()


def _running_here() -> dict[str, str]:
    """The environment of the gateway that `.chaperone/dev.json` describes, {} without one."""
    try:
        facts = json.loads((state.FOLDER / state.LATEST).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    found = facts.get("environment") if isinstance(facts, dict) else None
    if not isinstance(found, dict):
        return {}
    return {str(name): str(value) for name, value in found.items()}
