"""What masks in one exchange: the engine with the token key, the scope and the obligations.

The engine is imported by what first masks, since its tables and recognisers are a fifth of the
gateway's own share of a cold start; `gateway.serving.warming` does so ahead of that.
"""

import time
from datetime import date
from typing import TYPE_CHECKING

from gateway.errors import Reason, Withheld
from gateway.masking.generalise import year_end
from gateway.masking.profiles.profile import Profile, Scope, resolve
from gateway.masking.session_names import SessionNames
from gateway.masking.tokens import TokenKey, numbering_salt
from gateway.masking.version import ENGINE_VERSION
from gateway.model.connection import Masking
from gateway.model.digest import DigestKey
from gateway.model.exchange import Authorised
from gateway.model.operation import Effect, Shape
from gateway.model.principal import Principal
from gateway.model.representation import Content, Terms
from gateway.ports import MaskingOf
from gateway.upstream import validators

if TYPE_CHECKING:
    from gateway.masking.context import Context


def makes_tokens(masking: Masking) -> bool:
    """Whether the profile needs a token key.

    Raises:
        Withheld: the engine does not know the profile.
    """
    return masking.masks and profile_of(masking).makes_tokens


def profile_of(masking: Masking) -> Profile:
    """The engine's profile of a masking: its definition, or what the engine has by its name.

    Raises:
        Withheld: the engine does not know the profile, or the definition is not one of its own.
    """
    if masking.definition is None:
        return resolve(masking.profile, masking.rank)
    if not isinstance(masking.definition, Profile):
        raise Withheld(
            "The masking profile's definition is none that the engine can read.",
            reason=Reason.MASKING_FAILED,
        )
    return masking.definition


def needs_key(authorised: Authorised, masking_of: MaskingOf) -> bool:
    """Whether an answer, or an entity tag in a condition, may depend on the token key.

    Raises:
        Withheld: the engine does not know a profile.
    """
    classified = authorised.classified
    maskings = [authorised.obligations.masking]
    maskings += [masking_of(access.resource) for access in classified.operation.accesses]
    if classified.operation.shape is Shape.LISTING:
        # Entries are masked each by its own place.
        maskings += [area.masking for area in classified.connection.areas]
    return any(makes_tokens(masking) for masking in maskings)


def remembers(authorised: Authorised) -> bool:
    """Whether names in the answer are for the session to remember: where a rule shows text."""
    obligations = authorised.obligations
    operation = authorised.classified.operation
    masked = obligations.masking.masks and operation.detokenization is None
    return obligations.remember_names and masked and operation.effect is Effect.READ


def shows_text(authorised: Authorised) -> bool:
    """Whether the answer may show masked free text."""
    obligations = authorised.obligations
    return obligations.accept_free_text or not obligations.masking.ephi


def terms(  # noqa: PLR0913 - what an exchange masks with
    authorised: Authorised,
    masking_of: MaskingOf,
    key: TokenKey | None,
    today: date,
    numbering: DigestKey,
    *,
    names: SessionNames | None = None,
    session: str = "",
) -> Terms:
    """The terms of one exchange.

    Args:
        authorised: whose tokens, and whether masked free text is accepted.
        masking_of: the masking of a place.
        key: of tokens, None where no profile makes any.
        today: decides who is older than 89; see `year_end`.
        numbering: keys the ids that are numbered; there is one in every deployment.
        names: that the session's answers have shown, None where nothing is remembered.
        session: its id where what it remembers is masked in the answer.
    """
    exchange = _Exchange(authorised, key, year_end(today), numbering, names)
    return exchange.terms(masking_of, session)


def scope_of(masking: Masking, principal: Principal, connection: str) -> str:
    """Within what equal values have equal tokens; an object id is never empty.

    Raises:
        Withheld: the engine does not know the profile.
    """
    match profile_of(masking).scope:
        case Scope.PRINCIPAL:
            owner = f"{principal.tenant}|{principal.object_id}|{principal.application}"
            return f"{owner}|{connection}"
        case Scope.CONNECTION:
            return f"{principal.tenant}|||{connection}"
        case Scope.TENANT:
            return f"{principal.tenant}|||"


class _Exchange:
    """The engine, bound to one exchange."""

    def __init__(
        self,
        authorised: Authorised,
        key: TokenKey | None,
        today: date,
        numbering: DigestKey,
        names: SessionNames | None,
    ) -> None:
        classified = authorised.classified
        principal = classified.authenticated.principal
        self._principal = principal
        self._connection = classified.connection.name
        self._accept_free_text = authorised.obligations.accept_free_text
        self._key = key
        self._today = today
        self._numbering = numbering
        self._names = names
        self._seen: set[bytes] = set()
        self._patients: set[str] = set()

    def terms(self, masking_of: MaskingOf, session: str) -> Terms:
        return Terms(
            masking_of,
            self._tag,
            self._value,
            self._content,
            self._numbering,
            session,
            self._seen,
            self._patients,
        )

    def _tag(self, masking: Masking, connection: str) -> str:
        """Without tokens, every principal has the same representation, and the same tag."""
        key = self._key if makes_tokens(masking) else None
        return validators.tag(
            masking,
            self._scope(masking, connection) if key else connection,
            ENGINE_VERSION,
            key.version if key else "",
            str(int(self._accept_free_text)),
            str(self._today.year),
            self._numbering.version,
        )

    def _scope(self, masking: Masking, connection: str) -> str:
        return scope_of(masking, self._principal, connection)

    def _value(self, masking: Masking, name: str, value: str) -> str:
        from gateway.masking import engine  # noqa: PLC0415 - large

        return engine.mask_text_value(name, value, self._context(masking))

    def _content(self, masking: Masking, body: bytes, kind: str, coding: str) -> Content:
        from gateway.masking import engine  # noqa: PLC0415 - large

        result = engine.mask(body, kind, coding, self._context(masking))
        self._seen.update(result.names_seen)
        self._patients.update(result.patients)
        return Content(result.body, result.counts, result.paths, result.key_version)

    def _context(self, masking: Masking) -> "Context":
        from gateway.masking.context import Context  # noqa: PLC0415 - large

        return Context(
            profile=masking.profile,
            digest=masking.digest,
            ephi=masking.ephi,
            accept_free_text=self._accept_free_text,
            key=self._key,
            scope=self._scope(masking, self._connection),
            today=self._today,
            rank=masking.rank,
            definition=profile_of(masking),
            salt=numbering_salt(self._numbering.key),
            session_names=self._names,
            # Work of others in the process is not counted.
            clock=time.thread_time,
        )
