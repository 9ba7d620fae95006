"""The masking engine: bytes of a stated type in, bytes that an agent may see out.

Pure: no randomness, no I/O, and the clock is the caller's. Whatever cannot be understood is
withheld.
"""

from collections import deque
from functools import cached_property
from urllib.parse import quote

from gateway.errors import Reason, Withheld
from gateway.masking import compression
from gateway.masking.attachments import MAX_NESTING, Base64Attachments
from gateway.masking.codecs.encoded_words import decoded
from gateway.masking.codecs.json_codec import Node, too_deep
from gateway.masking.collection import paused
from gateway.masking.context import Context, Result
from gateway.masking.documents.hl7v2_format import Hl7v2Masker
from gateway.masking.documents.html_format import HtmlMasker
from gateway.masking.documents.json_format import BATCH, JsonMasker
from gateway.masking.documents.multipart_format import MultipartMasker
from gateway.masking.documents.table_format import TableMasker
from gateway.masking.documents.xml_format import XmlMasker
from gateway.masking.fhir.walk import FhirWalk
from gateway.masking.fields.names import VOCABULARY, Field, field_of
from gateway.masking.formats import (
    BOM,
    GZIP,
    Format,
    format_of,
    is_said,
    is_unknown,
    transcoded,
    unsupported,
)
from gateway.masking.hl7v2.values import Masking
from gateway.masking.json.walk import JsonWalk
from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.profiles.profile import TextUse
from gateway.masking.recognition.scan import scanner
from gateway.masking.ruling.records import RecordRules
from gateway.masking.streams import MAX_BYTES, LineStream, Stream, WholeStream, too_large
from gateway.masking.text import TextMasker
from gateway.masking.version import ENGINE_VERSION

__all__ = ["ENGINE_VERSION", "Context", "Result", "Stream", "mask", "mask_text_value"]

_PIECE = 256 * 1024
_WHOLE = frozenset({Format.JSON, Format.TEXT})
"""Formats whose streams wait for the end, and which most bodies and attachments have."""
_READABLE = " []:/?&=,;@"
"""Stays as it is in what is encoded again, so that marks can be read."""


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
    with paused(len(plain)):
        return _masked(plain, content_type, encoding, context)


def _masked(plain: bytes, content_type: str, encoding: str, context: Context) -> Result:
    payload = Payload(context, plain)
    engine = PayloadMasker(payload)
    try:
        masked = engine.whole(plain, content_type)
    except RecursionError as error:
        raise too_deep() from error
    finally:
        engine.close()
    if payload.known.used and payload.known.full:
        raise Withheld(
            "The content names more people than can be looked for in its text.",
            reason=Reason.MASKING_FAILED,
        )
    counts, paths = payload.summary()
    return Result(
        _encoded(masked, encoding),
        counts,
        paths,
        payload.key_version,
        context.session_names.seen(payload.known.names) if context.session_names else frozenset(),
        frozenset(payload.patients),
    )


def warm_up() -> None:
    """Compile and run the recognisers once; their first use takes about half a second.

    For a process that has just started, in a thread beside its other preparations.
    """
    for identifiers in (False, True):
        deque(scanner(identifiers=identifiers).spans(b"warm-up"), maxlen=0)


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
    masker = PayloadMasker(payload)
    plain = decoded(value)
    if plain == value:
        return masker.value(name, value)
    done = masker.value(name, plain)
    return value if done == plain else quote(done, safe=_READABLE)


