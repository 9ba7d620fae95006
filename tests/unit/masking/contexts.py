"""Contexts for the engine's tests."""

from datetime import date

from gateway.masking.context import Context
from gateway.masking.tokens import TokenKey

KEY = TokenKey("1", bytes(range(64)))
PROFILES = ("secrets-only", "limited-data-set", "pseudonymous", "safe-harbor")


def context(
    profile: str = "safe-harbor",
    *,
    ephi: bool = True,
    accept: bool = False,
    key: TokenKey | None = KEY,
    scope: str = "tenant|agent|app|ward",
    rank: int = -1,
) -> Context:
    return Context(profile, "", ephi, accept, key, scope, date(2026, 8, 3), rank)
