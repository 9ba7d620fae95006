"""A configuration file of Microsoft's Tools for Health Data Anonymization, checked and compiled.

https://github.com/microsoft/Tools-for-Health-Data-Anonymization/blob/master/docs/FHIR-anonymization.md
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from gateway.errors import ConfigurationError
from gateway.masking.codecs.json_codec import Node, Number
from gateway.masking.fhir_anonymizer.generalisation import Generalise
from gateway.masking.fhir_anonymizer.matching import matcher
from gateway.masking.fhir_anonymizer.methods import CryptoHash, DateShift, Encrypt, Perturb, keep
from gateway.masking.fhir_anonymizer.parameters import Parameters, parameters
from gateway.masking.fhir_anonymizer.path_evaluation import check
from gateway.masking.fhir_anonymizer.path_syntax import Expression, PathError, parse
from gateway.masking.fhir_anonymizer.rules import Method, Rule
from gateway.masking.fhir_anonymizer.source import MAX_RULES, Source
from gateway.masking.fhir_anonymizer.substitution import Substitute

NEEDS_KEY = {"cryptohash": "cryptoHashKey", "encrypt": "encryptKey", "dateshift": "dateShiftKey"}
_TOP = frozenset({"$schema", "fhirPathRules", "fhirVersion", "parameters", "processingErrors"})
_TYPO = "processingError"  # the tool's documentation spells it so in one place
_MAX_PLACES = 28
_DEFAULT_PLACES = 2
_FINITE = 10**15


class _RuleError(Exception):
    """What is wrong with a rule, and what to do."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


@dataclass(frozen=True, slots=True)
class Configuration:
    """A file as it is run.

    Attributes:
        rules: in the order of the file.
        skips: whether a resource that cannot be processed is replaced with an empty one.
        parameters: of the file.
        lacking: parameters for keys that rules need and neither the file nor the caller gave.
    """

    rules: tuple[Rule, ...]
    skips: bool
    parameters: Parameters
    lacking: frozenset[str]
    _of_type: dict[str, tuple[Rule, ...]] = field(default_factory=dict, repr=False)

    def of_type(self, kind: str) -> tuple[Rule, ...]:
        """The rules that concern resources of a type."""
        found = self._of_type.get(kind)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.concerns(kind))
            self._of_type[kind] = found
        return found


def configuration(source: Source, key: bytes | None) -> Configuration:
    """Compile a file; `key` stands in for keys that it does not have.

    Raises:
        ConfigurationError: not a configuration, or with what is not supported; names the rule
            and its line.
    """
    tree = source.tree
    if unknown := sorted(set(tree) - _TOP - {_TYPO}):
        raise ConfigurationError(
            f"The configuration has a member {unknown[0][:80]!r}, which is not supported.",
            advice="Remove it if the configuration is right without it.",
        )
    _check_version(tree.get("fhirVersion"))
    skips = _skips(tree.get("processingErrors", tree.get(_TYPO)))
    made = parameters(tree.get("parameters"))
    entries = tree.get("fhirPathRules")
    if not isinstance(entries, list) or not entries or len(entries) > MAX_RULES:
        raise ConfigurationError(
            f"The configuration has no `fhirPathRules`, or more than {MAX_RULES}.",
            advice="List at least one rule with `path` and `method`.",
        )
    rules = []
    for number, entry in enumerate(entries, 1):
        try:
            rules.append(_rule(number, entry, made, key))
        except (_RuleError, PathError) as error:
            raise _placed(number, source.lines, error) from error
    lacking = {
        name
        for rule in rules
        if (name := NEEDS_KEY.get(rule.method)) and made.key(name, key) is None
    }
    if made.days is not None:
        lacking.discard("dateShiftKey")
    return Configuration(tuple(rules), skips, made, frozenset(lacking))


def _placed(number: int, lines: list[int], error: Exception) -> ConfigurationError:
    line = f" (line {lines[number - 1]})" if number <= len(lines) else ""
    advice = getattr(error, "advice", "") or "Correct the rule, or express it in another way."
    return ConfigurationError(f"Rule {number}{line}: {error}.", advice=advice)


def _check_version(version: Node) -> None:
    if version is None or (isinstance(version, str) and version.upper() in {"", "R4"}):
        return
    raise ConfigurationError(
        "The configuration is for another version of FHIR than R4.",
        advice="Give a configuration whose fhirVersion is R4.",
    )


