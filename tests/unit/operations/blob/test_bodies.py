import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import InvalidRequest, Reason
from gateway.operations.blob.bodies import (
    MAX_BLOCK_LIST_BYTES,
    MAX_SETTINGS_BYTES,
    MAX_TAGS,
    Content,
    read,
)
from gateway.operations.blob.spec import Body


def _acl(inner: str) -> bytes:
    return f"<SignedIdentifiers>{inner}</SignedIdentifiers>".encode()


def _properties(inner: str) -> bytes:
    return f"<StorageServiceProperties>{inner}</StorageServiceProperties>".encode()


def test_signed_identifiers_are_counted_wherever_and_however_they_are_written() -> None:
    body = _acl(
        '<SignedIdentifier/><x:signedidentifier xmlns:x="urn:x"/><a><SignedIdentifier/></a>'
    )
    assert read(Body.SIGNED_IDENTIFIERS, body).stored_access_policies == 3


def test_an_empty_body_says_nothing() -> None:
    for kind in Body:
        assert read(kind, b"") == Content()


def test_bytes_are_never_parsed() -> None:
    assert read(Body.BYTES, b"<not xml") == Content()


@pytest.mark.parametrize(
    ("enabled", "expected"),
    [
        ("<Enabled>true</Enabled>", True),
        ("<Enabled> TRUE </Enabled>", True),
        ("<Enabled>1</Enabled>", True),
        ("<Enabled/>", True),
        ("", True),
        ("<Enabled>false</Enabled><Enabled>true</Enabled>", True),
        ("<Enabled>false</Enabled>", False),
    ],
)
def test_a_website_counts_as_on_unless_it_is_plainly_off(enabled: str, *, expected: bool) -> None:
    body = _properties(f"<StaticWebsite>{enabled}</StaticWebsite>")
    assert read(Body.SERVICE_PROPERTIES, body).static_website is expected


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("", ""),
        ("<DeleteRetentionPolicy><Enabled>true</Enabled></DeleteRetentionPolicy>", "enabled"),
        ("<DeleteRetentionPolicy><Enabled>false</Enabled></DeleteRetentionPolicy>", "disabled"),
        ("<DeleteRetentionPolicy/>", "disabled"),
    ],
)
def test_soft_delete_counts_as_off_unless_it_is_plainly_on(inner: str, expected: str) -> None:
    assert read(Body.SERVICE_PROPERTIES, _properties(inner)).soft_delete == expected


def test_cors_rules_are_counted() -> None:
    body = _properties("<Cors><CorsRule/><CorsRule/></Cors>")
    assert read(Body.SERVICE_PROPERTIES, body).cors == 2


@pytest.mark.parametrize(
    "body",
    [
        b"<SignedIdentifiers>",
        b"<Tags/>",
        b"\xff\xfe",
        b'<?xml version="1.0" encoding="utf-7"?><SignedIdentifiers/>',
        b'<?xml version="1.0" encoding="no-such"?><SignedIdentifiers/>',
        b"<!DOCTYPE a><SignedIdentifiers/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><SignedIdentifiers>&b;</SignedIdentifiers>",
    ],
)
def test_a_body_that_cannot_be_read_for_certain_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read(Body.SIGNED_IDENTIFIERS, body)


def test_a_body_over_the_bound_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(Body.TAGS, b"<" * (MAX_SETTINGS_BYTES + 1))
    assert caught.value.reason is Reason.REQUEST_TOO_LARGE
    with pytest.raises(InvalidRequest):
        read(Body.BLOCK_LIST, b"<" * (MAX_BLOCK_LIST_BYTES + 1))
    with pytest.raises(InvalidRequest) as caught:
        read(Body.BLOCK_LIST, b"<a>" * MAX_TAGS + b"</a>" * MAX_TAGS)
    assert caught.value.reason is Reason.REQUEST_TOO_LARGE


@pytest.mark.parametrize("declaration", ["", '<?xml version="1.0" encoding="UTF-8"?>', "\ufeff"])
def test_a_document_in_utf_8_is_read(declaration: str) -> None:
    assert read(Body.TAGS, f"{declaration}<Tags>é</Tags>".encode()) == Content()


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-16", "utf-16"), ("utf-16-le", "utf-16"), ("latin-1", "iso-8859-1"), ("cp037", "cp037"),
     ("ascii", "koi8-r"), ("latin-1", "utf-8")],
)  # fmt: skip
def test_a_document_in_another_encoding_is_refused(encoding: str, declared: str) -> None:
    text = f'<?xml version="1.0" encoding="{declared}"?><Tags>e</Tags>'
    if declared == "utf-8":
        text = text.replace("e</", "é</")

    with pytest.raises(InvalidRequest):
        read(Body.TAGS, text.encode(encoding))


def test_a_full_block_list_is_read() -> None:
    blocks = "<Uncommitted>" + "A" * 88 + "</Uncommitted>"
    body = f"<BlockList>{blocks * 50_000}</BlockList>".encode()
    assert read(Body.BLOCK_LIST, body) == Content()


@given(st.sampled_from(list(Body)), st.binary() | st.text().map(str.encode))
def test_any_body_is_read_or_refused(kind: Body, body: bytes) -> None:
    try:
        assert isinstance(read(kind, body), Content)
    except InvalidRequest:
        assert kind.is_xml
