import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.errors import Reason, Withheld
from gateway.local.patients import canaries, documents, generate
from gateway.masking.engine import ENGINE_VERSION, PayloadMasker, mask, mask_text_value
from gateway.masking.formats import format_of
from gateway.masking.marks import is_masked_id, marks
from gateway.masking.payload import Payload
from gateway.masking.tokens import Tokeniser
from tests.unit.masking.contexts import KEY, PROFILES, context

PATIENTS = generate(seed=11, count=6)
DOCUMENTS = list(documents(PATIENTS))
STRUCTURED = [item for item in DOCUMENTS if not item[1].startswith("text/plain")]
HIDING = ("safe-harbor", "pseudonymous")
TYPES = (
    "application/json", "application/fhir+json", "application/x-ndjson", "text/plain", "text/csv",
    "text/tab-separated-values", "x-application/hl7-v2+er7", "", "application/pdf",
    "text/plain; charset=utf-16", "application/xml", "application/fhir+xml", "text/html",
    "multipart/mixed; boundary=x", "application/octet-stream", "application/gzip",
)  # fmt: skip


def visible(body: bytes) -> str:
    """The text of a body with every attachment in it, decoded."""
    text = body.decode()
    return text + "".join(_attached(text))


def _attached(text: str) -> Iterator[str]:
    if text.startswith("{"):
        for part in text.split('"data":"')[1:]:
            yield base64.b64decode(part.partition('"')[0]).decode()


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("profile", HIDING)
@pytest.mark.parametrize(("path", "kind", "body"), DOCUMENTS, ids=lambda item: str(item)[:24])
def test_no_canary_survives(path: str, kind: str, body: bytes, profile: str, accept: bool) -> None:
    try:
        result = mask(body, kind, "", context(profile, accept=accept))
    except Withheld:
        assert kind.startswith("text/plain")
        assert not accept
        return

    text = visible(result.body)
    assert [canary for canary in canaries(PATIENTS) if canary in text] == []
    assert sum(result.counts.values()) > 0
    assert marks(result.body)
    assert (result.key_version == "1") is (profile == "pseudonymous")


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("path", "kind", "body"), STRUCTURED, ids=lambda item: str(item)[:24])
def test_masking_twice_is_masking_once(
    path: str, kind: str, body: bytes, profile: str, accept: bool
) -> None:
    once = mask(body, kind, "", context(profile, accept=accept)).body

    assert mask(once, kind, "", context(profile, accept=accept)).body == once


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(DOCUMENTS), st.lists(st.integers(0, 12_000), max_size=6))
def test_the_boundaries_of_pieces_change_nothing(
    document: tuple[str, str, bytes], cuts: list[int]
) -> None:
    _, kind, body = document
    whole = mask(body, kind, "", context(accept=True)).body
    stream = PayloadMasker(Payload(context(accept=True), body)).stream(format_of(kind, body), body)
    places = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]

    pieces = [stream.feed(body[begin:end]) for begin, end in pairwise(places)]

    assert b"".join([*pieces, stream.flush()]) == whole


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")),
    ),
    st.sampled_from(TYPES),
    st.sampled_from(["", "gzip", "br", "identity"]),
    st.sampled_from(PROFILES),
    st.booleans(),
)
@example(b"[" * 5000 + b"]" * 5000, "application/json", "", "safe-harbor", False)
@example(b'"a"\n"b"\n', "text/csv", "", "safe-harbor", False)
def test_nothing_but_the_gateways_own_errors_comes_out(
    body: bytes, kind: str, encoding: str, profile: str, accept: bool
) -> None:
    with suppress(Withheld):
        mask(body, kind, encoding, context(profile, accept=accept))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_document_shows_no_canary(data: st.DataObject) -> None:
    """Bytes are changed, dropped or doubled; what is still masked hides what it hid before."""
    _, kind, body = data.draw(st.sampled_from(STRUCTURED))
    begin = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(begin, min(len(body), begin + 40)))
    damaged = body[:begin] + data.draw(st.binary(max_size=6)) + body[end:]
    said = data.draw(st.sampled_from([kind, "application/json", "text/plain", "text/csv"]))
    try:
        shown = mask(damaged, said, "", context()).body.decode()
    except Withheld:
        return

    strong = [
        value for patient in PATIENTS for value in (patient.ssn, patient.email, patient.phone)
    ]
    assert [value for value in strong if value in shown] == []


