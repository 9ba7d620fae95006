import gzip
import json

import pytest

from gateway.errors import Withheld
from gateway.masking import compression
from gateway.masking.compression import closed, opened
from gateway.masking.engine import mask
from tests.unit.masking.contexts import context

BODY = b'{"name": "Jane Doe"}'


@pytest.mark.parametrize(
    "kind",
    ["application/gzip", "application/x-gzip", "", "application/json", "application/octet-stream"],
)
def test_gzip_is_masked_by_what_is_inside(kind: str) -> None:
    done = mask(gzip.compress(BODY), kind, "", context()).body

    assert json.loads(gzip.decompress(done)) == {"name": "[name]"}
    assert mask(gzip.compress(BODY, mtime=9), kind, "", context("secrets-only")).body[4:8] == bytes(
        4
    )


def test_gzip_within_gzip_is_opened_a_few_times() -> None:
    twice = gzip.compress(gzip.compress(BODY))
    assert b"[name]" in opened(opened(mask(twice, "", "", context()).body))
    deep = gzip.compress(gzip.compress(twice))
    with pytest.raises(Withheld):
        mask(deep, "", "", context())


def test_several_members_are_one() -> None:
    assert opened(closed(b"a") + closed(b"b")) == b"ab"


@pytest.mark.parametrize(
    "body", [b"\x1f\x8b", b"\x1f\x8bxxxx", closed(b"a")[:-1], closed(b"a") + b"x"]
)
def test_what_is_no_gzip_is_withheld(body: bytes) -> None:
    with pytest.raises(Withheld):
        opened(body)


def test_a_bomb_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "MAX_BYTES", 1000)
    with pytest.raises(Withheld):
        opened(closed(bytes(1001)))


def test_what_is_inside_has_to_be_certain() -> None:
    with pytest.raises(Withheld):
        mask(gzip.compress(b"Jane fell"), "application/gzip", "", context(accept=True))
    with pytest.raises(Withheld):
        mask(gzip.compress(b"\x89PNG"), "image/png", "", context(accept=True))
