"""Entity tags of masked representations (RFC 9110 §8.8): `"<original>~<tag>"`.

A masked blob is another representation, so its ETag must differ from the original's and must
change when the masking does. The tag is computed without reading the blob, and the original stands
before it, so conditions translate back without any state.
"""

import re
from hashlib import sha256

from gateway.model.connection import Masking

NEVER = '"0x0"'
"""An entity tag that no blob has: Azure's are ticks in hexadecimal, which are not 0."""

_DERIVED = re.compile(r'(W/)?("?)([^",~\s]+)~([0-9a-f]{16})\2')


def tag(masking: Masking, scope: str, *circumstances: str) -> str:
    """16 hex digits that identify the masking.

    Args:
        masking: profile and its definition.
        scope: within which tokens are the same; holds the connection's name.
        circumstances: what else decides the masked bytes: versions of the engine and of the token
            key, whether free text is accepted.
    """
    parts = ("v2", masking.profile, masking.digest, str(int(masking.ephi)), scope, *circumstances)
    return sha256("\0".join(parts).encode()).hexdigest()[:16]


def derive(etag: str, tag: str) -> str:
    """The entity tag of the masked representation; quoted or not, as the original is."""
    return f'{etag[:-1]}~{tag}"' if etag.endswith('"') else f"{etag}~{tag}"


def original(condition: str, tag: str) -> str:
    """The value of If-Match or If-None-Match for the upstream.

    A tag of another masking, or an original's own entity tag, matches no representation that is
    served here, so the upstream is given one that matches nothing: If-Match fails there with 412,
    If-None-Match holds.
    """
    if condition == "*":
        return condition
    match = _DERIVED.fullmatch(condition)
    if match is None or match[4] != tag:
        return NEVER
    return f"{match[1] or ''}{match[2]}{match[3]}{match[2]}"
