"""A FHIR anonymizer configuration as a part of a profile: loaded when asked for, keyed when run."""

from collections.abc import Mapping
from datetime import date

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.masking.codecs.json_codec import Node, Settled
from gateway.masking.fhir_anonymizer import Anonymized, Anonymizer, load
from gateway.masking.tokens import TokenKey

_LABEL = b"chaperone-fhir-anonymizer-1"
_MAX_KEYED = 8


class ImportedConfiguration:
    """A configuration that masks FHIR JSON in place of the built-in field rules.

    Raises:
        ConfigurationError: not such a configuration, or with what is not supported.
    """

    def __init__(self, source: bytes | str | Mapping[str, object]) -> None:
        self._plain = load(source)
        self._keyed: dict[TokenKey, Anonymizer] = {}

    @property
    def digest(self) -> str:
        """SHA-256 of its text."""
        return self._plain.digest

    @property
    def needs_key(self) -> bool:
        """Whether it needs a key and has none of its own."""
        return self._plain.needs_key

    def apply(self, tree: Node, key: TokenKey | None, scope: str, today: date) -> Anonymized:
        """The masked form of one resource; texts that methods have put in are `Settled`.

        Raises:
            Withheld: not FHIR R4, a key is lacking, or a rule cannot be applied.
        """
        return self._with(key).apply(tree, today=today, scope=scope, settle=Settled)

    def _with(self, key: TokenKey | None) -> Anonymizer:
        if key is None or not self.needs_key:
            return self._plain
        found = self._keyed.get(key)
        if found is None:
            if len(self._keyed) >= _MAX_KEYED:
                self._keyed.clear()
            derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=_LABEL).derive(key.key)
            found = self._keyed[key] = self._plain.keyed(derived)
        return found
