"""Multipart bodies (RFC 2046, RFC 7578): each part masked by its own type, boundaries kept."""

import base64
import binascii
import quopri
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.encoded_words import decoded
from gateway.masking.fields.names import field_of
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_mark, mark
from gateway.masking.payload import Payload

MAX_PARTS = 1000
MAX_NESTING = 3
MAX_HEADERS = 16 * 1024
_BOUNDARY = re.compile(r";\s*boundary\s*=\s*(?:\"([^\"]{1,70})\"|([^\s;\"]{1,70}))", re.IGNORECASE)
_LEGAL = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{0,69}[0-9A-Za-z'()+_,./:=?-]\Z")
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):[ \t]*(.*)\Z")
_PARAMETER = re.compile(r";\s*([A-Za-z*0-9-]{1,40})\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^\s;]*)")
_TYPE = re.compile(r"[A-Za-z0-9.+-]{1,80}/[A-Za-z0-9.+-]{1,80}\Z")
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
_TEXTS = frozenset({"", "text/plain", "text/html", "text/markdown"})
_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_REPLACED = mark(Kind.TEXT).encode()
MaskPart = Callable[[bytes, str], bytes]
MaskValue = Callable[[str, str], str]


@dataclass(slots=True)
class _Part:
    """The headers of a part, lower case, in order, and its decoded content."""

    headers: list[tuple[str, str]]
    content: bytes
    coding: str

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


class MultipartMasker:
    """Masks the parts of one payload.

    Args:
        payload: counts what is withheld, by reason.
        content: masks the content of a part by its type.
        value: masks a field's value, or a name, by what it is called.
    """

    def __init__(self, payload: Payload, content: MaskPart, value: MaskValue) -> None:
        self._payload = payload
        self._content = content
        self._value = value

    def mask(self, body: bytes, content_type: str) -> bytes:
        """All parts, masked; what stands before the first and after the last is dropped.

        Raises:
            Withheld: it cannot be read as the multipart body that its type says.
        """
        boundary = _boundary(content_type)
        if self._value("", boundary.decode()) != boundary.decode():
            raise _withheld("The boundary of the multipart content looks like a value.")
        if self._payload.depth >= MAX_NESTING:
            raise _withheld("Multipart content is nested too deeply.")
        delimiter = b"--" + boundary
        pieces = _pieces(body, delimiter)
        self._payload.depth += 1
        try:
            read = [_read(piece) for piece in pieces]
            # Text last: what other parts name is known then.
            order = sorted(range(len(read)), key=lambda index: _turn(read[index]))
            done = {index: self._part(read[index]) for index in order}
        finally:
            self._payload.depth -= 1
        parts = [done[index] for index in range(len(read))]
        named = self._value("", boundary.decode()) != boundary.decode()
        if named or any(delimiter in part for part in parts):
            raise _withheld("The boundary of the multipart content is not one.")
        written = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts)
        return written + delimiter + b"--\r\n"

    def _part(self, part: _Part) -> bytes:
        kind = part.header("content-type")
        disposition = part.header("content-disposition")
        named = dict(_parameters(disposition))
        try:
            if not kind and "name" in named and "filename" not in named:
                value = part.content.decode("utf-8")
                # The mark of a name is none: nothing is said of the value, as before.
                name = "" if is_mark(named["name"]) else named["name"]
                content = self._value(name, value).encode()
            else:
                content = self._content(part.content, kind or "text/plain")
        except (Withheld, UnicodeDecodeError) as error:
            reason = error.reason.value if isinstance(error, Withheld) else "masking-failed"
            self._payload.count(Kind.TEXT, f"part.{reason}")
            # A part may be left out, and time that is up withholds all of them.
            self._payload.check()
            kind, content = "text/plain", _REPLACED
        headers = "".join(f"{name}: {value}\r\n" for name, value in self._headers(part, kind))
        return headers.encode() + b"\r\n" + _encoded(content, part.coding)

    def _headers(self, part: _Part, kind: str) -> list[tuple[str, str]]:
        """The headers that survive: what else a sender adds is dropped."""
        kept: list[tuple[str, str]] = []
        for name, value in part.headers:
            match name:
                case "content-type":
                    safe = _safe_type(kind)
                    named = self._value("", safe) != safe
                    kept.append((name, "application/octet-stream" if named else safe))
                case "content-transfer-encoding":
                    kept.append((name, part.coding or "binary"))
                case "content-disposition":
                    kept.append((name, self._disposition(value)))
                case "content-location":
                    kept.append((name, self._payload.apply(Kind.URL, value, name)))
                case "content-id":
                    inner = value.strip().removeprefix("<").removesuffix(">")
                    kept.append((name, f"<{self._payload.identifier(inner, name)}>"))
                case _:
                    self._payload.count(Kind.TEXT, "part.header")
        return kept

    def _disposition(self, value: str) -> str:
        what = value.partition(";")[0].strip().lower()
        out = [what if what in {"form-data", "attachment", "inline"} else "attachment"]
        for name, text in _parameters(value):
            if name == "name":
                done = self._shown("", decoded(text), text)
            elif name.startswith("filename") and not self._payload.keeps(Kind.NAME):
                suffix = _SUFFIX.search(text)
                done = mark(Kind.TEXT) + (self._shown("", suffix[0], suffix[0]) if suffix else "")
                self._payload.count(Kind.TEXT, "part.filename", int(done != text))
            else:
                done = self._value("", text)
            if name in {"name", "filename"} or (name == "filename*" and "filename" not in value):
                quoted = re.sub(r'[\\"\r\n]', "_", done)
                out.append(f'{name.rstrip("*")}="{quoted}"')
        return "; ".join(out)

    def _shown(self, name: str, plain: str, written: str) -> str:
        """A value as it was written, where nothing in what it stands for is masked."""
        done = self._value(name, plain)
        return written if done == plain else done


