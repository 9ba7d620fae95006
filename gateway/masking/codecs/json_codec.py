"""JSON in and out so that what is not masked keeps its bytes.

msgspec reads strictly (RFC 8259: no lone surrogates, no invalid UTF-8, no NaN). Numbers with a
fraction or an exponent stay as they are written; so do `-0` and integers beyond 64 bits, which only
the slower reader keeps. Duplicate keys are refused: a parser would drop one of them silently.
"""

import json
import re
from collections.abc import Iterable
from typing import TypeAlias

import msgspec
import orjson

from gateway.errors import Reason, Withheld
from gateway.masking import linear

MAX_DEPTH = 100
_SPACED = linear.compiled(rb'"[ \t\r\n]+:')
_ENDS = (b'" ', b'"\n', b'"\r', b'"\t')
_ESCAPED_KEY = linear.compiled(rb"\\u00(?:22|3[aA])")
_COLONS = re.compile(rb'"[ \t\r\n]*:')
_MINUS_ZERO = linear.compiled(rb"[\[:, \t\r\n]-0(?:[^0-9.eE]|$)")
_LIMIT = 2**63
_TAB, _LINE, _RETURN = b"\t\n\r"


class Number:
    """A number as it is written."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class Settled:
    """A value that a field rule has decided on; the walk leaves it alone, `encode` unwraps it."""

    __slots__ = ("value",)

    def __init__(self, value: "Node") -> None:
        self.value = value


Node: TypeAlias = "dict[str, Node] | list[Node] | str | int | Number | Settled | bool | None"


_DECODER = msgspec.json.Decoder(float_hook=Number)
_RAW_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RAW_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def decode(data: bytes | msgspec.Raw) -> Node:
    """The tree of a JSON text, numbers other than plain integers kept as written.

    Raises:
        Withheld: not JSON, or nested too deep.
    """
    try:
        node: Node = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise not_json() from error
    except RecursionError as error:
        raise too_deep() from error
    return node


def exact(data: bytes) -> Node:
    """The tree of a JSON text, the sign of a zero kept too; see `decode` and `careful`."""
    node = decode(data)  # which is the stricter reader
    return careful(data) if has_minus_zero(data) else node


def compact(data: bytes) -> bytes:
    """A JSON text on one line; what is no JSON text may stay as it is."""
    if not (_LINE in data or _TAB in data or _RETURN in data):
        return data
    try:
        return msgspec.json.format(data, indent=-1)
    except (msgspec.DecodeError, RecursionError):
        return data


def split_object(data: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, each still in bytes; no string has control characters.

    Raises:
        Withheld: not a JSON object.
    """
    try:
        return _RAW_OBJECT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json() from error


def split_array(data: bytes | msgspec.Raw) -> list[msgspec.Raw]:
    """The items of a JSON array, each still in bytes.

    Raises:
        Withheld: not a JSON array.
    """
    try:
        return _RAW_ARRAY.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_json() from error


def encode(node: Node) -> bytes:
    """The JSON text of a tree.

    Raises:
        Withheld: nested too deep.
    """
    try:
        return orjson.dumps(node, default=_fragment)
    except orjson.JSONEncodeError:
        # An integer of more than 64 bits, which orjson does not write; or too many levels.
        try:
            return orjson.dumps(_written(node), default=_fragment)
        except (orjson.JSONEncodeError, RecursionError) as error:
            raise too_deep() from error


def check_keys(data: bytes, keys: int, texts: Iterable[bytes] = ()) -> None:
    """Compare the keys that a walk has seen with those that were written.

    Args:
        data: all that was walked.
        keys: seen by the walk.
        texts: the JSON texts in `data`, where it is more than one.

    Raises:
        Withheld: an object has a key twice.
    """
    colons = data.count(b'":')
    if any(end in data for end in _ENDS) and _SPACED.search(data):
        colons = len(_COLONS.findall(data))
    # A string may look like a key; then the careful reader says which it is.
    if colons != keys:
        for text in texts or (data,):
            careful(text)


def check_read(data: bytes, node: Node) -> None:
    """Compare a JSON text with the tree that `decode` has made of it.

    A tree holds of a key that stands twice one value, so it has fewer keys than the text; written
    again, it looks like fewer. That holds where keys, and strings that look like some, are written
    as `encode` writes them; elsewhere the careful reader is asked.

    Raises:
        Withheld: an object has a key twice.
    """
    odd = _SPACED.search(data) or _ESCAPED_KEY.search(data)
    if odd or data.count(b'":') != encode(node).count(b'":'):
        careful(data)


def has_minus_zero(data: bytes) -> bool:
    """Whether the fast reader would lose the sign of a zero; false alarms are possible."""
    return data[:2] == b"-0" or (data.find(b"-0") >= 0 and _MINUS_ZERO.search(data) is not None)


def careful(data: bytes) -> Node:
    """The tree with every number as written; `decode` must have accepted the text.

    Raises:
        Withheld: an object has a key twice, or nesting is too deep.
    """
    try:
        node: Node = json.loads(
            data, parse_int=Number, parse_float=Number, object_pairs_hook=_object
        )
    except RecursionError as error:
        raise too_deep() from error
    except ValueError as error:
        raise not_json() from error
    return node


def not_json() -> Withheld:
    """What is said to be JSON cannot be read as such."""
    return Withheld(
        "The content is not well-formed JSON, so it cannot be masked.", reason=Reason.MASKING_FAILED
    )


def too_deep() -> Withheld:
    """A bound on nesting is reached."""
    return Withheld(
        f"The content is nested more than {MAX_DEPTH} levels deep.", reason=Reason.MASKING_FAILED
    )


def _object(pairs: list[tuple[str, Node]]) -> Node:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Withheld(
            "An object in the content has a key twice; which of them counts is not known.",
            reason=Reason.MASKING_FAILED,
        )
    return made


def _written(node: Node) -> Node:
    """The same tree with large integers as text."""
    match node:
        case dict():
            return {name: _written(value) for name, value in node.items()}
        case list():
            return [_written(value) for value in node]
        case Settled():
            return _written(node.value)
        case int() if not -_LIMIT <= node < 2 * _LIMIT:
            return Number(str(node))
        case _:
            return node


def _fragment(value: object) -> object:
    if isinstance(value, Number):
        return orjson.Fragment(value.text)
    if isinstance(value, Settled):
        return value.value
    raise TypeError
