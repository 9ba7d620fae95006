"""Base64 inside documents: decoded, masked by its own type, encoded again; or replaced."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from typing import Protocol

from gateway.errors import Withheld
from gateway.masking.codecs import json_codec
from gateway.masking.codecs.xml_codec import DECLARATION
from gateway.masking.formats import GZIP, Format, is_unknown, look
from gateway.masking.kinds import Kind
from gateway.masking.marks import mark
from gateway.masking.payload import Payload
from gateway.masking.table_look import is_table
from gateway.masking.text import TextMasker

MAX_NESTING = 3
MAX_BINARY = 256
MIN_DOCUMENT = 8
MIN_ENCODED = 24
"""Characters of a string that is looked into."""
_CONTROL = 32
_AGAIN = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}\s*\Z")
_JSON = frozenset({Format.JSON, Format.NDJSON})
_TYPES = {
    Format.JSON: "application/json",
    Format.NDJSON: "application/x-ndjson",
    Format.XML: "application/xml",
    Format.HTML: "text/html",
    Format.CSV: "text/csv",
    Format.HL7V2: "x-application/hl7-v2+er7",
}
_HEX = re.compile(r"(0x|\\x|)((?:[0-9A-Fa-f]{2}){12,})\Z")
BASE64 = re.compile(r"[A-Za-z0-9+/_\r\n-]+={0,2}\Z")
_IDS = re.compile(r"[0-9A-Fa-f-]+\Z")
_REPLACED = base64.b64encode(mark(Kind.TEXT).encode()).decode()


class Attachments(Protocol):
    """Masks what lies in base64 inside a document."""

    def masked(self, data: str, content_type: str, path: str) -> str:
        """The same in base64, masked by its own type, or a mark."""
        ...

    def embedded(self, data: str, path: str) -> str:
        """The same for a string that only looks like base64: a word or a key stays as it is."""
        ...

    def document(self, text: str, path: str) -> str | None:
        """A string that is a document of a structured format, masked; None where it is none."""
        ...


class Base64Attachments:
    """Masks attachments of one payload; what cannot be masked is replaced by a mark."""

    def __init__(
        self, payload: Payload, text: TextMasker, mask: Callable[[bytes, str], bytes]
    ) -> None:
        self._payload = payload
        self._text = text
        self._mask = mask

    def masked(self, data: str, content_type: str, path: str) -> str:
        """The same in base64, masked by its own type, or the mark of text in base64."""
        payload = self._payload
        if not data or data == _REPLACED:
            return data
        try:
            raw = binascii.a2b_base64(_joined(data), strict_mode=True)
            if payload.depth >= MAX_NESTING or not content_type:
                return self._replace(path)
            payload.depth += 1
            try:
                done = self._mask(raw, content_type)
            finally:
                payload.depth -= 1
        except (binascii.Error, ValueError, Withheld):
            return self._replace(path)
        return data if done == raw else binascii.b2a_base64(done, newline=False).decode()

    def embedded(self, data: str, path: str) -> str:
        """What stands in place of a string that `is_encoded`."""
        found = _HEX.match(data)
        return self._hexadecimal(found[1], found[2], path) if found else self._base64(data, path)

    def _base64(self, data: str, path: str) -> str:
        """What stands in place of a string that may be base64 of something readable.

        Text is masked as text. Long binary data is replaced, since nobody knows what it shows;
        short binary data is a hash or a number, and what is no base64 at all is a word.
        """
        plain = _joined(data).translate(_URL_SAFE).rstrip("=")
        try:
            raw = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
        except (binascii.Error, ValueError):
            return self._text.mask(data, path)
        readable = _is_readable(raw)
        if raw.startswith(GZIP):
            return self.masked(plain + "=" * (-len(plain) % 4), "text/plain", path)
        if readable and self._payload.depth < MAX_NESTING and _AGAIN.match(raw):
            self._payload.depth += 1
            inner = raw.decode("ascii")
            done = self.embedded(inner, path)
            self._payload.depth -= 1
            return data if done == inner else base64.b64encode(done.encode()).decode()
        if readable and not any(byte < _CONTROL and byte not in b"\t\r\n" for byte in raw):
            return self.masked(plain + "=" * (-len(plain) % 4), "text/plain", path)
        if len(data) > MAX_BINARY and not self._payload.keeps(Kind.PHOTO):
            return self._replace(path)
        return self._text.mask(data, path)

    def _hexadecimal(self, prefix: str, digits: str, path: str) -> str:
        r"""Bytes of a database, `0x4a…` or `\x4a…`, that are text: masked as text is."""
        raw = bytes.fromhex(digits)
        done = self.masked(base64.b64encode(raw).decode(), "text/plain", path)
        plain = base64.b64decode(done)
        return prefix + (digits if plain == raw else plain.hex())

    def document(self, text: str, path: str) -> str | None:
        """A string that is JSON, XML, HTML or HL7 v2, masked as that; None where it is none.

        What only begins like a document, such as `[a]` or `<b>bold`, is text.
        """
        payload, body = self._payload, text.removeprefix("\ufeff").encode()
        form = _form_of(text, body)
        if form is None:
            unknown = payload.profile.scans and is_unknown(body)
            return self._mark(path) if unknown else None
        if payload.depth >= MAX_NESTING:
            return self._mark(path)
        before = payload.total
        payload.depth += 1
        try:
            done = self._mask(body, _TYPES[form]).decode("utf-8")
        except (UnicodeError, Withheld):
            return self._mark(path)
        finally:
            payload.depth -= 1
        if form is Format.XML and not text.lstrip().startswith("<?"):
            done = done.removeprefix(DECLARATION)
        # Where nothing was masked, white space and the like stay as they were written.
        if form in _JSON:
            return text if _all_values(done, form) == _all_values(body.decode(), form) else done
        # What markup drops without a count: comments, processing instructions, scripts.
        plain = form is Format.CSV or (form is Format.XML and "<!" not in text and "<?" not in text)
        return text if plain and payload.total == before else done

    def _mark(self, path: str) -> str:
        self._payload.count(Kind.TEXT, path)
        return mark(Kind.TEXT)

    def _replace(self, path: str) -> str:
        self._payload.count(Kind.TEXT, path)
        return _REPLACED


_URL_SAFE = str.maketrans("-_", "+/")
_SPACES = dict.fromkeys(map(ord, " \t\r\n"))


def _joined(data: str) -> str:
    """Base64 without the white space in it."""
    spaced = " " in data or "\n" in data or "\r" in data or "\t" in data
    return data.translate(_SPACES) if spaced else data


def is_encoded(text: str) -> bool:
    """Whether a string may be base64, or is hexadecimal digits, of something readable."""
    if len(text) < MIN_ENCODED:
        return False
    if digits := _HEX.match(text):
        return _is_readable(bytes.fromhex(digits[2]))
    return BASE64.match(text) is not None and _IDS.match(text) is None


def _is_readable(raw: bytes) -> bool:
    try:
        return raw.decode("utf-8").isprintable() or b"\n" in raw or b"\r" in raw
    except UnicodeDecodeError:
        return False


def _form_of(text: str, body: bytes) -> Format | None:
    """The format of a string that is a document, None for text, however it begins."""
    form = look(body)
    if form is None:
        return Format.CSV if b"\n" in body and is_table(body) else None
    if len(text) < MIN_DOCUMENT:
        return None
    if form is Format.NDJSON and _is_json(body):
        form = Format.JSON  # one document over several lines
    sure = form is Format.HL7V2 or _is_closed(text)
    return form if sure or (form in _JSON and all(map(_is_json, _documents(body, form)))) else None


def _documents(body: bytes, form: Format) -> list[bytes]:
    return [line for line in body.split(b"\n") if line.strip()] if form is Format.NDJSON else [body]


def _all_values(text: str, form: Format) -> list[object]:
    return [_values(part.decode()) for part in _documents(text.encode(), form)]


def _is_json(body: bytes) -> bool:
    try:
        json_codec.decode(body)
    except Withheld:
        return False
    return True


def _values(text: str) -> object:
    """All that is written, so that a key that stands twice is not equal to one that stands once."""
    return json.loads(text, parse_int=str, parse_float=str, object_pairs_hook=tuple)


def _is_closed(text: str) -> bool:
    """Whether markup ends as a document does."""
    end = text.rstrip()
    return end.endswith(">") and ("</" in end or "/>" in end)
