"""A profile in a file of its own, in the form it has in a manifest; or a manifest's `profiles`."""

from gateway.masking.profiles import BUILT_IN, Profile
from gateway.policy import profile_document
from gateway.policy.faults import Fault, ManifestInvalid, Position, suggestion
from gateway.policy.profile_compiler import check_profiles, profiles
from gateway.policy.schema import validate_profile
from gateway.policy.syntax import Tree, read

OWN = "own"
"""The name of a profile that stands in its file without one."""


def read_profile(data: bytes, name: str = "") -> Profile:
    """The profile in `data`, checked as a manifest's are.

    Args:
        data: YAML or JSON: one profile, or a mapping with `profiles`, such as a manifest.
        name: which of several; "" where there is one.

    Raises:
        ManifestInvalid: every fault with line and column.
    """
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


def _rooted(tree: Tree) -> Tree:
    """The tree of a single profile, as if it stood under `profiles`."""
    if isinstance(tree.value, dict) and "profiles" in tree.value:
        return tree
    positions = {("profiles", OWN, *path): position for path, position in tree.positions.items()}
    return Tree({"profiles": {OWN: tree.value}}, positions, tree.faults)