def _turn(part: _Part) -> int:
    """Fields of forms, which names say what they hold, come first; what may be text comes last."""
    kind = part.header("content-type").partition(";")[0].strip().lower()
    name = dict(_parameters(part.header("content-disposition"))).get("name", "")
    if not kind and field_of(name).kind not in {None, Kind.TEXT}:
        return 0
    if kind.startswith("multipart/"):
        return 2
    return 3 if kind in _TEXTS else 1


def _boundary(content_type: str) -> bytes:
    found = _BOUNDARY.search(content_type)
    boundary = (found[1] or found[2]) if found else ""
    if not _LEGAL.match(boundary):
        raise _withheld("The multipart content has no boundary that can be read.")
    return boundary.encode()


def _pieces(body: bytes, delimiter: bytes) -> list[bytes]:
    """What stands between delimiter lines.

    Raises:
        Withheld: there is no closing delimiter, or there are too many parts.
    """
    edge = re.compile(rb"(?:\A|\r\n|\n)" + re.escape(delimiter) + rb"(--)?[ \t]*(?=\r\n|\n|\Z)")
    marks: list[tuple[int, int]] = []
    for match in edge.finditer(body):
        marks.append(match.span())
        if match[1]:
            break
        if len(marks) > MAX_PARTS:
            raise _withheld("The multipart content has more parts than can be masked.")
    else:
        raise _withheld("The multipart content has no end.")
    if len(marks) < 2:  # noqa: PLR2004
        raise _withheld("The multipart content has no parts.")
    return [body[start[1] : end[0]] for start, end in pairwise(marks)]


def _read(piece: bytes) -> _Part:
    """The headers and the content of a part.

    Raises:
        Withheld: a header cannot be read, or the transfer encoding is not known.
    """
    piece = re.sub(rb"\A\r?\n", b"", piece, count=1)
    if re.match(rb"\r?\n", piece):
        head, content = b"", re.sub(rb"\A\r?\n", b"", piece, count=1)
    else:
        found = re.search(rb"\r?\n\r?\n", piece[: MAX_HEADERS + 4])
        if found is None:
            raise _withheld("A part of the multipart content has no end of headers.")
        head, content = piece[: found.start()], piece[found.end() :]
    headers: list[tuple[str, str]] = []
    try:
        lines = re.sub(r"\r?\n[ \t]+", " ", head.decode("utf-8")).splitlines()
    except UnicodeDecodeError as error:
        raise _withheld("A header in the multipart content cannot be read.") from error
    for line in lines:
        match = _HEADER.match(line)
        if match is None or match[1].lower() in {name for name, _ in headers}:
            raise _withheld("A header in the multipart content cannot be read.")
        headers.append((match[1].lower(), match[2].strip()))
    part = _Part(headers, content, "")
    part.coding = part.header("content-transfer-encoding").lower()
    part.content = _decoded(content, part.coding)
    return part


def _decoded(content: bytes, coding: str) -> bytes:
    if coding in _PLAIN:
        return content
    try:
        if coding == "base64":
            return base64.b64decode(re.sub(rb"[ \t\r\n]", b"", content), validate=True)
        if coding == "quoted-printable":
            return quopri.decodestring(content)
    except (binascii.Error, ValueError) as error:
        raise _withheld("A part of the multipart content is not encoded as it says.") from error
    raise _withheld("A part of the multipart content has an encoding that is not known.")


def _encoded(content: bytes, coding: str) -> bytes:
    if coding == "base64":
        return base64.encodebytes(content).replace(b"\n", b"\r\n").rstrip()
    if coding == "quoted-printable":
        # Line ends are those of the transfer, before lines are folded and after it.
        folded = quopri.encodestring(content.replace(b"\r\n", b"\n"))
        return folded.replace(b"\n", b"\r\n")
    return content


def _parameters(value: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, text in _PARAMETER.findall(value):
        plain = re.sub(r"\\(.)", r"\1", text[1:-1]) if text[:1] == '"' else text
        found.append((name.lower(), plain))
    return found


def _safe_type(kind: str) -> str:
    """A content type without parameters other than a boundary."""
    essence = kind.partition(";")[0].strip()
    boundary = _BOUNDARY.search(kind)
    kept = boundary[0] if boundary and essence.lower().startswith("multipart/") else ""
    return (essence if _TYPE.match(essence) else "application/octet-stream") + kept


def _withheld(message: str) -> Withheld:
    return Withheld(message, reason=Reason.MASKING_FAILED)
