"""The masking engine: bytes of a stated type in, bytes that an agent may see out.

Pure: no clock, no randomness, no I/O. Whatever cannot be understood is withheld.
"""

import zlib

from gateway.errors import Reason, Withheld
from gateway.masking.attachments import Base64Attachments
from gateway.masking.context import Context, Result
from gateway.masking.fhir_walk import FhirWalk
from gateway.masking.field_names import VOCABULARY, Field, field_of
from gateway.masking.formats import BOM, Format, format_of, unsupported
from gateway.masking.hl7v2_format import Hl7v2Masker
from gateway.masking.json_codec import Node, too_deep
from gateway.masking.json_format import JsonMasker
from gateway.masking.json_walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.profiles import TextUse
from gateway.masking.record_rules import RecordRules
from gateway.masking.streams import MAX_BYTES, LineStream, Stream, WholeStream, too_large
from gateway.masking.table_format import mask_table
from gateway.masking.text import TextMasker

__all__ = ["ENGINE_VERSION", "Context", "Result", "Stream", "mask", "mask_text_value"]

ENGINE_VERSION = "2"
"""Part of derived entity tags: changes whenever the same input would be masked to other bytes."""
_PIECE = 256 * 1024


def mask(body: bytes, content_type: str, content_encoding: str, context: Context) -> Result:
    """The body as the agent may see it.

    Args:
        body: the whole body as the upstream sent it.
        content_type: of the upstream's answer, "" where it has none.
        content_encoding: likewise.
        context: the profile and its circumstances.

    Raises:
        Withheld: `ContentWithheld` where the content may not be shown, `MaskingFailed` where it
            cannot be masked; the message says why, without a value.
    """
    encoding = content_encoding.strip().lower()
    if context.resolved.rank == 0 or not body:
        return Result(body, {}, (), "")
    plain = _decoded(body, encoding)
    payload = Payload(context, plain)
    engine = PayloadMasker(payload)
    try:
        masked = engine.whole(plain, content_type)
    except RecursionError as error:
        raise too_deep() from error
    if payload.known.full:
        raise Withheld(
            "The content names more people than can be looked for in its text.",
            reason=Reason.MASKING_FAILED,
        )
    return Result(
        _encoded(masked, encoding),
        payload.counts,
        payload.paths,
        payload.key_version,
        context.session_names.seen(payload.known.names) if context.session_names else frozenset(),
    )


def mask_text_value(name: str, value: str, context: Context) -> str:
    """One value outside a body: metadata, a tag, a header, a file name.

    Args:
        name: what the value is called, such as the metadata key; "" where it has no name.
        value: the value.
        context: as for `mask`.

    Raises:
        Withheld: the profile is unknown, or wants tokens and there is no key.
    """
    if context.resolved.rank == 0:
        return value
    payload = Payload(context, value.encode("utf-8", "replace"))
    walk = PayloadMasker(payload).walk()
    holder: list[Node] = [value]
    field = field_of(name) if name else Field()
    # A name such as `status` is the uploader's choice: it vouches for nothing.
    holder[0] = walk.string(holder, 0, value, Field() if field is VOCABULARY else field, "value")
    walk.settle()
    return payload.undropped(str(holder[0]).encode()).decode()


class PayloadMasker:
    """The formats of one payload, attachments in it included."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self._text = TextMasker(payload)
        self._attachments = Base64Attachments(payload, self._text, self.whole)
        self._json = JsonMasker(payload, self._text, self._attachments)
        self._rules = RecordRules(payload, self._text)

    def whole(self, body: bytes, content_type: str) -> bytes:
        """All of a body, masked."""
        form = format_of(content_type, body)
        body = body.removeprefix(BOM)
        stream = self.stream(form, body)
        pieces = [
            stream.feed(body[start : start + _PIECE]) for start in range(0, len(body), _PIECE)
        ]
        return self._payload.undropped(b"".join([*pieces, stream.flush()]))

    def stream(self, form: Format, body: bytes) -> Stream:
        """A stream of one format; `body` is what it may learn names from beforehand."""
        match form:
            case Format.JSON:
                return WholeStream(self._json.document)
            case Format.NDJSON:
                self._json.learn(body)
                return LineStream(self._json.line)
            case Format.CSV | Format.TSV:
                delimiter = "\t" if form is Format.TSV else ","
                return WholeStream(
                    lambda data: mask_table(data, delimiter, self.walk(), self._rules)
                )
            case Format.HL7V2:
                messages = Hl7v2Masker(
                    self._payload, self.walk(), self._attachments.masked, self._rules
                )
                messages.learn(body)
                return LineStream(messages.record, _segment_end(body))
            case Format.TEXT:
                return WholeStream(self._free_text)

    def walk(self) -> JsonWalk:
        """A walk for values that belong to no format."""
        return JsonWalk(
            self._payload,
            self._text,
            self._attachments,
            FhirWalk(self._payload, self._text, self._attachments),
        )

    def _free_text(self, data: bytes) -> bytes:
        if self._payload.profile.text is TextUse.STRUCTURE:
            return self._payload.apply(Kind.TEXT, data.decode("utf-8"), "text").encode()
        if self._payload.withholds_text:
            raise Withheld(
                "The content is free text from a place that holds ePHI, and no rule accepts it.",
                reason=Reason.CONTENT_WITHHELD,
                advice="Ask for structured data, or for a rule with `free_text: accept`.",
            )
        return self._text.mask(data.decode("utf-8"), "text").encode()


def _segment_end(body: bytes) -> bytes:
    """Segments end with a carriage return; files on disk often have line feeds instead."""
    if b"\r" not in body:
        return b"\n"
    return b"\r\n" if b"\r\n" in body else b"\r"


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        if len(body) > MAX_BYTES:
            raise too_large()
        return body
    if encoding != "gzip":
        raise unsupported("Content in this content encoding cannot be masked.")
    out: list[bytes] = []
    size = 0
    data = body
    try:
        while data:
            unzip = zlib.decompressobj(wbits=31)
            piece = unzip.decompress(data, MAX_BYTES + 1 - size)
            size += len(piece)
            if size > MAX_BYTES or unzip.unconsumed_tail:
                raise too_large()
            if not unzip.eof:
                raise unsupported("The content is not the gzip that its encoding says.")
            out.append(piece)
            data = unzip.unused_data
    except zlib.error as error:
        raise unsupported("The content is not the gzip that its encoding says.") from error
    return b"".join(out)


def _encoded(body: bytes, encoding: str) -> bytes:
    if encoding != "gzip":
        return body
    # Without a time stamp in the header, so that equal content has equal bytes.
    zipper = zlib.compressobj(level=6, wbits=31)
    return zipper.compress(body) + zipper.flush()
