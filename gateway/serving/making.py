"""One answer in the gateway's terms, masked as a whole; pure, for threads."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

from gateway.masking.masker import check_whole, is_masked_content, media
from gateway.masking.version import ENGINE_VERSION
from gateway.model.connection import Masking
from gateway.model.exchange import Forwarded, MaskSummary
from gateway.model.message import Headers
from gateway.model.representation import Content, Terms
from gateway.model.subjects import NOBODY, Subjects
from gateway.upstream import present

VALUE: Final = "value"
"""Counts metadata and tag values that are not shown as they are."""


@dataclass(frozen=True, slots=True)
class Made:
    """An answer before ranges.

    Attributes:
        headers: of the whole.
        body: of everything but masked content.
        values: masked metadata and tag values, by type.
        content: masked stored bytes, None where the answer holds none.
    """

    headers: Headers
    body: bytes = field(repr=False)
    values: Mapping[str, int] = field(default_factory=dict)
    content: Content | None = None


def make(forwarded: Forwarded, terms: Terms) -> Made:
    """The whole answer.

    Raises:
        Withheld: it may not be shown, or cannot be masked.
    """
    classified = forwarded.intended.prepared.approved.screened.authorised.classified
    request = classified.authenticated.received.request
    response = forwarded.response
    values: Counter[str] = Counter()

    def counted(masking: Masking, name: str, value: str) -> str:
        shown = terms.value(masking, name, value)
        if shown != value:
            values[VALUE] += 1
        return shown

    headers, body = present(
        classified.connection,
        request,
        classified.operation,
        response,
        replace(terms, value=counted),
    )
    if not _holds_content(forwarded, terms):
        return Made(headers, body, values)
    check_whole(response)
    place = terms.masking_of(classified.operation.accesses[0].resource)
    content = terms.content(place, body, *media(response)) if body else Content(b"")
    return Made(headers, b"", values, content)


def summary(masking: Masking, made: Made, subjects: Subjects = NOBODY) -> MaskSummary:
    """What the outcome record says of it, and of the patients that it is about."""
    if made.content is None:
        return MaskSummary(masking.profile, masking.digest, counts=made.values)
    content = made.content
    counts = dict(Counter(made.values) + Counter(content.counts))
    return MaskSummary(
        masking.profile,
        masking.digest,
        content.key_version,
        counts,
        paths=content.paths,
        engine=ENGINE_VERSION,
        subjects=subjects,
    )


def _holds_content(forwarded: Forwarded, terms: Terms) -> bool:
    authorised = forwarded.intended.prepared.approved.screened.authorised
    classified = authorised.classified
    request = classified.authenticated.received.request
    place = terms.masking_of(classified.operation.accesses[0].resource)
    # Errors have been rebuilt and hold no content; a redirect or 304 has no body at all.
    shown = forwarded.response.status < HTTPStatus.MULTIPLE_CHOICES
    return is_masked_content(authorised, place, request.method) and shown
