"""HTML in and out: a lenient reader, and a writer that knows few elements.

Nothing of the source is passed through. The reader need not agree with a browser about what a
document means: whatever it takes for text is masked as text and written as text, in markup that has
one reading only. It reads from left to right once, so hostile input costs no more than its length.
"""

import html
import re
from typing import Final

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.json_codec import MAX_DEPTH, too_deep
from gateway.masking.codecs.xml_codec import MAX_ATTRIBUTES, MAX_BYTES, MAX_NODES, Element
from gateway.masking.markup.walk import BLOCKS


def _words(text: str) -> list[str]:
    return text.split()


ROOT: Final = "#document"
_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]*)))?"
)
_VOID = frozenset(_words("area br col embed hr img input link meta source track wbr base param"))
_DROPPED = frozenset(_words("link meta base source track param area embed"))
_RAW = frozenset(_words("script style template iframe object noembed noframes applet"))
_INLINE = frozenset(
    _words(
        "a abbr b bdi br button cite code data del dfn em font hr i img input ins kbd label"
        " mark meter output pre progress q s samp small span strike strong sub sup textarea"
        " time tt u var wbr"
    )
)
_KNOWN = BLOCKS | _INLINE
# Elements that end where one of these begins, as far up as the list or table that holds them.
_CLOSES: dict[str, frozenset[str]] = {
    "li": frozenset({"li"}),
    "p": frozenset({"p"}),
    "tr": frozenset({"tr", "td", "th"}),
    "td": frozenset({"td", "th"}),
    "th": frozenset({"td", "th"}),
    "dt": frozenset({"dt", "dd"}),
    "dd": frozenset({"dt", "dd"}),
    "option": frozenset({"option"}),
}
_SCOPES = frozenset({"table", "ul", "ol", "dl", "select", "body", "html", ROOT})
# They change how text looks and hide what it says: soft hyphens, joiners, changes of direction.
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_TEXT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "\n"})
_VALUE = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"})


def decode(text: str) -> Element:
    """The tree of a document, without scripts, styles, comments and what refers elsewhere.

    Raises:
        Withheld: it is over a bound.
    """
    if len(text) > MAX_BYTES:
        raise _withheld("The HTML is larger than what can be masked.")
    return _Reader(text.replace("\x00", "")).read()


def encode(root: Element) -> str:
    """The document, text and attributes escaped."""
    out: list[str] = []
    for child in root.children:
        _write(child, out)
    # White space before the first text would be more each time.
    return "<!DOCTYPE html>\n" + "".join(out).lstrip(" \t\r\n\f")


def _write(node: Element | str, out: list[str]) -> None:
    if isinstance(node, str):
        out.append(node.translate(_TEXT))
        return
    attributes = "".join(
        f' {name}="{value.translate(_VALUE)}"' for name, value in node.attributes.items()
    )
    out.append(f"<{node.name}{attributes}>")
    if node.name in _VOID:
        return
    for child in node.children:
        _write(child, out)
    out.append(f"</{node.name}>")


class _Reader:
    def __init__(self, text: str) -> None:
        self._source = text
        self._at = 0
        self._open = [Element(ROOT)]
        self._pieces: list[str] = []
        self._nodes = 0

    def read(self) -> Element:
        source = self._source
        while self._at < len(source):
            mark = source.find("<", self._at)
            if mark < 0:
                mark = len(source)
            self._pieces.append(source[self._at : mark])
            self._at = mark
            if mark < len(source):
                self._markup()
        self._flush()
        return self._open[0]

    def _markup(self) -> None:
        source, start = self._source, self._at
        tag = _TAG.match(source, start)
        if tag:
            self._at = tag.end()
            attributes = self._attributes()
            self._end(tag[2].lower()) if tag[1] else self._start(tag[2].lower(), attributes)
        elif source.startswith("<!--", start):
            self._skip("-->", start + 2)
        elif source.startswith(("<!", "<?", "</"), start):
            self._skip(">", start + 2)
        else:
            self._pieces.append("<")
            self._at = start + 1

    def _skip(self, end: str, start: int) -> None:
        """Past `end`; what has no end is dropped as a whole."""
        found = self._source.find(end, start)
        self._at = found + len(end) if found >= 0 else len(self._source)

    def _attributes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        while match := _ATTRIBUTE.match(self._source, self._at):
            self._at = match.end()
            value = next((item for item in match.groups()[1:] if item is not None), "")
            if len(found) < MAX_ATTRIBUTES:
                found.setdefault(match[1].lower(), html.unescape(value))
        self._skip(">", self._at)
        return found

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name in _RAW:
            self._raw(name)
            return
        if name in _DROPPED:
            return
        self._flush()
        self._nodes += 1 + len(attributes)
        if self._nodes > MAX_NODES:
            raise _withheld("The HTML has more nodes than can be masked.")
        self._close(_CLOSES.get(name, frozenset()))
        element = Element(name if name in _KNOWN else "span", attributes)
        self._open[-1].children.append(element)
        if name in _VOID:
            return
        if len(self._open) > MAX_DEPTH:
            raise too_deep()
        self._open.append(element)

    def _raw(self, name: str) -> None:
        end = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(self._source, self._at)
        if end is None:
            self._at = len(self._source)
            return
        self._at = end.end()
        self._skip(">", self._at)

    def _end(self, name: str) -> None:
        name = name if name in _KNOWN else "span"
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].name == name:
                self._flush()
                del self._open[index:]
                return

    def _close(self, names: frozenset[str]) -> None:
        for index in range(len(self._open) - 1, 0, -1):
            if self._open[index].name in names:
                del self._open[index:]
            elif self._open[index].name in _SCOPES:
                return

    def _flush(self) -> None:
        text = _INVISIBLE.sub("", html.unescape("".join(self._pieces)))
        self._pieces.clear()
        outside = len(self._open) == 1 and text.isspace()
        if text and not outside:
            self._open[-1].children.append(text)


def _withheld(message: str) -> Withheld:
    return Withheld(message, reason=Reason.MASKING_FAILED)
