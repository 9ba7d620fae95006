"""XML in and out: no DTD, no entities, no network, bounded; written anew in UTF-8.

Expat reads (XML 1.0, 5th edition) with a handler that refuses every document type declaration, so
there are no entities to expand and nothing to fetch. Comments and processing instructions are
dropped, CDATA sections become text. Sizes, nesting and the number of nodes are bounded.
"""

import codecs
import re
from dataclasses import dataclass, field
from typing import Never
from xml.parsers import expat

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.json_codec import MAX_DEPTH, too_deep

MAX_BYTES = 32 * 1024 * 1024
MAX_NODES = 1_000_000
MAX_ATTRIBUTES = 256
MAX_ATTRIBUTE = 256 * 1024
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ENCODING = re.compile(
    rb"\s*<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z][A-Za-z0-9._-]{0,40})[\"']"
)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Encodings in which equal bytes are equal characters everywhere; others are not guessed at.
_ENCODINGS = frozenset({"utf-8", "ascii", "iso8859-1", "cp1252"})
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")
# What may have to be escaped; translating what need not be takes several times as long.
_IN_TEXT = re.compile("[&<>\r]")
_IN_VALUE = re.compile('[&<>"\r\n\t]')
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_VALUE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
    | {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"}
)


@dataclass(slots=True)
class Element:
    """An element as it is written, prefixes included.

    Attributes:
        name: with its prefix.
        attributes: with their prefixes, namespace declarations among them.
        children: elements and text, no two texts side by side.
    """

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: "list[Element | str]" = field(default_factory=list)

    @property
    def local(self) -> str:
        """The name without its prefix."""
        return local(self.name)

    @property
    def elements(self) -> "list[Element]":
        """The children that are elements."""
        return [child for child in self.children if isinstance(child, Element)]

    @property
    def text(self) -> str:
        """The text directly in it, without white space around."""
        return "".join(child for child in self.children if isinstance(child, str)).strip()


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2] if ":" in name else name


def decode(body: bytes) -> Element:
    """The root element.

    Raises:
        Withheld: not well-formed, has a document type declaration, an encoding that is not certain,
            or is over a bound.
    """
    if len(body) > MAX_BYTES:
        raise _withheld("The XML is larger than what can be masked.")
    return _Tree().read(_text(body))


def encode(root: Element) -> bytes:
    """The document in UTF-8, with a declaration that says so."""
    out = [DECLARATION]
    _write(root, out)
    return "".join(out).encode()


def fragment(root: Element) -> str:
    """An element without a declaration."""
    out: list[str] = []
    _write(root, out)
    return "".join(out)


def _write(element: Element, out: list[str]) -> None:
    head = element.name
    for name, value in element.attributes.items():
        written = value.translate(_VALUE) if _IN_VALUE.search(value) else value
        head = f'{head} {name}="{written}"'
    if not any(element.children):
        out.append(f"<{head}/>")
        return
    out.append(f"<{head}>")
    for child in element.children:
        if isinstance(child, Element):
            _write(child, out)
        else:
            out.append(child.translate(_TEXT) if _IN_TEXT.search(child) else child)
    out.append(f"</{element.name}>")


def _text(body: bytes) -> str:
    """The characters, as the byte order mark or the declaration has them encoded."""
    marked = next((name for mark, name in _BOMS if body.startswith(mark)), "")
    head = body[:512] if marked != "utf-16" else body[:512].decode("utf-16", "ignore").encode()
    said = _ENCODING.match(head.removeprefix(codecs.BOM_UTF8))
    try:
        name = codecs.lookup(said[1].decode()).name if said else marked or "utf-8"
        certain = name.startswith(marked) if marked else name in _ENCODINGS
        text = body.decode(marked or name) if certain else ""
    except (LookupError, UnicodeDecodeError):
        certain, text = False, ""
    if not certain:
        raise _withheld("The encoding of the XML is not certain.")
    return text.removeprefix("\ufeff")


class _Tree:
    """Builds the tree of a document from expat's events."""

    def __init__(self) -> None:
        self._open: list[Element] = []
        self._pieces: list[str] = []
        self._root: Element | None = None
        self._nodes = 0
        self._is_long = False
        parser = expat.ParserCreate(encoding="utf-8")
        parser.buffer_text = True
        parser.ordered_attributes = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._pieces.append
        parser.StartDoctypeDeclHandler = self._refuse
        self._parser = parser

    def read(self, text: str) -> Element:
        self._is_long = len(text) > MAX_ATTRIBUTE
        try:
            self._parser.Parse(text.encode(), True)
        except (expat.ExpatError, UnicodeEncodeError) as error:
            raise _withheld("The content is not well-formed XML.") from error
        if self._root is None:
            raise _withheld("The content is not well-formed XML.")
        return self._root

    def _start(self, name: str, attributes: list[str]) -> None:
        outer = self._open
        if self._pieces:
            self._flush()
        self._nodes += 1 + len(attributes) // 2
        if self._nodes > MAX_NODES or len(attributes) > 2 * MAX_ATTRIBUTES:
            raise _withheld("The XML has more nodes than can be masked.")
        if len(outer) >= MAX_DEPTH:
            raise too_deep()
        values = attributes[1::2]
        if self._is_long:
            _check_length(values)
        element = Element(name, dict(zip(attributes[::2], values, strict=True)), [])
        if outer:
            outer[-1].children.append(element)
        else:
            self._root = element
        outer.append(element)

    def _end(self, _: str) -> None:
        if self._pieces:
            self._flush()
        self._open.pop()

    def _flush(self) -> None:
        """Put the text in its place that has been read since the last tag."""
        if self._open:
            self._open[-1].children.append("".join(self._pieces))
        self._pieces.clear()

    def _refuse(self, *_: object) -> Never:
        raise _withheld("The XML has a document type declaration, which is not read.")


def _check_length(values: list[str]) -> None:
    if any(len(value) > MAX_ATTRIBUTE and not _BASE64.match(value) for value in values):
        raise _withheld("An attribute of the XML is longer than what can be masked.")


def _withheld(message: str) -> Withheld:
    return Withheld(message, reason=Reason.MASKING_FAILED)
