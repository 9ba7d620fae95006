"""Bytes to a manifest: strict, with every fault at its line and column."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.digest import sha256
from gateway.policy.document import Document
from gateway.policy.facts import COMMON, EXTRA
from gateway.policy.faults import Fault, ManifestInvalid, Path
from gateway.policy.references import check_references
from gateway.policy.schema import validate
from gateway.policy.syntax import Tree, read


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest that is consistent in itself.

    Attributes:
        digest: `sha256:{hex}` of the bytes, as records cite it.
        document: what it says.
        tree: where it says so.
    """

    digest: str
    document: Document
    tree: Tree

    def line(self, *path: str | int) -> int:
        """The line of an entry, counted from 1."""
        return self.tree.at(path).line

    def fault(self, path: Path, message: str) -> Fault:
        """A fault at an entry."""
        return self.tree.fault(path, message)


def parse(data: bytes, facts: Mapping[str, type] = EXTRA) -> Manifest:
    """The manifest in `data`.

    Args:
        data: the file.
        facts: names and types of the facts that operations add to the common ones.

    Raises:
        ManifestInvalid: a ConfigurationError that names every fault with line and column.
    """
    tree = read(data)
    result = validate(tree)
    faults = (*tree.faults, *check_references(tree, {**facts, **COMMON}))
    if isinstance(result, Document):
        if not faults:
            return Manifest(sha256(data), result, tree)
        raise ManifestInvalid(faults)
    raise ManifestInvalid((*faults, *result))
