"""Runs a FHIR anonymizer configuration over a resource.

Rules are applied in the order of the file; an element that a rule has settled, with all below it,
is not touched by later ones. Entries of a Bundle and contained resources are masked as resources
of their own, after the resource that holds them.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.errors import Reason, Withheld
from gateway.masking.codecs.json_codec import Node
from gateway.masking.fhir_anonymizer.configuration import Configuration, configuration
from gateway.masking.fhir_anonymizer.definitions import is_resource
from gateway.masking.fhir_anonymizer.labels import Label, add_labels, empty_resource
from gateway.masking.fhir_anonymizer.nodes import Element, Settle, parse, write
from gateway.masking.fhir_anonymizer.parameters import Scope
from gateway.masking.fhir_anonymizer.path_evaluation import STEPS, STEPS_PER_ELEMENT, Evaluation
from gateway.masking.fhir_anonymizer.rules import Lookup, ProcessingFailed, Rule, Run
from gateway.masking.fhir_anonymizer.source import Source

_RANDOM_BITS = 256
Counts = Counter[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Anonymized:
    """A masked resource.

    Attributes:
        tree: decoded JSON, a tree of its own.
        counts: how many values each method has changed, by label and path (`Patient.name.family`).
        emptied: whether the resource could not be processed and an empty one stands for it.
    """

    tree: Node
    counts: Mapping[tuple[str, str], int]
    emptied: bool = False


@dataclass(frozen=True, slots=True)
class Anonymizer:
    """A compiled configuration; safe to use for many payloads at once.

    Attributes:
        digest: SHA-256 of the configuration's text, in hexadecimal.
    """

    digest: str
    _configuration: Configuration = field(repr=False)
    _source: Source = field(repr=False)

    @property
    def needs_key(self) -> bool:
        """Whether rules need a key that neither the file nor the caller has given."""
        return bool(self._configuration.lacking)

    @property
    def makes_tokens(self) -> bool:
        """Whether values are replaced with others that are derived from them by a key."""
        return any(rule.method in {"cryptohash", "encrypt"} for rule in self._configuration.rules)

    @property
    def scope(self) -> Scope:
        """What shares an amount of date shifting; `apply` wants the name of a file or folder."""
        return self._configuration.parameters.scope

    def keyed(self, key: bytes) -> "Anonymizer":
        """The same configuration with a key for what it has none for."""
        return Anonymizer(self.digest, configuration(self._source, key), self._source)

    def apply(
        self,
        tree: Node,
        *,
        today: date,
        scope: str = "",
        random: Callable[[int], bytes] | None = None,
        settle: Settle | None = None,
    ) -> Anonymized:
        """The masked form of one resource; `tree` stays as it is.

        Args:
            tree: decoded JSON of a resource of FHIR R4.
            today: for ages over 89.
            scope: name of the file (of the folder) for a dateShiftScope of file (folder).
            random: unpredictable bytes for encrypt and for perturb without a key.
            settle: wraps texts that methods have put in (digests, ciphertexts, substitutes), so
                that a search for secrets that follows leaves them alone; as they are without it.

        Raises:
            Withheld: not FHIR R4, a key is lacking, a rule fails under `raise`, or the
                configuration's expressions take too long.
        """
        if self._configuration.lacking:
            raise Withheld(
                "The masking profile needs a key that is not configured.",
                reason=Reason.MASKING_FAILED,
                advice="An operator gives the deployment a token key, or the configuration "
                + " and ".join(sorted(self._configuration.lacking))
                + ".",
            )
        root = parse(tree)
        size = sum(1 for _ in root.below())
        evaluation = Evaluation(today, STEPS + size * STEPS_PER_ELEMENT)
        prefix = "" if self.scope is Scope.RESOURCE else scope
        run = Run(today, prefix, root.named("id"), evaluation, random or _random)
        counts: Counts = Counter()
        try:
            self._visit(root, run, counts)
        except ProcessingFailed as error:
            return self._failed(root.type, error)
        _prune(root)
        return Anonymized(write(root, settle), dict(counts))

    def _failed(self, kind: str, error: ProcessingFailed) -> Anonymized:
        if not self._configuration.skips or not is_resource(kind):
            raise Withheld(
                "A rule of the masking profile cannot be applied to the content.",
                reason=Reason.MASKING_FAILED,
                advice="An operator mends the rule, or sets processingErrors to skip.",
            ) from error
        counts = {(str(Label.REDACTED), kind): 1}
        return Anonymized(empty_resource(kind), counts, emptied=True)

    def _visit(self, node: Element, run: Run, counts: Counts) -> set[Label]:
        """Mask a resource, then those within it; returns what was done in all of them."""
        done = self._masked(node, run, counts)
        for inner in _inner_resources(node):
            done |= self._visit(inner, run, counts)
        # The resource that holds a contained one says what was done in both.
        if node.name != "contained":
            add_labels(node, done)
        return done

    def _masked(self, node: Element, run: Run, counts: Counts) -> set[Label]:
        done: set[Label] = set()
        lookup = Lookup(node)
        for rule in self._configuration.of_type(node.type):
            for match in rule.matcher(lookup, run):
                _apply(rule, match, run, done, counts)
        return done


def load(source: bytes | str | Mapping[str, object], *, key: bytes | None = None) -> Anonymizer:
    """A configuration of Microsoft's FHIR anonymizer, ready to mask.

    Args:
        source: the file, or its tree.
        key: secret that keys are derived from where the file has none. Keys are never made up: a
            configuration that lacks one masks nothing (`needs_key`).

    Raises:
        ConfigurationError: not such a configuration, or with what is not supported.
    """
    read = Source(source)
    digest = hashlib.sha256(read.text.encode()).hexdigest()
    return Anonymizer(digest, configuration(read, key), read)


def _apply(rule: Rule, node: Element, run: Run, done: set[Label], counts: Counts) -> None:
    """A rule for an element and all below it that is not settled and not a resource."""
    if node.visited:
        return
    path = node.path()
    label = rule.apply(node, run)
    node.visited = True
    if label is not None:
        done.add(label)
        counts[str(label), path] += 1
    for child in tuple(node.children):
        if not child.resource:
            _apply(rule, child, run, done, counts)


def _inner_resources(node: Element) -> list[Element]:
    found = []
    for child in node.children:
        if child.resource:
            found.append(child)
        else:
            found.extend(_inner_resources(child))
    return found


def _prune(node: Element) -> None:
    """Remove elements that are left without value and children; resources stay."""
    for child in node.children:
        _prune(child)
    node.children = [
        child
        for child in node.children
        if child.children or child.value is not None or child.resource
    ]


def _random(length: int) -> bytes:
    # The library's generator of keys: `os` and `secrets` are for adapters.
    return AESGCM.generate_key(_RANDOM_BITS)[:length]
