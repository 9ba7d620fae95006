"""The tree against the definition of RFC 6962 and published values."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.evidence.merkle import EMPTY, Edge, leaf

# Leaves and roots of the Certificate Transparency reference implementation.
LEAVES = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def by_definition(lines: list[bytes]) -> bytes:
    """RFC 6962 section 2.1, word for word."""
    if not lines:
        return hashlib.sha256().digest()
    if len(lines) == 1:
        return hashlib.sha256(b"\x00" + lines[0]).digest()
    split = 1 << (len(lines) - 1).bit_length() - 1
    both = by_definition(lines[:split]) + by_definition(lines[split:])
    return hashlib.sha256(b"\x01" + both).digest()


def test_the_roots_are_those_of_certificate_transparency() -> None:
    edge = Edge()
    for line, root in zip(LEAVES, ROOTS, strict=True):
        edge = edge.extended([leaf(bytes.fromhex(line))])
        assert edge.root.hex() == root
    assert Edge().root == EMPTY == hashlib.sha256().digest()


@given(st.lists(st.binary(max_size=4), max_size=70), st.integers(0, 70))
def test_the_root_is_that_of_the_definition_however_leaves_arrive(
    lines: list[bytes], split: int
) -> None:
    leaves = [leaf(line) for line in lines]
    edge = Edge().extended(leaves[:split]).extended(leaves[split:])

    assert edge.root == by_definition(lines)
    assert edge.size == len(lines)
    assert Edge(edge.size, edge.hashes) == edge


@pytest.mark.parametrize(
    ("size", "hashes"), [(1, ()), (2, (b"x" * 32,) * 2), (1, (b"x",)), (-1, ())]
)
def test_an_edge_that_cannot_be_is_refused(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="hash"):
        Edge(size, hashes)
