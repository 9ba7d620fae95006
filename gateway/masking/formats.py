"""Which format a body is in: what it is said to be, held against what it looks like."""

import codecs
import re
from enum import StrEnum
from functools import lru_cache

from gateway.errors import Reason, Withheld
from gateway.masking import table_look
from gateway.masking.marks import ends_in_mark


class Format(StrEnum):
    """Formats that can be masked."""

    JSON = "json"
    NDJSON = "ndjson"
    TEXT = "text"
    CSV = "csv"
    TSV = "tsv"
    HL7V2 = "hl7v2"
    XML = "xml"
    HTML = "html"
    MULTIPART = "multipart"


_TYPES: dict[str, Format] = {
    "application/json": Format.JSON,
    "text/json": Format.JSON,
    "application/fhir+json": Format.JSON,
    "application/json+fhir": Format.JSON,
    "application/problem+json": Format.JSON,
    "application/ndjson": Format.NDJSON,
    "application/x-ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "application/x-jsonlines": Format.NDJSON,
    "application/fhir+ndjson": Format.NDJSON,
    "application/xml": Format.XML,
    "text/xml": Format.XML,
    "application/xml+fhir": Format.XML,
    "text/html": Format.HTML,
    "application/xhtml+xml": Format.HTML,
    "text/plain": Format.TEXT,
    "text/markdown": Format.TEXT,
    "text/csv": Format.CSV,
    "application/csv": Format.CSV,
    "text/tab-separated-values": Format.TSV,
    "x-application/hl7-v2+er7": Format.HL7V2,
    "application/hl7-v2": Format.HL7V2,
    "application/hl7-v2+er7": Format.HL7V2,
    "text/hl7v2": Format.HL7V2,
    "application/edi-hl7v2": Format.HL7V2,
    "multipart/form-data": Format.MULTIPART,
    "multipart/mixed": Format.MULTIPART,
    "multipart/related": Format.MULTIPART,
}
_SUFFIXES = (("+json", Format.JSON), ("+ndjson", Format.NDJSON), ("+xml", Format.XML))
_READ_STRICTLY = frozenset({Format.JSON, Format.NDJSON, Format.XML})
_SHOWN = frozenset({"image", "audio", "video", "font", "model"})
_JSON = frozenset({Format.JSON, Format.NDJSON})
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_HTML = re.compile(rb"<(?:!doctype\s+html|(?:html|head|body)(?=[\s/>]))", re.IGNORECASE)
_XML = re.compile(rb"<(?:\?xml\s|!doctype|!--|[A-Za-z_][\w:.-]*[ \t\r\n/>])", re.IGNORECASE)
_OTHER_LINE = re.compile(rb"\n[ \t\r\f\v]*+[^\s{]")
"""A line that does not begin as an object does."""
_DECLARED = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+<\?xml\s[^>]{0,200}\?>\s*+(?:<!--(?:[^-]|-[^-]){0,2000}-->\s*+)?"
    rb"<(?!html[\s/>])[A-Za-z_]",
    re.IGNORECASE,
)
"""An XML declaration before a root that is no HTML."""
_HEADER = b"MSH|^~\\&"
_HL7 = re.compile(rb"(?:MSH|FHS|BHS)[^\w\s]")
# X12, EDIFACT, vCard and iCalendar: people and dates in places that nothing here knows.
_UNKNOWN = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:ISA([^\w\s])[^\n]{2}\1[^\n]{10}\1|UNA[^\n]{6}\s*UNB|UNB\+UNO[A-Z]"
    rb"|BEGIN:V(?:CARD|CALENDAR|EVENT))"
)
_OPENING, _CLOSING = frozenset({b"{", b"["}), frozenset({b"}", b"]"})
_BINARY = bytes([*range(7), *range(0x0E, 0x1B), 0x7F])
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
_MAX_TYPE = 100
"""Characters of a content type that is remembered."""
BOM = codecs.BOM_UTF8
_BOMS_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BOM_32 = codecs.BOM_UTF32_LE
GZIP = b"\x1f\x8b"


def format_of(content_type: str, body: bytes) -> Format:
    """The format to mask a body in.

    A body that is structured must not pass as text, nor another format as JSON: where the type
    and the look of the bytes differ, what the bytes certainly are counts, and the body is withheld
    where they are nothing that is certain.

    Args:
        content_type: as it is stated, "" where it is not.
        body: in UTF-8; see `transcoded`.

    Raises:
        Withheld: no such format, another character set, or a body that is something else.
    """
    read = _read if len(content_type) <= _MAX_TYPE else _read.__wrapped__
    said, in_utf8 = read(content_type)
    if not in_utf8:
        raise unsupported("Content in another character set than UTF-8 cannot be masked.")
    if said is Format.MULTIPART:
        return said
    looks = look(body)
    if said is Format.HTML and _DECLARED.match(body):
        said = Format.XML  # servers call by that type whatever they do not know
    if looks is None and said is Format.TEXT and table_look.is_table(body):
        looks = Format.CSV
    form = _decided(said, looks)
    if form not in _READ_STRICTLY:
        check_text(body)
    return form


