"""Marks and tokens as they stand in masked content, and how they are found again.

[name]                          a redacted value
[name:1:mzxw6ytboi…]            a token: type, key version, AES-SIV in base32
[name#1:mzxw6ytboi…]            a keyed hash, which nobody opens
masked-5f2a9c01-3               an id, numbered within one payload (valid as a FHIR id)
tk-1-mzxw6ytboi…                a token that is valid as a FHIR id; th-… where it is one-way
"""

import re

from gateway.masking.kinds import Kind

_KINDS = "|".join(sorted((kind.value for kind in Kind), key=len, reverse=True))
PATTERN = (
    rf"\[(?:{_KINDS})(?:[:#][A-Za-z0-9]{{1,8}}:[a-z2-7]{{26,}})?\]"
    r"|\bmasked-[0-9a-f]{8}-[0-9]{1,9}\b"
    r"|\bt[kh]-[A-Za-z0-9]{1,4}-[a-z2-7]{26,60}\b"
)
"""Group-less and in the common subset of RE2 and `re`."""
_BYTES = re.compile(PATTERN.encode())
_WITHIN = re.compile(PATTERN)
_WHOLE = re.compile(rf"(?:{PATTERN})\Z")
_LAST = re.compile(rf"(?:{PATTERN})\Z".encode())
_MAX_MARK = 4096
_ID = re.compile(r"(?:masked-[0-9a-f]{8}-[0-9]{1,9}|t[kh]-[A-Za-z0-9]{1,4}-[a-z2-7]{26,60})\Z")
_MARKS = {kind: f"[{kind}]" for kind in Kind}
FIRST = frozenset("[mt")
"""What marks begin with."""
# What every mark holds; looked for first, since most uploads hold none of it.
_HINTS = (b"masked-", b"tk-", b"th-", *(f"[{kind}".encode() for kind in Kind))


def mark(kind: Kind) -> str:
    """What stands in place of a redacted value."""
    return _MARKS[kind]


def is_mark(value: str) -> bool:
    """Whether the whole of `value` is a mark or token of this engine."""
    return value[:1] in FIRST and _WHOLE.match(value) is not None


def ends_in_mark(body: bytes) -> bool:
    """Whether a mark in brackets is the last of `body`, as in masked prose, and in no JSON."""
    start = body.rfind(b"[", -_MAX_MARK) if body.endswith(b"]") else -1
    return start >= 0 and _LAST.match(body, start) is not None


def unmarked(value: str) -> str:
    """What is left of a value without its marks and tokens, which may hold digits."""
    return _WITHIN.sub("", value)


def is_masked_id(value: str) -> bool:
    """Whether the whole of `value` is an id as this engine writes it."""
    return value[:1] in FIRST and _ID.match(value) is not None


def marks(body: bytes, limit: int = 100) -> tuple[tuple[int, int], ...]:
    """(start, end) of the engine's own marks and tokens in `body`, at most `limit`.

    For the guardrail that keeps masked content from being written over the original; JSON, CSV,
    HL7 v2 and text write marks as they are. UTF-16 text is looked at as UTF-8.
    """
    if body[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        body = body.decode("utf-16", "replace").encode()
    if not any(hint in body for hint in _HINTS):
        return ()
    found: list[tuple[int, int]] = []
    for match in _BYTES.finditer(body):
        found.append(match.span())
        if len(found) >= limit:
            break
    return tuple(found)
