"""Bodies of `POST /detokenize` from anybody: understood, or refused without a word of them."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest
from gateway.operations.detokenize import MAX_TOKENS, parse

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
tokens = st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=MAX_TOKENS)
names = st.sampled_from(["connection", "tokens", "reason", "principal", "scope"])


@given(st.dictionaries(names, values))
@example({"connection": "clinic", "tokens": ["x"], "reason": "\ud800"})
def test_whatever_the_members_are_it_is_understood_or_refused(body: dict[str, Any]) -> None:
    said = ""
    try:
        parse(json.dumps(body).encode())
    except InvalidRequest as error:
        said = str(error)
    assert not said or said.startswith(("the body is", "the reason is"))


@given(st.binary(max_size=200))
def test_whatever_the_bytes_are_nothing_else_is_raised(data: bytes) -> None:
    try:
        parse(data)
    except InvalidRequest:
        return


@given(tokens, st.text(min_size=1, max_size=100).filter(str.strip))
def test_what_is_stored_means_what_was_asked(asked: list[str], reason: str) -> None:
    body = {"connection": "clinic", "tokens": asked, "reason": reason}
    try:
        first = parse(json.dumps(body).encode())
    except InvalidRequest:
        # Lone surrogates are no JSON text.
        assert any("\ud800" <= char <= "\udfff" for text in (*asked, reason) for char in text)
        return
    assert first.detokenization.tokens == tuple(dict.fromkeys(asked))
    assert parse(first.body) == first
