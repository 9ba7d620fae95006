import re
from datetime import timedelta
from typing import Any

import pytest

from gateway.approvals.ticket import TicketState
from gateway.ingress import pages
from gateway.ports import TicketAccess
from tests.fakes.reviews import view
from tests.fakes.time import NOON

FORM = pages.Form("rita@clinic.example", "token-of-form", "token-of-leave")
OPEN = 'value="approve"'


def page(now_after: timedelta = timedelta(), form: pages.Form = FORM, **changes: object) -> str:
    return pages.ticket(view(**changes), form, NOON + now_after).decode()  # type: ignore[arg-type]


def words(markup: str) -> str:
    """Without style and tags."""
    return re.sub(r"<[^>]+>", "", re.sub(r"<style>.*?</style>", "", markup, flags=re.DOTALL))


def test_an_open_request_can_be_decided_with_everything_that_binds_the_form() -> None:
    markup = page()
    assert OPEN in markup
    assert 'value="reject"' in markup
    assert 'name="token" value="token-of-form"' in markup
    assert f'name="page_digest" value="sha256:{"cd" * 32}"' in markup
    assert '<label for="reason">' in markup
    assert 'id="reason"' in markup
    assert 'aria-describedby="reason-hint"' in markup
    assert '<html lang="en">' in markup
    assert "Signed in as rita@clinic.example" in markup


@pytest.mark.parametrize("state", [str(state) for state in TicketState if state != "pending"])
def test_every_other_state_is_said_in_words_and_cannot_be_decided(state: str) -> None:
    markup = page(state=state)
    assert OPEN not in markup
    assert f"State: {state}" not in markup
    assert 'role="status"' in markup


def test_a_state_that_is_not_known_is_shown_and_cannot_be_decided() -> None:
    markup = page(state="<new>")
    assert "State: &lt;new&gt;." in markup
    assert OPEN not in markup


def test_a_request_whose_time_is_over_cannot_be_decided() -> None:
    assert OPEN in page(timedelta(minutes=59, seconds=59))
    markup = page(timedelta(hours=1))
    assert OPEN not in markup
    assert "Nobody decided in time" in markup


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(seconds=59), "Less than a minute left"),
        (timedelta(seconds=119), "1 minute left"),
        (timedelta(hours=1), "1 hour left"),
        (timedelta(days=1, hours=2, minutes=3), "1 day 2 hours 3 minutes left"),
    ],
)
def test_the_time_left_is_rounded_down(left: timedelta, said: str) -> None:
    assert said in page(expires_at=NOON + left)


def test_the_decision_is_shown_with_its_reason() -> None:
    done = page(
        state="rejected",
        verdict="rejected",
        decided_by="rita",
        decided_at=NOON,
        decision_reason="<i>no</i>\nnever",
    )
    assert "Rejected by <strong>rita</strong> on " in done
    assert "&lt;i&gt;no&lt;/i&gt;\nnever" in done
    without = page(state="approved", verdict="approved", decided_by="rita", decided_at=None)
    assert "Approved by <strong>rita</strong>." in without
    assert "No reason was given" in without


@pytest.mark.parametrize(
    ("effect", "said"),
    [("read", "asks to read"), ("write", "asks to write to"), ("action", "asks to act on")],
)
def test_the_effect_is_a_verb(effect: str, said: str) -> None:
    assert f"{said} clinic/archive." in words(page(effect=effect))


def test_all_accesses_are_listed_and_counted() -> None:
    accesses = tuple(TicketAccess("Microsoft.X/y", f"clinic/{name}", "read") for name in "abc")
    text = words(page(accesses=accesses, effect="read"))
    assert "asks to read clinic/a and touch 2 more." in text
    assert all(f"clinic/{name}" in text for name in "abc")
    assert "clinic." in words(page(accesses=()))


def test_letters_that_can_be_mistaken_are_pointed_out() -> None:
    access = TicketAccess("Microsoft.X/y", "clinic/\u0430rchive", "delete")
    assert "letters outside A to Z" in page(accesses=(access,))
    assert "letters outside A to Z" not in page()


@pytest.mark.parametrize(
    ("size", "said"),
    [
        (0, "none"),
        (1, "1 bytes"),
        (2048, "2.0 KiB (2,048 bytes)"),
        (5 * 1024 * 1024, "5.0 MiB (5,242,880 bytes)"),
    ],
)
def test_the_size_is_said_exactly_and_in_round_figures(size: int, said: str) -> None:
    assert f"Data sent{said}" in words(page(size=size))


def test_a_silent_agent_and_a_rule_without_a_description_are_said_so() -> None:
    text = words(page(purpose="", reason="", rule_description=""))
    assert "The agent gave no reason." in text
    assert "Asked by ruledelete-by-approval" in text


def test_a_complaint_is_announced_and_what_was_typed_stays() -> None:
    form = pages.Form("", "t", "l", reason="</textarea><script>", complaint="Say why.")
    markup = page(form=form)
    assert '<p class="alert" role="alert">Say why.</p>' in markup
    assert 'aria-invalid="true">&lt;/textarea&gt;&lt;script&gt;</textarea>' in markup
    assert "a person without a name" in markup


def test_every_field_from_outside_is_escaped() -> None:
    hostile = '<x onload="1">'
    names = (
        "id agent principal sponsor connection operation method target rule manifest workflow"
        " purpose reason page_digest rule_description"
    )
    changes: dict[str, Any] = dict.fromkeys(names.split(), hostile)
    access = TicketAccess(hostile, hostile, hostile)
    markup = page(accesses=(access,), form=pages.Form(hostile, hostile, hostile), **changes)
    assert "<x" not in markup
    assert 'onload="' not in markup
    assert markup.count("&lt;x onload=&quot;1&quot;&gt;") >= 20


def test_trouble_says_what_and_where_to_go() -> None:
    markup = pages.trouble(403, "not <you>", (("/signin?a=1&b=2", "Sign in"),)).decode()
    assert "This is not yours to decide" in markup
    assert "Not &lt;you&gt;." in markup
    assert '<a href="/signin?a=1&amp;b=2">Sign in</a>' in markup
    assert "Something went wrong" in pages.trouble(500, "hm!").decode()


def test_a_notice_is_only_text() -> None:
    assert "<h1>&lt;b&gt;</h1>\n<p>&lt;i&gt;</p>" in pages.notice("<b>", "<i>").decode()


def test_words_that_were_withheld_are_explained() -> None:
    done = page(
        state="rejected", decided_by="rita", decision_reason="[withheld]", reason="[withheld]"
    )
    assert done.count("<p>Withheld: free text could hold patient data.</p>") == 2
    assert "[withheld]" not in done


def test_a_request_for_values_is_said_in_words() -> None:
    asks = "12 tokens of agent triage-bot (object id 4) on connection clinic: mrn 9, name 3"
    text = words(page(asks=asks, effect="read"))
    assert f"asks for the values of {asks}. Who asks will read them." in text
    assert "asks to read" not in text
