"""The reviewer's way over real TLS, and the ways around it that must not exist."""

from collections.abc import Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from gateway.ingress.sessions import ATTEMPT, SESSION
from gateway.local import directory
from gateway.local.reviewer import Page
from tests.integration.reviewing import Stand, running

pytestmark = [pytest.mark.integration, pytest.mark.enable_socket]

RITA = directory.PERSONS["rita.reviewer"]


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with running(tmp_path_factory.mktemp("reviewing")) as started:
        yield started


@pytest.fixture
def changed(stand: Stand) -> Iterator[Stand]:
    """For tests that change what the directory says of Rita."""
    yield stand
    stand.change_person("rita.reviewer")


def ticket_of(url: str) -> str:
    return url.rpartition("/")[2]


def undecided(stand: Stand, url: str) -> bool:
    return stand.seen(url) == {"state": "pending", "decisions": []}


def form_of(page: Page, **changes: str) -> str:
    return urlencode({**page.form_with("decision").fields, "decision": "approve", **changes})


def cookie_of(stand: Stand, url: str) -> tuple[str, Page]:
    """Rita's Cookie field after signing in, and the page that she reads."""
    rita = stand.person()
    page = rita.read(url)
    cookie = rita.browser.cookie(SESSION)
    assert cookie is not None
    return f"{SESSION}={cookie.value}", page


# --- the way as it should be --------------------------------------------------------------------


def test_a_reviewer_signs_in_reads_and_approves(stand: Stand) -> None:
    url = stand.hold()
    rita = stand.person()

    page = rita.read(url)
    assert (page.url, page.status) == (url, 200), page.text
    assert "The agent platform-agent asks to delete clinic/archive." in page.text
    done = rita.browser.submit(page, page.form_with("decision"), decision="approve")

    assert (done.url, done.status) == (url, 200)
    assert f"Approved by {RITA.username}" in done.text
    (decision,) = stand.seen(url)["decisions"]
    assert decision["oid"] == RITA.object_id
    assert decision["decision"] == "approve"
    assert decision["methods"] == ["mfa", "pwd"]
    assert decision["uti"]


def test_a_reviewer_rejects_with_a_reason_and_is_asked_for_one(stand: Stand) -> None:
    url = stand.hold()
    rita = stand.person()

    asked = rita.decide(url, "reject")
    assert asked.status == 400
    assert "Say why you reject it" in asked.text
    assert undecided(stand, url)
    reason = "Not <b>this</b> month.\r\nAsk again."
    done = rita.browser.submit(asked, asked.form_with("decision"), decision="reject", reason=reason)

    assert f"Rejected by {RITA.username}" in done.text
    assert "Not <b>this</b> month." in done.text
    assert stand.seen(url)["decisions"][0]["reason"] == "Not <b>this</b> month.\nAsk again."


def test_the_page_says_everything_that_counts(stand: Stand) -> None:
    page = stand.person().read(stand.hold())

    for words in (
        "Delete Container",
        "59 minutes left",
        "alice.admin@clinic.example, who answers for the agent",
        "Microsoft.Storage/storageAccounts/blobServices/containers/delete",
        "DELETE /archive?restype=container",
        "delete-by-approval: Deleting a container needs a second person.",
        "sha256:" + "ab" * 32,
        "The archive was copied and checked.",
        "Nobody has checked them",
    ):
        assert words in page.text, words


def test_the_session_ends_when_the_person_signs_out(stand: Stand) -> None:
    url = stand.hold()
    rita = stand.person()
    page = rita.read(url)
    leave = next(form for form in page.forms if form.action == "/signout")
    copied = f"{SESSION}={rita.browser.cookie(SESSION).value}"  # type: ignore[union-attr]
    assert stand.raw("GET", url, Cookie=copied)[0] == 200

    left = rita.browser.submit(page, leave)

    status, _, _ = stand.raw("POST", url, form_of(page, decision="approve"), Cookie=copied)
    assert status == 401
    assert undecided(stand, url)

    assert "You are signed out" in left.text
    assert rita.browser.cookie(SESSION) is None
    assert rita.browser.open(url).url.startswith(stand.identity_provider)


def test_signing_out_wants_the_form_of_the_session(stand: Stand) -> None:
    cookie, _ = cookie_of(stand, stand.hold())

    status, headers, _ = stand.raw("POST", f"{stand.url}/signout", "token=none", Cookie=cookie)

    assert status == 403
    assert headers.get_all("set-cookie") is None


