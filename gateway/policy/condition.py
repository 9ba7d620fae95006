"""Conditions: a small, typed part of CEL, checked here and evaluated by the CEL library.

CEL compares values of different types as unequal and lets `||` swallow errors, so `size == '5'`
in a deny rule would never deny. Therefore every condition is type checked when the manifest is
loaded, over facts whose types are known, and what could fail or run long later (maps, indexing,
division, conversions, comprehensions, regular expressions from data) is not in the language.
Grammar: https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.policy.faults import suggestion

MAX_LENGTH = 1000
MAX_DEPTH = 24

FUNCTIONS = ("contains", "endsWith", "matches", "size", "startsWith")
"""Functions that a condition may call; all but `size` are methods of text."""

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\\r\n]|\\[^\r\n])*"|'(?:[^'\\\r\n]|\\[^\r\n])*')
    |(?P<int>[0-9]+)(?![0-9A-Za-z_.])|(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?!["'])
    |(?P<mark>&&|\|\||==|!=|<=|>=|[-+*<>!?:.,()\[\]]))""",
    re.VERBOSE | re.ASCII,
)
_RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">="})
_LITERALS = frozenset({"true", "false"})


class Type(StrEnum):
    """Types of the language."""

    TEXT = "a text"
    INT = "an integer"
    BOOL = "a truth value"
    TEXTS = "a list of texts"
    INTS = "a list of integers"


_OF: Mapping[type, Type] = {str: Type.TEXT, int: Type.INT, bool: Type.BOOL, list: Type.TEXTS}
_ELEMENT = {Type.TEXTS: Type.TEXT, Type.INTS: Type.INT}
_LIST = {element: kind for kind, element in _ELEMENT.items()}


class ConditionInvalid(Exception):
    """The condition is not in the language; `str()` says where and why."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A condition that is well formed.

    Attributes:
        source: as written.
        variables: the facts it uses; none means that it is constant.
        patterns: literals of `matches`, as written, for the regular expression engine to judge.
    """

    source: str
    variables: frozenset[str]
    patterns: tuple[str, ...]


def check(source: str, facts: Mapping[str, type]) -> Checked:
    """The condition `source`, if it is a truth value over `facts`.

    Raises:
        ConditionInvalid: it is not, with the character where it goes wrong.
    """
    if len(source) > MAX_LENGTH:
        raise ConditionInvalid(f"over {MAX_LENGTH} characters")
    parser = _Parser(_tokens(source), facts)
    kind = parser.expression(0)
    parser.end()
    if kind is not Type.BOOL:
        raise ConditionInvalid(f"a condition is a truth value; this is {kind}")
    return Checked(source, frozenset(parser.variables), tuple(parser.patterns))


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    at, end = 0, len(source.rstrip())
    while at < end:
        found = _TOKEN.match(source, at)
        if found is None:
            at = end - len(source[at:end].lstrip())
            raise ConditionInvalid(f"character {at + 1}: not understood here")
        kind = str(found.lastgroup)
        tokens.append(_Token(kind, found[kind], found.start(kind) + 1))
        at = found.end()
    tokens.append(_Token("end", "", end + 1))
    return tokens


