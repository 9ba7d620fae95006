from dataclasses import replace
from re import _constants as op
from re import _parser as parser
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.kinds import Kind
from gateway.masking.payload import Payload
from gateway.masking.profiles.operators import Operator
from gateway.masking.profiles.profile import SAFE_HARBOR
from gateway.masking.recognition import paragraphs, prose
from gateway.masking.recognition.paragraphs import Paragraphs, joined
from gateway.masking.recognition.patterns import IDENTIFIERS
from gateway.masking.recognition.scan import scanner
from gateway.masking.recognition.secret_patterns import SECRETS
from gateway.masking.session_names import SessionNames
from gateway.masking.text import TextMasker
from tests.unit.masking.contexts import PROFILES, context

SCAN = scanner(identifiers=True)
NOBODY: frozenset[Kind] = frozenset()
PIECES = st.sampled_from(
    [
        "Dr. Smith", "Jane Doe", "MRN: 123456", "555-12-3456", "(617) 555-0100", "Boston, MA 02139",
        "January 5, 2024", "[name]", "José Núñez", "-----BEGIN " + "PRIVATE KEY-----", "abc=",
        "well.", "guidelines of", "the", "St.", "Mary's", "Hospital", "seen at", ".", "A.", "é",
        "2018",
    ]
)  # fmt: skip
BETWEEN = st.sampled_from([" ", "\n", "\n\n", ".\n\n", " \n \n", ".\n\t\n\n", "-", ""])
TEXTS = st.lists(st.tuples(PIECES, BETWEEN), max_size=12).map(
    lambda parts: "".join(part for pair in parts for part in pair)
)


def looks_across_lines(items: Any) -> bool:
    """Whether a parsed pattern can match a line feed."""
    feed = ord("\n")
    for code, value in items:
        match code:
            case op.LITERAL:
                found = value == feed
            case op.NOT_LITERAL:
                found = value != feed
            case op.ANY:
                found = False
            case op.IN:
                found = _in(value, feed)
            case op.MAX_REPEAT | op.MIN_REPEAT:
                found = looks_across_lines(value[2])
            case op.SUBPATTERN:
                found = looks_across_lines(value[3])
            case op.BRANCH:
                found = any(map(looks_across_lines, value[1]))
            case _:
                found = False
        if found:
            return True
    return False


def _in(items: Any, char: int) -> bool:
    negated = any(code is op.NEGATE for code, _ in items)
    hit = False
    for code, value in items:
        match code:
            case op.NEGATE:
                continue
            case op.LITERAL:
                hit = hit or value == char
            case op.RANGE:
                hit = hit or value[0] <= char <= value[1]
            case _:
                assert value is op.CATEGORY_WORD, "a class that this test does not know"
    return hit != negated


def test_no_recogniser_but_that_of_private_keys_looks_across_lines() -> None:
    across = [
        item.pattern
        for item in (*SECRETS, *IDENTIFIERS)
        if looks_across_lines(parser.parse(item.pattern.encode()))
    ]

    assert len(across) == 1
    assert across[0].startswith("-----BEGIN ")


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_paragraphs_say_what_the_whole_text_says(text: str) -> None:
    split = Paragraphs(SCAN, NOBODY).read([text])[0]
    whole = Paragraphs(SCAN, NOBODY, split=False).read([text])[0]

    assert "".join(item.text for item in split) == text
    assert joined(split).spans == whole[0].spans
    assert joined(split).data == whole[0].data