class PayloadMasker:
    """The formats of one payload, attachments in it included."""

    def __init__(self, payload: Payload) -> None:
        self._payload = payload
        self._text = TextMasker(payload)
        payload.cleared = self._text.cleared
        self._attachments = Base64Attachments(payload, self._text, self.whole)
        self._json = JsonMasker(payload, self._text, self._attachments)

    @cached_property
    def _rules(self) -> RecordRules:
        return RecordRules(self._payload, self._text)

    def close(self) -> None:
        """Let go of all parts, which know each other: what they remember goes at once."""
        self._payload.known.forget_later()
        self._payload.cleared = None
        self.__dict__.clear()

    def whole(self, body: bytes, content_type: str) -> bytes:
        """All of a body, masked; gzip is masked by what is inside, UTF-16 becomes UTF-8."""
        self._payload.check()
        if body.startswith(GZIP):
            return self._zipped(body, content_type)
        text = transcoded(body)
        form = format_of(content_type, text)
        # The declaration of an XML document has its say about the encoding.
        body = body if form is Format.XML else text.removeprefix(BOM)
        if form in _WHOLE and len(body) <= MAX_BYTES:
            masked = self._json.document(body) if form is Format.JSON else self._free_text(body)
            return self._payload.undropped(masked)
        stream = self.stream(form, body, content_type)
        pieces = [
            stream.feed(body[start : start + _PIECE]) for start in range(0, len(body), _PIECE)
        ]
        return self._payload.undropped(b"".join([*pieces, stream.flush()]))

    def stream(  # noqa: PLR0911  (one for each format)
        self, form: Format, body: bytes, content_type: str = ""
    ) -> Stream:
        """A stream of one format.

        Args:
            form: the format.
            body: what it may learn names from beforehand.
            content_type: with the boundary of a multipart body.
        """
        match form:
            case Format.JSON:
                return WholeStream(self._json.document)
            case Format.NDJSON:
                self._json.learn(body)
                return LineStream(self._json.lines, batch=BATCH)
            case Format.CSV | Format.TSV:
                delimiter = "\t" if form is Format.TSV else ""
                tables = TableMasker(self._payload, self.walk(), self._text, self._rules)
                return WholeStream(lambda data: tables.mask(data, delimiter))
            case Format.HL7V2:
                messages = Hl7v2Masker(
                    Masking(self._payload, self.walk(), self._attachments.masked, self._rules)
                )
                return WholeStream(messages.document)
            case Format.XML:
                documents = XmlMasker(self._payload, self.walk(), self._text, self._attachments)
                return WholeStream(documents.document)
            case Format.HTML:
                return WholeStream(self._html)
            case Format.MULTIPART:
                parts = MultipartMasker(self._payload, self.whole, self.form_value)
                return WholeStream(lambda data: parts.mask(data, content_type))
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

    def value(self, name: str, value: str) -> str:
        """One value by what it is called, "" where it has no name."""
        walk = self.walk()
        holder: list[Node] = [value]
        field = field_of(name) if name else Field()
        # A name such as `status` is the uploader's choice: it vouches for nothing.
        own = Field() if field is VOCABULARY else field
        holder[0] = walk.string(holder, 0, value, own, "value")
        walk.settle()
        return self._payload.undropped(str(holder[0]).encode()).decode()

    def form_value(self, name: str, value: str) -> str:
        """The value of a form's field, by the rules for columns or by its name."""
        rule = self._rules.columns([name]).get(0)
        if rule is None:
            return self.value(name, value)
        return self._rules.value(rule, value, name, "value")

    def _zipped(self, body: bytes, content_type: str) -> bytes:
        if self._payload.depth >= MAX_NESTING:
            raise unsupported("The content is compressed too many times.")
        self._payload.depth += 1
        try:
            inner = content_type if is_said(content_type) else ""
            return compression.closed(self.whole(compression.opened(body), inner))
        finally:
            self._payload.depth -= 1

    def _html(self, data: bytes) -> bytes:
        self._check_accepted()
        return HtmlMasker(self._payload, self.walk(), self._text).document(data)

    def _check_accepted(self) -> None:
        if self._payload.withholds_text:
            raise Withheld(
                "The content is free text from a place that holds ePHI, and no rule accepts it.",
                reason=Reason.CONTENT_WITHHELD,
                advice="Ask for structured data, or for a rule with `free_text: accept`.",
            )

    def _free_text(self, data: bytes) -> bytes:
        if self._payload.profile.text is TextUse.STRUCTURE:
            return self._payload.apply(Kind.TEXT, data.decode("utf-8"), "text").encode()
        self._check_accepted()
        if self._payload.profile.scans and is_unknown(data):
            raise unsupported("The content is in a format that cannot be masked.")
        return self._text.mask(data.decode("utf-8"), "text").encode()


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding in {"", "identity"}:
        if len(body) > MAX_BYTES:
            raise too_large()
        return body
    if encoding != "gzip":
        raise unsupported("Content in this content encoding cannot be masked.")
    return compression.opened(body)


def _encoded(body: bytes, encoding: str) -> bytes:
    return compression.closed(body) if encoding == "gzip" else body
