import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.codecs import json_codec

NUMBERS = (
    "1.50", "1E2", "1e-7", "-0", "-0.0", "123456789012345678901234567890", "18446744073709551616",
    "0.10", "100000000000000000000.000", "1.7976931348623157e999", "9223372036854775807",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def through(data: bytes) -> bytes:
    if json_codec.has_minus_zero(data):
        return json_codec.encode(json_codec.careful(data))
    return json_codec.encode(json_codec.decode(data))


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("frame", ["%s", "[%s]", '{"a":%s}', '{"a":[1,%s,-3]}'])
def test_a_number_keeps_its_bytes(number: str, frame: str) -> None:
    data = (frame % number).encode()

    assert through(data) == data


@given(JSON)
def test_json_comes_out_as_it_went_in(value: object) -> None:
    data = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        data.decode()
    except UnicodeDecodeError:
        with pytest.raises(Withheld):
            json_codec.decode(data)
        return

    assert json.loads(through(data)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b"[1,]", b"01", b"NaN", b"Infinity", b"nul", b"'a'", b'{"a":1}x', b'"\xff"',
        b'"\\ud800"', b'{"\\udc00":1}', b'"\xed\xa0\x80"', b'"a\nb"', b"\x00", b"9" * 5000,
    ],
)  # fmt: skip
def test_what_is_not_json_is_withheld(data: bytes) -> None:
    with pytest.raises(Withheld, match="not well-formed JSON"):
        json_codec.decode(data)


@pytest.mark.parametrize("data", [b"[" * 100_000, b'{"a":' * 100_000])
def test_deep_nesting_is_withheld(data: bytes) -> None:
    with pytest.raises(Withheld):
        json_codec.decode(data)


@pytest.mark.parametrize(
    "data",
    [b'{"a":1,"a":2}', b'[{"b":{"a" :1,"a":2}}]', b'{"a":1,"\\u0061":2}', b'{"a"\n:1,"a":"b"}'],
)
def test_a_key_that_stands_twice_is_refused(data: bytes) -> None:
    with pytest.raises(Withheld, match="twice"):
        json_codec.check_keys(data, 1)


@pytest.mark.parametrize(("data", "keys"), [(b'{"a":":"}', 1), (b'{"a" : 1}', 1), (b'[":"]', 0)])
def test_strings_that_look_like_keys_are_none(data: bytes, keys: int) -> None:
    json_codec.check_keys(data, keys)


def test_parts_of_a_document_are_had_in_bytes() -> None:
    assert {k: bytes(v) for k, v in json_codec.split_object(b'{"a": 1.50}').items()} == {
        "a": b"1.50"
    }
    assert [bytes(item) for item in json_codec.split_array(b"[1.50, 2]")] == [b"1.50", b"2"]
    with pytest.raises(Withheld):
        json_codec.split_object(b"[1]")
    with pytest.raises(Withheld):
        json_codec.split_array(b"{}")


def test_a_tree_that_is_too_deep_to_write_is_withheld() -> None:
    node: json_codec.Node = []
    for _ in range(2000):
        node = [node]

    with pytest.raises(Withheld):
        json_codec.encode(node)
    with pytest.raises(Withheld):
        json_codec.careful(b"[" * 100_000)
    with pytest.raises(Withheld):
        json_codec.careful(b"{")


@pytest.mark.parametrize("before", range(20))
def test_no_string_of_an_object_that_is_split_has_control_characters(before: int) -> None:
    for number in range(32):
        data = b'{"a":[{"b":"%s%cyyyyyyyyyyyyyyyyyyyy"}]}' % (b"x" * before, number)
        with pytest.raises(Withheld):
            json_codec.split_object(data)
