"""A profile in a file of its own, in the form it has in a manifest; or a manifest's `profiles`."""

import re
from dataclasses import replace

from gateway.masking.profiles.profile import BUILT_IN, SAFE_HARBOR, Profile
from gateway.masking.strictness import ranks
from gateway.policy import profile_document
from gateway.policy.faults import Fault, ManifestInvalid, Position, suggestion
from gateway.policy.profile_compiler import check_profiles, profiles
from gateway.policy.schema import validate_profile
from gateway.policy.syntax import Tree, read

_RULES = re.compile(rb"fhirPathRules[\"']?\s*:")
_PROFILES = re.compile(rb"(?m)^\s*(?:profiles|extends|rank|imported)\s*:")
OWN = "own"
"""The name of a profile that stands in its file without one."""


def read_profile(data: bytes, name: str = "") -> Profile:
    """The profile in `data`, checked as a manifest's are.

    A FHIR anonymizer configuration is a profile that masks all but FHIR JSON as Safe Harbor.

    Args:
        data: YAML or JSON: one profile, or a mapping with `profiles`, such as a manifest.
        name: which of several; "" where there is one.

    Raises:
        ConfigurationError: every fault with line and column.
    """
    if _RULES.search(data) and not _PROFILES.search(data):
        return imported_profile(data)
    tree = _rooted(read(data))
    section = tree.value["profiles"] if isinstance(tree.value, dict) else None
    if not isinstance(section, dict) or not section:
        raise ManifestInvalid([Fault(Position(1, 1), "profiles", "no masking profile here")])
    made = {one: validate_profile(tree, one) for one in section}
    fitting = {
        one: found for one, found in made.items() if isinstance(found, profile_document.Profile)
    }
    faults = [*tree.faults, *check_profiles(fitting, tree)]
    faults += [fault for found in made.values() if isinstance(found, tuple) for fault in found]
    known = (*section, *BUILT_IN)
    faults += [
        tree.fault(("profiles", one, "extends"), f'unknown profile "{found.extends}"')
        for one, found in fitting.items()
        if found.extends and found.extends not in known
    ]
    if faults:
        raise ManifestInvalid(faults)
    compiled = profiles(fitting)
    chosen = name or (next(iter(section)) if len(section) == 1 else "")
    if chosen not in section or chosen not in compiled:
        why = f'no profile "{chosen}"{suggestion(chosen, section)}' if chosen else "which profile?"
        raise ManifestInvalid([tree.fault(("profiles",), why)])
    return compiled[chosen]


def imported_profile(data: bytes) -> Profile:
    """A FHIR anonymizer configuration as a profile of the highest rank that it can claim.

    Raises:
        ConfigurationError: not such a configuration, or with what is not supported.
    """
    from gateway.masking.profiles.imported import ImportedConfiguration  # noqa: PLC0415 - large tables

    found = ImportedConfiguration(data)
    made = replace(SAFE_HARBOR, name=OWN, imported=found, digest=f"sha256:{found.digest}")
    return replace(made, rank=ranks(made, SAFE_HARBOR)[1])


def _rooted(tree: Tree) -> Tree:
    """The tree of a single profile, as if it stood under `profiles`."""
    if isinstance(tree.value, dict) and "profiles" in tree.value:
        return tree
    positions = {("profiles", OWN, *path): position for path, position in tree.positions.items()}
    return Tree({"profiles": {OWN: tree.value}}, positions, tree.faults)
