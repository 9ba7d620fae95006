"""Links to further pages: sealed, so that they say nothing and lead nobody else anywhere.

The upstream's continuation token may hold values that it sorts by, and a page must be judged as the
search that it belongs to. So a `next` link of the gateway's holds the search as the agent asked it
and the upstream's token, encrypted and authenticated with AES-SIV (RFC 5297) for one principal on
one connection. Opening it gives a request that is judged anew.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.errors import InvalidRequest, Reason
from gateway.model.digest import DigestKey
from gateway.model.fhir import Page
from gateway.model.principal import Principal

MAX_CHARS: Final = 24 * 1024
_SEALED: Final = re.compile(r"v1\.([0-9A-Za-z-]{1,64})\.([A-Za-z0-9_-]{22,})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PageSeal:
    """Seals and opens the pages of one principal on one connection."""

    key: DigestKey = field(repr=False)
    owner: str
    connection: str

    @classmethod
    def of(cls, key: DigestKey, principal: Principal, connection: str) -> "PageSeal":
        """The seal of a caller."""
        owner = f"{principal.tenant}|{principal.object_id}|{principal.application}"
        return cls(key, owner, connection)

    def seal(self, page: Page) -> str:
        """The text that stands in a link."""
        data = orjson.dumps([list(page.path), page.query, page.token])
        sealed = self._cipher().encrypt(data, self._bound())
        text = base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()
        return f"v1.{self.key.version}.{text}"

    def unseal(self, text: str) -> Page:
        """What was sealed.

        Raises:
            InvalidRequest: changed, another caller's or connection's, or of a former key.
        """
        match = _SEALED.fullmatch(text) if len(text) <= MAX_CHARS else None
        if match is None or match[1] != self.key.version:
            raise _refused()
        try:
            raw = base64.urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4))
            path, query, token = orjson.loads(self._cipher().decrypt(raw, self._bound()))
        except (binascii.Error, ValueError, InvalidTag):
            raise _refused() from None
        return Page(tuple(path), query, token)

    def _cipher(self) -> AESSIV:
        """A key for this purpose alone (RFC 5869)."""
        info = b"chaperone v1 fhir page"
        hkdf = HKDF(algorithm=SHA256(), length=64, salt=None, info=info)
        return AESSIV(hkdf.derive(self.key.key))

    def _bound(self) -> list[bytes]:
        return [b"fhir-page-1", self.owner.encode(), self.connection.encode()]


def _refused() -> InvalidRequest:
    return InvalidRequest(
        "The link to a page was not made for this caller, or no longer holds.",
        reason=Reason.TARGET_INVALID,
        advice="Search again, and follow the links of that answer.",
    )
