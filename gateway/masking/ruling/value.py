"""What a field rule makes of one value. Secrets are removed whatever a rule says."""

import base64
import binascii
import re

from gateway.masking.fields.fhir import ELEMENTS, INSTANTS
from gateway.masking.fields.names import Field, field_of
from gateway.masking.kinds import Kind
from gateway.masking.marks import mark
from gateway.masking.payload import DROPPED, Payload
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.rules import FieldRule
from gateway.masking.recognition.scan import scanner
from gateway.masking.text import TextMasker

MAX_LEARNED = 200
MIN_BASE64 = 24
_BASE64 = re.compile(r"[A-Za-z0-9+/_\r\n-]+={0,2}\Z")
_UNLEARNED = frozenset(
    {Kind.DATE, Kind.AGE, Kind.ZIP, Kind.TEXT, Kind.URL, Kind.PHOTO, Kind.ID, Kind.SECRET}
)


class Ruling:
    """Applies field rules to the values of one payload and counts what they replace."""

    def __init__(self, payload: Payload, text: TextMasker) -> None:
        self._payload = payload
        self._text = text
        self._secrets = scanner(identifiers=False)

    def value(
        self, rule: FieldRule, value: str, name: str, path: str, field: Field | None = None
    ) -> str:
        """What stands in place of a string; DROPPED where its field goes.

        Args:
            rule: that decides.
            value: of the field.
            name: of the field.
            path: as records show it.
            field: what the format says of it, None where the name says it.
        """
        field = field or ELEMENTS.get(name) or field_of(name)
        if not value:
            return value
        if field.kind is Kind.SECRET:
            return self._payload.apply(Kind.SECRET, value, path)
        kind = rule.kind or field.kind or Kind.TEXT
        operator = rule.operator or self._payload.profile.operators[kind]
        if operator is Operator.KEEP:
            return self.without_secrets(value, path)
        if rule.operator is None and kind is Kind.TEXT:
            return self._free_text(value, path)
        self._learn(kind, value)
        return self._operated(rule, operator, kind, field, name, value, path)

    def without_secrets(self, value: str, path: str) -> str:
        """A kept value; secrets in it go, and all of it where base64 hides one."""
        data = value.encode("utf-8", "replace")
        pieces: list[bytes] = []
        end = 0
        for start, stop, kind in self._secrets.spans(data):
            made = self._payload.replace(kind, data[start:stop].decode("utf-8", "replace"))
            pieces += [data[end:start], made.encode()]
            end = stop
            self._payload.count(kind, path)
        if pieces:
            return b"".join([*pieces, data[end:]]).decode("utf-8", "ignore")
        if any(True for _ in self._secrets.spans(_decoded(value))):
            self._payload.count(Kind.SECRET, path)
            made = self._payload.replace(Kind.SECRET, value)
            # Whoever reads the field expects base64.
            return base64.b64encode(made.encode()).decode()
        return value

    def key(self, rule: FieldRule, key: str, path: str) -> str:
        """The name of a member below a ruled field, which may be a value itself."""
        operator = rule.operator or Operator.REDACT
        if operator is Operator.KEEP:
            return self.without_secrets(key, path)
        return self._text.mask(key, path)

    def _free_text(self, value: str, path: str) -> str:
        if self._payload.withholds_text:
            return self._payload.apply(Kind.TEXT, value, path)
        return self._text.mask(value, path)

    def _operated(  # noqa: PLR0913, PLR0917 - one value and everything that is known of it
        self,
        rule: FieldRule,
        operator: Operator,
        kind: Kind,
        field: Field,
        name: str,
        value: str,
        path: str,
    ) -> str:
        payload = self._payload
        if operator is Operator.DROP:
            payload.count(kind, path)
            return DROPPED
        if kind is Kind.ID:
            return payload.identifier(value, path, operator)
        if kind is Kind.DATE and field.birth:
            return payload.born(value, path, operator) or mark(kind)
        text = rule.replacement or payload.profile.replacements.get(kind, "")
        made = payload.operate(operator, kind, value, text)
        if name in INSTANTS and made.isdigit():
            made = f"{made}-01-01T00:00:00Z"
        if made != value:
            payload.count(kind, path)
        return made

    def _learn(self, kind: Kind, value: str) -> None:
        """Remember what a rule names, to be found in the payload's text."""
        if kind is Kind.NAME:
            self._payload.known.learn_name(value)
        elif kind not in _UNLEARNED and len(value) <= MAX_LEARNED:
            self._payload.known.learn_phrase(value, kind)


def _decoded(value: str) -> bytes:
    """What base64 holds, b"" where it holds nothing that can be read."""
    if len(value) < MIN_BASE64 or not _BASE64.match(value):
        return b""
    plain = re.sub(r"\s", "", value).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""
