"""HTML as free text: its text and the attributes that people read, masked."""

import re

from gateway.masking.codecs.xml_codec import Element
from gateway.masking.fields.names import UNKNOWN, VOCABULARY, Field, field_of
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.marks import unmarked
from gateway.masking.markup import html_codec
from gateway.masking.markup.walk import MarkupWalk
from gateway.masking.payload import Payload
from gateway.masking.text import TextMasker


def _words(text: str) -> list[str]:
    return text.split()


_READ = frozenset(_words("alt title value placeholder label summary abbr aria-label datetime"))
_LINKS = frozenset(_words("href src cite action"))
_LAYOUT = frozenset(_words("colspan rowspan scope type lang"))
_WORD = re.compile(r"[A-Za-z0-9-]{0,20}\Z")


class HtmlMasker(MarkupWalk):
    """Masks one document, where free text is accepted."""

    def __init__(self, payload: Payload, walk: JsonWalk, text: TextMasker) -> None:
        super().__init__(payload, walk, text)

    def document(self, body: bytes) -> bytes:
        """A whole document, masked and written anew.

        Raises:
            Withheld: it is over a bound.
        """
        root = html_codec.decode(body.decode("utf-8"))
        self.narrative(root)
        self.finish()
        return html_codec.encode(root).encode()

    def narrative_field(self, element: Element) -> Field:  # noqa: ARG002
        """Nothing: what is known of its elements is how they look."""
        return UNKNOWN

    def narrative_attributes(self, element: Element) -> None:
        """Attributes that a reader may see; scripts, styles and unknown ones are dropped."""
        asked = field_of(element.attributes.get("name", ""))
        kept = {
            name: value
            for name, value in element.attributes.items()
            if name in _READ or name in _LINKS or (name in _LAYOUT and _WORD.match(unmarked(value)))
        }
        element.attributes = kept
        for name, value in kept.items():
            if name in _LINKS:
                field = Field(Kind.URL)
            elif name in _LAYOUT:
                field = VOCABULARY
            else:
                field = asked if name == "value" and asked is not UNKNOWN else Field(Kind.TEXT)
            self.value(element, name, value, field, name)
