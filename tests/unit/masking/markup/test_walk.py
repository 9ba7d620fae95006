import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import Withheld
from gateway.masking.codecs.xml_codec import Element, decode, encode
from gateway.masking.engine import mask
from tests.unit.masking.contexts import PROFILES, context


def masked(text: str, kind: str = "application/xml", *, accept: bool = False) -> str:
    done = mask(text.encode(), kind, "", context(accept=accept)).body.decode()
    return done.removeprefix('<?xml version="1.0" encoding="UTF-8"?>\n')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a><ssn>999-12-3456</ssn></a>", "<a><ssn>[ssn]</ssn></a>"),
        ("<a><x:firstName> Jane </x:firstName></a>", "<a><x:firstName> [name] </x:firstName></a>"),
        ('<a name="Jane Doe" dose="5.50"/>', '<a name="[name]" dose="5.50"/>'),
        ('<f name="firstName">Jane</f>', '<f name="firstName">[name]</f>'),
        ('<f key="SSN" value="999123456"/>', '<f key="SSN" value="[ssn]"/>'),
        ("<patient><given>Jane</given></patient>", "<patient><given>[name]</given></patient>"),
        ("<a><b>617-555-0100</b></a>", "<a><b>[phone]</b></a>"),
        ("<a><birthDate>1980-02-03</birthDate></a>", "<a><birthDate>1980</birthDate></a>"),
        ("<a><code>44054006</code></a>", "<a><code>44054006</code></a>"),
        ("<a><b>two words</b></a>", "<a><b>[text]</b></a>"),
        ("<a>some <b>mixed</b> text</a>", "<a>[text]</a>"),
        ("<a><!-- Jane --><?p Jane?><b/></a>", "<a><b/></a>"),
        ("<a><![CDATA[<unit>mg</unit>]]></a>", "<a>&lt;unit&gt;mg&lt;/unit&gt;</a>"),
    ],
)
def test_elements_and_attributes_are_masked_by_their_names(text: str, expected: str) -> None:
    assert masked(text) == expected


def test_a_name_is_found_before_it_is_introduced_and_across_elements() -> None:
    done = masked(
        "<a><x>Jane</x><n>seen: <b>Ja</b>ne today</n><name>Jane Doe</name></a>", accept=True
    )

    assert done == "<a><x>[name]</x><n>seen: [name] today<b/></n><name>[name]</name></a>"


def test_names_of_elements_that_are_values_are_withheld() -> None:
    with pytest.raises(Withheld):
        masked("<a><n_999-12-3456>x</n_999-12-3456></a>")


@pytest.mark.parametrize("kind", ["text/plain", "", "application/octet-stream", "text/xml"])
def test_xml_is_known_by_its_look(kind: str) -> None:
    assert masked("<a><ssn>999-12-3456</ssn></a>", kind) == "<a><ssn>[ssn]</ssn></a>"


NAMES = st.sampled_from(["a", "ssn", "name", "note", "p:given", "text", "value", "td"])
TEXTS = st.text(alphabet="Jane Doe-1980/<&>\"'\u00e9\n", max_size=12)
TREES = st.recursive(
    st.builds(
        lambda name, key, value, text: Element(name, {key: value}, [text] if text else []),
        NAMES,
        NAMES,
        TEXTS,
        TEXTS,
    ),
    lambda inner: st.builds(
        lambda name, children, text: Element(name, {}, [*children, *([text] if text else [])]),
        NAMES,
        st.lists(inner, max_size=3),
        TEXTS,
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(TREES, st.sampled_from(PROFILES), st.booleans())
def test_masked_xml_is_xml_and_stays_as_it_is(tree: Element, profile: str, accept: bool) -> None:
    tree = Element("root", {"xmlns:p": "urn:p"}, [tree])
    once = mask(encode(tree), "text/xml", "", context(profile, accept=accept)).body

    if accept:
        assert shape(decode(once)) == shape(tree)
    assert mask(once, "text/xml", "", context(profile, accept=accept)).body == once


@pytest.mark.parametrize(
    "text",
    [
        "<a>" + "<b>x</b>y" * 60_000 + "</a>",
        "<a>" + "<b><c>Jane</c></b>" * 60_000 + "</a>",
        "<a " + " ".join(f'b{n}="Jane"' for n in range(250)) + "/>",
    ],
    ids=["mixed", "deep", "attributes"],
)
@pytest.mark.alone
def test_large_documents_take_time_in_proportion(text: str) -> None:
    start = time.process_time()
    masked(text, accept=True)

    assert time.process_time() - start < 20


def shape(element: Element) -> list[object]:
    return [element.name, list(element.attributes), [shape(item) for item in element.elements]]


def test_a_name_is_masked_where_the_next_element_begins_without_a_space() -> None:
    body = (
        b"<r><patient><name>Zebulon Quimby</name></patient>Zebulon Quimby<e>QUIMBY, ZEBULON</e></r>"
    )
    done = mask(body, "text/xml", "", context(accept=True)).body.lower()
    assert b"quimby" not in done
    assert b"zebulon" not in done


@pytest.mark.parametrize("written", ["1980-02-03", "02/03/1980", "03.02.1980"])
def test_a_date_that_stands_right_behind_an_address_is_masked_with_it(written: str) -> None:
    body = f"<r>zq@x.example<e>{written}</e></r>".encode()

    done = mask(body, "text/xml", "", context(accept=True)).body

    assert b"02" not in done
    assert mask(done, "text/xml", "", context(accept=True)).body == done
