"""The methods keep, redact, dateShift, cryptoHash, encrypt and perturb."""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

from gateway.masking.codecs.json_codec import Number
from gateway.masking.fhir_anonymizer import dates
from gateway.masking.fhir_anonymizer.definitions import resource_types
from gateway.masking.fhir_anonymizer.labels import Label
from gateway.masking.fhir_anonymizer.nodes import Element, text
from gateway.masking.fhir_anonymizer.rules import ProcessingFailed, Run

IV_BYTES = 16
_BLOCK_BITS = 128
_INTEGERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_QUANTITIES = frozenset({"Age", "Count", "Duration", "Distance", "Money", "Quantity"})
_DIGITS = re.compile(r"[0-9]")
_ZIP_DIGITS = 3
_NOISE_BYTES = 8


def keep(_: Element, __: Run) -> Label | None:
    """Nothing is done, and later rules do not touch the element."""
    return None


@dataclass(frozen=True, slots=True)
class Redact:
    """Remove values, or keep the parts that Safe Harbor allows."""

    partial_dates: bool
    partial_ages: bool
    partial_zips: bool
    sparse_zips: tuple[str, ...]

    def __call__(self, node: Element, run: Run) -> Label | None:
        """Remove the value, or what of it identifies."""
        value = text(node.value)
        if not value:
            return None
        if node.type in dates.TYPES:
            node.value = dates.redacted(value, partial=self.partial_dates, today=run.today)
        elif node.type == "decimal" and node.parent is not None and node.parent.type == "Age":
            if not self.partial_ages or _decimal(value) > dates.MAX_AGE:
                node.value = None
        elif node.name == "postalCode":
            node.value = self._zip(value) if self.partial_zips else None
            return Label.ABSTRACTED if self.partial_zips else Label.REDACTED
        else:
            node.value = None
        return Label.REDACTED

    def _zip(self, value: str) -> str:
        if value.startswith(self.sparse_zips):
            return _DIGITS.sub("0", value)
        return value[:_ZIP_DIGITS] + _DIGITS.sub("0", value[_ZIP_DIGITS:])


@dataclass(frozen=True, slots=True)
class DateShift:
    """Shift dates by as many days for all of a scope; what cannot be shifted is redacted."""

    key: str
    fixed: int | None
    redact: Redact

    def __call__(self, node: Element, run: Run) -> Label | None:
        """Move a date."""
        value = text(node.value)
        if not value or node.type not in dates.TYPES:
            return None
        days = self.fixed
        if days is None:
            days = dates.offset(run.scope or run.resource_id(), self.key)
        moved = dates.shifted(value, days, run.today)
        if moved is None:
            return self.redact(node, run)
        node.value = moved
        return Label.PERTURBED


@dataclass(frozen=True, slots=True)
class CryptoHash:
    """Hexadecimal HMAC-SHA-256 of the value, of references only of their id."""

    key: bytes

    def __call__(self, node: Element, _: Run) -> Label | None:
        """Hash a value."""
        value = text(node.value)
        if not value:
            return None
        parent = node.parent
        if node.name == "reference" and parent is not None and parent.type == "Reference":
            node.value = _hashed_reference(value, self._hash)
        else:
            node.value = self._hash(value)
        node.made = True
        return Label.HASHED

    def _hash(self, value: str) -> str:
        if not value:
            return value
        return hmac.new(self.key, value.encode(), hashlib.sha256).hexdigest()


@cache
def _references() -> tuple[re.Pattern[str], ...]:
    types = "|".join(sorted(resource_types(), key=len, reverse=True))
    return (
        re.compile(
            rf"((?:https?://[A-Za-z0-9\\/.:%$]*)?(?:{types})/)"
            r"([A-Za-z0-9.-]{1,64})(/_history/[A-Za-z0-9.-]{1,64})?\Z"
        ),
        re.compile(r"(urn:oid:)([0-2](?:\.(?:0|[1-9][0-9]*))+)()\Z"),
        re.compile(r"(urn:uuid:)([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})()\Z"),
    )


def _hashed_reference(value: str, hashed: Callable[[str], str]) -> str:
    if value.startswith("#"):
        return "#" + hashed(value[1:])
    for pattern in _references():
        if match := pattern.match(value):
            return match[1] + hashed(match[2]) + (match[3] or "")
    return hashed(value)


@dataclass(frozen=True, slots=True)
class Encrypt:
    """Base64 of the initialisation vector and AES-CBC of the value."""

    key: bytes

    def __call__(self, node: Element, run: Run) -> Label | None:
        """Encrypt a value."""
        value = text(node.value)
        if not value:
            return None
        start = run.random(IV_BYTES)
        padder = PKCS7(_BLOCK_BITS).padder()
        padded = padder.update(value.encode()) + padder.finalize()
        encryptor = Cipher(AES(self.key), CBC(start)).encryptor()
        sealed = encryptor.update(padded) + encryptor.finalize()
        node.value = base64.b64encode(start + sealed).decode()
        node.made = True
        return Label.ENCRYPTED


def decrypted(sealed: str, key: bytes) -> str:
    """What `encrypt` was given.

    Raises:
        ValueError: not made by it with this key.
    """
    data = base64.b64decode(sealed, validate=True)
    decryptor = Cipher(AES(key), CBC(data[:IV_BYTES])).decryptor()
    padded = decryptor.update(data[IV_BYTES:]) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


@dataclass(frozen=True, slots=True)
class Perturb:
    """Add uniform noise to a number, or to the value of a quantity.

    With a key the noise depends on the resource and the value alone: who asks again and again is
    given the same number and cannot average the noise away.
    """

    span: Decimal
    proportional: bool
    places: int
    key: bytes | None

    def __call__(self, node: Element, run: Run) -> Label | None:
        """Change a number."""
        target: Element | None = None
        if node.type == "decimal" or node.type in _INTEGERS:
            target = node
        elif node.type in _QUANTITIES:
            target = next(iter(node.named("value")), None)
        if target is None or target.value is None or target.visited:
            return None
        value = _decimal(text(target.value))
        span = abs(value) * self.span if self.proportional else self.span
        noise = run.random(_NOISE_BYTES) if self.key is None else self._keyed(target, run)
        fraction = Decimal(int.from_bytes(noise)) / (2 ** (8 * _NOISE_BYTES) - 1)
        target.value = self._rounded(value + span * (fraction - Decimal("0.5")), target.type)
        for below in node.below():
            below.visited = True
        return Label.PERTURBED

    def _keyed(self, node: Element, run: Run) -> bytes:
        seen = "\0".join([run.resource_id(), node.path(), text(node.value)])
        return hmac.new(self.key or b"", seen.encode(), hashlib.sha256).digest()[:_NOISE_BYTES]

    def _rounded(self, value: Decimal, kind: str) -> Number:
        places = 0 if kind in _INTEGERS else self.places
        try:
            rounded = round(value, places)
        except ArithmeticError as error:
            raise ProcessingFailed from error
        if kind == "positiveInt":
            rounded = max(rounded, Decimal(1))
        elif kind == "unsignedInt":
            rounded = max(rounded, Decimal(0))
        return Number(format(rounded + 0, "f"))


def _decimal(value: str) -> Decimal:
    try:
        return Decimal(value)
    except ArithmeticError as error:
        raise ProcessingFailed from error