@lru_cache(maxsize=256)
def _read(content_type: str) -> tuple[Format | None, bool]:
    """The format that a content type says, and whether its characters are those of UTF-8."""
    charset = _CHARSET.search(content_type)
    return _said(content_type), charset is None or charset[1].lower() in _CHARSETS


def _decided(said: Format | None, looks: Format | None) -> Format:
    """What counts: what is said, or what the bytes certainly are."""
    match said:
        case None:
            if looks is None:
                raise unsupported("Content of this type cannot be masked.")
            return looks
        case Format.JSON | Format.NDJSON:
            # Which of the two it is has been said; their reader refuses everything else.
            return looks if looks and looks not in _JSON else said
        case Format.HL7V2:
            if looks is not Format.HL7V2:
                raise unsupported("The content is not the HL7 v2 that its type says.")
            return said
        case Format.CSV | Format.TSV:
            if looks:
                raise unsupported("The content is not the table that its type says.")
            return said
        case Format.HTML:
            return looks if looks and looks is not Format.XML else said
        case _:
            return looks or said


def _said(content_type: str) -> Format | None:
    essence = content_type.partition(";")[0].strip().lower()
    if essence in _TYPES:
        return _TYPES[essence]
    if essence.partition("/")[0] in _SHOWN:
        # SVG is a picture, whatever it is written in.
        raise unsupported("Content of this type cannot be masked.")
    return next((form for suffix, form in _SUFFIXES if essence.endswith(suffix)), None)


def transcoded(body: bytes) -> bytes:
    """The body in UTF-8 where its byte order mark says UTF-16, otherwise as it is.

    Raises:
        Withheld: it is not the UTF-16 that it says.
    """
    if not body.startswith(_BOMS_16):
        return body
    if body.startswith(_BOM_32):
        raise unsupported("Content in another character set than UTF-8 cannot be masked.")
    try:
        return body.decode("utf-16").encode()
    except UnicodeError as error:
        raise unsupported("The content is not the UTF-16 that it says.") from error


def stated(content_type: str) -> Format | None:
    """The format that a content type names, None for none; for counting, it decides nothing."""
    return _TYPES.get(content_type.partition(";")[0].strip().lower())


def check_text(body: bytes) -> None:
    """Pass text in UTF-8.

    Raises:
        Withheld: another encoding, or binary data.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unsupported("The content is not valid UTF-8.") from error
    if len(body.translate(None, _BINARY)) != len(body):
        raise unsupported("The content is not the text that its type says.")


def look(body: bytes) -> Format | None:
    """What a body certainly is, None where it may be prose or anything else."""
    start = body.removeprefix(BOM).lstrip()
    first = start[:1]
    if first in _OPENING:
        end = start.rstrip()
        if end[-1:] not in _CLOSING or ends_in_mark(end):
            return None
        if first == b"{" and b"\n" in end and not _OTHER_LINE.search(start):
            return Format.NDJSON
        may_be = first == b"{" or start[1:].lstrip()[:1] in b'{["-0123456789]'
        return Format.JSON if may_be else None
    if first == b"<":
        if _HTML.match(start):
            return Format.HTML
        return Format.XML if _XML.match(start) else None
    return Format.HL7V2 if _HL7.match(start) else None


def is_unknown(body: bytes) -> bool:
    """Whether a body is, or holds, something of a format that must not pass as text.

    A message of HL7 v2 within a log is masked as nothing but text, which names in it are not.
    """
    return _UNKNOWN.match(body) is not None or _HEADER in body


def is_said(content_type: str) -> bool:
    """Whether a content type is that of a format which can be masked.

    Raises:
        Withheld: it is that of pictures or sounds.
    """
    return _said(content_type) is not None


def unsupported(message: str) -> Withheld:
    """Nothing here can mask this."""
    return Withheld(
        message,
        reason=Reason.CONTENT_WITHHELD,
        advice="Store it as JSON, FHIR, XML, NDJSON, CSV, HL7 v2 or plain text in UTF-8, with that "
        "content type, or ask for a place that does not mask.",
    )
