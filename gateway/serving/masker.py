"""The masker: answers that an agent may see, and ranges of them.

Successive ranges of one large blob do not mask the whole again: what is over a bound and was asked
for in parts is kept encrypted for a while. Before the kept bytes are served, the upstream says that
the blob is still the one they were made of, under the same authorisation as any other read.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final, TypeVar

from gateway.masking import masker as place
from gateway.masking.version import ENGINE_VERSION
from gateway.model.connection import ConnectionKind
from gateway.model.exchange import Authorised, Forwarded, Masked, MaskSummary
from gateway.model.message import Answer, Headers
from gateway.model.representation import Cached, Content, MaskedKey, Part, Plan, Terms
from gateway.model.signals import OTHER, Attribute, Signal
from gateway.model.subjects import NOBODY, Subjects, subjects_of
from gateway.ports import (
    SILENT,
    Clock,
    DigestKeys,
    MaskedCache,
    MaskingOf,
    SessionMemory,
    Telemetry,
    TokenBudget,
    TokenKeys,
)
from gateway.serving import detokenising
from gateway.serving.making import Made, make, summary
from gateway.serving.offload import offload
from gateway.serving.terms import needs_key, remembers, shows_text, terms
from gateway.upstream import ranges, validators
from gateway.upstream.fhir.pages import PageSeal

M = TypeVar("M")

CACHE_BYTES: Final = 256 * 1024
"""Below this, masking again takes less time than a look into the cache."""

_OTHER_CONDITIONS: Final = (
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
)
# A 304 says these anew; the rest describes the representation and was kept with it.
_OF_THIS_ANSWER: Final = ("x-ms-client-request-id", "x-ms-request-id", "x-ms-version")


class EngineMasker:
    """`ports.Masker`.

    Args:
        keys: of tokens, asked only where a profile makes them.
        cache: of large representations.
        clock: says the year, which decides who is older than 89.
        digest_keys: seal the links to further pages of an answer, and key numbered ids.
        budget: of tokens that are turned back.
        memory: of names that a session's answers have shown.
        telemetry: is told how long masking took.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - ports
        self,
        keys: TokenKeys,
        cache: MaskedCache,
        clock: Clock,
        digest_keys: DigestKeys,
        budget: TokenBudget,
        memory: SessionMemory,
        telemetry: Telemetry = SILENT,
    ) -> None:
        self._keys = keys
        self._cache = cache
        self._clock = clock
        self._digest_keys = digest_keys
        self._budget = budget
        self._memory = memory
        self._telemetry = telemetry

    def admit(self, authorised: Authorised) -> None:
        """See `ports.Masker`."""
        place.admit(authorised)
        if authorised.classified.operation.fhir is not None:
            from gateway.serving import opening  # noqa: PLC0415 - large, and of FHIR alone

            opening.admit(authorised)
        detokenising.admit(authorised)

    async def prepare(self, authorised: Authorised, masking_of: MaskingOf) -> Plan:
        """See `ports.Masker`; looks for what the cache has of an authorised read."""
        found = await self._terms(authorised, masking_of)
        classified = authorised.classified
        if (asked := classified.operation.detokenization) is not None:
            return await detokenising.prepare(authorised, asked, found, self._keys, self._budget)
        if classified.connection.kind is ConnectionKind.FHIR:
            from gateway.serving import opening  # noqa: PLC0415 - as in `admit`

            tokens = await opening.open_tokens(authorised, self._keys, self._budget)
            return Plan(found, opened=tokens.values, opened_kinds=tokens.kinds)
        target = classified.operation.accesses[0].resource
        request = classified.authenticated.received.request
        if not place.is_masked_content(authorised, masking_of(target), request.method):
            return Plan(found)
        return Plan(found, whole=True, part=await self._part(authorised, found))

    async def mask(self, forwarded: Forwarded, masking_of: MaskingOf) -> Masked:
        """See `ports.Masker`."""
        prepared = forwarded.intended.prepared
        authorised = prepared.approved.screened.authorised
        if authorised.classified.operation.detokenization is not None:
            return detokenising.answer(forwarded)
        plan = prepared.plan or Plan(await self._terms(authorised, masking_of))
        if authorised.classified.connection.kind is ConnectionKind.FHIR:
            return await self._fhir(forwarded, plan.terms)
        made = await self._timed(forwarded, make, plan.terms)
        await self._remember(forwarded, plan.terms)
        if plan.part is not None and forwarded.response.status == HTTPStatus.NOT_MODIFIED:
            return self._reused(forwarded, made, plan.part)
        told = summary(authorised.obligations.masking, made, _subjects(plan.terms))
        if made.content is None:
            return _masked(forwarded, forwarded.response.status, made.headers, made.body, told)
        return await self._served(forwarded, plan.terms, made.headers, made.content, told)

    async def _fhir(self, forwarded: Forwarded, found: Terms) -> Masked:
        from gateway.serving import fhir  # noqa: PLC0415 - large, and of FHIR alone

        authorised = forwarded.intended.prepared.approved.screened.authorised
        classified = authorised.classified
        pages = PageSeal.of(
            found.key,
            classified.authenticated.principal,
            classified.connection.name,
        )
        made = await self._timed(forwarded, fhir.answer, found, pages)
        await self._remember(forwarded, found)
        masking, content = authorised.obligations.masking, made.content
        told = MaskSummary(
            masking.profile,
            masking.digest,
            content.key_version,
            content.counts,
            paths=content.paths,
            engine=ENGINE_VERSION if masking.masks and content.body else "",
            subjects=_subjects(found),
        )
        self._count(forwarded, told.subjects, len(made.body), len(made.body))
        return _masked(forwarded, forwarded.response.status, made.headers, made.body, told)

    def _count(self, forwarded: Forwarded, subjects: Subjects, shown: int, whole: int) -> None:
        """Tell of the patients in `shown` bytes of an answer of `whole` bytes."""
        if self._telemetry.on and (number := subjects.share(shown, whole)):
            authorised = forwarded.intended.prepared.approved.screened.authorised
            kind = authorised.classified.connection.kind
            self._telemetry.add(Signal.PATIENTS_SEEN, number, {Attribute.CONNECTION_KIND: kind})

    async def _timed(self, forwarded: Forwarded, make: Callable[..., M], *rest: object) -> M:
        """Run `make(forwarded, *rest)` where it does not hold up others, and tell how long."""
        size = len(forwarded.response.body)
        if not self._telemetry.on:
            return await offload(size, make, forwarded, *rest)
        from gateway.masking.formats import stated  # noqa: PLC0415 - large: see `terms`

        began = self._clock.now()
        made = await offload(size, make, forwarded, *rest)
        took = (self._clock.now() - began).total_seconds() * 1000
        said = stated(forwarded.response.headers.get("content-type") or "")
        self._telemetry.measure(Signal.MASKING_TIME, took, {Attribute.FORMAT: said or OTHER})
        return made

    async def _terms(self, authorised: Authorised, masking_of: MaskingOf) -> Terms:
        key = await self._keys.current() if needs_key(authorised, masking_of) else None
        numbering = await self._digest_keys.current()
        today = self._clock.now().date()
        if not remembers(authorised):
            return terms(authorised, masking_of, key, today, numbering)
        session = authorised.classified.authenticated.session
        if not shows_text(authorised):
            names = await self._memory.empty(session)
            return terms(authorised, masking_of, key, today, numbering, names=names)
        names = await self._memory.recall(session)
        return terms(authorised, masking_of, key, today, numbering, names=names, session=session.id)

    async def _remember(self, forwarded: Forwarded, found: Terms) -> None:
        """Before the answer is shown: a name that is forgotten would stand in the next text."""
        if found.seen:
            authorised = forwarded.intended.prepared.approved.screened.authorised
            await self._memory.remember(
                authorised.classified.authenticated.session, frozenset(found.seen)
            )

    async def _part(self, authorised: Authorised, found: Terms) -> Part | None:
        """The range that is asked for, if the cache has it and a 304 can vouch for it."""
        headers = authorised.classified.authenticated.received.request.headers
        wanted = ranges.asked(headers)
        if wanted is None or any(name in headers for name in _OTHER_CONDITIONS):
            return None
        key = _key(authorised, found)
        condition = headers.get("if-match")
        etag = validators.original(condition, key.tag) if condition else ""
        begins = wanted.suffix is None and not wanted.first
        if etag in {validators.NEVER, "*"} or (begins and not etag):
            return None
        cached = await self._cache.find(key)
        if cached is None or etag not in {"", cached.etag}:
            return None
        span = wanted.within(cached.length)
        if span is None:
            return Part(cached, cached.length, cached.length, b"")
        body = await self._cache.read(key, cached, *span)
        return Part(cached, *span, body) if body is not None else None

    def _reused(self, forwarded: Forwarded, made: Made, part: Part) -> Masked:
        """A part of what was kept, now that the upstream has vouched for it."""
        authorised = forwarded.intended.prepared.approved.screened.authorised
        asked_with = authorised.classified.authenticated.received.request.headers
        masking = authorised.obligations.masking
        cached = part.cached
        headers = cached.headers
        for name in _OF_THIS_ANSWER:
            value = made.headers.get(name)
            headers = headers.replacing(name, value) if value is not None else headers
        span = (part.start, part.stop) if part.start < part.stop else None
        told = MaskSummary(
            masking.profile,
            masking.digest,
            cached.key_version,
            cached.counts,
            paths=cached.paths,
            engine=ENGINE_VERSION,
            subjects=cached.subjects,
        )
        self._count(forwarded, cached.subjects, len(part.body), cached.length)
        status, headers, body = ranges.answer(asked_with, headers, part.body, span, cached.length)
        return _masked(forwarded, status, headers, body, told)

    async def _served(
        self,
        forwarded: Forwarded,
        found: Terms,
        headers: Headers,
        content: Content,
        told: MaskSummary,
    ) -> Masked:
        authorised = forwarded.intended.prepared.approved.screened.authorised
        asked_with = authorised.classified.authenticated.received.request.headers
        headers = headers.replacing("accept-ranges", "bytes")
        wanted = ranges.asked(asked_with)
        if wanted is None or not ranges.applies(asked_with, headers.get("etag") or ""):
            length = len(content.body)
            self._count(forwarded, told.subjects, length, length)
            return _masked(forwarded, HTTPStatus.OK.value, headers, content.body, told)
        length = len(content.body)
        span = wanted.within(length)
        # A session learns names between two parts, which are to be of one masking all the same.
        worth = length >= CACHE_BYTES or bool(found.session)
        if worth and span not in {None, (0, length)}:
            await self._keep(forwarded, _key(authorised, found), headers, content, told.subjects)
        body = content.body[slice(*span)] if span else b""
        self._count(forwarded, told.subjects, len(body), length)
        status, headers, body = ranges.answer(asked_with, headers, body, span, length)
        return _masked(forwarded, status, headers, body, told)

    async def _keep(
        self,
        forwarded: Forwarded,
        key: MaskedKey,
        headers: Headers,
        content: Content,
        subjects: Subjects,
    ) -> None:
        etag = forwarded.response.headers.get("etag")
        if etag is None:
            return
        described = headers.without(*_OF_THIS_ANSWER)
        length = len(content.body)
        cached = Cached(
            etag,
            length,
            described,
            content.counts,
            content.paths,
            content.key_version,
            subjects=subjects,
        )
        await self._cache.store(key, cached, content.body)


def _key(authorised: Authorised, found: Terms) -> MaskedKey:
    target = authorised.classified.operation.accesses[0].resource
    container, blob = target.path
    # Names of the session are masked in it, and the parts of one download are of one masking.
    tag = found.tag(found.masking_of(target), target.connection) + found.session
    return MaskedKey(target.connection, target.authority, container, blob, target.version, tag)


def _subjects(found: Terms) -> Subjects:
    """The patients that masked content has named."""
    return subjects_of(found.patients, found.key) if found.patients else NOBODY


def _masked(
    forwarded: Forwarded, status: int, headers: Headers, body: bytes, told: MaskSummary
) -> Masked:
    return Masked(forwarded, Answer(status, place.typed(headers), body), told)