# --- links, previews, replays -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_preview_of_the_link_learns_and_changes_nothing(stand: Stand, method: str) -> None:
    url = stand.hold()

    status, headers, body = stand.raw(method, url)

    assert (status, body) == (303, b"")
    assert headers["location"] == f"/signin?ticket={ticket_of(url)}"
    assert headers.get_all("set-cookie") is None
    assert stand.raw(method, f"{stand.url}/approvals/{'0' * 32}")[0] == 303  # known or not
    assert undecided(stand, url)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_with_a_session_changes_nothing_either(stand: Stand, method: str) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)

    status, headers, body = stand.raw(
        method, f"{url}?{form_of(page)}", Cookie=cookie, Origin=stand.url
    )

    assert status == 200
    assert (body == b"") is (method == "HEAD")
    assert int(headers["content-length"]) > 1000
    assert undecided(stand, url)


def test_a_decision_cannot_be_sent_twice(stand: Stand) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)
    assert stand.raw("POST", url, form_of(page), Cookie=cookie)[0] == 303

    status, _, body = stand.raw("POST", url, form_of(page, decision="reject"), Cookie=cookie)

    assert status == 409
    assert b"not open any more" in body
    assert stand.seen(url)["state"] == "approved"
    assert len(stand.seen(url)["decisions"]) == 1


def test_a_page_that_was_shown_before_a_change_decides_nothing(stand: Stand) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)
    form = form_of(page, page_digest="sha256:" + "0" * 64)

    assert stand.raw("POST", url, form, Cookie=cookie)[0] == 409
    assert undecided(stand, url)


def test_an_unknown_ticket_is_not_found_and_a_malformed_one_neither(stand: Stand) -> None:
    cookie, _ = cookie_of(stand, stand.hold())

    for ticket in ("0" * 32, "0" * 31, "..%2f..%2fsignout", "A" * 32):
        assert stand.raw("GET", f"{stand.url}/approvals/{ticket}", Cookie=cookie)[0] == 404


# --- forged forms -------------------------------------------------------------------------------


def test_a_form_without_the_token_decides_nothing(stand: Stand) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)

    for token in ("", "0" * 64):
        status, _, body = stand.raw("POST", url, form_of(page, token=token), Cookie=cookie)
        assert status == 403
        assert b"does not belong to this session" in body
    doubled = form_of(page) + "&token=" + "0" * 64
    assert stand.raw("POST", url, doubled, Cookie=cookie)[0] == 400
    assert undecided(stand, url)


def test_a_token_of_another_session_or_ticket_decides_nothing(stand: Stand) -> None:
    mine, other = stand.hold(), stand.hold()
    cookie, page = cookie_of(stand, mine)
    _, elsewhere = cookie_of(stand, mine)  # another session of the same person
    of_other_ticket = stand.person().read(other)

    for form in (form_of(elsewhere), form_of(of_other_ticket)):
        assert stand.raw("POST", mine, form, Cookie=cookie)[0] == 403
    assert stand.raw("POST", other, form_of(page), Cookie=cookie)[0] == 403
    assert undecided(stand, mine)
    assert undecided(stand, other)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_another_site_decides_nothing(stand: Stand, headers: dict[str, str]) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)

    assert stand.raw("POST", url, form_of(page), Cookie=cookie, **headers)[0] == 403
    assert undecided(stand, url)


def test_a_form_without_a_session_decides_nothing_and_says_so(stand: Stand) -> None:
    url = stand.hold()
    _, page = cookie_of(stand, url)

    status, _, body = stand.raw("POST", url, form_of(page))

    assert status == 401
    assert b"nothing was decided" in body
    assert undecided(stand, url)


@pytest.mark.parametrize("decision", ["", "Approve", "approve ", "yes", "approve&decision=reject"])
def test_only_the_two_words_decide(stand: Stand, decision: str) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)
    form = urlencode(page.form_with("decision").fields) + f"&decision={decision}"

    assert stand.raw("POST", url, form, Cookie=cookie)[0] == 400
    assert undecided(stand, url)


# --- sign-in ------------------------------------------------------------------------------------