@settings(max_examples=200, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_what_is_remembered_changes_nothing(texts: list[str]) -> None:
    reader = Paragraphs(SCAN, NOBODY)

    assert reader.read(texts) == reader.read(texts)
    assert reader.read(texts) == [Paragraphs(SCAN, NOBODY).read([text])[0] for text in texts]


def test_what_is_remembered_is_bounded() -> None:
    reader = Paragraphs(SCAN, NOBODY)
    for number in range(2 * paragraphs.MAX_REMEMBERED // 1_000):
        reader.read([f"{number} " + "word " * 200])

    kept = [text for known in (reader._recent, reader._older) for text in known]
    assert sum(map(len, kept)) <= 2 * (paragraphs.MAX_REMEMBERED + paragraphs.MAX_LENGTH)
    reader.read(["x" * (paragraphs.MAX_LENGTH + 1)])
    assert "x" * (paragraphs.MAX_LENGTH + 1) not in reader._recent


def test_names_of_a_session_are_found_in_paragraphs_read_before() -> None:
    text = "Xylon came.\n\nNothing else."
    reader = Paragraphs(SCAN, NOBODY)
    assert not any(item.spans for item in reader.read([text])[0])
    empty = SessionNames(bytes(32))

    session = SessionNames(bytes(32), frozenset({empty.digest("xylon")}))

    assert [item.spans for item in reader.read([text], session)[0]] == [((0, 5, Kind.NAME),), ()]
    assert not any(item.spans for item in reader.read([text])[0])


def test_a_known_value_of_several_lines_is_masked_across_paragraphs() -> None:
    payload = Payload(context(accept=True), b"")
    payload.known.learn_phrase("quux blorp 7.\n\nzyxxy", Kind.ACCOUNT)

    done = TextMasker(payload).mask("is quux blorp 7.\n\nzyxxy, today.", "note")

    assert done == "is [account], today."


@settings(max_examples=200, deadline=None)
@given(
    TEXTS, st.lists(st.sampled_from(["Elm", "Quill", "smith", "2018 Elm", "Mary's"]), max_size=3)
)
def test_known_names_are_masked_as_in_the_whole_text(text: str, names: list[str]) -> None:
    text = f"{text} Quill and Elm. \n\n2018 Elm Rd"
    made = []
    for split in (True, False):
        payload = Payload(context(accept=True), b"")
        for name in names:
            payload.known.learn_name(name)
            payload.known.learn_phrase(f"{name} Rd", Kind.ADDRESS)
        masker = TextMasker(payload)
        masker._prose = Paragraphs(SCAN, payload.profile.kept, split=split)
        made.append((masker.mask(text, "note"), payload.counts))

    assert made[0] == made[1]


@settings(max_examples=200, deadline=None)
@given(
    TEXTS,
    st.lists(st.sampled_from([*PROFILES, "other"]), min_size=2, max_size=5),
    st.lists(st.sampled_from(["Elm", "Smith", "2018", "Mary's"]), max_size=2),
)
def test_how_a_paragraph_was_shown_changes_nothing_under_another_profile(
    text: str, profiles: list[str], names: list[str]
) -> None:
    """One profile numbers ids, others make tokens, and what one has made is not another's."""
    replacing = replace(
        SAFE_HARBOR,
        name="other",
        operators={**SAFE_HARBOR.operators, Kind.NAME: Operator.REPLACE},
        replacements={Kind.NAME: "N."},
    )

    def masked(profile: str) -> tuple[str, dict[str, int]]:
        circumstances = context("safe-harbor" if profile == "other" else profile, accept=True)
        if profile == "other":
            circumstances = replace(circumstances, definition=replacing)
        payload = Payload(circumstances, b"")
        for name in names:
            payload.known.learn_name(name)
        return TextMasker(payload).mask(f"{text} 20181231234", "note"), payload.counts

    remembered = [masked(profile) for profile in profiles]
    for profile, done in zip(profiles, remembered, strict=True):
        paragraphs.paragraphs_of.cache_clear()
        assert masked(profile) == done


@given(st.text(alphabet="ab.\n \t", max_size=30))
def test_texts_are_cut_behind_empty_lines_alone(text: str) -> None:
    pieces = prose.paragraphs(text)

    assert "".join(pieces) == text
    assert all(piece.endswith("\n") for piece in pieces[:-1])
