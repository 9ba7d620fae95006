"""The manifest corpus: what is valid compiles; what is broken gives exactly the stated faults."""

from pathlib import Path

import pytest

from gateway.policy.compiler import compile_manifest
from gateway.policy.faults import ManifestInvalid
from gateway.policy.manifest import parse

CORPUS = Path(__file__).parent / "manifests"
VALID = sorted((CORPUS / "valid").glob("*.yaml"))
BROKEN = sorted((CORPUS / "broken").glob("*.yaml"))


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_manifest_compiles(path: Path) -> None:
    manifest = parse(path.read_bytes())

    assert compile_manifest(manifest).digest == manifest.digest


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_manifest_gives_every_fault_with_its_place(path: Path) -> None:
    expected = path.with_suffix(".errors").read_text("utf-8").splitlines()

    with pytest.raises(ManifestInvalid) as caught:
        parse(path.read_bytes())

    assert [str(fault) for fault in caught.value.faults] == expected


def test_the_corpus_is_there() -> None:
    assert len(VALID) >= 4
    assert len(BROKEN) >= 18
