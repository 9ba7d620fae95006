"""Profiles of a manifest to the engine's: inherited, overridden, and honest about their rank."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.masking.kinds import Kind
from gateway.masking.profiles import paths as field_paths
from gateway.masking.profiles.operators import Operator, misfit
from gateway.masking.profiles.patterns import MAX_PATTERNS, UserPattern
from gateway.masking.profiles.profile import BUILT_IN, Profile, Scope, TextUse
from gateway.masking.profiles.rules import FieldRule, Rules
from gateway.model.canonical import canonical
from gateway.model.digest import sha256
from gateway.policy import profile_document as document
from gateway.policy.faults import Fault, Path
from gateway.policy.profiles import base_of
from gateway.policy.syntax import Tree

if TYPE_CHECKING:
    from gateway.masking.profiles.imported import ImportedConfiguration

_OF_TEXT = {
    TextUse.STRUCTURE: Operator.STRUCTURE,
    TextUse.WITHHOLD: Operator.REDACT,
    TextUse.DROP: Operator.DROP,
}


def profiles(source: Mapping[str, document.Profile]) -> dict[str, Profile]:
    """Every profile by name, the built-in ones first.

    References must be known and free of circles, as `check_references` sees to.
    """
    made = dict(BUILT_IN)
    waiting = {name: one for name, one in source.items() if name not in BUILT_IN}
    while waiting:
        ready = {name for name, one in waiting.items() if _base(one) in made}
        if not ready:
            break
        for name in ready:
            one = waiting.pop(name)
            made[name] = compile_profile(name, one, made[_base(one)])
    return made


def compile_profile(name: str, source: document.Profile, base: Profile) -> Profile:
    """The engine's profile of one definition over its base."""
    text = TextUse(source.text) if source.text else base.text
    operators = {**base.operators, **_operators(source)}
    # Whatever a profile extends, secrets go, and free text is not shown by accident.
    if operators[Kind.SECRET] is Operator.KEEP:
        operators[Kind.SECRET] = Operator.REDACT
    operators[Kind.TEXT] = _OF_TEXT.get(text, Operator.REDACT)
    replacements = {
        Kind(kind): one.with_ for kind, one in source.operators.items() if one.do == "replace"
    }
    own = tuple(_rule(rule, order) for order, rule in enumerate(source.fields))
    inherited = tuple(replace(rule, level=rule.level + 1) for rule in base.rules.all)
    patterns = (UserPattern(Kind(one.kind), one.pattern) for one in source.patterns)
    return Profile(
        name=name,
        rank=source.rank,
        operators=MappingProxyType(operators),
        replacements=MappingProxyType({**base.replacements, **replacements}),
        rules=Rules((*own, *inherited)),
        text=text,
        patterns=(*patterns, *base.patterns),
        scope=Scope(source.scope) if source.scope else base.scope,
        imported=_imported(source.imported) or base.imported,
        digest=_digest(source, base),
    )


def check_profiles(source: Mapping[str, document.Profile], tree: Tree) -> Iterator[Fault]:
    """Operators that do not go with their kinds, rules that say nothing, ranks that claim too much.

    Yields:
        Faults at the places of `profiles` in `tree`.
    """
    made = profiles(source)
    for name, one in source.items():
        here: Path = ("profiles", name)
        faults = tuple(profile_faults(one, tree, here))
        yield from faults
        if faults or name in BUILT_IN or name not in made:
            continue
        base = made[_base(one)]
        if one.fields and made[name].imported is not None:
            why = "an imported configuration decides on fields itself; say it all in one of them"
            yield tree.fault((*here, "fields"), why)
        if len(made[name].patterns) > MAX_PATTERNS:
            why = f"at most {MAX_PATTERNS} patterns, those of the extended profile included"
            yield tree.fault((*here, "patterns"), why)
        least, greatest = _ranks(made[name], base)
        if not least <= one.rank <= greatest:
            why = f"{_why(made[name], base)} has a rank from {least} to {greatest}"
            yield tree.fault((*here, "rank"), why)


def profile_faults(source: document.Profile, tree: Tree, here: Path) -> Iterator[Fault]:
    """Faults of one definition by itself, at `here` in `tree`."""
    for kind, one in source.operators.items():
        place: Path = (*here, "operators", kind)
        if kind == "text":
            yield tree.fault(place, "what becomes of free text is said with `text`")
        elif why := misfit(Operator(one.do), Kind(kind)):
            yield tree.fault(place, why)
        yield from _replacement(tree, place, one.do, one.with_)
    for index, rule in enumerate(source.fields):
        place = (*here, "fields", index)
        if rule.as_ is None and rule.do is None:
            yield tree.fault(place, "a rule says what the field is (`as`) or what is done (`do`)")
        elif rule.do is not None and (why := _rule_misfit(rule)):
            yield tree.fault(place, why)
        yield from _replacement(tree, place, rule.do or "", rule.with_)
    if any(one.kind == "text" for one in source.patterns):
        yield tree.fault((*here, "patterns"), "a pattern finds a kind of value, not text")


def _rule_misfit(rule: document.FieldRule) -> str:
    operator = Operator(rule.do or "")
    if operator in {Operator.KEEP, Operator.DROP}:
        return ""  # of any field, as it stands
    if operator in {Operator.GENERALISE, Operator.DATE_SHIFT} and rule.as_ is None:
        return f"`do: {operator}` needs `as`, such as `as: date`"
    return misfit(operator, Kind(rule.as_)) if rule.as_ else ""


def _replacement(tree: Tree, place: Path, word: str, text: str) -> Iterator[Fault]:
    if word == Operator.REPLACE and not text:
        yield tree.fault(place, "`replace` needs a text: {do: replace, with: …}")
    elif text and word != Operator.REPLACE:
        yield tree.fault(place, "only `replace` has a text (`with`)")


def _imported(text: str) -> "ImportedConfiguration | None":
    if not text:
        return None
    # Reading one needs tables of FHIR, which few manifests ask for.
    from gateway.masking.profiles.imported import ImportedConfiguration  # noqa: PLC0415

    return ImportedConfiguration(text)


def _operators(source: document.Profile) -> dict[Kind, Operator]:
    return {Kind(kind): Operator(one.do) for kind, one in source.operators.items()}


def _rule(source: document.FieldRule, order: int) -> FieldRule:
    return FieldRule(
        path=field_paths.parse(source.path),
        kind=Kind(source.as_) if source.as_ else None,
        operator=Operator(source.do) if source.do else None,
        replacement=source.with_,
        order=order,
    )


def _why(profile: Profile, base: Profile) -> str:
    least, _ = _ranks(profile, base)
    if least < base.rank:
        return f'a profile that shows what "{base.name}" masks'
    return f'a profile that extends "{base.name}"'


def _ranks(profile: Profile, base: Profile) -> tuple[int, int]:
    # For manifests that define profiles of their own: it knows every field's name.
    from gateway.masking.strictness import ranks  # noqa: PLC0415 - large

    return ranks(profile, base)


def _base(source: document.Profile) -> str:
    return source.extends or base_of(source.rank)


def _digest(source: document.Profile, base: Profile) -> str:
    definition = source.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    inherited = {"extends": base.name, "extended": base.digest}
    return sha256(canonical({**definition, **inherited, "rank": source.rank}))
