from dataclasses import replace
from datetime import date

import pytest

from gateway.errors import Withheld
from gateway.masking.generalise import year_end
from gateway.masking.profiles.profile import PSEUDONYMOUS, SAFE_HARBOR
from gateway.masking.tokens import TokenKey
from gateway.model.connection import Area, Masking
from gateway.model.digest import DigestKey
from gateway.model.exchange import Authorised
from gateway.model.operation import Shape
from gateway.model.representation import Terms
from gateway.policy.profile_compiler import compile_profile
from gateway.policy.profile_document import Profile as Source
from gateway.policy.syntax import read
from gateway.serving.terms import makes_tokens, needs_key, terms
from tests.unit.masking.build import NONE, STRICT, authorised

TODAY = date(2026, 3, 1)
KEY = TokenKey("7", bytes(64))
NUMBERING = DigestKey("1", bytes(32))
TOKENS = Masking("pseudonymous", 30, ephi=True)


def made(
    asked: Authorised,
    key: TokenKey | None = None,
    today: date = TODAY,
    numbering: DigestKey = NUMBERING,
) -> Terms:
    masking = asked.obligations.masking
    return terms(asked, lambda _: masking, key, today, numbering)


def of_other_agent(asked: Authorised) -> Authorised:
    authenticated = asked.classified.authenticated
    other = replace(authenticated.principal, object_id="another")
    return replace(
        asked,
        classified=replace(asked.classified, authenticated=replace(authenticated, principal=other)),
    )


@pytest.mark.parametrize(
    ("masking", "expected"),
    [
        (NONE, False),
        (STRICT, False),
        (TOKENS, True),
        (Masking("own", 35, ephi=True), True),
        (Masking("own", 25, ephi=True), False),
    ],
)
def test_a_profile_needs_the_key_that_its_base_needs(masking: Masking, expected: bool) -> None:
    assert makes_tokens(masking) is expected
    assert needs_key(authorised(masking=masking), lambda _: masking) is expected


def test_a_profile_that_is_nothing_is_refused() -> None:
    with pytest.raises(Withheld):
        makes_tokens(Masking("own", 5, ephi=True))


def test_a_listing_needs_the_key_where_any_area_makes_tokens() -> None:
    asked = authorised(Shape.LISTING, STRICT)
    connection = replace(asked.classified.connection, areas=(Area("b/**", TOKENS),))
    asked = replace(asked, classified=replace(asked.classified, connection=connection))

    assert needs_key(asked, lambda _: STRICT)
    content = replace(
        asked, classified=replace(asked.classified, operation=authorised().classified.operation)
    )
    assert not needs_key(content, lambda _: STRICT)


def test_a_rule_that_demands_tokens_needs_the_key() -> None:
    assert needs_key(authorised(masking=TOKENS), lambda _: NONE)


def test_without_tokens_every_agent_has_the_same_representation() -> None:
    asked = authorised()

    assert made(asked).tag(STRICT, "phi") == made(of_other_agent(asked)).tag(STRICT, "phi")
    assert made(asked, KEY).tag(STRICT, "phi") == made(asked).tag(STRICT, "phi")


def test_tokens_are_of_one_agent_key_and_connection() -> None:
    asked = authorised(masking=TOKENS)
    tags = {
        made(asked, KEY).tag(TOKENS, "phi"),
        made(of_other_agent(asked), KEY).tag(TOKENS, "phi"),
        made(asked, replace(KEY, version="8")).tag(TOKENS, "phi"),
        made(asked, KEY).tag(TOKENS, "lab"),
    }
    assert len(tags) == 4


def test_what_changes_the_masked_bytes_changes_the_tag() -> None:
    asked = authorised()
    accepting = replace(asked, obligations=replace(asked.obligations, accept_free_text=True))
    tags = {
        made(asked).tag(STRICT, "phi"),
        made(accepting).tag(STRICT, "phi"),
        made(asked, today=date(2027, 3, 1)).tag(STRICT, "phi"),
    }
    assert len(tags) == 3
    assert made(asked, today=date(2026, 12, 1)).tag(STRICT, "phi") in tags


def test_who_turns_ninety_this_year_is_ninety_from_january_on() -> None:
    assert year_end(date(2026, 1, 1)) == date(2026, 12, 31)


