"""What no schema can say: names that must exist, and entries that must fit each other.

These checks read the tree and not the validated document, so that a file with a fault in one place
is still checked everywhere else.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

from pydantic import ValidationError

from gateway.policy.condition import ConditionInvalid
from gateway.policy.expression import compile_condition
from gateway.policy.faults import Fault, Path, suggestion
from gateway.policy.profile_compiler import check_profiles
from gateway.policy.profile_document import Profile
from gateway.policy.profiles import BUILT_IN, base_of
from gateway.policy.syntax import MISSING, Tree, step

Check = Callable[[Tree, Mapping[str, type]], Iterator[Fault]]


def check_references(tree: Tree, facts: Mapping[str, type]) -> tuple[Fault, ...]:
    """Every fault beyond the schema; `facts` are those that conditions may use."""
    checks: tuple[Check, ...] = (
        _names,
        _agents,
        _groups,
        _profiles,
        _profile_definitions,
        _rule_ids,
        _rule_subjects,
        _rule_obligations,
        _conditions,
    )
    return tuple(fault for check in checks for fault in check(tree, facts))


def _names(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    groups, agents = _section(tree, "groups"), _section(tree, "agents")
    profiles = (*_section(tree, "profiles"), *BUILT_IN)
    workflows, connections = _section(tree, "workflows"), _section(tree, "connections")
    for name in _section(tree, "profiles"):
        yield from _known(tree, ("profiles", name, "extends"), "profile", profiles)
    for name in connections:
        place: Path = ("connections", name)
        yield from _known(tree, (*place, "masking", "profile"), "profile", profiles)
        for item in _items(tree, (*place, "areas")):
            yield from _known(tree, (*item, "profile"), "profile", profiles)
    for name in workflows:
        for item in _items(tree, ("workflows", name, "reviewers")):
            yield from _known(tree, item, "group", groups)
    for rule in _items(tree, ("rules",)):
        for item in _items(tree, (*rule, "groups")):
            yield from _known(tree, item, "group", groups)
        for item in _items(tree, (*rule, "agents")):
            yield from _known(tree, item, "agent", agents)
        for item in _items(tree, (*rule, "resources")):
            yield from _known_connection(tree, item, connections)
        yield from _known(tree, (*rule, "obligations", "masking"), "profile", profiles)
        yield from _known(tree, (*rule, "obligations", "workflow"), "workflow", workflows)


def _agents(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    yield from _unique(
        tree, [("agents", name, "application") for name in _section(tree, "agents")], "application"
    )


def _groups(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    yield from _unique(tree, [("groups", name) for name in _section(tree, "groups")], "object id")


def _rule_ids(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    yield from _unique(tree, [(*rule, "id") for rule in _items(tree, ("rules",))], "rule id")


def _profiles(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    """Chains of own profiles end at a built-in one."""
    own = _section(tree, "profiles")
    for name in own:
        here: Path = ("profiles", name)
        if name in BUILT_IN:
            yield tree.fault(here, f'"{name}" is built in; choose another name')
            continue
        base = _text(tree, (*here, "extends"))
        if base and _root(tree, base) is None:
            yield tree.fault((*here, "extends"), "profiles extend each other in a circle")


def _profile_definitions(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    """Of the profiles that fit the schema: what goes together, and the ranks they may claim."""
    fitting: dict[str, Profile] = {}
    for name in _section(tree, "profiles"):
        with suppress(ValidationError):
            fitting[name] = Profile.model_validate(_value(tree, ("profiles", name)))
    yield from check_profiles(fitting, tree)


def _root(tree: Tree, name: str) -> str | None:
    """The built-in end of a chain of `extends`, "" where unknown, None where it is a circle."""
    seen: set[str] = set()
    while name not in BUILT_IN:
        base = _text(tree, ("profiles", name, "extends"))
        if not base:
            rank = _integer(tree, ("profiles", name, "rank"))
            return "" if rank is None else base_of(rank)
        if name in seen:
            return None
        seen.add(name)
        name = base
    return name


def _rule_subjects(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    for rule in _items(tree, ("rules",)):
        effect = _text(tree, (*rule, "effect"))
        named = any(_value(tree, (*rule, key)) for key in ("groups", "agents", "roles"))
        if effect in {"allow", "approve"} and not named:
            why = f"a rule with effect {effect} names groups, agents or roles"
            yield tree.fault(rule, why)


def _rule_obligations(tree: Tree, _: Mapping[str, type]) -> Iterator[Fault]:
    for rule in _items(tree, ("rules",)):
        effect = _text(tree, (*rule, "effect"))
        obligations: Path = (*rule, "obligations")
        workflow = _text(tree, (*obligations, "workflow"))
        if effect == "deny" and _value(tree, obligations):
            yield tree.fault(obligations, "a rule that denies has no obligations")
        elif effect == "approve" and not workflow:
            why = "a rule with effect approve names a workflow: obligations: {workflow: …}"
            yield tree.fault(rule, why)
        elif effect == "approve" and _text(tree, (*obligations, "tokens")) == "resolve":
            why = "tokens are resolved for an allowed request alone; a held one names real ids"
            yield tree.fault((*obligations, "tokens"), why)
        elif effect == "allow" and workflow:
            why = "only a rule with effect approve has a workflow; did you mean effect: approve?"
            yield tree.fault((*obligations, "workflow"), why)


def _conditions(tree: Tree, facts: Mapping[str, type]) -> Iterator[Fault]:
    for rule in _items(tree, ("rules",)):
        here: Path = (*rule, "when")
        source = _text(tree, here)
        if source is None:
            continue
        if not source.strip():
            yield tree.fault(here, "the condition is empty; leave `when` out instead")
            continue
        try:
            compile_condition(source, facts)
        except ConditionInvalid as error:
            yield tree.fault(here, str(error))


def _known(tree: Tree, path: Path, what: str, known: tuple[str, ...]) -> Iterator[Fault]:
    name = _text(tree, path)
    if name is not None and name not in known:
        yield tree.fault(path, f'unknown {what} "{name[:80]}"{suggestion(name, known)}')


def _known_connection(tree: Tree, path: Path, known: tuple[str, ...]) -> Iterator[Fault]:
    name = (_text(tree, path) or "").split("/")[0]
    if name and "*" not in name and name not in known:
        yield tree.fault(path, f'unknown connection "{name[:80]}"{suggestion(name, known)}')


def _unique(tree: Tree, paths: list[Path], what: str) -> Iterator[Fault]:
    seen: dict[str, Path] = {}
    for path in paths:
        value = _text(tree, path)
        if value is None:
            continue
        first = seen.setdefault(value.lower(), path)
        if first != path:
            yield tree.fault(path, f"the {what} stands on line {tree.at(first).line} already")


def _value(tree: Tree, path: Path) -> object:
    value = tree.value
    for part in path:
        value = step(value, part)
    return None if value is MISSING else value


def _text(tree: Tree, path: Path) -> str | None:
    value = _value(tree, path)
    return str(value) if isinstance(value, str) else None


def _integer(tree: Tree, path: Path) -> int | None:
    text = _text(tree, path)
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None  # noqa: PLR2004


def _section(tree: Tree, name: str) -> tuple[str, ...]:
    value = _value(tree, (name,))
    return tuple(value) if isinstance(value, dict) else ()


def _items(tree: Tree, path: Path) -> Iterator[Path]:
    value = _value(tree, path)
    if isinstance(value, list):
        for index in range(len(value)):
            yield (*path, index)