def begin(stand: Stand, url: str) -> tuple[str, dict[str, str]]:
    """A sign-in begun in one browser: its cookie, and what it asks of the provider."""
    _, headers, _ = stand.raw("GET", f"{stand.url}/signin?ticket={ticket_of(url)}")
    asked = {
        name: values[0] for name, values in parse_qs(urlsplit(headers["location"]).query).items()
    }
    return headers["set-cookie"].partition(";")[0], asked


def chosen(stand: Stand, asked: dict[str, str], **fields: str) -> str:
    """The callback's URL after somebody was chosen at the provider."""
    address = f"{stand.identity_provider}/{directory.TENANT}/oauth2/v2.0/authorize"
    form = urlencode({**asked, "dev_person": "rita.reviewer", **fields})
    status, headers, _ = stand.raw("POST", address, form)
    assert status == 302
    return headers["location"]


def test_the_cookies_are_sealed_and_bound_to_this_host(stand: Stand) -> None:
    _, headers, _ = stand.raw("GET", f"{stand.url}/signin?ticket={'0' * 32}")
    assert headers["set-cookie"].startswith(f"{ATTEMPT}=v1.1.")
    cookie, asked = begin(stand, stand.hold())
    _, after, _ = stand.raw("GET", chosen(stand, asked), Cookie=cookie)

    for value in [headers["set-cookie"], *(after.get_all("set-cookie") or ())]:
        assert value.startswith("__Host-")
        assert value.endswith("Path=/; Secure; HttpOnly; SameSite=Lax")
        assert "Domain" not in value
        assert RITA.object_id not in value
    assert asked["state"] not in cookie
    assert asked["code_challenge_method"] == "S256"


def test_the_answer_of_one_browser_opens_no_session_in_another(stand: Stand) -> None:
    mine, asked = begin(stand, stand.hold())
    stolen = chosen(stand, asked)
    thief, _ = begin(stand, stand.hold())

    for headers in ({}, {"Cookie": thief}):
        status, got, _ = stand.raw("GET", stolen, **headers)
        assert status == 401
        assert got.get_all("set-cookie") is None
    # The code was not spent on that: the one who began it gets in.
    assert stand.raw("GET", stolen, Cookie=mine)[0] == 303


def test_a_code_works_once(stand: Stand) -> None:
    url = stand.hold()
    cookie, asked = begin(stand, url)
    answer = chosen(stand, asked)
    first = stand.raw("GET", answer, Cookie=cookie)

    again = stand.raw("GET", answer, Cookie=cookie)

    assert (first[0], again[0]) == (303, 401)
    assert again[1].get_all("set-cookie") is None
    # RFC 6749 §4.1.2: the replay ends what the first use gave.
    session = first[1].get_all("set-cookie", [])[0].partition(";")[0]
    assert stand.raw("GET", url, Cookie=session)[0] == 401


def test_a_head_request_does_not_use_up_the_code(stand: Stand) -> None:
    cookie, asked = begin(stand, stand.hold())
    answer = chosen(stand, asked)

    assert stand.raw("HEAD", answer, Cookie=cookie)[0] == 404
    assert stand.raw("GET", answer, Cookie=cookie)[0] == 303


def test_the_way_back_leads_to_a_ticket_and_nowhere_else(stand: Stand) -> None:
    for ticket in ("//evil.example", "https://evil.example/", "../signout", "0" * 33):
        status, headers, _ = stand.raw("GET", f"{stand.url}/signin?{urlencode({'ticket': ticket})}")
        assert status == 404
        assert headers["location"] is None
    url = stand.hold()
    cookie, asked = begin(stand, url)
    extra = "&return=https://evil.example&ticket=https://evil.example"
    _, headers, _ = stand.raw("GET", chosen(stand, asked) + extra, Cookie=cookie)
    assert headers["location"] == f"/approvals/{ticket_of(url)}"
    cookie, asked = begin(stand, "")
    _, headers, _ = stand.raw("GET", chosen(stand, asked) + extra, Cookie=cookie)
    assert headers["location"] == "/approvals"


def test_what_the_provider_refuses_is_said_without_its_text(stand: Stand) -> None:
    cookie, asked = begin(stand, stand.hold())
    fields = {
        "state": asked["state"],
        "error": "access_denied",
        "error_description": "<script>alert(1)</script>",
    }

    status, _, body = stand.raw(
        "GET", f"{stand.url}/signin/callback?{urlencode(fields)}", Cookie=cookie
    )

    assert status == 401
    assert b"did not sign you in" in body
    assert b"alert(1)" not in body


