"""Which format a body is in: what it is said to be, held against what it looks like."""

import re
from enum import StrEnum

from gateway.errors import Reason, Withheld


class Format(StrEnum):
    """Formats that can be masked."""

    JSON = "json"
    NDJSON = "ndjson"
    TEXT = "text"
    CSV = "csv"
    TSV = "tsv"
    HL7V2 = "hl7v2"


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
}
_CHARSETS = frozenset({"", "utf-8", "utf8", "us-ascii", "ascii"})
_MARKUP = re.compile(rb"<(?:\?xml|!doctype|html|head|body|[A-Za-z][\w:.-]*[ />])", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x06\x0e-\x1a\x7f]")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([^\";\s]*)", re.IGNORECASE)
BOM = b"\xef\xbb\xbf"


def format_of(content_type: str, body: bytes) -> Format:
    """The format to mask a body in.

    A body that is structured must not pass as text, nor another format as JSON: where the type
    and the look of the bytes differ, the stricter reading counts where it is certain, and the body
    is withheld where it is not.

    Raises:
        Withheld: no such format, another character set, or a body that is something else.
    """
    said = _TYPES.get(_essence(content_type))
    if said is None:
        raise unsupported("Content of this type cannot be masked.")
    charset = _CHARSET.search(content_type)
    if charset and charset[1].lower() not in _CHARSETS:
        raise unsupported("Content in another character set than UTF-8 cannot be masked.")
    if said in {Format.JSON, Format.NDJSON}:
        return said  # the JSON reader refuses everything else
    check_text(body)
    looks = _look(body)
    if said is Format.HL7V2 and looks is not Format.HL7V2:
        raise unsupported("The content is not the HL7 v2 that its type says.")
    if said in {Format.CSV, Format.TSV} and looks:
        raise unsupported("The content is not the table that its type says.")
    if said is Format.TEXT and looks:
        return looks
    return said


def check_text(body: bytes) -> None:
    """Pass text in UTF-8.

    Raises:
        Withheld: another encoding, or binary data.
    """
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise unsupported("The content is not valid UTF-8.") from error
    if _BINARY.search(body):
        raise unsupported("The content is not the text that its type says.")


def _look(body: bytes) -> Format | None:
    """What text certainly is, None where it may be prose.

    Raises:
        Withheld: markup, which no text format is.
    """
    start = body.removeprefix(BOM).lstrip()
    if start[:4] in {b"MSH|", b"FHS|", b"BHS|"} or re.match(rb"(?:MSH|FHS|BHS)[^\w\s]", start[:4]):
        return Format.HL7V2
    if _MARKUP.match(start):
        raise unsupported("The content is markup, which its type does not say.")
    if start[:1] in {b"{", b"["} and start.rstrip()[-1:] in {b"}", b"]"}:
        lines = start.rstrip().split(b"\n")
        if len(lines) > 1 and all(line.strip()[:1] == b"{" for line in lines if line.strip()):
            return Format.NDJSON
        return (
            Format.JSON
            if start[:1] == b"{" or start[1:].lstrip()[:1] in b'{["-0123456789]'
            else None
        )
    return None


def _essence(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def unsupported(message: str) -> Withheld:
    """Nothing here can mask this."""
    return Withheld(
        message,
        reason=Reason.CONTENT_WITHHELD,
        advice="Store it as JSON, FHIR JSON, NDJSON, CSV, HL7 v2 or plain text in UTF-8, with that "
        "content type, or ask for a place that does not mask.",
    )
