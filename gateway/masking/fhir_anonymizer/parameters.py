"""The `parameters` of a configuration: keys, scopes, and what redact keeps."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.errors import ConfigurationError
from gateway.masking.codecs.json_codec import Node
from gateway.masking.fhir_anonymizer.methods import Redact

AES_KEY_BYTES = frozenset({16, 24, 32})
_FLAGS = (
    "enablePartialAgesForRedact",
    "enablePartialDatesForRedact",
    "enablePartialZipCodesForRedact",
)
_KNOWN = frozenset(
    {
        *_FLAGS,
        "customSettings",
        "cryptoHashKey",
        "dateShiftFixedOffsetInDays",
        "dateShiftKey",
        "dateShiftScope",
        "encryptKey",
        "restrictedZipCodeTabulationAreas",
    }
)
MAX_DAYS = 3_652_059


class Scope(StrEnum):
    """What shares an amount that dates are shifted by."""

    RESOURCE = "resource"
    FILE = "file"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameters as they are used.

    Attributes:
        scope: of date shifting.
        days: a fixed number of days to shift by, None to derive one.
        redact: what redact keeps.
        keys: key texts of the file by parameter, without those that are empty.
    """

    scope: Scope
    days: int | None
    redact: Redact
    keys: Mapping[str, str] = field(repr=False)

    def key(self, name: str, derived_from: bytes | None) -> bytes | None:
        """A key: the file's own, else one derived from the token key, None without either."""
        if name in self.keys:
            return self.keys[name].encode()
        if derived_from is None:
            return None
        purpose = f"chaperone-fhir-anonymizer-1:{name}".encode()
        return hmac.new(derived_from, purpose, hashlib.sha256).digest()


def parameters(node: Node) -> Parameters:
    """The parameters of a file, of which all may be missing.

    Raises:
        ConfigurationError: one has a value of another type, or is not supported.
    """
    if node is None:
        node = {}
    if not isinstance(node, dict):
        raise ConfigurationError("`parameters` is not a JSON object.")
    if unknown := sorted(set(node) - _KNOWN):
        raise ConfigurationError(
            f"The parameter {unknown[0][:80]!r} is not supported.",
            advice="Remove it if the configuration is right without it.",
        )
    flags = {name: _flag(node, name) for name in _FLAGS}
    return Parameters(
        _scope(node),
        _days(node),
        Redact(
            partial_ages=flags["enablePartialAgesForRedact"],
            partial_dates=flags["enablePartialDatesForRedact"],
            partial_zips=flags["enablePartialZipCodesForRedact"],
            sparse_zips=_areas(node),
        ),
        {name: key for name in ("cryptoHashKey", "dateShiftKey") if (key := _text(node, name))}
        | _encryption_key(node),
    )


def _flag(node: dict[str, Node], name: str) -> bool:
    value = node.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ConfigurationError(f"The parameter {name} is not true or false.")


def _text(node: dict[str, Node], name: str) -> str:
    value = node.get(name)
    if value is None or isinstance(value, str):
        return value or ""
    raise ConfigurationError(f"The parameter {name} is not a text.")


def _scope(node: dict[str, Node]) -> Scope:
    try:
        return Scope(_text(node, "dateShiftScope").lower() or Scope.RESOURCE)
    except ValueError as error:
        raise ConfigurationError(
            "The parameter dateShiftScope is not resource, file or folder."
        ) from error


def _days(node: dict[str, Node]) -> int | None:
    value = node.get("dateShiftFixedOffsetInDays")
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_DAYS:
        return value
    raise ConfigurationError("The parameter dateShiftFixedOffsetInDays is not a number of days.")


def _areas(node: dict[str, Node]) -> tuple[str, ...]:
    value = node.get("restrictedZipCodeTabulationAreas")
    if value is None:
        return ()
    if isinstance(value, list) and all(isinstance(area, str) for area in value):
        return tuple(str(area) for area in value)
    raise ConfigurationError(
        "The parameter restrictedZipCodeTabulationAreas is not a list of texts."
    )


def _encryption_key(node: dict[str, Node]) -> dict[str, str]:
    key = _text(node, "encryptKey")
    if not key:
        return {}
    if len(key.encode()) not in AES_KEY_BYTES:
        raise ConfigurationError(
            "The parameter encryptKey has not 16, 24 or 32 bytes.",
            advice="AES takes keys of 128, 192 or 256 bits.",
        )
    return {"encryptKey": key}
