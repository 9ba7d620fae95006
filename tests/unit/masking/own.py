"""Profiles of one's own for the engine's tests, written as in a manifest."""

import json
from typing import Any

from gateway.masking import engine
from gateway.masking.context import Context, Result
from gateway.masking.profiles.profile import BUILT_IN, Profile
from gateway.policy.profile_compiler import compile_profile
from gateway.policy.profile_document import Profile as Source
from gateway.policy.syntax import read
from tests.unit.masking.contexts import KEY, context


def own(text: str, base: Profile | None = None) -> Profile:
    """A profile over a built-in one, or over `base`; its rank is not judged here."""
    source = Source.model_validate(read(text.encode()).value)
    return compile_profile("own", source, base or BUILT_IN[source.extends])


def within(profile: Profile, *, accept: bool = False) -> Context:
    plain = context("own", accept=accept, key=KEY)
    return Context(
        plain.profile,
        profile.digest,
        plain.ephi,
        plain.accept_free_text,
        plain.key,
        plain.scope,
        plain.today,
        profile.rank,
        profile,
    )


def masked(
    profile: Profile | str, body: bytes, kind: str = "application/json", *, accept: bool = False
) -> Result:
    found = own(profile) if isinstance(profile, str) else profile
    return engine.mask(body, kind, "", within(found, accept=accept))


def tree(profile: Profile | str, node: Any, *, accept: bool = False) -> Any:
    """A JSON document through the engine."""
    return json.loads(masked(profile, json.dumps(node).encode(), accept=accept).body)