def test_values_and_content_are_masked_by_the_engine_with_the_agents_tokens() -> None:
    body = b'{"ssn": "517-64-9982"}'
    one, other = (
        made(asked, KEY) for asked in (authorised(masking=TOKENS), of_other_agent(authorised()))
    )

    shown = one.content(TOKENS, body, "application/json", "")
    assert b"517-64-9982" not in shown.body
    assert (shown.counts["ssn"], shown.key_version) == (1, "7")
    assert shown.paths
    assert shown.body == one.content(TOKENS, body, "application/json", "").body
    assert shown.body != other.content(TOKENS, body, "application/json", "").body
    assert one.value(TOKENS, "ssn", "517-64-9982") != other.value(TOKENS, "ssn", "517-64-9982")


def own(text: str) -> Masking:
    """A masking by a profile of one's own over pseudonymous."""
    source = Source.model_validate(read(f"extends: pseudonymous\nrank: 31\n{text}".encode()).value)
    profile = compile_profile("own", source, PSEUDONYMOUS)
    return Masking("own", 31, ephi=True, digest=profile.digest, definition=profile)


def test_a_changed_definition_changes_the_tag_and_the_content() -> None:
    asked = authorised(masking=own(""))
    one, other = own("operators: {name: drop}"), own("operators: {name: redact}")
    body = b'{"name": "Jo Meyers"}'

    assert made(asked, KEY).tag(one, "phi") != made(asked, KEY).tag(other, "phi")
    assert made(asked, KEY).tag(one, "phi") == made(asked, KEY).tag(
        own("operators: {name: drop}"), "phi"
    )
    assert made(asked, KEY).content(one, body, "application/json", "").body == b"{}"
    shown = made(asked, KEY).content(other, body, "application/json", "")
    assert shown.body == b'{"name":"[name]"}'
    assert (shown.counts, shown.key_version) == ({"name": 1}, "")


@pytest.mark.parametrize(
    ("scope", "same_for_agents", "same_on_connections"),
    [("principal", False, False), ("connection", True, False), ("tenant", True, True)],
)
def test_the_scope_says_who_sees_equal_tokens(
    scope: str, same_for_agents: bool, same_on_connections: bool
) -> None:
    masking = own(f"scope: {scope}")
    asked = authorised(masking=masking)
    classified = asked.classified
    elsewhere = replace(
        asked,
        classified=replace(classified, connection=replace(classified.connection, name="another")),
    )

    def token(exchange: Authorised) -> str:
        return made(exchange, KEY).value(masking, "ssn", "517-64-9982")

    assert token(asked).startswith("[ssn:7:")
    assert (token(asked) == token(of_other_agent(asked))) is same_for_agents
    assert (token(asked) == token(elsewhere)) is same_on_connections
    tags = (
        made(asked, KEY).tag(masking, "phi"),
        made(of_other_agent(asked), KEY).tag(masking, "phi"),
    )
    assert (tags[0] == tags[1]) is same_for_agents


def test_the_key_is_needed_for_hashes_shifts_and_rules_too() -> None:
    for text in ("operators: {ssn: hash}", "fields: [{path: a, as: ssn, do: tokenise}]"):
        source = Source.model_validate(
            read(f"extends: safe-harbor\nrank: 31\n{text}".encode()).value
        )
        profile = compile_profile("own", source, SAFE_HARBOR)
        assert makes_tokens(Masking("own", 31, ephi=True, definition=profile))
    assert not makes_tokens(Masking("safe-harbor", 40, ephi=True))


def test_a_definition_of_another_engine_is_withheld() -> None:
    class Other:
        name, digest = "own", "sha256:00"

    with pytest.raises(Withheld):
        makes_tokens(Masking("own", 31, ephi=True, definition=Other()))


def test_numbered_ids_and_their_entity_tag_follow_the_deployments_key() -> None:
    asked = authorised(masking=STRICT)
    body, other = b'{"id": "a-7"}', DigestKey("2", b"k" * 32)

    here, there = made(asked), made(asked, numbering=other)
    shown = here.content(STRICT, body, "application/json", "").body

    assert shown == made(asked).content(STRICT, body, "application/json", "").body
    assert shown != there.content(STRICT, body, "application/json", "").body
    assert here.tag(STRICT, "c") != there.tag(STRICT, "c")
