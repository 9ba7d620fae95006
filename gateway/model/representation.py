"""Masked representations of stored content (RFC 9110 §3.2, §8.8): how one exchange makes them.

A masked blob is another representation of the same resource: it has bytes, a length, checksums and
an entity tag of its own. How it is made is fixed before anything is sent, so that the entity tag
in a condition and the bytes that come back are of the same masking.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from gateway.model.connection import Masking
from gateway.model.digest import DigestKey
from gateway.model.message import Headers
from gateway.model.operation import Resource
from gateway.model.subjects import NOBODY, Subjects

TagOf: TypeAlias = Callable[[Masking, str], str]
"""(masking, connection) → 16 hex digits that change whenever the masked bytes would."""

ValueOf: TypeAlias = Callable[[Masking, str, str], str]
"""(masking, name, value) → the value as it may be shown; of metadata and tags."""


@dataclass(frozen=True, slots=True)
class Content:
    """Masked bytes of a whole resource.

    Attributes:
        body: never longer than memory bears: its original was bounded.
        counts: masked values by type.
        paths: (field, type, count), never a value.
        key_version: of the token key, "" where no token was made.
    """

    body: bytes = field(repr=False)
    counts: Mapping[str, int] = field(default_factory=dict)
    paths: tuple[tuple[str, str, int], ...] = ()
    key_version: str = ""


ContentOf: TypeAlias = Callable[[Masking, bytes, str, str], Content]
"""(masking, body, content type, content coding) → masked; raises Withheld where it cannot be."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What masks, with the key and the obligations of one exchange.

    Attributes:
        masking_of: the masking of a place for this request.
        tag: of a representation.
        value: masks metadata and tags.
        content: masks stored bytes.
        key: of digests, read before anything was sent: an answer waits for no vault.
        session: id of the session whose names are masked in text, "" for none: what is made then
            is this session's alone.
        seen: digests of the names that masked content has named so far, for the session.
        patients: numbers of those whom masked content has named so far, as they were.
    """

    masking_of: Callable[[Resource], Masking] = field(repr=False)
    tag: TagOf = field(repr=False)
    value: ValueOf = field(repr=False)
    content: ContentOf = field(repr=False)
    key: DigestKey = field(repr=False)
    session: str = ""
    seen: set[bytes] = field(default_factory=set, repr=False)
    patients: set[str] = field(default_factory=set, repr=False)


@dataclass(frozen=True, slots=True)
class MaskedKey:
    """Which representation a cached one is: of what, and of which masking.

    Attributes:
        connection: name from the manifest.
        account: storage account or host.
        container: its name.
        blob: its name.
        version: snapshot or version id, "" for the current one.
        tag: see TagOf.
    """

    connection: str
    account: str
    container: str
    blob: str
    version: str
    tag: str


@dataclass(frozen=True, slots=True)
class Cached:
    """A representation in the cache, without its bytes.

    Attributes:
        etag: of the original, as the upstream gave it.
        length: of the masked bytes.
        headers: of the answer when it was masked, those that describe the representation.
        counts: masked values by type, in all of it.
        paths: (field, type, count), likewise.
        key_version: of the token key, "" where no token was made.
        reference: tells this entry from one that replaces it.
        subjects: the patients that all of it is about.
    """

    etag: str
    length: int
    headers: Headers
    counts: Mapping[str, int]
    paths: tuple[tuple[str, str, int], ...]
    key_version: str
    reference: str = ""
    subjects: Subjects = NOBODY


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` to `stop` of a cached representation, read before the upstream is asked.

    They are served if the upstream says that the original is still the one they were made of.
    """

    cached: Cached
    start: int
    stop: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Plan:
    """How one exchange asks and answers.

    Attributes:
        terms: what masks.
        whole: content is masked, so all of it is read, whatever range was asked for.
        part: what the cache had of it.
        opened: tokens of the request, and the values that go up in their place.
        opened_kinds: how many, by kind; this alone is recorded.
        local: body of a request to the gateway itself, b"" for one that goes to an upstream.
    """

    terms: Terms
    whole: bool = False
    part: Part | None = None
    opened: Mapping[str, str] = field(default_factory=dict, repr=False)
    opened_kinds: Mapping[str, int] = field(default_factory=dict)
    local: bytes = field(default=b"", repr=False)
