import time

import pytest

from gateway.masking.kinds import LETTERS, Kind
from gateway.masking.marks import is_mark, is_masked_id, mark, marks
from gateway.masking.tokens import Tokeniser, TokenKey

TOKENS = Tokeniser(TokenKey("1", bytes(range(64))), "s")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_a_mark_and_a_letter(kind: Kind) -> None:
    assert is_mark(mark(kind))
    assert marks(b'{"x":"' + mark(kind).encode() + b'"}') == ((6, 6 + len(mark(kind))),)
    assert kind in LETTERS


@pytest.mark.parametrize(
    "masked",
    [
        TOKENS.token(Kind.NAME, "Jane"),
        TOKENS.id_token("a"),
        TOKENS.id_token("5f0c2d4e-8a51-4b1e-9d3e-0f6b7a2c9e11"),
        TOKENS.id_token("x" * 64),
        "masked-5f2a9c01-3",
    ],
)
def test_tokens_and_numbered_ids_are_found_in_a_body(masked: str) -> None:
    assert is_mark(masked)
    assert len(marks(f"before {masked} after".encode())) == 1
    assert len(marks(f"before {masked} after".encode("utf-16"))) == 1


@pytest.mark.parametrize(
    "text", ["", "[nobody]", "name", "[name", "masked-1-1", "unmasked-5f2a9c01x", "tk-1-short"]
)
def test_ordinary_text_holds_no_mark(text: str) -> None:
    assert not is_mark(text)
    assert not is_masked_id(text)
    assert marks(text.encode()) == ()


def test_the_number_of_findings_is_bounded() -> None:
    assert len(marks(b"[name] " * 1000, limit=5)) == 5


@pytest.mark.alone
def test_a_big_body_without_marks_is_looked_through_quickly() -> None:
    body = b'{"a": "text [with] brackets and th-en tk-and masked- words"}' * 20_000
    begin = time.process_time()

    assert marks(body) == ()
    assert time.process_time() - begin < 1
