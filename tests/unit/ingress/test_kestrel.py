import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ingress import kestrel

RULES = [
    # raw path, path as routing sees it, path as `url` shows it
    ("/", "/", "/"),
    ("/a/b", "/a/b", "/a/b"),
    ("/a%20b", "/a b", "/a%20b"),
    ("/a+b", "/a+b", "/a+b"),
    ("/%41", "/A", "/A"),
    ("/~%7e(%28)%29", "/~~(())", "/~~(())"),
    ("/x%2Fy", "/x%2Fy", "/x%2Fy"),
    ("/x%2fy", "/x%2fy", "/x%2fy"),
    ("/x%252Fy", "/x%2Fy", "/x%2Fy"),
    ("/a%2520b", "/a%20b", "/a%20b"),
    ("/100%25", "/100%", "/100%25"),
    ("/%zz%4", "/%zz%4", "/%25zz%254"),
    ("/%", "/%", "/%25"),
    ("/%C3%A9", "/é", "/%C3%A9"),
    ("/%c3%a9", "/é", "/%C3%A9"),
    ("/%FF", "/%FF", "/%FF"),
    ("/%ff%41", "/%ffA", "/%ffA"),
    ("/%C3x", "/%C3x", "/%C3x"),
    ("/%C0%AF", "/%C0%AF", "/%C0%AF"),
    ("/%ED%A0%80", "/%ED%A0%80", "/%ED%A0%80"),
    ("/%E4%B8%41", "/%E4%B8A", "/%E4%B8A"),
    ("/%F0%9F%98%80", "/😀", "/%F0%9F%98%80"),
    ("/%F4%90%80%80", "/%F4%90%80%80", "/%F4%90%80%80"),
    ("/%0A", "/\n", "/%0A"),
    ("/%5Bx%5D|", "/[x]|", "/%5Bx%5D%7C"),
    ("/%3F%23", "/?#", "/%3F%23"),
    ("/a//b", "/a//b", "/a//b"),
    ("//a", "//a", "//a"),
    ("/a/./b", "/a/b", "/a/b"),
    ("/a/../b", "/b", "/b"),
    ("/a/%2e%2E/b", "/b", "/b"),
    ("/a/%252e%252e/b", "/a/%2e%2e/b", "/a/%2e%2e/b"),
    ("/a/..%2Fb", "/a/..%2Fb", "/a/..%2Fb"),
    ("/a//../b", "/a/b", "/a/b"),
    ("/..", "/", "/"),
    ("/../../a", "/a", "/a"),
    ("/a/..", "/", "/"),
    ("/a/b/..", "/a/", "/a/"),
    ("/a/.", "/a/", "/a/"),
    ("/a/...", "/a/...", "/a/..."),
]


@pytest.mark.parametrize(("raw", "path", "shown"), RULES)
def test_a_path_is_decoded_normalised_and_shown_as_kestrel_does(
    raw: str, path: str, shown: str
) -> None:
    assert kestrel.decode(raw) == path
    assert kestrel.encode(path) == shown


@pytest.mark.parametrize("raw", ["", "a", "*", "/a%00b", "/a\0b", "/é", "http://host/"])
def test_a_target_that_kestrel_refuses_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match="path"):
        kestrel.decode(raw)


@pytest.mark.parametrize(
    "raw",
    ["/a%2520b", "/x%252Fy", "/x%25%32%46y", "/%252e%252e", "/%FF", "/%C3%A9%FF", "/%25%34%31"],
)
def test_a_name_that_looks_like_another_after_decoding_is_ambiguous(raw: str) -> None:
    assert kestrel.ambiguous(raw)


@pytest.mark.parametrize(
    "raw", ["/", "/a%20b", "/x%2Fy", "/x%2fy", "/100%25", "/%25%2F", "/%25zz", "/%C3%A9", "/%252"]
)
def test_a_name_that_decodes_to_itself_alone_is_not_ambiguous(raw: str) -> None:
    assert not kestrel.ambiguous(raw)


def test_only_the_number_sign_changes_in_a_query() -> None:
    assert kestrel.encode_query("a=%2f&b=#c&d='\"") == "a=%2f&b=%23c&d='\""


@given(st.text(st.characters(codec="utf-8", exclude_characters="%\0"), max_size=30))
def test_showing_a_name_and_reading_it_again_gives_the_same_name(name: str) -> None:
    shown = kestrel.encode("/n/" + name.replace("/", "%2F"))
    # Dot segments aside, which the first character keeps from being complete.
    assert kestrel.encode(kestrel.decode("/n/x" + shown[3:])) == "/n/x" + shown[3:]


@given(st.text("/.%2FfeE5aC3A9\u00e90 ", max_size=20).map(lambda text: "/" + text))
def test_what_is_shown_never_holds_a_dot_segment_or_a_raw_character(path: str) -> None:
    try:
        decoded = kestrel.decode(path)
    except ValueError:
        return
    shown = kestrel.encode(decoded)
    assert shown.isascii()
    assert " " not in shown
    assert not {".", ".."} & set(shown.split("/"))


@given(st.binary(max_size=12))
def test_escapes_that_are_not_utf8_stay_as_written(raw: bytes) -> None:
    escaped = "/" + "".join(f"%{byte:02x}" for byte in raw if byte not in b"\0/.%")
    decoded = kestrel.decode(escaped)
    try:
        text = bytes.fromhex(escaped[1:].replace("%", "")).decode()
    except UnicodeDecodeError:
        assert kestrel.ambiguous(escaped)
    else:
        assert decoded == "/" + text
