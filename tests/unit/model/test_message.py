from gateway.model.message import Headers, Target


def test_names_are_found_whatever_their_case() -> None:
    headers = Headers.of([("ETag", "1"), ("x-a", "2"), ("X-A", "3")])
    assert headers.get("etag") == "1"
    assert headers.all("X-a") == ("2", "3")
    assert "ETAG" in headers
    assert "missing" not in headers
    assert list(headers.without("x-A")) == [("etag", "1")]


def test_replacing_leaves_one_value() -> None:
    headers = Headers.of([("x-a", "2"), ("X-A", "3")]).replacing("X-A", "4")
    assert headers.all("x-a") == ("4",)


def test_a_repr_shows_no_value() -> None:
    assert "secret" not in repr(Headers.of([("authorization", "secret")]))


def test_a_target_prints_as_it_is_sent() -> None:
    assert str(Target("/a%20b", "comp=list")) == "/a%20b?comp=list"
    assert str(Target("/")) == "/"