@pytest.mark.parametrize(
    "said", ["text/plain", "application/json", "text/csv", "application/fhir+json"]
)
@pytest.mark.parametrize(("path", "kind", "body"), DOCUMENTS[:4], ids=lambda item: str(item)[:24])
def test_a_lie_about_the_type_shows_nothing(path: str, kind: str, body: bytes, said: str) -> None:
    for accept in (False, True):
        try:
            shown = mask(body, said, "", context(accept=accept)).body
        except Withheld:
            continue
        text = visible(shown)
        assert [canary for canary in canaries(PATIENTS) if canary in text] == []


def test_gzip_is_opened_masked_and_closed() -> None:
    body = b'{"name":"Jane"}'

    done = mask(gzip.compress(body), "application/json", "gzip", context()).body

    assert gzip.decompress(done) == b'{"name":"[name]"}'
    assert done == mask(gzip.compress(body), "application/json", " GZIP ", context()).body
    two = gzip.compress(b'{"name":') + gzip.compress(b'"Jane"}')
    assert (
        gzip.decompress(mask(two, "application/json", "gzip", context()).body)
        == b'{"name":"[name]"}'
    )


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b'{"a":1}', "gzip"),
        (gzip.compress(b'{"a":1}', mtime=0)[:-4], "gzip"),
        (zlib.compress(b'{"a":1}'), "deflate"),
        (b'{"a":1}', "br"),
        (gzip.compress(b"[" + b" " * 200_000_000 + b"]", mtime=0), "gzip"),
    ],
    ids=["no gzip", "cut off", "deflate", "br", "bomb"],
)
def test_what_cannot_be_opened_within_bounds_is_withheld(body: bytes, encoding: str) -> None:
    with pytest.raises(Withheld):
        mask(body, "application/json", encoding, context())


def test_nothing_is_masked_where_the_profile_is_none() -> None:
    assert mask(b"\xff\x00", "image/png", "br", context("none")).body == b"\xff\x00"
    assert mask_text_value("name", "Jane Doe", context("none")) == "Jane Doe"


def test_an_empty_body_stays_empty() -> None:
    assert mask(b"", "image/png", "", context()).body == b""


def test_tokens_need_a_key_and_an_unknown_profile_withholds() -> None:
    for bad in (context("pseudonymous", key=None), context("ward")):
        with pytest.raises(Withheld) as caught:
            mask(b"{}", "application/json", "", bad)
        assert caught.value.reason is Reason.MASKING_FAILED


def test_tokens_open_with_the_key_in_their_scope() -> None:
    done = json.loads(
        mask(b'{"name":"Jane"}', "application/json", "", context("pseudonymous")).body
    )

    assert Tokeniser(KEY, context().scope).value(done["name"]) == "Jane"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("patient_name", "Jane", "[name]"),
        ("dob", "1980-02-03", "1980"),
        ("status", "Jane was here", "[text]"),
        ("", "12 Main Street came by", "[text]"),
        ("", "123-45-6789", "[ssn]"),
        ("", "report.json", "report.json"),
        ("sasToken", "x", "[secret]"),
        ("x", "", ""),
    ],
)
def test_single_values_are_masked_by_name_and_form(name: str, value: str, expected: str) -> None:
    assert mask_text_value(name, value, context()) == expected


def test_csv_of_a_person_by_header() -> None:
    body = b"name,mrn,score\r\nJane,A1,1.50\r\n"

    assert mask(body, "text/csv", "", context()).body == b"name,mrn,score\r\n[name],[mrn],1.50\r\n"


def test_the_same_bytes_mask_to_the_same_bytes() -> None:
    for _, kind, body in STRUCTURED:
        for profile in PROFILES:
            first = mask(body, kind, "", context(profile)).body
            assert first == mask(body, kind, "", context(profile)).body
    assert ENGINE_VERSION


def test_ndjson_is_masked_line_by_line_with_names_of_all_lines() -> None:
    lines = (
        b'{"resourceType":"Observation","note":[{"text":"Doe fell"}]}\n\n'
        b'{"resourceType":"Patient","name":[{"family":"Doe"}]}'
    )
    done = mask(lines, "application/fhir+ndjson", "", context(accept=True)).body

    assert done == (
        b'{"resourceType":"Observation","note":[{"text":"[name] fell"}]}\n\n'
        b'{"resourceType":"Patient","name":[{"family":"[name]"}]}'
    )