def test_a_password_alone_is_not_enough(stand: Stand) -> None:
    cookie, asked = begin(stand, stand.hold())

    status, headers, body = stand.raw(
        "GET", chosen(stand, asked, dev_methods="password"), Cookie=cookie
    )

    assert status == 403
    assert b"more than a password" in body
    assert headers.get_all("set-cookie") is None


@pytest.mark.parametrize("position", [30, 60, -30, -1])
def test_a_session_that_was_tampered_with_is_none(stand: Stand, position: int) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)
    letters = list(cookie)
    letters[position] = "B" if letters[position] == "A" else "A"
    broken = "".join(letters)

    assert stand.raw("GET", url, Cookie=broken)[0] == 303
    assert stand.raw("POST", url, form_of(page), Cookie=broken)[0] == 401
    assert undecided(stand, url)


def test_a_cookie_of_one_kind_is_none_of_another(stand: Stand) -> None:
    url = stand.hold()
    cookie, _ = begin(stand, url)
    as_session = cookie.replace(f"{ATTEMPT}=", f"{SESSION}=1~")

    assert stand.raw("GET", url, Cookie=as_session)[0] == 303


# --- who ----------------------------------------------------------------------------------------


def test_who_is_in_no_group_of_reviewers_is_told_why(stand: Stand) -> None:
    page = stand.person("dr.lee").read(stand.hold())

    assert page.status == 403
    assert "You are in no group that this workflow asks." in page.text
    assert "Sign in as somebody else" in page.text
    assert "clinic/archive" not in page.text


def test_the_sponsor_does_not_decide_in_a_group_of_reviewers_either(stand: Stand) -> None:
    stand.change_person("alice.admin", groups="reviewers,platform-admins")
    try:
        page = stand.person("alice.admin").read(stand.hold())
    finally:
        stand.change_person("alice.admin")

    assert page.status == 403
    assert "answers for the agent" in page.text


def test_a_group_taken_away_between_view_and_decision_counts(changed: Stand) -> None:
    url = changed.hold()
    rita = changed.person()
    page = rita.read(url)
    changed.change_person("rita.reviewer", groups="outsiders")

    refused = rita.browser.submit(page, page.form_with("decision"), decision="approve")

    assert refused.status == 403
    assert "in no group" in refused.text
    assert undecided(changed, url)


def test_an_account_disabled_between_view_and_decision_counts(changed: Stand) -> None:
    url = changed.hold()
    rita = changed.person()
    page = rita.read(url)
    changed.change_person("rita.reviewer", disabled="true")

    refused = rita.browser.submit(page, page.form_with("decision"), decision="approve")

    assert refused.status == 401
    assert "nothing was decided" in refused.text
    assert undecided(changed, url)
    assert rita.browser.cookie(SESSION) is None


# --- pages --------------------------------------------------------------------------------------


def test_what_an_agent_writes_stays_text(stand: Stand) -> None:
    hostile = (
        '</textarea><script>alert(1)</script><img src=x onerror="alert(2)">'
        "[click](https://evil.example) \u202egnp.exe \x00 https://evil.example"
    )
    url = stand.hold(
        reason=hostile, purpose="<form action=//evil>", target='/"><b>', agent="<i>agent</i>"
    )

    page = stand.person().read(url)

    assert page.status == 200
    for markup in ("<script", "<img", "<i>", "<b>", "<form action", 'href="https://evil'):
        assert markup not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html
    assert "[U+202E]gnp.exe [U+0000]" in page.text


def test_every_answer_forbids_frames_scripts_and_keeping(stand: Stand) -> None:
    url = stand.hold()
    cookie, page = cookie_of(stand, url)
    answers = [
        stand.raw("GET", url),
        stand.raw("GET", url, Cookie=cookie),
        stand.raw("POST", url, form_of(page, token=""), Cookie=cookie),
        stand.raw("GET", f"{stand.url}/approvals/nothing", Cookie=cookie),
        stand.raw("GET", f"{stand.url}/signin?ticket={ticket_of(url)}"),
        stand.raw("GET", f"{stand.url}/signin/callback"),
        stand.raw("POST", f"{stand.url}/signout", "token=", Cookie=cookie),
    ]

    for _, headers, body in answers:
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["server"] is None
        assert b"<script" not in body
