import pytest

from gateway.masking.codecs.encoded_words import decoded
from gateway.masking.engine import mask_text_value
from tests.unit.masking.contexts import context


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain text", "plain text"),
        ("100% sure", "100% sure"),
        ("a%20b", "a b"),
        ("a%2520b", "a b"),
        ("UTF-8''J%C3%A4ne%20Doe", "Jäne Doe"),
        ("=?UTF-8?B?SmFuZSBEb2U=?=", "Jane Doe"),
        ("=?utf-8?q?Jane_Doe?=", "Jane Doe"),
        ("=?nonsense?b?SmFuZQ==?=", "=?nonsense?b?SmFuZQ==?="),
        ("=?utf-8?b?%%?=", "=?utf-8?b?%%?="),
        ("%ff", "\ufffd"),
    ],
)
def test_what_a_value_carries_is_read(value: str, expected: str) -> None:
    assert decoded(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "note%20999-12-3456",
        "note%2520999-12-3456",
        "=?utf-8?b?bm90ZSA5OTktMTItMzQ1Ng==?=",
        "https://x.example/a?q=ssn%3A%20999-12-3456",
    ],
)
def test_an_encoding_hides_nothing(value: str) -> None:
    done = mask_text_value("", value, context(accept=True))

    assert "999-12" not in decoded(done)
    assert "OTktMTIt" not in done
    assert mask_text_value("", done, context(accept=True)) == done


def test_what_holds_nothing_stays_as_it_is_written() -> None:
    assert mask_text_value("", "a%2Fb", context(accept=True)) == "a%2Fb"