def test_a_large_bundle_is_masked_as_a_small_one_is() -> None:
    entry = {
        "resource": {
            "resourceType": "Patient",
            "id": "a",
            "name": [{"family": "Doe"}],
            "text": {"div": "<div>Doe</div>"},
        }
    }
    note = {"resource": {"resourceType": "Observation", "note": [{"text": "Doe fell 1.50"}]}}
    small = {"resourceType": "Bundle", "id": "b", "entry": [note, entry], "total": 2}
    large = small | {"entry": [note, entry] * 1000}
    done = [
        json.loads(
            mask(json.dumps(item).encode(), "application/json", "", context(accept=True)).body
        )
        for item in (small, large)
    ]

    assert list(done[1]) == list(large)
    assert len(done[1]["entry"]) == 2000
    assert done[1]["entry"][0]["resource"]["note"] == [{"text": "[name] fell 1.50"}]
    assert done[1]["entry"][:2][0] == done[0]["entry"][0]
    assert b"Doe" not in json.dumps(done).encode()


def test_free_text_says_what_would_help() -> None:
    with pytest.raises(Withheld) as caught:
        mask(b"Jane fell", "text/plain", "", context())

    assert caught.value.reason is Reason.CONTENT_WITHHELD
    assert "free_text" in caught.value.advice


def test_base64_in_fields_that_say_nothing_is_looked_into() -> None:
    note = base64.b64encode(b"Patient: Jane Doe, SSN 999-12-3456").decode()
    picture = base64.b64encode(bytes(range(256)) * 2).decode()
    digest = base64.b64encode(bytes(range(200, 232))).decode()
    body = json.dumps({"x": note, "y": picture, "z": digest.rstrip("="), "w": "a" * 31}).encode()

    done = json.loads(mask(body, "application/json", "", context(accept=True)).body)
    assert base64.b64decode(done["x"]) == b"Patient: [name], SSN [ssn]"
    assert base64.b64decode(done["y"]) == b"[text]"
    assert done["z"] == digest.rstrip("=")
    assert done["w"] == "a" * 31
    withheld = json.loads(mask(body, "application/json", "", context()).body)
    assert base64.b64decode(withheld["x"]) == b"[text]"


@pytest.mark.parametrize(
    "body", [b'{"a":-0,"b":1.50,"name":"x"}', b'{"size":99999999999999999999,"name":"x"}']
)
def test_unusual_numbers_keep_their_bytes(body: bytes) -> None:
    done = mask(body, "application/json", "", context()).body

    assert done == body.replace(b'"x"', b'"[name]"')


def test_a_number_beyond_64_bits_that_nothing_names_is_an_id() -> None:
    done = json.loads(mask(b'{"a":89101200000032045117}', "application/json", "", context()).body)

    assert is_masked_id(done["a"])


def test_more_names_than_can_be_remembered_withhold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.masking.recognition.known.MAX_KNOWN", 2)

    with pytest.raises(Withheld, match="more people"):
        mask(
            b'[{"name":"Ann Bee"},{"name":"Cee Dee"},{"color":"blue"}]',
            "application/json",
            "",
            context(),
        )


def test_names_that_no_text_could_hold_need_not_be_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.masking.recognition.known.MAX_KNOWN", 2)

    done = mask(b'[{"name":"Ann Bee"},{"name":"Cee Dee"}]', "application/json", "", context())

    assert done.body == b'[{"name":"[name]"},{"name":"[name]"}]'


def test_other_keys_of_entries_are_no_entries() -> None:
    odd = {"resourceType": "Bundle", "entry": {"name": "x" * 70_000}}
    with pytest.raises(Withheld):
        mask(json.dumps(odd).encode(), "application/json", "", context())
    plain = {"entry": ["y" * 70_000], "name": "Jane"}
    done = mask(json.dumps(plain).encode(), "application/json", "", context()).body
    assert json.loads(done)["name"] == "[name]"


def test_a_note_that_stands_before_its_patient_shows_no_name() -> None:
    note = base64.b64encode(b"quandle xylotrix came by.").decode()
    attached = {"contentType": "text/plain", "data": note}
    document = {"resourceType": "DocumentReference", "content": [{"attachment": attached}]}
    patient = {"resourceType": "Patient", "name": [{"family": "Xylotrix", "given": ["Quandle"]}]}
    bundle = {
        "resourceType": "Bundle",
        "entry": [{"resource": document}, {"resource": patient}],
    }

    body = json.dumps(bundle, separators=(",", ":")).encode()
    done = mask(body, "application/fhir+json", "", context(accept=True)).body

    assert "xylotrix" not in visible(done).lower()
