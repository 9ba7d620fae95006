"""What holds for every format and every built-in profile."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.engine import PayloadMasker, mask
from gateway.masking.formats import BOM, Format, format_of
from gateway.masking.payload import Payload
from tests.unit.masking.contexts import PROFILES, context
from tests.unit.masking.samples import CANARIES, FORMATS
from tests.unit.masking.without_re2 import WithoutRe2

pytestmark = pytest.mark.parametrize("name", FORMATS)


@pytest.fixture(scope="module")
def without() -> Iterator[WithoutRe2]:
    process = WithoutRe2()
    yield process
    process.close()


@settings(max_examples=25, deadline=None)
@given(st.data(), st.booleans())
def test_masking_twice_is_masking_once(name: str, data: st.DataObject, accept: bool) -> None:
    kind, body = data.draw(FORMATS[name])
    for profile in PROFILES:
        try:
            once = mask(body, kind, "", context(profile, accept=accept)).body
        except Withheld:
            assert name in {"text", "HTML"}
            assert not accept
            return
        assert mask(once, kind, "", context(profile, accept=accept)).body == once


@settings(max_examples=15, deadline=None)
@given(st.data(), st.sampled_from(PROFILES), st.lists(st.integers(0, 2_000), max_size=5))
def test_the_boundaries_of_pieces_change_nothing(
    name: str, data: st.DataObject, profile: str, cuts: list[int]
) -> None:
    kind, body = data.draw(FORMATS[name])
    whole = mask(body, kind, "", context(profile, accept=True)).body
    form = format_of(kind, body)
    fed = body if form is Format.XML else body.removeprefix(BOM)
    payload = Payload(context(profile, accept=True), body)
    stream = PayloadMasker(payload).stream(form, fed, kind)
    places = [0, *sorted(min(cut, len(fed)) for cut in cuts), len(fed)]

    pieces = [stream.feed(fed[begin:end]) for begin, end in pairwise(places)]

    assert b"".join([*pieces, stream.flush()]) == whole


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(("safe-harbor", "pseudonymous")), st.booleans())
def test_no_canary_survives(name: str, data: st.DataObject, profile: str, accept: bool) -> None:
    kind, body = data.draw(FORMATS[name])
    try:
        done = mask(body, kind, "", context(profile, accept=accept)).body.decode()
    except Withheld:
        return

    text = re.sub("[\u200b\u00ad]", "", done)
    assert [canary for canary in CANARIES if canary.lower() in text.lower()] == []


@settings(max_examples=25, deadline=None)
@given(st.data(), st.sampled_from(PROFILES))
def test_without_re2_the_output_is_the_same(
    without: WithoutRe2, name: str, data: st.DataObject, profile: str
) -> None:
    kind, body = data.draw(FORMATS[name])
    mine = context(profile, accept=True)

    assert mask(body, kind, "", mine).body == without.mask(body, kind, profile)
