"""References of FHIR: masked as the ids that they point to are, so that they still point there."""

import re
from collections.abc import Callable
from weakref import WeakMethod

from gateway.masking.fields.displays import TYPE
from gateway.masking.kinds import Kind
from gateway.masking.marks import is_masked_id
from gateway.masking.payload import Payload

_REFERENCE = re.compile(
    r"(?:[a-z]+://[^\s]*/)?([A-Z][A-Za-z]{1,40})/([A-Za-z0-9.-]{1,64})((?:/_history/[A-Za-z0-9.-]{1,64})?)\Z"
)
_PLAIN = re.compile(r"([A-Z][A-Za-z]{1,40}/|urn:uuid:)([A-Za-z0-9.-]{1,64})\Z")
"""Most references; the others below know them too."""
_LOCAL = re.compile(r"(#|urn:[a-z0-9][a-z0-9-]{0,31}:(?:[A-Za-z]{1,40}/)?)(.+)\Z")
_PATIENT, _OF_PATIENT = "Patient", "Patient/"
_SEARCH = re.compile(r"([A-Z][A-Za-z]{1,40})\?")


class References:
    """Masks the references of one payload.

    Args:
        payload: its operators.
        kept_id: (id, path) → what stands for it where ids are shown; a method.
    """

    def __init__(self, payload: Payload, kept_id: Callable[[str, str], str]) -> None:
        self._payload = payload
        # Whoever shows ids has these references too, and is not to be kept alive by them.
        self._keeps = payload.keeps_ids
        self._kept_id = WeakMethod(kept_id) if self._keeps else None

    def target(  # noqa: PLR0911  (one for each form)
        self, value: str, path: str
    ) -> str:
        """A reference whose id is masked as the id itself is."""
        if not self._keeps and (match := _PLAIN.match(value)):
            head, target = match.groups()
            if head == _OF_PATIENT:
                self._payload.about(target)
            return head + self._payload.identifier(target, path)
        if match := _REFERENCE.match(value):
            kind, target, history = match.groups()
            if kind == _PATIENT:
                self._payload.about(target)
            if self._keeps:
                return self._kept(value, path)
            masked = self._payload.identifier(target, path)
            return f"{kind}/{masked}/_history/1" if history else f"{kind}/{masked}"
        if self._keeps:
            return self._kept(value, path)
        if match := _LOCAL.match(value):
            return match[1] + self._payload.identifier(match[2], path)
        if match := _SEARCH.match(value):
            rest = value[match.end() :].removeprefix("identifier=")
            return f"{match[1]}?identifier={self._payload.identifier(rest, path)}"
        if TYPE.match(value) or is_masked_id(value):
            return value
        return self._payload.apply(Kind.URL, value, path)

    def _kept(self, value: str, path: str) -> str:
        if "://" in value:
            return self._payload.apply(Kind.URL, value, path)
        kept_id = self._kept_id and self._kept_id()
        assert kept_id  # noqa: S101
        if match := _REFERENCE.match(value):
            return f"{match[1]}/{kept_id(match[2], path)}{match[3]}"
        if match := _LOCAL.match(value):
            return match[1] + kept_id(match[2], path)
        return self._payload.show(value, path)
