"""FHIRPath expressions (HL7 FHIRPath N1, and the two functions that anonymizer rules add), parsed.

A parser of our own: expressions of a configuration select elements in place, each by its identity,
within a bounded number of steps, which libraries that return plain JSON values do not offer.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from gateway.masking.fhir_anonymizer.path_values import Scalar, moment

MAX_LENGTH = 4_000
MAX_DEPTH = 60
_TOKEN = re.compile(
    r"(?P<space>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<moment>@(?:[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2})?)?)?"
    r"(?:T(?:[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?)?)"
    r"|(?P<number>[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<text>'(?:[^'\\]|\\.)*')"
    r"|(?P<quoted>`(?:[^`\\]|\\.)*`|\"(?:[^\"\\]|\\.)*\")"
    r"|(?P<name>\$?[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign><=|>=|!=|!~|[-+*/&|=~<>.,()\[\]{}])",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}
# Binding strength, weakest first, after the grammar's order of alternatives.
_BINARY = {
    "implies": 1,
    "or": 2,
    "xor": 2,
    "and": 3,
    "in": 4,
    "contains": 4,
    "=": 5,
    "~": 5,
    "!=": 5,
    "!~": 5,
    "<": 6,
    "<=": 6,
    ">": 6,
    ">=": 6,
    "|": 7,
    "is": 8,
    "as": 8,
    "+": 9,
    "-": 9,
    "&": 9,
    "*": 10,
    "/": 10,
    "div": 10,
    "mod": 10,
}


class PathError(Exception):
    """An expression that cannot be read, or uses what is not supported; says what."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the expression; None is the empty collection."""

    value: Scalar | None


@dataclass(frozen=True, slots=True)
class This:
    """The value at hand: `$this`, or what an expression begins with."""


@dataclass(frozen=True, slots=True)
class Child:
    """Children of a name, or the elements themselves where the name is their type."""

    of: "Expression"
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function of a collection."""

    of: "Expression"
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Index:
    """One item of a collection."""

    of: "Expression"
    at: "Expression"


@dataclass(frozen=True, slots=True)
class Binary:
    """An operator between two collections; of `is` and `as` the right side is a type's name."""

    operator: str
    left: "Expression"
    right: "Expression"


Expression: TypeAlias = Literal | This | Child | Call | Index | Binary


def parse(source: str) -> Expression:
    """The expression that a text says.

    Raises:
        PathError: it is none, or too long.
    """
    if len(source) > MAX_LENGTH:
        raise PathError(f"it is longer than {MAX_LENGTH} characters")
    parser = _Parser(_tokens(source))
    found = parser.expression(0)
    parser.expect("end")
    return found


def _tokens(source: str) -> list[tuple[str, str]]:
    found = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            raise PathError(f"character {position + 1} is not FHIRPath")
        position = match.end()
        kind = match.lastgroup or ""
        if kind != "space":
            found.append((kind, match[0]))
    return [*found, ("end", "its end")]


class _Parser:
    """Precedence climbing over the tokens of one expression."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._signs = 0

    def expression(self, minimum: int) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise PathError(f"it is nested more than {MAX_DEPTH} levels deep")
        left = self._postfix(self._term())
        while (strength := self._strength()) > minimum:
            operator = self._next()[1]
            if operator in {"is", "as"}:
                left = Binary(operator, left, Literal(self._type_name()))
            else:
                left = Binary(operator, left, self.expression(strength))
        self._depth -= 1
        return left

    def expect(self, word: str) -> None:
        kind, found = self._next()
        if word not in {kind, found}:
            raise PathError(f"{word} is expected where {found} stands")

    def _strength(self) -> int:
        kind, word = self._tokens[self._at]
        return _BINARY.get(word, 0) if kind in {"sign", "name"} else 0

    def _next(self) -> tuple[str, str]:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _take(self, word: str) -> bool:
        if self._tokens[self._at] != ("sign", word):
            return False
        self._at += 1
        return True

    def _term(self) -> Expression:
        kind, word = self._next()
        if kind in {"text", "number", "moment"}:
            return Literal(_literal(kind, word))
        if kind in {"name", "quoted"}:
            return self._invocation(This(), kind, word)
        if word in {"-", "+"}:
            return self._signed(word)
        if word not in {"(", "{"}:
            raise PathError(f"{word} cannot stand where it does")
        inner = self.expression(0) if word == "(" else Literal(None)
        self.expect(")" if word == "(" else "}")
        return inner

    def _signed(self, word: str) -> Expression:
        self._signs += 1
        if self._signs > MAX_DEPTH:
            raise PathError(f"it has more than {MAX_DEPTH} signs")
        return Call(self._postfix(self._term()), f"unary{word}", ())

    def _postfix(self, left: Expression) -> Expression:
        while True:
            if self._take("."):
                left = self._invocation(left, *self._next())
            elif self._take("["):
                left = Index(left, self.expression(0))
                self.expect("]")
            else:
                return left

    def _invocation(self, of: Expression, kind: str, word: str) -> Expression:
        if kind == "quoted":
            return Child(of, _unescaped(word))
        if kind != "name":
            raise PathError(f"{word} cannot stand where a name is expected")
        if self._take("("):
            return Call(of, word, self._arguments())
        if word == "$this":
            return This()
        if word in {"true", "false"} and isinstance(of, This):
            return Literal(word == "true")
        if word.startswith("$"):
            raise PathError(f"{word} is not supported")
        return Child(of, word)

    def _arguments(self) -> tuple[Expression, ...]:
        found: list[Expression] = []
        if self._take(")"):
            return ()
        found.append(self.expression(0))
        while self._take(","):
            found.append(self.expression(0))
        self.expect(")")
        return tuple(found)

    def _type_name(self) -> str:
        kind, word = self._next()
        if self._take("."):
            kind, word = self._next()
        if kind not in {"name", "quoted"}:
            raise PathError(f"{word} is not the name of a type")
        return word.strip('`"')


def _literal(kind: str, word: str) -> Scalar:
    if kind == "text":
        return _unescaped(word)
    if kind == "number":
        return Decimal(word) if "." in word else int(word)
    found = moment(word[1:])
    if found is None:
        raise PathError(f"{word} is not a date or time")
    return found


def _unescaped(word: str) -> str:
    def plain(match: re.Match[str]) -> str:
        escape = match[1]
        if len(escape) > 1:
            return chr(int(escape[1:], 16))
        return _ESCAPES.get(escape, escape)

    return _ESCAPE.sub(plain, word[1:-1])