@dataclass(slots=True)
class _Parser:
    """Recursive descent in the order of CEL's grammar; each method returns the type it read."""

    tokens: list[_Token]
    facts: Mapping[str, type]
    at: int = 0
    variables: set[str] = field(default_factory=set)
    patterns: list[str] = field(default_factory=list)

    def expression(self, depth: int) -> Type:
        if depth > MAX_DEPTH:
            raise ConditionInvalid(f"nested over {MAX_DEPTH} levels")
        kind = self._any(depth)
        if not self._take("?"):
            return kind
        self._want(kind, Type.BOOL, "the condition before ?")
        first = self.expression(depth + 1)
        self._expect(":")
        return self._same(first, self.expression(depth + 1), "the two branches of ?:")

    def end(self) -> None:
        token = self.tokens[self.at]
        if token.kind != "end":
            raise self._wrong(f'unexpected "{token.text}"')

    def _any(self, depth: int) -> Type:
        kind = self._all(depth)
        while self._take("||"):
            self._want(kind, Type.BOOL, "what || joins")
            kind = self._want(self._all(depth), Type.BOOL, "what || joins")
        return kind

    def _all(self, depth: int) -> Type:
        kind = self._relation(depth)
        while self._take("&&"):
            self._want(kind, Type.BOOL, "what && joins")
            kind = self._want(self._relation(depth), Type.BOOL, "what && joins")
        return kind

    def _relation(self, depth: int) -> Type:
        left = self._sum(depth)
        token = self.tokens[self.at]
        if token.text == "in" and token.kind == "name":
            self.at += 1
            self._same(_ELEMENT.get(self._sum(depth)), left, "the two sides of in")
            return Type.BOOL
        if token.text not in _RELATIONS or token.kind != "mark":
            return left
        self.at += 1
        self._same(left, self._sum(depth), f"the two sides of {token.text}")
        ordered = token.text not in {"==", "!="}
        if left in _ELEMENT or (ordered and left is Type.BOOL):
            raise self._wrong(f"{left} is not compared with {token.text}")
        return Type.BOOL

    def _sum(self, depth: int) -> Type:
        kind = self._product(depth)
        while (mark := self._take("+") or self._take("-")) != "":
            if kind is not Type.INT and (mark == "-" or kind is not Type.TEXT):
                raise self._wrong(f"{mark} takes integers" + (" or texts" if mark == "+" else ""))
            self._same(kind, self._product(depth), f"the two sides of {mark}")
        return kind

    def _product(self, depth: int) -> Type:
        kind = self._unary(depth)
        while self._take("*"):
            self._want(kind, Type.INT, "what * multiplies")
            kind = self._want(self._unary(depth), Type.INT, "what * multiplies")
        return kind

    def _unary(self, depth: int) -> Type:
        if depth > MAX_DEPTH:
            raise ConditionInvalid(f"nested over {MAX_DEPTH} levels")
        if self._take("!"):
            return self._want(self._unary(depth + 1), Type.BOOL, "what ! negates")
        if self._take("-"):
            return self._want(self._unary(depth + 1), Type.INT, "what - negates")
        return self._member(depth)

    def _member(self, depth: int) -> Type:
        kind = self._primary(depth)
        while self._take("."):
            token = self._next()
            if token.kind != "name" or not self._take("("):
                raise self._wrong("facts are flat: after a point stands a call")
            kind = self._call(token, kind, depth)
        return kind

    def _call(self, token: _Token, receiver: Type, depth: int) -> Type:
        if token.text == "size":
            self._expect(")")
            return self._sized(receiver)
        if token.text not in FUNCTIONS:
            raise self._unknown("function", token, FUNCTIONS)
        self._want(receiver, Type.TEXT, f"what {token.text} is called on")
        literal = self.tokens[self.at]
        self._want(self.expression(depth + 1), Type.TEXT, f"the argument of {token.text}")
        if token.text == "matches":
            if literal.kind != "text" or self.tokens[self.at - 1] is not literal:
                raise self._wrong("the pattern of matches is a literal text")
            self.patterns.append(literal.text)
        self._expect(")")
        return Type.BOOL

    def _primary(self, depth: int) -> Type:
        token = self._next()
        match token.kind, token.text:
            case "text", _:
                return Type.TEXT
            case "int", digits:
                if int(digits) >= 2**63:
                    raise self._wrong("integers have 64 bits")
                return Type.INT
            case "name", name:
                return self._name(token, name, depth)
            case "mark", "(":
                kind = self.expression(depth + 1)
                self._expect(")")
                return kind
            case "mark", "[":
                return self._list(depth)
            case _:
                raise self._wrong(
                    f'unexpected "{token.text}"' if token.text else "it ends too soon"
                )

    def _name(self, token: _Token, name: str, depth: int) -> Type:
        if name in _LITERALS:
            return Type.BOOL
        if self._take("("):
            if name != "size":
                raise self._unknown("function", token, FUNCTIONS)
            kind = self.expression(depth + 1)
            self._expect(")")
            return self._sized(kind)
        if name not in self.facts:
            raise self._unknown("fact", token, self.facts)
        self.variables.add(name)
        return _OF[self.facts[name]]

    def _list(self, depth: int) -> Type:
        first = self.expression(depth + 1)
        while self._take(","):
            self._same(first, self.expression(depth + 1), "the items of a list")
        self._expect("]")
        if first not in _LIST:
            raise self._wrong("a list holds texts or integers")
        return _LIST[first]

    def _sized(self, kind: Type) -> Type:
        if kind not in {Type.TEXT, Type.TEXTS, Type.INTS}:
            raise self._wrong(f"{kind} has no size")
        return Type.INT

    def _next(self) -> _Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def _take(self, mark: str) -> str:
        token = self.tokens[self.at]
        if token.kind != "mark" or token.text != mark:
            return ""
        self.at += 1
        return mark

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            found = self.tokens[self.at].text
            raise self._wrong(f'expected "{mark}"' + (f' and found "{found}"' if found else ""))

    def _want(self, kind: Type, wanted: Type, what: str) -> Type:
        if kind is not wanted:
            raise self._wrong(f"{what} is {wanted}; this is {kind}")
        return kind

    def _same(self, one: Type | None, other: Type, what: str) -> Type:
        if one is not other:
            raise self._wrong(f"{what} have different types")
        return other

    def _wrong(self, why: str) -> ConditionInvalid:
        return ConditionInvalid(f"character {self.tokens[self.at].at}: {why}")

    def _unknown(
        self, what: str, token: _Token, known: Mapping[str, type] | tuple[str, ...]
    ) -> "ConditionInvalid":
        hint = suggestion(token.text, known)
        return ConditionInvalid(f'character {token.at}: unknown {what} "{token.text}"{hint}')
