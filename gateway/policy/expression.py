"""Checked conditions as CEL programs. A result that is not exactly true or false is an error."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.policy.condition import FUNCTIONS, Checked, ConditionInvalid, check
from gateway.policy.facts import Fact, FactsInvalid
from gateway.policy.library import cel

_OPERATORS = frozenset(
    {"!_", "-_", "_&&_", "_||_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"}
    | {"_+_", "_-_", "_*_", "_?_:_", "@in"}
)
_STOPS = (KeyboardInterrupt, SystemExit, GeneratorExit)


class Outcome(StrEnum):
    """What a condition said; there is no boolean that an error could turn into."""

    HOLDS = "holds"
    FAILS = "fails"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition that is ready to be evaluated."""

    checked: Checked
    program: cel.Program = field(repr=False, compare=False)

    def evaluate(self, context: cel.Context) -> Outcome:
        """What it says about the facts in `context`."""
        try:
            result = self.program.execute(context)
        except BaseException as error:  # the library's panics are no Exception
            if isinstance(error, _STOPS):
                raise
            return Outcome.ERROR
        if result is True:
            return Outcome.HOLDS
        return Outcome.FAILS if result is False else Outcome.ERROR

    def constant(self) -> Outcome | None:
        """What it says whatever the facts, or None where it uses any."""
        return None if self.checked.variables else self.evaluate(context({}))


def compile_condition(
    source: str,
    facts: Mapping[str, type],
    compiler: Callable[[str], cel.Program] = cel.compile,
) -> Condition:
    """`source` checked against `facts` and compiled.

    Raises:
        ConditionInvalid: not in the language, or refused by the CEL library.
    """
    checked = check(source, facts)
    program = _compile(source, compiler)
    require_agreement(checked, program)
    for pattern in checked.patterns:
        probe = Condition(checked, _compile(f"''.matches({pattern})", compiler))
        if probe.evaluate(context({})) is Outcome.ERROR:
            raise ConditionInvalid(
                "the pattern of matches is not a regular expression (RE2 syntax)"
            )
    return Condition(checked, program)


def require_agreement(checked: Checked, program: cel.Program) -> None:
    """Refuse a program in which the library sees other facts or functions than the checker did.

    Raises:
        ConditionInvalid: the two readings differ.
    """
    if frozenset(program.variables()) != checked.variables:
        raise ConditionInvalid("the CEL library sees other facts in it; write it more simply")
    if not set(program.functions()) <= _OPERATORS | set(FUNCTIONS):
        raise ConditionInvalid("the CEL library sees other functions in it; write it more simply")


def context(facts: Mapping[str, Fact]) -> cel.Context:
    """Facts as the library takes them; made once for all conditions on one access.

    Raises:
        FactsInvalid: a value that the library cannot hold, such as text that is not Unicode.
    """
    try:
        return cel.Context(variables=dict(facts))
    except (ValueError, TypeError, OverflowError):
        raise FactsInvalid from None


def _compile(source: str, compiler: Callable[[str], cel.Program]) -> cel.Program:
    try:
        return compiler(source)
    except BaseException as error:  # extreme nesting raises a BaseException
        if isinstance(error, _STOPS):
            raise
        raise ConditionInvalid("not accepted by the CEL library") from None