def _skips(option: Node) -> bool:
    word = option.lower() if isinstance(option, str) else option
    if word in {None, "raise"}:
        return False
    if word == "skip":
        return True
    raise ConfigurationError(
        "`processingErrors` is not raise or skip.",
        advice="What a rule fails on is withheld (raise) or replaced with an empty resource (skip);"
        " it is never kept.",
    )


def _rule(number: int, entry: Node, made: Parameters, key: bytes | None) -> Rule:
    if not isinstance(entry, dict):
        raise _RuleError("it is not a JSON object")
    path, method = entry.get("path"), entry.get("method")
    if not isinstance(path, str) or not path or not isinstance(method, str):
        raise _RuleError("it has no path or no method", "Give both as texts.")
    word = method.lower()
    if word not in _METHODS:
        raise _RuleError(
            "its method is not supported",
            f"Supported are {', '.join(sorted(_METHODS))}; custom processors are not.",
        )
    try:
        resource_type, find = matcher(path)
    except PathError as error:
        raise _RuleError(f"its path cannot be used: {error}", "See docs/masking.md.") from error
    return Rule(number, path, resource_type, find, word, _METHODS[word](entry, made, key))


Entry = dict[str, Node]


def _keep(_: Entry, __: Parameters, ___: bytes | None) -> Method:
    return keep


def _redact(_: Entry, made: Parameters, __: bytes | None) -> Method:
    return made.redact


def _date_shift(_: Entry, made: Parameters, key: bytes | None) -> Method:
    secret = made.keys.get("dateShiftKey")
    if secret is None:
        derived = made.key("dateShiftKey", key)
        secret = "" if derived is None else derived.hex()
    return DateShift(secret, made.days, made.redact)


def _crypto_hash(_: Entry, made: Parameters, key: bytes | None) -> Method:
    return CryptoHash(made.key("cryptoHashKey", key) or b"")


def _encrypt(_: Entry, made: Parameters, key: bytes | None) -> Method:
    return Encrypt(made.key("encryptKey", key) or b"")


def _substitute(entry: Entry, _: Parameters, __: bytes | None) -> Method:
    if "replaceWith" not in entry:
        raise _RuleError("it has no replaceWith", "Say what is put in; null removes the value.")
    return Substitute(entry["replaceWith"])


def _perturb(entry: Entry, _: Parameters, key: bytes | None) -> Method:
    span = _decimal(entry.get("span"))
    if span is None or not 0 <= span < _FINITE:
        raise _RuleError("its span is missing or not a number of 0 or more")
    places = _decimal(entry.get("roundTo", _DEFAULT_PLACES))
    if places is None or places != int(places) or not 0 <= places <= _MAX_PLACES:
        raise _RuleError(f"its roundTo is not a whole number from 0 to {_MAX_PLACES}")
    kind = entry.get("rangeType", "fixed")
    if not isinstance(kind, str) or kind.lower() not in {"fixed", "proportional"}:
        raise _RuleError("its rangeType is not fixed or proportional")
    return Perturb(span, kind.lower() == "proportional", int(places), key)


def _decimal(value: Node) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | str | Number):
        return None
    try:
        found = Decimal(value.text if isinstance(value, Number) else value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _generalise(entry: Entry, _: Parameters, __: bytes | None) -> Method:
    cases = entry.get("cases")
    if isinstance(cases, str):
        cases = dict(Source(cases).tree)
    if not isinstance(cases, dict):
        raise _RuleError("it has no cases", "Give an object of conditions and values.")
    others = entry.get("otherValues", "redact")
    if not isinstance(others, str) or others.lower() not in {"redact", "keep"}:
        raise _RuleError("its otherValues is not redact or keep")
    compiled = tuple(
        (_expression(condition), _expression(value)) for condition, value in cases.items()
    )
    return Generalise(compiled, others.lower() == "keep")


def _expression(source: Node) -> Expression:
    if isinstance(source, Number):
        source = source.text
    elif isinstance(source, bool):
        source = str(source).lower()
    if not isinstance(source, str | int):
        raise _RuleError("a case is not a FHIRPath expression")
    try:
        parsed = parse(str(source))
        check(parsed)
    except PathError as error:
        raise _RuleError(f"a case cannot be used: {error}", "See docs/masking.md.") from error
    return parsed


_METHODS: Mapping[str, Callable[[Entry, Parameters, bytes | None], Method]] = {
    "keep": _keep,
    "redact": _redact,
    "dateshift": _date_shift,
    "cryptohash": _crypto_hash,
    "encrypt": _encrypt,
    "substitute": _substitute,
    "perturb": _perturb,
    "generalize": _generalise,
}
