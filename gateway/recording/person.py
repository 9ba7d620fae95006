"""What operators do, they do as persons: a program has no name to put on record."""

from gateway.errors import ConfigurationError
from gateway.model.principal import Principal, PrincipalKind


def require_person(principal: Principal) -> None:
    """Pass a named person.

    Raises:
        ConfigurationError: the token is a program's, or has no name in it.
    """
    if principal.kind is not PrincipalKind.USER or not principal.name:
        raise ConfigurationError(
            "this is done by a named person, not by a program",
            advice="sign in as yourself and pass that token",
        )
