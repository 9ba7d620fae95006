"""What masks in one exchange: the engine with the token key, the scope and the obligations."""

from datetime import date

from gateway.masking import engine
from gateway.masking.profiles import resolve
from gateway.masking.tokens import TokenKey
from gateway.model.connection import Masking
from gateway.model.exchange import Authorised
from gateway.model.operation import Shape
from gateway.model.representation import Content, Terms
from gateway.ports import MaskingOf
from gateway.upstream import validators


def makes_tokens(masking: Masking) -> bool:
    """Whether the profile needs a token key.

    Raises:
        Withheld: the engine does not know the profile.
    """
    return masking.masks and resolve(masking.profile, masking.rank).makes_tokens


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


def terms(
    authorised: Authorised, masking_of: MaskingOf, key: TokenKey | None, today: date
) -> Terms:
    """The terms of one exchange.

    Args:
        authorised: whose tokens, and whether masked free text is accepted.
        masking_of: the masking of a place.
        key: of tokens, None where no profile makes any.
        today: decides who is older than 89; see `year_end`.
    """
    return _Exchange(authorised, key, year_end(today)).terms(masking_of)


def year_end(today: date) -> date:
    """The last day of the year: who turns 90 in it is masked as 90 from January on.

    So the masked bytes, and with them the entity tag, change once a year and not every day.
    """
    return date(today.year, 12, 31)


class _Exchange:
    """The engine, bound to one exchange."""

    def __init__(self, authorised: Authorised, key: TokenKey | None, today: date) -> None:
        classified = authorised.classified
        principal = classified.authenticated.principal
        self._principal = f"{principal.tenant}|{principal.object_id}|{principal.application}"
        self._connection = classified.connection.name
        self._accept_free_text = authorised.obligations.accept_free_text
        self._key = key
        self._today = today

    def terms(self, masking_of: MaskingOf) -> Terms:
        return Terms(masking_of, self._tag, self._value, self._content)

    def _tag(self, masking: Masking, connection: str) -> str:
        """Without tokens, every principal has the same representation, and the same tag."""
        key = self._key if makes_tokens(masking) else None
        return validators.tag(
            masking,
            f"{self._principal}|{connection}" if key else connection,
            engine.ENGINE_VERSION,
            key.version if key else "",
            str(int(self._accept_free_text)),
            str(self._today.year),
        )

    def _value(self, masking: Masking, name: str, value: str) -> str:
        return engine.mask_text_value(name, value, self._context(masking))

    def _content(self, masking: Masking, body: bytes, kind: str, coding: str) -> Content:
        result = engine.mask(body, kind, coding, self._context(masking))
        return Content(result.body, result.counts, result.paths, result.key_version)

    def _context(self, masking: Masking) -> engine.Context:
        return engine.Context(
            profile=masking.profile,
            digest=masking.digest,
            ephi=masking.ephi,
            accept_free_text=self._accept_free_text,
            key=self._key,
            scope=f"{self._principal}|{self._connection}",
            today=self._today,
            rank=masking.rank,
        )
